// A zlib stream of the `zlib` module: a z_stream, a queue of input, and a stash that keeps one term between calls.
// A stream is used by its controlling process only; `busy` keeps memory sound should two try.
#pragma once
#include "otp_stubs/native.h"
#include "runtime/io/io_queue.h"

#include <zlib.h>

namespace joist::stubs {
enum class StreamState : uint8_t { None, Deflate, Inflate, Closed };
enum class EndOfStream : uint8_t { Error = 0, Reset = 1, Cut = 2 }; // as zlib.erl numbers them

struct ZStream {
  z_stream z{};
  StreamState state = StreamState::None;
  EndOfStream at_end = EndOfStream::Cut;
  bool raw = false; // no header: we compute the checksums of the plain data
  bool end_seen = false;
  uLong input_crc = 0, output_crc = 0;
  bool want_input_crc = false, want_output_crc = false;
  int chunk_size = 4000; // setBufSize
  std::atomic<Word> controller{0};
  std::mutex busy;
  IoQueue input;
  Fragment *stash_heap = nullptr;
  Term stash = Term::none();

  ~ZStream();
  void begin(StreamState s, int window_bits); // after zlib's own initialisation
  void drop_stash();
  void reset_input();
  void end(); // releases zlib's memory; state becomes Closed
};

// Opens the stream in args[0] for one native call: checks that it is one, that p controls it, and that it is in `state`.
class StreamUse {
public:
  StreamUse(Process *p, Term t);
  StreamUse(Process *p, Term t, StreamState state);
  ~StreamUse();
  explicit operator bool() const { return refusal_.is_none() && ok_; }
  Term refusal() const { return refusal_; } // result to return when not ok: none, exception raised
  ZStream *operator->() const { return s_; }
  ZStream *get() const { return s_; }

private:
  ZStream *s_ = nullptr;
  bool ok_ = false;
  Term refusal_ = Term::none();
};

// Result of a call into zlib as stock presents it; may raise.
Term zlib_result(Process *p, int code);
// Runs one chunk of queued input through deflate or inflate.
Term zlib_run(Process *p, ZStream *s, int input_chunk, int output_chunk, int flush);

#define JOIST_ZLIB_NATIVE(name) Term name(Process *p, const Term *args)
JOIST_ZLIB_NATIVE(z_deflate_init_6);
JOIST_ZLIB_NATIVE(z_deflate_set_dictionary_2);
JOIST_ZLIB_NATIVE(z_deflate_reset_1);
JOIST_ZLIB_NATIVE(z_deflate_end_1);
JOIST_ZLIB_NATIVE(z_deflate_params_3);
JOIST_ZLIB_NATIVE(z_deflate_4);
JOIST_ZLIB_NATIVE(z_inflate_init_3);
JOIST_ZLIB_NATIVE(z_inflate_set_dictionary_2);
JOIST_ZLIB_NATIVE(z_inflate_get_dictionary_1);
JOIST_ZLIB_NATIVE(z_inflate_reset_1);
JOIST_ZLIB_NATIVE(z_inflate_end_1);
JOIST_ZLIB_NATIVE(z_inflate_4);
#undef JOIST_ZLIB_NATIVE
} // namespace joist::stubs
