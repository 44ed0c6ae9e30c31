// Capabilities of a distribution connection and the operations on it (ERTS user's guide, "Distribution Protocol").
#pragma once
#include <cstdint>

namespace joist::runtime {
namespace dflag {
inline constexpr uint64_t Published = 0x1, AtomCache = 0x2, ExtendedReferences = 0x4, DistMonitor = 0x8, FunTags = 0x10,
                          DistMonitorName = 0x20, HiddenAtomCache = 0x40, NewFunTags = 0x80, ExtendedPidsPorts = 0x100,
                          ExportPtrTag = 0x200, BitBinaries = 0x400, NewFloats = 0x800, UnicodeIo = 0x1000,
                          HeaderAtomCache = 0x2000, SmallAtomTags = 0x4000, Utf8Atoms = 0x10000, MapTag = 0x20000,
                          BigCreation = 0x40000, SendSender = 0x80000, BigSeqTraceLabels = 0x100000,
                          ExitPayload = 0x400000, Fragments = 0x800000, Handshake23 = 0x1000000, UnlinkId = 0x2000000,
                          Mandatory25Digest = 0x4000000, Spawn = uint64_t{1} << 32, NameMe = uint64_t{2} << 32,
                          V4Nc = uint64_t{4} << 32, Alias = uint64_t{8} << 32;
// What a node must be able to do to be connected to.
inline constexpr uint64_t Mandatory = ExtendedReferences | FunTags | ExtendedPidsPorts | Utf8Atoms | NewFunTags |
                                      BigCreation | NewFloats | MapTag | ExportPtrTag | BitBinaries | Handshake23;
// What this node offers.
inline constexpr uint64_t Default = Mandatory | DistMonitor | DistMonitorName | Spawn | Alias | UnlinkId | UnicodeIo |
                                    HeaderAtomCache | SmallAtomTags | SendSender | BigSeqTraceLabels | ExitPayload |
                                    Fragments | V4Nc | Mandatory25Digest;
inline constexpr uint64_t Rejectable = HeaderAtomCache | HiddenAtomCache | Fragments | AtomCache; // by a carrier
inline constexpr uint64_t StrictOrder = HeaderAtomCache; // need a carrier that keeps order
} // namespace dflag

// First element of a control message.
enum class DistOp : int {
  Link = 1,
  Send = 2,
  Exit = 3,
  Unlink = 4,
  RegSend = 6,
  GroupLeader = 7,
  Exit2 = 8,
  SendTT = 12,
  ExitTT = 13,
  RegSendTT = 16,
  Exit2TT = 18,
  MonitorP = 19,
  DemonitorP = 20,
  MonitorPExit = 21,
  SendSender = 22,
  SendSenderTT = 23,
  PayloadExit = 24,
  PayloadExitTT = 25,
  PayloadExit2 = 26,
  PayloadExit2TT = 27,
  PayloadMonitorPExit = 28,
  SpawnRequest = 29,
  SpawnRequestTT = 30,
  SpawnReply = 31,
  SpawnReplyTT = 32,
  AliasSend = 33,
  AliasSendTT = 34,
  UnlinkId = 35,
  UnlinkIdAck = 36,
};
inline constexpr int kSpawnFlagLink = 1, kSpawnFlagMonitor = 2; // of a spawn reply
} // namespace joist::runtime
