// The control protocol between prim_inet.erl / inet_int.hrl and the inet drivers: numbers of requests and options, and
// the byte encoding of their arguments (big-endian).
#pragma once
#include "otp_stubs/native.h"

#include <string>
#include <string_view>

namespace joist::stubs::inet {
inline constexpr uint32_t kMagic = 0x03f1a300; // added to request numbers, so that stray port_control calls fail
enum Request : uint32_t {
  kOpen = 1,
  kClose = 2,
  kConnect = 3,
  kPeer = 4,
  kName = 5,
  kBind = 6,
  kSetOpts = 7,
  kGetOpts = 8,
  kGetStat = 11,
  kGetHostName = 12,
  kFdOpen = 13,
  kGetFd = 14,
  kGetType = 15,
  kGetStatus = 16,
  kServByName = 17,
  kServByPort = 18,
  kSetName = 19,
  kSetPeer = 20,
  kGetIfList = 21,
  kIfGet = 22,
  kIfSet = 23,
  kSubscribe = 24,
  kGetIfAddrs = 25,
  kAccept = 26,
  kListen = 27,
  kIgnoreFd = 28,
  kGetLocalAddrs = 29,
  kGetPeerAddrs = 30,
  kTcpRecv = 42,
  kTcpUnrecv = 43,
  kTcpShutdown = 44,
  kTcpSendfile = 45,
  kPacketRecv = 60,
  kSctpBindx = 62,
  kSctpPeeloff = 63
};
inline constexpr uint8_t kReplyError = 0, kReplyOk = 1, kReplyFollows = 2; // first byte of an answer
enum Family : uint8_t {
  kUnspec = 0,
  kInet = 1,
  kInet6 = 2,
  kAny = 3,
  kLoopback = 4,
  kLocal = 5,
  kUndefined = 6,
  kList = 7
};
enum Type : uint8_t { kStream = 1, kDatagram = 2, kSeqPacket = 3 };

enum Option : uint8_t {
  kReuseAddr = 0,
  kKeepAlive = 1,
  kDontRoute = 2,
  kLinger = 3,
  kBroadcast = 4,
  kOobInline = 5,
  kSndBuf = 6,
  kRcvBuf = 7,
  kPriority = 8,
  kTos = 9,
  kNoDelay = 10,
  kMulticastIf = 11,
  kMulticastTtl = 12,
  kMulticastLoop = 13,
  kAddMembership = 14,
  kDropMembership = 15,
  kV6Only = 16,
  kBuffer = 20,
  kHeader = 21,
  kActive = 22,
  kPacket = 23,
  kMode = 24,
  kDeliver = 25,
  kExitOnClose = 26,
  kHighMark = 27,
  kLowMark = 28,
  kSendTimeout = 30,
  kDelaySend = 31,
  kPacketSize = 32,
  kReadPackets = 33,
  kRaw = 34,
  kSendTimeoutClose = 35,
  kHighMsgq = 36,
  kLowMsgq = 37,
  kNetns = 38,
  kShowReset = 39,
  kLineDelimiter = 40,
  kTclass = 41,
  kBindToDevice = 42,
  kRecvTos = 43,
  kRecvTclass = 44,
  kPktOptions = 45,
  kTtl = 46,
  kRecvTtl = 47,
  kNoPush = 48,
  kDebug = 99,
  kSctpRtoInfo = 100,
  kSctpAssocInfo = 101,
  kSctpInitMsg = 102,
  kSctpAutoClose = 103,
  kSctpNoDelay = 104,
  kSctpDisableFragments = 105,
  kSctpMappedV4 = 106,
  kSctpMaxSeg = 107,
  kSctpSetPeerPrimaryAddr = 108,
  kSctpPrimaryAddr = 109,
  kSctpAdaptationLayer = 110,
  kSctpPeerAddrParams = 111,
  kSctpDefaultSendParam = 112,
  kSctpEvents = 113,
  kSctpDelayedAckTime = 114, // stock on Linux is built without it
  kSctpStatus = 115,
  kSctpPeerAddrInfo = 116
};
// Flags of #sctp_paddrparams{}.
enum PeerAddrFlag : uint32_t {
  kHbEnable = 1,
  kHbDisable = 2,
  kHbDemand = 4,
  kPmtudEnable = 8,
  kPmtudDisable = 16,
  kSackDelayEnable = 32,
  kSackDelayDisable = 64
};
enum Active : int32_t { kPassive = 0, kActiveAlways = 1, kActiveOnce = 2, kActiveCount = 3 };
enum Mode : int32_t { kModeList = 0, kModeBinary = 1 };
enum Deliver : int32_t { kDeliverPort = 0, kDeliverTerm = 1 };

// getstatus
inline constexpr uint32_t kStateOpen = 0x01, kStateActive = 0x04, kStateListen = 0x08, kStateConnecting = 0x10,
                          kStateAccepting = 0x20, kStateBusy = 0x80;

// Why a request is refused: the text of an atom; null: it is granted.
using Refusal = const char *;
inline constexpr Refusal kGranted = nullptr;
inline constexpr Refusal kBadPort = "exbadport", kBadSequence = "exbadseq"; // not in a state for it
inline constexpr Refusal kBadArgument = "badarg";                           // port_control itself fails
inline Refusal refuse(int error) { return posix_name(error); }

// Reads big-endian fields; any read past the end makes it bad.
class FieldReader {
public:
  explicit FieldReader(std::string_view s) : s_(s) {}
  uint8_t u8() { return uint8_t(number(1)); }
  uint16_t u16() { return uint16_t(number(2)); }
  uint32_t u32() { return uint32_t(number(4)); }
  int32_t i32() { return int32_t(u32()); }
  uint64_t u64() { return number(8); }
  std::string_view bytes(size_t n) {
    if (n > s_.size()) return bad_ = true, s_ = {}, std::string_view();
    auto r = s_.substr(0, n);
    s_.remove_prefix(n);
    return r;
  }
  size_t left() const { return s_.size(); }
  bool bad() const { return bad_; }

private:
  uint64_t number(size_t n) {
    uint64_t v = 0;
    for (char c : bytes(n)) v = v << 8 | uint8_t(c);
    return v;
  }
  std::string_view s_;
  bool bad_ = false;
};
inline void put_number(std::string *out, uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; i--) out->push_back(char(v >> (8 * i)));
}
inline void put_option(std::string *out, uint8_t option, uint32_t v) {
  out->push_back(char(option));
  put_number(out, v, 4);
}
} // namespace joist::stubs::inet
