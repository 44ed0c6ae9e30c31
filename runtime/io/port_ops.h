// The operations that answer their caller: a PortCall is made by a BIF (or `!`), filled with what it needs as C++ data,
// and submitted. If the port is idle it runs at once and its result is built on the caller's heap; else it is queued and
// the result comes as {Ref, Result}.
#pragma once
#include "runtime/io/port_core.h"
#include "runtime/sched/microstate.h"

namespace joist::runtime {
// Tells, where that is wanted, that p waits while the port executes for it.
class PortTurn {
public:
  PortTurn(Process *p, Port &port, Term operation);
  ~PortTurn();
  PortTurn(const PortTurn &) = delete;

private:
  Process *p_;
  Port &port_;
  Term operation_;
  MicroScope accounted_{Micro::Port};
};

class PortCall : public PortTask {
public:
  Term caller = Term::none();
  KeptRef ref;          // set when queued
  bool answers = false; // a message is to be sent
  // The result, immediate or built in h. Runs with the right to execute on a live port. none: no answer (now).
  virtual Term perform(Port &port, Heap &h) = 0;
  // Is the port too far gone for it?
  virtual bool refused(const Port &port) const { return port.gone(); }
  // The result where the port has died.
  virtual Term gone_result() const { return atoms::badarg; }
  void run(Port &port) override;
  void dropped(Port &port) override;

protected:
  void answer(Term result, FragmentHeap &h);
};

// Runs or queues c (takes it over). Result: what the BIF is to return (a reference if queued).
Term port_call_submit(Process *p, Port *port, std::unique_ptr<PortCall> c);

// Output.
class PortCommand : public PortCall {
public:
  Term sender = Term::none(); // caller, or the Owner of {Owner,{command,_}}
  bool bang = false;          // from `!`: sender must own the port, else badsig
  bool force = false, nosuspend = false, bad_data = false;
  // What p wants to send. False: no iodata, which is logged.
  bool set_data(Process *p, const Port &port, Term iodata);
  IoQueue data;
  Term operation() const override { return atoms::command; }
  size_t bytes() const override { return data.size(); }
  bool waits_while_busy() const override { return !force && !nosuspend; }
  Term perform(Port &port, Heap &h) override;

private:
  Term output(Port &port);
};
// Exit signal `badsig` from the port to its owner.
void port_badsig(Port &port);
} // namespace joist::runtime
