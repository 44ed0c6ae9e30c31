// An open file of prim_file.
//
// Protocol of `state`
//  * Idle -> Busy -> Idle around every operation. An operation that finds the handle not Idle answers einval.
//  * close/1: Idle -> Closed, and closes.
//  * The owner dies: Idle -> Closed, and the helper process of prim_file is told to close (closing may block, which an
//    exiting process on a normal scheduler must not); Busy -> ClosePending, and the operation closes when it ends.
//  * A reference keeps the handle alive until it is closed: a handle that is garbage but not closed stays open
//    until its owner ends, as in stock OTP.
#pragma once
#include "otp_stubs/native.h"
#include "runtime/nif/watch.h"

#include <sys/stat.h>

namespace joist::stubs {
enum class FileState : uint8_t { Idle, Busy, ClosePending, Closed };

struct FileHandle : Watch {
  BinData *object = nullptr; // the magic object that this is the value of
  std::atomic<FileState> state{FileState::Idle};
  int fd = -1;
};

// File names as prim_file hands them over: a binary that ends in NUL and has none elsewhere but at its end.
class PathArg {
public:
  explicit PathArg(Term t);
  bool ok() const { return ok_; }
  const char *c_str() const { return text_; }

private:
  ByteScratch scratch_;
  const char *text_ = nullptr;
  bool ok_ = false;
};

extern Term file_helper_pid; // the process that closes files of the dead; set when prim_file loads its natives

FileHandle *file_handle_of(Term t);
// A new handle for an open descriptor, owned by p: {ok, Ref}, or {error, einval} if p is about to die (fd is closed).
Term file_handle_new(Process *p, int fd);
// Closes the descriptor of a handle in state Closed. Returns 0 or the error.
int file_handle_close(FileHandle *f);
// Answer of operations that yields a file_info record.
Term file_info_term(Process *p, const struct stat &st, Term access);

// --- the functions, by family (see module.cpp for names and arities)
#define JOIST_FILE_NATIVE(name) Term name(Process *p, const Term *args)
JOIST_FILE_NATIVE(file_open_2);
JOIST_FILE_NATIVE(file_desc_to_ref_1);
JOIST_FILE_NATIVE(file_close_1);
JOIST_FILE_NATIVE(file_delayed_close_1);
JOIST_FILE_NATIVE(file_read_2);
JOIST_FILE_NATIVE(file_write_2);
JOIST_FILE_NATIVE(file_pread_3);
JOIST_FILE_NATIVE(file_pwrite_3);
JOIST_FILE_NATIVE(file_seek_3);
JOIST_FILE_NATIVE(file_sync_2);
JOIST_FILE_NATIVE(file_truncate_1);
JOIST_FILE_NATIVE(file_allocate_3);
JOIST_FILE_NATIVE(file_advise_4);
JOIST_FILE_NATIVE(file_read_handle_info_1);
JOIST_FILE_NATIVE(file_ipread_3);
JOIST_FILE_NATIVE(file_get_handle_1);
JOIST_FILE_NATIVE(file_read_file_1);
JOIST_FILE_NATIVE(file_make_hard_link_2);
JOIST_FILE_NATIVE(file_make_soft_link_2);
JOIST_FILE_NATIVE(file_rename_2);
JOIST_FILE_NATIVE(file_read_info_2);
JOIST_FILE_NATIVE(file_set_permissions_2);
JOIST_FILE_NATIVE(file_set_owner_3);
JOIST_FILE_NATIVE(file_set_time_4);
JOIST_FILE_NATIVE(file_read_link_1);
JOIST_FILE_NATIVE(file_list_dir_1);
JOIST_FILE_NATIVE(file_make_dir_1);
JOIST_FILE_NATIVE(file_del_file_1);
JOIST_FILE_NATIVE(file_del_dir_1);
JOIST_FILE_NATIVE(file_get_device_cwd_1);
JOIST_FILE_NATIVE(file_set_cwd_1);
JOIST_FILE_NATIVE(file_get_cwd_0);
JOIST_FILE_NATIVE(file_altname_1);
#undef JOIST_FILE_NATIVE
} // namespace joist::stubs
