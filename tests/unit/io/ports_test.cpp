#include "runtime/io/port_core.h"
#include "tests/unit/io/support.h"

#include <fcntl.h>
#include <unistd.h>

using namespace joist::runtime;
using namespace joist::runtime::test;
namespace b = joist::bifs;

namespace {
struct Ports : testing::Test {
  void SetUp() override { start_io(); }
};
Term open_port(Process *p, Term name, Term settings) {
  return settled(p, call(p, b::erts_internal_open_port_2, {name, settings}));
}
// A call whose answer may come as a message.
Term ask(Process *p, Bif f, std::initializer_list<Term> args) { return settled(p, call(p, f, args)); }
Term spawn_name(Process *p, const char *command) { return make_tuple(p->heap, atoms::spawn, text(p, command)); }
// Without the port's number.
std::string next(Process *p, Term port) {
  Term m = await(p);
  if (is_tuple(m) && tuple_arity(m) >= 2 && element(m, 1) == port) return show(element(m, 2));
  return show(m);
}
} // namespace

TEST_F(Ports, EchoThroughCat) {
  in_process([](Process *p) {
    Term port = open_port(p, spawn_name(p, "cat"), make_list(p->heap, atoms::binary));
    ASSERT_TRUE(port.is_local_port()) << show(port);
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, text(p, "hello"), Term::nil()}), atoms::true_);
    EXPECT_EQ(next(p, port), "{data,<<\"hello\">>}");
    Term ref;
    Term message = make_tuple(p->heap, p->id, make_tuple(p->heap, atoms::command, text(p, "again")));
    EXPECT_EQ(port_send(p, port, message, false, &ref), PortSend::Taken);
    EXPECT_EQ(next(p, port), "{data,<<\"again\">>}");
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, atoms::ok, Term::nil()}), atoms::badarg);
    EXPECT_EQ(show(ask(p, b::erts_internal_port_info_2, {port, atoms::name})), "{name,\"cat\"}");
    EXPECT_EQ(show(ask(p, b::erts_internal_port_info_2, {port, atoms::output})), "{output,10}");
    EXPECT_EQ(ask(p, b::erts_internal_port_info_2, {port, atoms::ok}), atoms::badarg);
    EXPECT_EQ(port_send(p, port, make_tuple(p->heap, p->id, atoms::close), false, &ref), PortSend::Taken);
    EXPECT_EQ(show(element(await(p), 2)), "closed");
    EXPECT_FALSE(port_alive(port));
    EXPECT_EQ(ask(p, b::erts_internal_port_close_1, {port}), atoms::badarg);
    EXPECT_EQ(ask(p, b::erts_internal_port_info_1, {port}), atoms::undefined);
  });
}

TEST_F(Ports, ExitStatusComesAfterAllData) {
  in_process([](Process *p) {
    p->state.fetch_or(pstate::TrapExit);
    for (int i = 0; i < 20; i++) {
      Term port =
          open_port(p, spawn_name(p, "sh -c 'echo one; exit 3'"), make_list(p->heap, atoms::exit_status, atoms::eof));
      ASSERT_TRUE(port.is_local_port());
      EXPECT_EQ(next(p, port), "{data,\"one\\n\"}");
      EXPECT_EQ(next(p, port), "{exit_status,3}");
      EXPECT_EQ(next(p, port), "eof");
      EXPECT_EQ(ask(p, b::erts_internal_port_close_1, {port}), atoms::true_);
      Term m = await(p);
      EXPECT_EQ(show(element(m, 1)) + show(element(m, 3)), "'EXIT'normal");
    }
  });
}

TEST_F(Ports, LinesArePartedAndBrokenWhereTooLong) {
  in_process([](Process *p) {
    Term settings = make_list(p->heap, make_tuple(p->heap, atoms::line, Term::small(4)), atoms::exit_status);
    Term port = open_port(p, spawn_name(p, "printf 'ab\\r\\nabcdef\\nxy'"), settings);
    EXPECT_EQ(next(p, port), "{data,{eol,\"ab\"}}");
    EXPECT_EQ(next(p, port), "{data,{noeol,\"abcd\"}}");
    EXPECT_EQ(next(p, port), "{data,{eol,\"ef\"}}");
    EXPECT_EQ(next(p, port), "{exit_status,0}");
    EXPECT_EQ(next(p, port), "{data,{noeol,\"xy\"}}");
  });
}

