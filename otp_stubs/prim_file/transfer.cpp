// Operations on open files: reading, writing, positions.
#include "otp_stubs/prim_file/file_handle.h"
#include "runtime/io/io_queue.h"

#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace joist::stubs {
namespace {
constexpr int64_t kNoOffset = -1;

// Marks the handle busy for its lifetime, and closes it at the end if the owner died meanwhile.
class Operation {
public:
  explicit Operation(Term t) : f_(file_handle_of(t)) {
    FileState was = FileState::Idle;
    started_ = f_ && f_->state.compare_exchange_strong(was, FileState::Busy);
  }
  ~Operation() {
    if (!started_) return;
    FileState was = FileState::Busy;
    if (f_->state.compare_exchange_strong(was, FileState::Idle)) return;
    f_->state = FileState::Closed;
    file_handle_close(f_);
  }
  bool started() const { return started_; }
  int fd() const { return f_->fd; }
  // What to answer if the operation could not start.
  Term refuse(Process *p) const { return f_ ? posix_error(p, EINVAL) : badarg(p); }

private:
  FileHandle *f_;
  bool started_;
};

// Reads until n bytes are there or the file ends. *error is set on failure. The system is asked for no bytes too: it says
// what may not be read at all.
Word read_fully(int fd, uint8_t *out, Word n, int64_t offset, int *error) {
  Word got = 0;
  *error = 0;
  do {
    Word want = std::min(n - got, Word{INT_MAX} - 4095); // the largest single transfer Linux makes
    ssize_t r = offset == kNoOffset ? ::read(fd, out + got, want) : ::pread(fd, out + got, want, offset + int64_t(got));
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) {
      *error = errno;
      break;
    }
    if (r == 0) break;
    got += Word(r);
  } while (got < n);
  return got;
}

// Reads up to n bytes into a fresh binary. n may be absurdly large, so memory is taken as the data shows up.
struct Block {
  BinData *data = nullptr;
  Word size = 0;
  int error = 0;
};
Block read_block(int fd, Word n, int64_t offset, Word expected) {
  constexpr Word kStep = 1 << 20;
  Word capacity = std::min(n, std::max(expected, kStep));
  Block b;
  b.data = bin_alloc(std::max<Word>(capacity, 1));
  for (;;) {
    Word part = capacity - b.size;
    Word got = read_fully(fd, b.data->data() + b.size, part, offset == kNoOffset ? offset : offset + int64_t(b.size),
                          &b.error);
    b.size += got;
    if (b.error || got < part || b.size == n) break;
    capacity = std::min(n, capacity * 2);
    b.data = bin_realloc(b.data, capacity);
  }
  if (b.error || b.size == 0) bin_unref(std::exchange(b.data, nullptr));
  return b;
}
Term block_binary(Process *p, Block b) {
  if (b.size > kHeapBinMax && b.size < b.data->capacity) b.data = bin_realloc(b.data, b.size);
  return binary_from_data(p->heap, b.data, b.data->data(), b.size);
}
Word remaining_size(int fd, int64_t offset) {
  struct stat st;
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return 0;
  if (offset == kNoOffset) offset = lseek(fd, 0, SEEK_CUR);
  return offset >= 0 && st.st_size > offset ? Word(st.st_size - offset) : 0;
}
Term read_answer(Process *p, int fd, Word n, int64_t offset) {
  if (n > Word{1} << 46) return posix_error(p, ENOMEM);
  Block b = read_block(fd, n, offset, n > (1 << 20) ? remaining_size(fd, offset) : n);
  if (b.error) return posix_error(p, b.error);
  if (b.size == 0) return atoms::eof;
  return ok_with(p, block_binary(p, b));
}

