#include "tests/unit/io/support.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

using namespace joist::runtime;
using namespace joist::runtime::test;

namespace {
struct Natives : testing::Test {
  void SetUp() override {
    start_io();
    char name[] = "/tmp/joist_natives_XXXXXX";
    dir = mkdtemp(name);
  }
  void TearDown() override { std::system(("rm -rf " + dir).c_str()); }
  std::string dir;
};
std::string bytes(Term t) {
  ByteScratch s;
  return std::string(bytes_of(t, s).view());
}
} // namespace

TEST_F(Natives, FilesReadWhatWasWritten) {
  in_process([&](Process *p) {
    auto file = [&](const char *f, std::initializer_list<Term> a) { return native(p, "prim_file", f, a); };
    Term name = native_name(p, dir + "/a");
    Term opened = file("open_nif", {name, make_list(p->heap, atoms::read, atoms::write)});
    ASSERT_TRUE(is_tuple_of(opened, 2));
    Term ref = element(opened, 2);
    EXPECT_TRUE(is_ref(ref));
    Term data = make_list(p->heap, binary(p, "hello "), binary(p, std::string(3000, 'x')), binary(p, ""));
    EXPECT_EQ(file("write_nif", {ref, data}), atoms::ok);
    EXPECT_EQ(show(file("seek_nif", {ref, atoms::bof, Term::small(1)})), "{ok,1}");
    EXPECT_EQ(bytes(element(file("read_nif", {ref, Term::small(5)}), 2)), "ello ");
    EXPECT_EQ(bytes(element(file("pread_nif", {ref, Term::small(4), Term::small(100)}), 2)),
              "o " + std::string(98, 'x'));
    Term huge = make_int(p->heap, int64_t{1} << 40);
    EXPECT_EQ(bytes(element(file("read_nif", {ref, huge}), 2)).size(), 3000u);
    EXPECT_EQ(file("read_nif", {ref, Term::small(1)}), atoms::eof);
    EXPECT_EQ(file("pwrite_nif", {ref, Term::small(0), make_list(p->heap, binary(p, "J"))}), atoms::ok);
    EXPECT_EQ(show(file("seek_nif", {ref, atoms::bof, Term::small(-1)})), "{error,einval}");
    EXPECT_TRUE(file("seek_nif", {ref, atoms::ok, Term::small(0)}).is_none());
    EXPECT_EQ(show(file("read_nif", {ref, Term::small(-1)})), "{error,einval}");
    EXPECT_TRUE(file("read_nif", {ref, atoms::ok}).is_none());
    EXPECT_EQ(show(file("seek_nif", {ref, atoms::bof, Term::small(5)})), "{ok,5}");
    EXPECT_EQ(file("truncate_nif", {ref}), atoms::ok);
    EXPECT_EQ(file("sync_nif", {ref, Term::small(1)}), atoms::ok);
    EXPECT_EQ(show(element(file("read_handle_info_nif", {ref}), 2)), "5");
    EXPECT_EQ(file("close_nif", {ref}), atoms::ok);
    EXPECT_EQ(show(file("close_nif", {ref})), "{error,einval}");
    EXPECT_EQ(show(file("read_nif", {ref, Term::small(1)})), "{error,einval}");
    EXPECT_TRUE(file("read_nif", {atoms::ok, Term::small(1)}).is_none());
    EXPECT_EQ(bytes(element(file("read_file_nif", {name}), 2)), "Jello");
    EXPECT_EQ(show(file("read_file_nif", {native_name(p, dir)})), "{error,eisdir}");
    EXPECT_EQ(show(file("read_file_nif", {native_name(p, dir + "/none")})), "{error,enoent}");
    EXPECT_EQ(show(file("read_file_nif", {binary(p, "not terminated")})), "{error,einval}");
    EXPECT_GT(bytes(element(file("read_file_nif", {native_name(p, "/proc/self/status")}), 2)).size(), 100u);
  });
}

TEST_F(Natives, DirectoriesAndLinks) {
  in_process([&](Process *p) {
    auto file = [&](const char *f, std::initializer_list<Term> a) { return native(p, "prim_file", f, a); };
    auto name = [&](const char *s) { return native_name(p, dir + s); };
    EXPECT_EQ(file("make_dir_nif", {name("/d")}), atoms::ok);
    EXPECT_EQ(show(file("make_dir_nif", {name("/d")})), "{error,eexist}");
    EXPECT_EQ(file("make_soft_link_nif", {native_name(p, "d"), name("/l")}), atoms::ok);
    EXPECT_EQ(bytes(element(file("read_link_nif", {name("/l")}), 2)), "d");
    EXPECT_EQ(element(file("read_info_nif", {name("/l"), Term::small(0)}), 3), atoms::symlink);
    EXPECT_EQ(element(file("read_info_nif", {name("/l"), Term::small(1)}), 3), atoms::directory);
    EXPECT_EQ(file("rename_nif", {name("/l"), name("/m")}), atoms::ok);
    EXPECT_EQ(show(file("del_file_nif", {name("/d")})), "{error,eperm}");
    EXPECT_EQ(show(file("del_dir_nif", {native_name(p, dir)})), "{error,eexist}");
    Term list = element(file("list_dir_nif", {native_name(p, dir)}), 2);
    EXPECT_EQ(list_length(list), 2);
    EXPECT_EQ(file("del_file_nif", {name("/m")}), atoms::ok);
    EXPECT_EQ(file("del_dir_nif", {name("/d")}), atoms::ok);
    EXPECT_EQ(show(file("altname_nif", {name("/d")})), "{error,enotsup}");
    EXPECT_TRUE(is_binary(element(file("get_cwd_nif", {}), 2)));
  });
}

