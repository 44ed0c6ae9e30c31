// A node written in C, on libei: calls a node's functions, sends to registered names, is sent to, accepts a connection.
//   c_node NAME COOKIE NODE      prints an answer a line
#include <ei.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const char *what, const char *buffer, int index) {
  char *text = NULL;
  ei_s_print_term(&text, buffer, &index);
  printf("%s: %s\n", what, text ? text : "none");
  free(text);
}

static void call(ei_cnode *me, int fd, const char *what, char *module, char *function, ei_x_buff *arguments) {
  ei_x_buff answer;
  ei_x_new(&answer);
  if (ei_rpc(me, fd, module, function, arguments->buff, arguments->index, &answer) < 0) printf("%s: failed\n", what);
  else show(what, answer.buff, 0);
  ei_x_free(&answer);
}

// The next message that is no tick; its payload.
static int next(int fd, erlang_msg *m, ei_x_buff *x) {
  int r;
  do {
    x->index = 0;
    r = ei_xreceive_msg_tmo(fd, m, x, 10000);
  } while (r == ERL_TICK);
  return r;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  ei_cnode me;
  ei_init();
  if (ei_connect_init(&me, argv[1], argv[2], 1) < 0) return 3;
  int fd = ei_connect(&me, argv[3]);
  if (fd < 0) {
    printf("no connection\n");
    return 1;
  }
  ei_x_buff x, m;
  ei_x_new(&m);

  ei_x_new(&x);
  ei_x_format_wo_ver(&x, "[~i, ~i]", 3, 7);
  call(&me, fd, "sequence", "lists", "seq", &x);
  ei_x_free(&x);
  ei_x_new(&x);
  ei_x_format_wo_ver(&x, "[{~a, ~s, ~d, [~i, ~i]}]", "tuple", "text", 1.5, -1, 100000);
  call(&me, fd, "element", "erlang", "tuple_to_list", &x);
  ei_x_free(&x);
  ei_x_new(&x);
  ei_x_format_wo_ver(&x, "[~a]", "no");
  call(&me, fd, "error", "erlang", "atom_to_binary", &x);
  ei_x_free(&x);
  ei_x_new(&x);
  ei_x_format_wo_ver(&x, "[~a]", "hidden");
  call(&me, fd, "seen", "c_node_cases", "sees_c", &x);
  ei_x_free(&x);

  // 300,000 bytes there and back, to a registered name.
  erlang_msg msg;
  int size = 300000, version, type, n;
  char *bytes = malloc(size);
  memset(bytes, 'x', size);
  ei_x_new_with_version(&x);
  ei_x_encode_tuple_header(&x, 2);
  ei_x_encode_pid(&x, ei_self(&me));
  ei_x_encode_binary(&x, bytes, size);
  ei_reg_send(&me, fd, "c_echo", x.buff, x.index);
  ei_x_free(&x);
  if (next(fd, &msg, &m) == ERL_MSG) {
    int at = 0;
    ei_decode_version(m.buff, &at, &version);
    ei_get_type(m.buff, &at, &type, &n);
    printf("echo: message type %ld, term type %d, %d bytes\n", msg.msgtype, type, n);
  } else {
    printf("echo: none\n");
  }

  // Linked and monitored from there; an exit is what comes of it. Operations only: identifiers differ.
  ei_x_new_with_version(&x);
  ei_x_encode_tuple_header(&x, 2);
  ei_x_encode_atom(&x, "link");
  ei_x_encode_pid(&x, ei_self(&me));
  ei_reg_send(&me, fd, "c_echo", x.buff, x.index);
  ei_x_free(&x);
  for (int i = 0; i < 2; i++) {
    int r = next(fd, &msg, &m);
    printf("link: %s, type %ld\n", r == ERL_MSG ? "message" : "none", r == ERL_MSG ? msg.msgtype : 0);
  }

  // Accepts a connection from a second node: here, the same one after it has been told to.
  int port = 0, listener = ei_listen(&me, &port, 1);
  int published = listener < 0 ? -1 : ei_publish(&me, port);
  ei_close_connection(fd);
  ErlConnect who;
  fd = published < 0 ? -1 : ei_accept_tmo(&me, listener, &who, 10000);
  printf("accepted: %s\n", fd < 0 ? "none" : strcmp(who.nodename, argv[3]) ? who.nodename : "the same");
  if (fd >= 0 && next(fd, &msg, &m) == ERL_MSG) {
    int at = 0;
    ei_decode_version(m.buff, &at, &version);
    show("sent to a name", m.buff, at);
    printf("name: %s\n", msg.toname);
  }
  if (published >= 0) ei_unpublish(&me);
  return 0;
}