// A list of binaries as an array for writev. Bits that are not byte-aligned are copied.
class WriteVector {
public:
  bool add_all(Term list) {
    if (list_length(list) < 0) return false;
    for (; list.is_cons(); list = list.tail()) {
      Term b = list.head();
      if (!is_binary(b)) return false;
      BitView v = bit_view(b);
      if (v.byte_size() == 0) continue;
      const uint8_t *bytes = v.bytes;
      if (!v.aligned()) {
        copies_.emplace_back(v.byte_size());
        copy_bits(v.bytes, v.bit_offset, copies_.back().data(), 0, v.bits);
        bytes = copies_.back().data();
      }
      iov_.push_back({const_cast<uint8_t *>(bytes), v.byte_size()});
    }
    return true;
  }
  // Writes everything; returns 0 or the error.
  int write(int fd, int64_t offset) {
    size_t at = 0;
    while (at < iov_.size()) {
      int count = int(std::min<size_t>(iov_.size() - at, IOV_MAX));
      ssize_t n = offset == kNoOffset ? ::writev(fd, &iov_[at], count) : ::pwritev(fd, &iov_[at], count, offset);
      if (n < 0 && errno == EINVAL) // total over SSIZE_MAX
        n = offset == kNoOffset ? ::write(fd, iov_[at].iov_base, std::min<size_t>(iov_[at].iov_len, INT_MAX))
                                : ::pwrite(fd, iov_[at].iov_base, std::min<size_t>(iov_[at].iov_len, INT_MAX), offset);
      if (n < 0) {
        if (errno == EINTR) continue;
        return errno;
      }
      if (offset != kNoOffset) offset += n;
      for (; n > 0; at++) {
        if (size_t(n) < iov_[at].iov_len) {
          iov_[at].iov_base = static_cast<char *>(iov_[at].iov_base) + n;
          iov_[at].iov_len -= size_t(n);
          break;
        }
        n -= ssize_t(iov_[at].iov_len);
      }
    }
    return 0;
  }

private:
  std::vector<struct iovec> iov_;
  std::vector<std::vector<uint8_t>> copies_;
};

// Offsets and lengths: numbers that are not integers >= 0 of 64 bits give einval, other terms badarg.
enum class Number : uint8_t { Fine, Posix, Badarg };
Number get_offset(Term t, int64_t *out) {
  if (!is_number(t)) return Number::Badarg;
  return get_int64(t, out) && *out >= 0 ? Number::Fine : Number::Posix;
}
Number get_offsets(Term a, int64_t *x, Term b, int64_t *y) {
  Number m = get_offset(a, x), n = get_offset(b, y);
  if (m == Number::Badarg || n == Number::Badarg) return Number::Badarg;
  return m == Number::Posix ? m : n;
}
Term refuse_number(Process *p, Number n) { return n == Number::Badarg ? badarg(p) : posix_error(p, EINVAL); }

Term result(Process *p, int outcome) { return outcome < 0 ? posix_error(p, errno) : atoms::ok; }
} // namespace

Term file_read_2(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int64_t n;
  if (Number k = get_offset(args[1], &n); k != Number::Fine) return refuse_number(p, k);
  return read_answer(p, op.fd(), Word(n), kNoOffset);
}

Term file_pread_3(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int64_t offset, n;
  if (Number k = get_offsets(args[1], &offset, args[2], &n); k != Number::Fine) return refuse_number(p, k);
  return read_answer(p, op.fd(), Word(n), offset);
}

Term file_write_2(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  WriteVector v;
  if (!v.add_all(args[1])) return badarg(p);
  int error = v.write(op.fd(), kNoOffset);
  return error ? posix_error(p, error) : atoms::ok;
}

Term file_pwrite_3(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int64_t offset;
  WriteVector v;
  if (!is_number(args[1]) || !v.add_all(args[2])) return badarg(p);
  if (Number k = get_offset(args[1], &offset); k != Number::Fine) return refuse_number(p, k);
  int error = v.write(op.fd(), offset);
  return error ? posix_error(p, error) : atoms::ok;
}

Term file_seek_3(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int64_t offset;
  if (!get_int64(args[2], &offset)) return badarg(p);
  int whence = args[1] == atoms::bof   ? SEEK_SET
               : args[1] == atoms::cur ? SEEK_CUR
               : args[1] == atoms::eof ? SEEK_END
                                       : -1;
  if (whence < 0) return badarg(p);
  off_t at = lseek(op.fd(), offset, whence);
  return at < 0 ? posix_error(p, errno) : ok_with(p, make_uint(p->heap, Word(at)));
}

Term file_sync_2(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int data_only;
  if (!get_int(args[1], &data_only)) return badarg(p);
  return result(p, data_only ? fdatasync(op.fd()) : fsync(op.fd()));
}

Term file_truncate_1(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  off_t at = lseek(op.fd(), 0, SEEK_CUR);
  return result(p, at < 0 ? -1 : ftruncate(op.fd(), at));
}

