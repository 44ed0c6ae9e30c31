// The native functions of prim_socket, by file. Each takes the arguments of the function of that name.
#pragma once
#include "otp_stubs/native.h"

#include <sys/socket.h>

namespace joist::stubs {
struct Socket;
// open.cpp
Term socket_open_2(Process *p, const Term *args);
Term socket_open_4(Process *p, const Term *args);
Term socket_close_1(Process *p, const Term *args);
Term socket_finalize_close_1(Process *p, const Term *args); // dirty: waits as SO_LINGER says
// connect.cpp
Term socket_bind_2(Process *p, const Term *args);
Term socket_connect_1(Process *p, const Term *args);
Term socket_connect_3(Process *p, const Term *args);
Term socket_listen_2(Process *p, const Term *args);
Term socket_accept_2(Process *p, const Term *args);
Term socket_shutdown_2(Process *p, const Term *args);
Term socket_sockname_1(Process *p, const Term *args);
Term socket_peername_1(Process *p, const Term *args);
Term socket_cancel_3(Process *p, const Term *args);
// send.cpp
Term socket_send_4(Process *p, const Term *args);
Term socket_sendto_5(Process *p, const Term *args);
Term socket_sendmsg_5(Process *p, const Term *args);
// sendfile.cpp
Term socket_sendfile_1(Process *p, const Term *args);
Term socket_sendfile_4(Process *p, const Term *args);
Term socket_sendfile_5(Process *p, const Term *args);
// receive.cpp
Term socket_recv_4(Process *p, const Term *args);
Term socket_recvfrom_4(Process *p, const Term *args);
Term socket_recvmsg_5(Process *p, const Term *args);
// options.cpp
Term socket_setopt_5(Process *p, const Term *args);
Term socket_getopt_3(Process *p, const Term *args);
Term socket_getopt_4(Process *p, const Term *args);
Term socket_options_table(Process *p); // for supports/1
// ioctl.cpp
Term socket_ioctl_2(Process *p, const Term *args);
Term socket_ioctl_3(Process *p, const Term *args);
Term socket_ioctl_4(Process *p, const Term *args);
Term ioctl_requests_table(Process *p);
Term ioctl_flags_table(Process *p);

// control.cpp: control messages. Encoding: [#{level, type, data [, value]}]. Decoding fails with false.
Term control_messages(Heap &h, msghdr *message);
bool control_messages_decode(Term list, uint8_t *buffer, size_t size, size_t *used);
// error_queue.cpp: #{error, origin, type, code, info, data [, offender]} of a sock_extended_err and the address behind it;
// none if there are too few bytes.
Term extended_error_term(Heap &h, const uint8_t *data, size_t n);
Term message_flags(Heap &h, int flags);
Term message_flags_table(Process *p);
} // namespace joist::stubs
