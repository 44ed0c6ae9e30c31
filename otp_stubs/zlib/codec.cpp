// zlib: compression and decompression of the queued input.
#include "otp_stubs/zlib/stream.h"

namespace joist::stubs {
namespace {
constexpr int kReductionsPerChunk = 40; // a call takes at most one chunk of input (8 kB) or output

struct Progress {
  int code = Z_OK;
  Word produced = 0, consumed = 0;
};

int step(ZStream *s, int flush) {
  return s->state == StreamState::Deflate ? deflate(&s->z, flush) : inflate(&s->z, flush);
}

// Feeds queued input, at most about input_chunk bytes, while there is room for output; flushes at the end of the input.
Progress feed(ZStream *s, uint8_t *out, Word out_size, Word input_chunk, int flush) {
  Progress g;
  s->z.next_out = out;
  s->z.avail_out = uInt(out_size);
  for (size_t i = 0; i < s->input.slices() && g.code == Z_OK && g.consumed < input_chunk; i++) {
    const IoSlice &slice = s->input.slice(i);
    Word block = std::min(slice.size, input_chunk);
    s->z.next_in = slice.bytes;
    s->z.avail_in = uInt(block);
    g.code = step(s, Z_NO_FLUSH);
    Word used = block - s->z.avail_in;
    if (s->want_input_crc) s->input_crc = crc32(s->input_crc, slice.bytes, uInt(used));
    g.consumed += used;
    if (used < slice.size) break; // room for output is gone, or the chunk is done
  }
  s->input.pop(g.consumed);
  if (g.code == Z_OK && s->input.size() == 0 && s->z.avail_out > 0) {
    // Also with Z_NO_FLUSH: an earlier call may have filled its output and left something behind.
    s->z.next_in = nullptr;
    s->z.avail_in = 0;
    g.code = step(s, flush);
  }
  g.produced = out_size - s->z.avail_out;
  return g;
}

// Input and output sizes and the flush mode of a call; what is no stream is refused first, later.
bool chunk_arguments(const Term *args, int *input, int *output, int *flush) {
  return !magic_value<ZStream>(args[0]) ||
         (get_int(args[1], input) && get_int(args[2], output) && get_int(args[3], flush));
}

uint8_t *dictionary_bytes(Term t, std::vector<uint8_t> *buffer, Word *size) {
  if (is_binary(t)) {
    ByteScratch scratch;
    Bytes b = bytes_of(t, scratch);
    buffer->assign(b.data, b.data + b.size);
  } else {
    if (!t.is_list() || iolist_size(t, size) != IoListError::Ok) return nullptr;
    buffer->resize(*size);
    iolist_write(t, buffer->data(), *size);
  }
  *size = buffer->size();
  buffer->push_back(0); // data() is never null
  return buffer->data();
}
} // namespace

Term zlib_run(Process *p, ZStream *s, int input_chunk, int output_chunk, int flush) {
  if (input_chunk <= 0 || output_chunk <= 0) return badarg(p);
  p->bump(kReductionsPerChunk);
  BinData *out = bin_alloc(Word(output_chunk));
  Progress g = feed(s, out->data(), Word(output_chunk), Word(input_chunk), flush);
  if (g.code < 0 && g.code != Z_BUF_ERROR) {
    bin_unref(out);
    return zlib_result(p, g.code);
  }
  if (g.code == Z_STREAM_END) s->end_seen = true;
  if (s->want_output_crc) s->output_crc = crc32(s->output_crc, out->data(), uInt(g.produced));
  Word left = s->input.size();
  if (g.consumed == 0 && g.produced == 0 && left != 0) {
    bin_unref(out); // no progress: cannot happen with well-formed data
    return zlib_result(p, Z_DATA_ERROR);
  }
  Term output = Term::nil();
  if (g.produced == 0) {
    bin_unref(out);
  } else {
    if (g.produced > kHeapBinMax && g.produced < Word(output_chunk)) out = bin_realloc(out, g.produced);
    output = make_cons(p->heap, binary_from_data(p->heap, out, out->data(), g.produced), Term::nil());
  }
  if (left == 0 && g.produced < Word(output_chunk)) return make_tuple(p->heap, atoms::finished, output);
  if (g.code != Z_NEED_DICT) return make_tuple(p->heap, atoms::continue_, output);
  return make_tuple(p->heap, atoms::need_dictionary, Term::small(int32_t(s->z.adler)), output);
}

// --- compression
Term z_deflate_init_6(Process *p, const Term *args) {
  int level, method, window, memory, strategy;
  if (magic_value<ZStream>(args[0]) &&
      (!get_int(args[1], &level) || !get_int(args[2], &method) || !get_int(args[3], &window) ||
       !get_int(args[4], &memory) || !get_int(args[5], &strategy)))
    return badarg(p);
  StreamUse s(p, args[0], StreamState::None);
  if (!s) return s.refusal();
  int code = deflateInit2(&s->z, level, method, window, memory, strategy);
  if (code == Z_OK) { s->begin(StreamState::Deflate, window); }
  return zlib_result(p, code);
}

Term z_deflate_set_dictionary_2(Process *p, const Term *args) {
  std::vector<uint8_t> buffer;
  Word size = 0;
  if (magic_value<ZStream>(args[0]) && !dictionary_bytes(args[1], &buffer, &size)) return badarg(p);
  StreamUse s(p, args[0], StreamState::Deflate);
  if (!s) return s.refusal();
  int code = deflateSetDictionary(&s->z, buffer.data(), uInt(size));
  if (code != Z_OK) return zlib_result(p, code);
  // zlib does not compute it in raw mode.
  uLong checksum = s->raw ? adler32(0, buffer.data(), uInt(size)) : s->z.adler;
  return Term::small(int32_t(checksum));
}

Term z_deflate_reset_1(Process *p, const Term *args) {
  StreamUse s(p, args[0], StreamState::Deflate);
  if (!s) return s.refusal();
  int code = deflateReset(&s->z);
  s->input_crc = 0;
  s->end_seen = false;
  s->reset_input();
  return zlib_result(p, code);
}

Term z_deflate_end_1(Process *p, const Term *args) {
  StreamUse s(p, args[0], StreamState::Deflate);
  if (!s) return s.refusal();
  int code = deflateEnd(&s->z);
  if (code == Z_OK && s->input.size() > 0) code = Z_DATA_ERROR;
  s->reset_input();
  s->state = StreamState::None;
  return zlib_result(p, code);
}

// zlib.erl has flushed everything before: there is nothing to put into this one byte of output.
Term z_deflate_params_3(Process *p, const Term *args) {
  int level, strategy;
  if (magic_value<ZStream>(args[0]) && (!get_int(args[1], &level) || !get_int(args[2], &strategy))) return badarg(p);
  StreamUse s(p, args[0], StreamState::Deflate);
  if (!s) return s.refusal();
  Bytef nothing;
  s->z.next_in = nullptr;
  s->z.avail_in = 0;
  s->z.next_out = &nothing;
  s->z.avail_out = 1;
  int code = deflateParams(&s->z, level, strategy);
  return zlib_result(p, s->z.avail_out == 0 ? Z_STREAM_ERROR : code);
}

Term z_deflate_4(Process *p, const Term *args) {
  int input, output, flush;
  if (!chunk_arguments(args, &input, &output, &flush)) return badarg(p);
  StreamUse s(p, args[0], StreamState::Deflate);
  if (!s) return s.refusal();
  return zlib_run(p, s.get(), input, output, flush);
}

// --- decompression
Term z_inflate_init_3(Process *p, const Term *args) {
  int window, at_end;
  if (magic_value<ZStream>(args[0]) && (!get_int(args[1], &window) || !get_int(args[2], &at_end))) return badarg(p);
  StreamUse s(p, args[0], StreamState::None);
  if (!s) return s.refusal();
  int code = inflateInit2(&s->z, window);
  if (code == Z_OK) {
    s->begin(StreamState::Inflate, window);
    s->at_end = EndOfStream(at_end);
  }
  return zlib_result(p, code);
}

Term z_inflate_set_dictionary_2(Process *p, const Term *args) {
  std::vector<uint8_t> buffer;
  Word size = 0;
  if (magic_value<ZStream>(args[0]) && !dictionary_bytes(args[1], &buffer, &size)) return badarg(p);
  StreamUse s(p, args[0], StreamState::Inflate);
  if (!s) return s.refusal();
  return zlib_result(p, inflateSetDictionary(&s->z, buffer.data(), uInt(size)));
}

Term z_inflate_get_dictionary_1(Process *p, const Term *args) {
  StreamUse s(p, args[0], StreamState::Inflate);
  if (!s) return s.refusal();
  constexpr Word kWindow = 32768;
  uint8_t dictionary[kWindow];
  uInt size = 0;
  int code = inflateGetDictionary(&s->z, dictionary, &size);
  if (code < 0) return zlib_result(p, code);
  return make_binary_from(p->heap, dictionary, size);
}

Term z_inflate_reset_1(Process *p, const Term *args) {
  StreamUse s(p, args[0], StreamState::Inflate);
  if (!s) return s.refusal();
  int code = inflateReset(&s->z);
  s->output_crc = 0;
  s->end_seen = false;
  s->reset_input();
  return zlib_result(p, code);
}

Term z_inflate_end_1(Process *p, const Term *args) {
  StreamUse s(p, args[0], StreamState::Inflate);
  if (!s) return s.refusal();
  int code = inflateEnd(&s->z);
  if (code == Z_OK && (!s->end_seen || s->input.size() > 0)) code = Z_DATA_ERROR;
  s->reset_input();
  s->state = StreamState::None;
  return zlib_result(p, code);
}

Term z_inflate_4(Process *p, const Term *args) {
  int input, output, flush;
  if (!chunk_arguments(args, &input, &output, &flush)) return badarg(p);
  StreamUse s(p, args[0], StreamState::Inflate);
  if (!s) return s.refusal();
  if (s->end_seen && s->input.size() > 0) {
    switch (s->at_end) {
    case EndOfStream::Error: return zlib_result(p, Z_DATA_ERROR);
    case EndOfStream::Reset:
      if (int code = inflateReset(&s->z); code != Z_OK) return zlib_result(p, code);
      s->end_seen = false;
      break;
    case EndOfStream::Cut: s->reset_input(); break;
    }
  }
  return zlib_run(p, s.get(), input, output, flush);
}
} // namespace joist::stubs