Term file_allocate_3(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int64_t offset, n;
  if (Number k = get_offsets(args[1], &offset, args[2], &n); k != Number::Fine) return refuse_number(p, k);
  int r;
  do r = fallocate(op.fd(), 0, offset, n);
  while (r < 0 && errno == EINTR);
  if (r < 0) {
    do r = posix_fallocate(op.fd(), offset, n);
    while (r == EINTR);
    if (r > 0) return posix_error(p, r);
  }
  return atoms::ok;
}

Term file_advise_4(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int64_t offset, n;
  if (Number k = get_offsets(args[1], &offset, args[2], &n); k != Number::Fine) return refuse_number(p, k);
  constexpr struct {
    Term name;
    int advice;
  } kAdvices[] = {
      {atoms::normal, POSIX_FADV_NORMAL},         {atoms::random, POSIX_FADV_RANDOM},
      {atoms::sequential, POSIX_FADV_SEQUENTIAL}, {atoms::will_need, POSIX_FADV_WILLNEED},
      {atoms::dont_need, POSIX_FADV_DONTNEED},    {atoms::no_reuse, POSIX_FADV_NOREUSE},
  };
  for (auto &a : kAdvices)
    if (a.name == args[3]) {
      posix_fadvise(op.fd(), offset, n, a.advice); // advice only: stock reports no failure either
      return atoms::ok;
    }
  return posix_error(p, EINVAL);
}

// The caller's own idea of access: by the mode bits, not by asking the system (there may be no name any more).
Term file_read_handle_info_1(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  struct stat st;
  if (fstat(op.fd(), &st) < 0) return posix_error(p, errno);
  unsigned shift = st.st_uid == geteuid() ? 6 : st.st_gid == getegid() ? 3 : 0;
  bool read = (st.st_mode >> shift) & 4, write = (st.st_mode >> shift) & 2;
  return file_info_term(p, st, read ? (write ? atoms::read_write : atoms::read) : write ? atoms::write : atoms::none);
}

// Dets: at Offset there are a size and an absolute offset, 32 bits each, of a block to read.
Term file_ipread_3(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  if (!is_number(args[1]) || !is_number(args[2])) return badarg(p);
  int64_t at, max;
  if (!get_int64(args[1], &at) || !get_int64(args[2], &max) || at < 0 || max >= int64_t{1} << 31)
    return posix_error(p, EINVAL);
  uint8_t pointer[8];
  int error;
  Word got = read_fully(op.fd(), pointer, 8, at, &error);
  if (error) return posix_error(p, error);
  if (got < 8) return atoms::eof;
  auto u32 = [&](int i) {
    return Word{pointer[i]} << 24 | Word{pointer[i + 1]} << 16 | Word{pointer[i + 2]} << 8 | pointer[i + 3];
  };
  Word size = u32(0), offset = u32(4);
  if (int64_t(size) > max) return atoms::eof;
  Term data = atoms::eof;
  if (size != 0) {
    Block b = read_block(op.fd(), size, int64_t(offset), remaining_size(op.fd(), int64_t(offset)));
    if (b.error) return posix_error(p, b.error);
    if (b.size != 0) data = block_binary(p, b);
  }
  return ok_with(p, make_tuple(p->heap, Term::small(int64_t(size)), Term::small(int64_t(offset)), data));
}

// The descriptor as native bytes, for prim_inet:sendfile.
Term file_get_handle_1(Process *p, const Term *args) {
  Operation op(args[0]);
  if (!op.started()) return op.refuse(p);
  int fd = op.fd();
  return make_binary_from(p->heap, &fd, sizeof(fd));
}

Term file_read_file_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  if (!path.ok()) return posix_error(p, EINVAL);
  int fd;
  do fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return posix_error(p, errno);
  struct stat st;
  bool known = fstat(fd, &st) == 0;
  if (known && S_ISDIR(st.st_mode)) {
    ::close(fd);
    return posix_error(p, EISDIR);
  }
  // A size of 0 may be a file of /proc or a device: read to the end. Otherwise what the file was long is read.
  Word size = known && st.st_size > 0 ? Word(st.st_size) : Word{1} << 46;
  Block b = read_block(fd, size, kNoOffset, known && st.st_size > 0 ? size : 16384);
  ::close(fd);
  if (b.error) return posix_error(p, b.error);
  return ok_with(p, b.size == 0 ? make_binary_from(p->heap, "", 0) : block_binary(p, b));
}
} // namespace joist::stubs