TEST_F(Ports, Packets) {
  for (int size : {1, 2, 4})
    in_process([size](Process *p) {
      Term settings = make_list(p->heap, make_tuple(p->heap, atoms::packet, Term::small(size)), atoms::binary);
      Term port = open_port(p, spawn_name(p, "cat"), settings);
      int longest = size == 1 ? 255 : 60000;
      for (int n : {0, 1, 5, longest}) {
        Term data = binary(p, std::string(size_t(n), 'p'));
        EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, data, Term::nil()}), atoms::true_);
        Term m = await(p);
        ASSERT_EQ(element(m, 1), port);
        EXPECT_EQ(bit_view(element(element(m, 2), 2)).byte_size(), Word(n));
      }
      ask(p, b::erts_internal_port_close_1, {port});
    });
}

TEST_F(Ports, BusyPortMakesCallersWait) {
  in_process([](Process *p) {
    Term port = open_port(p, spawn_name(p, "sh -c 'sleep 0.2; cat >/dev/null'"), make_list(p->heap, atoms::out));
    ASSERT_TRUE(port.is_local_port());
    Term data = binary(p, std::string(200000, 'd'));
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, data, Term::nil()}), atoms::true_);
    Term nosuspend = make_list(p->heap, atoms::nosuspend), force = make_list(p->heap, atoms::force);
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, data, nosuspend}), atoms::false_);
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, data, force}), atoms::notsup);
    // It is suspended, and calls again when the port is not busy any more.
    ASSERT_TRUE(call(p, b::erts_internal_port_command_3, {port, data, Term::nil()}).is_none());
    ASSERT_EQ(p->freason.reason, Reason::Trap);
    EXPECT_TRUE(p->state.load() & pstate::Suspended);
    EXPECT_TRUE(eventually([&] { // other schedulers execute the port meanwhile
      signals_handle_all(p);
      return !(p->state.load() & pstate::Suspended);
    }));
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, data, Term::nil()}), atoms::true_);
    ask(p, b::erts_internal_port_close_1, {port});
  });
}

TEST_F(Ports, OptionsThatAreWrong) {
  in_process([](Process *p) {
    auto open = [&](Term name, Term settings) { return show(call(p, b::erts_internal_open_port_2, {name, settings})); };
    Term cat = spawn_name(p, "cat");
    EXPECT_EQ(open(cat, make_list(p->heap, atoms::ok)), "badopt");
    EXPECT_EQ(open(cat, atoms::ok), "badopt");
    EXPECT_EQ(open(cat, make_list(p->heap, make_tuple(p->heap, atoms::packet, Term::small(3)))), "badopt");
    EXPECT_EQ(open(Term::small(1), Term::nil()), "badarg");
    EXPECT_EQ(open(make_tuple(p->heap, atoms::spawn_driver, text(p, "no_such_driver")), Term::nil()), "badarg");
    EXPECT_EQ(open(make_tuple(p->heap, atoms::spawn_executable, text(p, "/no/such/file")), Term::nil()), "enoent");
    EXPECT_EQ(open(make_tuple(p->heap, atoms::spawn_executable, text(p, "/etc/passwd")), Term::nil()), "eacces");
    EXPECT_EQ(open(make_tuple(p->heap, atoms::fd, Term::small(-1), Term::small(-1)), Term::nil()), "einval");
  });
}

TEST_F(Ports, ExecutablesGetArgumentsDirectoryAndEnvironment) {
  in_process([](Process *p) {
    Heap &h = p->heap;
    Term args = make_list(h, text(p, "-c"), text(p, "echo $0 $1 $JOIST_TEST; pwd"), text(p, "zero"), text(p, "a b"));
    Term env = make_list(h, make_tuple(h, text(p, "JOIST_TEST"), text(p, "value")),
                         make_tuple(h, text(p, "HOME"), atoms::false_));
    Term settings = make_list(h, make_tuple(h, atoms::args, args), make_tuple(h, atoms::env, env),
                              make_tuple(h, atoms::cd, text(p, "/")), atoms::exit_status);
    Term port = open_port(p, make_tuple(h, atoms::spawn_executable, text(p, "/bin/sh")), settings);
    ASSERT_TRUE(port.is_local_port()) << show(port);
    std::string out;
    for (;;) {
      Term m = await(p);
      Term what = element(m, 2);
      if (element(what, 1) != atoms::data) break;
      for (Term l = element(what, 2); l.is_cons(); l = l.tail()) out += char(l.head().small_value());
    }
    EXPECT_EQ(out, "zero a b value\n/\n");
  });
}

