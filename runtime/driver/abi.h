// The binary interface of linked-in drivers: what erl_driver.h (version 3.3) of OTP 25 lays down, in our own words.
// Functions are defined throughout runtime/driver with C linkage. Contracts: ERTS reference manual, erl_driver and
// driver_entry.
#pragma once
#include "runtime/nif/abi.h"
#include "runtime/term/boxed.h"

namespace joist::runtime {
struct DrvPort; // ErlDrvPort: host.h

// ErlDrvBinary: size and bytes, in that order behind the BinData that counts its references.
struct DrvBinary {
  int64_t size;
  char bytes[8];
  BinData *data() { return reinterpret_cast<BinData *>(this) - 1; }
};

struct DrvIoVec { // ErlIOVec
  int count;
  size_t size;
  struct iovec *iov;
  DrvBinary **bins;
};

struct DriverEntry { // ErlDrvEntry
  int (*init)();
  void *(*start)(DrvPort *, char *command);
  void (*stop)(void *data);
  void (*output)(void *data, char *bytes, size_t n);
  void (*ready_input)(void *data, intptr_t event);
  void (*ready_output)(void *data, intptr_t event);
  const char *name;
  void (*finish)();
  void *handle;
  ssize_t (*control)(void *data, unsigned command, char *in, size_t n, char **reply, size_t room);
  void (*timeout)(void *data);
  void (*outputv)(void *data, DrvIoVec *);
  void (*ready_async)(void *data, void *job);
  void (*flush)(void *data);
  ssize_t (*call)(void *data, unsigned command, char *in, size_t n, char **reply, size_t room, unsigned *flags);
  void (*unused_event)();
  int marker; // kDriverMarker
  int major, minor;
  int flags;
  void *handle2;
  void (*process_exit)(void *data, NifMonitor *);
  void (*stop_select)(intptr_t event, void *);
  void (*emergency_close)(void *data);
};
inline constexpr int kDriverMarker = int(0xfeeeeeed), kDriverOldestMajor = 2;
enum DriverFlags : int { kDrvPortLocking = 1, kDrvSoftBusy = 2, kDrvNoBusyMsgQueue = 4, kDrvInitAck = 8 };
inline constexpr intptr_t kDrvErrorGeneral = -1, kDrvErrorErrno = -2, kDrvErrorBadarg = -3; // results of start
enum DriverControlFlags : int { kDrvControlBinary = 1 };
} // namespace joist::runtime