TEST_F(Natives, FilesOfDeadOwnersAreClosed) {
  std::atomic<bool> close_asked{false};
  Term helper = spawn(body([&](Process *p) {
    Term t = receive(p);
    if (is_tuple_of(t, 2) && element(t, 1) == atoms::close) {
      EXPECT_EQ(native(p, "prim_file", "delayed_close_nif", {element(t, 2)}), atoms::ok);
      close_asked = true;
    }
    return RunResult::Waiting;
  }));
  ASSERT_EQ(static_nif_find(atom::intern("prim_file"))->load(helper), 0);
  std::atomic<int> fd{-1};
  in_process([&](Process *p) {
    Term ref =
        element(native(p, "prim_file", "open_nif", {native_name(p, dir + "/x"), make_list(p->heap, atoms::write)}), 2);
    int n;
    memcpy(&n, bytes(native(p, "prim_file", "get_handle_nif", {ref})).data(), sizeof(n));
    fd = n;
    EXPECT_NE(fcntl(fd, F_GETFD), -1);
  });
  EXPECT_TRUE(eventually([&] { return close_asked.load(); }));
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST_F(Natives, BuffersActAsQueues) {
  in_process([&](Process *p) {
    auto buf = [&](const char *f, std::initializer_list<Term> a) { return native(p, "prim_buffer", f, a); };
    Term b = buf("new", {});
    std::string big(1000, 'b');
    EXPECT_EQ(buf("write", {b, make_list(p->heap, binary(p, "abc\ndef"), binary(p, big))}), atoms::ok);
    EXPECT_EQ(show(buf("size", {b})), "1007");
    EXPECT_EQ(show(buf("find_byte_index", {b, Term::small('\n')})), "{ok,3}");
    EXPECT_EQ(buf("find_byte_index", {b, Term::small('?')}), atoms::not_found);
    EXPECT_EQ(bytes(buf("copying_read", {b, Term::small(4)})), "abc\n");
    EXPECT_EQ(bytes(buf("peek_head", {b})).substr(0, 3), "def");
    EXPECT_TRUE(buf("skip", {b, Term::small(1004)}).is_none());
    EXPECT_EQ(buf("skip", {b, Term::small(1003)}), atoms::ok);
    EXPECT_TRUE(buf("peek_head", {b}).is_none());
    EXPECT_TRUE(buf("write", {b, make_list(p->heap, atoms::ok)}).is_none());
    EXPECT_EQ(buf("try_lock", {b}), atoms::acquired);
    EXPECT_EQ(buf("try_lock", {b}), atoms::busy);
    EXPECT_EQ(buf("unlock", {b}), atoms::ok);
    EXPECT_TRUE(buf("unlock", {b}).is_none());
  });
}

TEST_F(Natives, ZlibRoundTrip) {
  KeptTerm stream;
  in_process([&](Process *p) {
    auto z = [&](const char *f, std::initializer_list<Term> a) { return native(p, "zlib", f, a); };
    auto small = [](int n) { return Term::small(n); };
    std::string plain;
    for (int i = 0; i < 20000; i++) plain += "line " + std::to_string(i * 7919 % 1000) + "\n";
    auto run = [&](const char *f, Term stream, Term data, int flush) {
      std::string out;
      EXPECT_EQ(z("enqueue_nif", {stream, make_list(p->heap, data)}), atoms::ok);
      for (;;) {
        Term r = z(f, {stream, small(8192), small(f[0] == 'd' ? 8192 : 16384), small(flush)});
        if (!is_tuple(r)) return ADD_FAILURE() << show(r), out;
        for (Term l = element(r, 2); l.is_cons(); l = l.tail()) out += bytes(l.head());
        if (element(r, 1) == atoms::finished) return out;
        if (element(r, 1) != atoms::continue_) return ADD_FAILURE() << show(r), out;
      }
    };
    Term d = z("open_nif", {});
    EXPECT_EQ(z("deflateInit_nif", {d, small(-1), small(8), small(15), small(8), small(0)}), atoms::ok);
    std::string packed = run("deflate_nif", d, binary(p, plain), Z_FINISH);
    EXPECT_EQ(z("deflateEnd_nif", {d}), atoms::ok);
    EXPECT_LT(packed.size(), plain.size() / 3);
    Term i = z("open_nif", {});
    EXPECT_EQ(z("inflateInit_nif", {i, small(15), small(2)}), atoms::ok);
    EXPECT_EQ(run("inflate_nif", i, binary(p, packed), Z_NO_FLUSH), plain);
    EXPECT_EQ(z("inflateEnd_nif", {i}), atoms::ok);
    EXPECT_EQ(z("inflateInit_nif", {i, small(15), small(2)}), atoms::ok);
    EXPECT_EQ(z("enqueue_nif", {i, make_list(p->heap, binary(p, "garbage!"))}), atoms::ok);
    EXPECT_TRUE(z("inflate_nif", {i, small(8192), small(16384), small(0)}).is_none());
    EXPECT_EQ(p->fvalue, atoms::data_error);
    EXPECT_EQ(z("close_nif", {i}), atoms::ok);
    EXPECT_TRUE(z("close_nif", {i}).is_none());
    EXPECT_EQ(z("getStash_nif", {d}), atoms::empty);
    EXPECT_EQ(z("setStash_nif", {d, binary(p, "kept")}), atoms::ok);
    EXPECT_EQ(show(z("getStash_nif", {d})), "{ok,<<\"kept\">>}");
    EXPECT_EQ(z("clearStash_nif", {d}), atoms::ok);
    stream = KeptTerm(d);
  });
  in_process([&](Process *p) {
    EXPECT_TRUE(native(p, "zlib", "close_nif", {stream.get()}).is_none());
    EXPECT_EQ(p->fvalue, atoms::not_on_controlling_process);
  });
}