TEST_F(Ports, DescriptorsAndTheEndOfTheOwner) {
  int in[2], out[2];
  ASSERT_EQ(pipe(in), 0);
  ASSERT_EQ(pipe(out), 0);
  Term port = Term::none();
  std::string big(300000, 'z'), got;
  std::thread reader([&] {
    char buffer[65536];
    ssize_t n;
    while (got.size() < big.size() + 5 && (n = read(out[0], buffer, sizeof(buffer))) > 0) got.append(buffer, size_t(n));
  });
  in_process([&](Process *p) {
    Term name = make_tuple(p->heap, atoms::fd, Term::small(in[0]), Term::small(out[1]));
    port = open_port(p, name, make_list(p->heap, atoms::eof));
    ASSERT_TRUE(port.is_local_port()) << show(port);
    EXPECT_EQ(write(in[1], "typed", 5), 5);
    EXPECT_EQ(next(p, port), "{data,\"typed\"}");
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, text(p, "small"), Term::nil()}), atoms::true_);
    EXPECT_EQ(ask(p, b::erts_internal_port_command_3, {port, binary(p, big), Term::nil()}), atoms::true_);
    close(in[1]);
    EXPECT_EQ(next(p, port), "eof");
  });
  reader.join();
  EXPECT_EQ(got, "small" + big);
  EXPECT_TRUE(eventually([&] {
    progress::OnlineScope s;
    return !port_alive(port);
  }));
  EXPECT_NE(fcntl(out[1], F_GETFD), -1); // descriptors are not closed
}

TEST_F(Ports, MonitorsAndLinks) {
  in_process([](Process *p) {
    p->state.fetch_or(pstate::TrapExit);
    Term port = open_port(p, spawn_name(p, "cat"), Term::nil());
    Term ref = make_ref(p->heap);
    port_monitor(p, port, ref);
    Term info = ask(p, b::erts_internal_port_info_2, {port, atoms::links});
    EXPECT_EQ(show(info), "{links,[" + pid_to_text(p->id) + "]}");
    port_exit_signal(p->id, port, atoms::kill, false);
    Term m = await(p);
    EXPECT_EQ(show(element(m, 3)), "killed");
    EXPECT_FALSE(port_alive(port));
  });
}

TEST_F(Ports, DataIsATable) {
  in_process([](Process *p) {
    Term port = open_port(p, spawn_name(p, "cat"), Term::nil());
    EXPECT_EQ(call(p, b::erlang_port_get_data_1, {port}), atoms::undefined);
    EXPECT_EQ(call(p, b::erlang_port_set_data_2, {port, make_tuple(p->heap, atoms::ok, text(p, "x"))}), atoms::true_);
    EXPECT_EQ(show(call(p, b::erlang_port_get_data_1, {port})), "{ok,\"x\"}");
    ask(p, b::erts_internal_port_close_1, {port});
    EXPECT_TRUE(call(p, b::erlang_port_get_data_1, {port}).is_none());
  });
}

TEST_F(Ports, ManyChildrenAtOnce) {
  std::vector<std::thread> testers;
  for (int i = 0; i < 4; i++)
    testers.emplace_back([] {
      in_process([](Process *p) {
        for (int k = 0; k < 25; k++) {
          Term port = open_port(p, spawn_name(p, "echo x"), make_list(p->heap, atoms::exit_status));
          EXPECT_EQ(next(p, port), "{data,\"x\\n\"}");
          EXPECT_EQ(next(p, port), "{exit_status,0}");
        }
      });
    });
  for (auto &t : testers) t.join();
  EXPECT_TRUE(eventually([] { return port_count() == 1; }));
}

TEST_F(Ports, InetAnswersWithoutASocket) {
  in_process([](Process *p) {
    Term port =
        open_port(p, make_tuple(p->heap, atoms::spawn_driver, text(p, "udp_inet")), make_list(p->heap, atoms::binary));
    ASSERT_TRUE(port.is_local_port());
    constexpr int64_t kMagic = 0x03f1a300;
    auto control = [&](int request, Term data) {
      return show(ask(p, b::erts_internal_port_control_3, {port, Term::small(kMagic + request), data}));
    };
    char name[256] = {};
    gethostname(name, 255);
    EXPECT_EQ(control(12, Term::nil()), show(make_cons(p->heap, Term::small(1), text(p, name))));
    EXPECT_EQ(control(15, Term::nil()), show(make_cons(p->heap, Term::small(0), text(p, "einval"))));
    EXPECT_EQ(control(1, make_list(p->heap, Term::small(1), Term::small(2))), "[1]");
    EXPECT_EQ(control(16, Term::nil()), "[1,0,0,0,1]");
    EXPECT_EQ(show(ask(p, b::erts_internal_port_control_3, {port, Term::small(1), Term::nil()})),
              show(make_cons(p->heap, Term::small(0), text(p, "exbadport"))));
    ask(p, b::erts_internal_port_close_1, {port});
  });
}
