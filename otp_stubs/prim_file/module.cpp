#include "otp_stubs/natives.h"
#include "otp_stubs/prim_file/file_handle.h"

namespace joist::stubs {
namespace {
int load(Term helper) {
  if (!helper.is_local_pid()) return 1;
  file_helper_pid = helper;
  return 0;
}

constexpr NifKind kIo = NifKind::DirtyIo;
constexpr StaticNif kFunctions[] = {
    {"open_nif", 2, file_open_2, kIo, true},
    {"close_nif", 1, file_close_1, kIo, true},
    {"read_nif", 2, file_read_2, kIo, true},
    {"write_nif", 2, file_write_2, kIo, true},
    {"pread_nif", 3, file_pread_3, kIo, true},
    {"pwrite_nif", 3, file_pwrite_3, kIo, true},
    {"seek_nif", 3, file_seek_3, kIo, true},
    {"sync_nif", 2, file_sync_2, kIo},
    {"truncate_nif", 1, file_truncate_1, kIo, true},
    {"allocate_nif", 3, file_allocate_3, kIo},
    {"advise_nif", 4, file_advise_4, kIo, true},
    {"read_handle_info_nif", 1, file_read_handle_info_1, kIo, true},
    {"make_hard_link_nif", 2, file_make_hard_link_2, kIo, true},
    {"make_soft_link_nif", 2, file_make_soft_link_2, kIo, true},
    {"rename_nif", 2, file_rename_2, kIo, true},
    {"read_info_nif", 2, file_read_info_2, kIo, true},
    {"set_permissions_nif", 2, file_set_permissions_2, kIo, true},
    {"set_owner_nif", 3, file_set_owner_3, kIo, true},
    {"set_time_nif", 4, file_set_time_4, kIo, true},
    {"read_link_nif", 1, file_read_link_1, kIo, true},
    {"list_dir_nif", 1, file_list_dir_1, kIo, true},
    {"make_dir_nif", 1, file_make_dir_1, kIo, true},
    {"del_file_nif", 1, file_del_file_1, kIo, true},
    {"del_dir_nif", 1, file_del_dir_1, kIo, true},
    {"get_device_cwd_nif", 1, file_get_device_cwd_1, kIo, true},
    {"set_cwd_nif", 1, file_set_cwd_1, kIo, true},
    {"get_cwd_nif", 0, file_get_cwd_0, kIo, true},
    {"ipread_s32bu_p32bu_nif", 3, file_ipread_3, kIo, true},
    {"read_file_nif", 1, file_read_file_1, kIo, true},
    {"get_handle_nif", 1, file_get_handle_1},
    {"delayed_close_nif", 1, file_delayed_close_1, kIo, true},
    {"altname_nif", 1, file_altname_1, kIo, true},
    {"file_desc_to_ref_nif", 1, file_desc_to_ref_1, kIo, true},
};
} // namespace

const StaticNifModule prim_file_natives = nif_module("prim_file", kFunctions, load);
} // namespace joist::stubs
