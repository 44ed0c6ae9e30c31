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
    {"open_nif", 2, file_open_2, kIo},
    {"close_nif", 1, file_close_1, kIo},
    {"read_nif", 2, file_read_2, kIo},
    {"write_nif", 2, file_write_2, kIo},
    {"pread_nif", 3, file_pread_3, kIo},
    {"pwrite_nif", 3, file_pwrite_3, kIo},
    {"seek_nif", 3, file_seek_3, kIo},
    {"sync_nif", 2, file_sync_2, kIo},
    {"truncate_nif", 1, file_truncate_1, kIo},
    {"allocate_nif", 3, file_allocate_3, kIo},
    {"advise_nif", 4, file_advise_4, kIo},
    {"read_handle_info_nif", 1, file_read_handle_info_1, kIo},
    {"make_hard_link_nif", 2, file_make_hard_link_2, kIo},
    {"make_soft_link_nif", 2, file_make_soft_link_2, kIo},
    {"rename_nif", 2, file_rename_2, kIo},
    {"read_info_nif", 2, file_read_info_2, kIo},
    {"set_permissions_nif", 2, file_set_permissions_2, kIo},
    {"set_owner_nif", 3, file_set_owner_3, kIo},
    {"set_time_nif", 4, file_set_time_4, kIo},
    {"read_link_nif", 1, file_read_link_1, kIo},
    {"list_dir_nif", 1, file_list_dir_1, kIo},
    {"make_dir_nif", 1, file_make_dir_1, kIo},
    {"del_file_nif", 1, file_del_file_1, kIo},
    {"del_dir_nif", 1, file_del_dir_1, kIo},
    {"get_device_cwd_nif", 1, file_get_device_cwd_1, kIo},
    {"set_cwd_nif", 1, file_set_cwd_1, kIo},
    {"get_cwd_nif", 0, file_get_cwd_0, kIo},
    {"ipread_s32bu_p32bu_nif", 3, file_ipread_3, kIo},
    {"read_file_nif", 1, file_read_file_1, kIo},
    {"get_handle_nif", 1, file_get_handle_1},
    {"delayed_close_nif", 1, file_delayed_close_1, kIo},
    {"altname_nif", 1, file_altname_1, kIo},
    {"file_desc_to_ref_nif", 1, file_desc_to_ref_1, kIo},
};
} // namespace

const StaticNifModule prim_file_natives = nif_module("prim_file", kFunctions, load);
} // namespace joist::stubs
