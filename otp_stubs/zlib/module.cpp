// zlib: streams' life, input queue, stash; and the table of functions.
#include "otp_stubs/natives.h"
#include "otp_stubs/zlib/stream.h"
#include "runtime/mem/copy.h"

namespace joist::stubs {
ZStream::~ZStream() {
  end();
  drop_stash();
}

void ZStream::begin(StreamState s, int window_bits) {
  state = s;
  end_seen = false;
  raw = window_bits < 0;
  want_input_crc = raw && s == StreamState::Deflate;
  want_output_crc = raw && s == StreamState::Inflate;
  input_crc = output_crc = 0;
}

void ZStream::drop_stash() {
  if (stash_heap) fragment_free(stash_heap);
  stash_heap = nullptr;
  stash = Term::none();
}

void ZStream::reset_input() {
  input.clear();
  drop_stash();
}

void ZStream::end() {
  if (state == StreamState::Deflate) deflateEnd(&z);
  else if (state == StreamState::Inflate) inflateEnd(&z);
  if (state != StreamState::Closed) drop_stash();
  state = StreamState::Closed;
}

StreamUse::StreamUse(Process *p, Term t) {
  s_ = magic_value<ZStream>(t);
  if (!s_) {
    badarg(p);
    return;
  }
  if (s_->controller.load() != p->id.raw()) {
    s_ = nullptr;
    raise_error(p, atoms::not_on_controlling_process);
    return;
  }
  s_->busy.lock();
  ok_ = true;
}

StreamUse::StreamUse(Process *p, Term t, StreamState state) : StreamUse(p, t) {
  if (!ok_ || s_->state == state) return;
  s_->busy.unlock();
  ok_ = false;
  raise_error(p, state == StreamState::None ? atoms::already_initialized : atoms::not_initialized);
}

StreamUse::~StreamUse() {
  if (ok_) s_->busy.unlock();
}

Term zlib_result(Process *p, int code) {
  switch (code) {
  case Z_OK: return atoms::ok;
  case Z_STREAM_END: return atoms::stream_end;
  case Z_ERRNO: return Term::small(errno);
  case Z_STREAM_ERROR: return raise_error(p, atoms::stream_error);
  case Z_DATA_ERROR: return raise_error(p, atoms::data_error);
  case Z_MEM_ERROR: return atoms::mem_error;
  case Z_BUF_ERROR: return atoms::buf_error;
  case Z_VERSION_ERROR: return atoms::version_error;
  default: return atoms::unknown_error;
  }
}

namespace {
Term open_0(Process *p, const Term *) {
  auto *m = magic_new<ZStream>();
  m->value.controller = p->id.raw();
  Term t = make_magic_ref(p->heap, m);
  bin_unref(m);
  return t;
}

Term close_1(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  if (s->state == StreamState::Closed) return raise_error(p, atoms::not_initialized);
  s->end();
  return atoms::ok;
}

Term set_controller_2(Process *p, const Term *args) {
  if (magic_value<ZStream>(args[0]) && !args[1].is_local_pid()) return badarg(p);
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  s->controller = args[1].raw();
  return atoms::ok;
}

Term crc32_1(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  if (s->state == StreamState::Deflate) return make_uint(p->heap, s->input_crc);
  if (s->state == StreamState::Inflate) return make_uint(p->heap, s->output_crc);
  return raise_error(p, atoms::not_initialized);
}

Term get_stash_1(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  return s->stash.is_none() ? atoms::empty : ok_with(p, copy(s->stash, p->heap));
}

Term clear_stash_1(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  if (s->stash.is_none()) return raise_error(p, atoms::error);
  s->drop_stash();
  return atoms::ok;
}

Term set_stash_2(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  if (!s->stash.is_none()) return raise_error(p, atoms::error);
  s->stash = copy_to_fragment(args[1], &s->stash_heap);
  return atoms::ok;
}

Term get_buf_size_1(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  return s ? Term::small(s->chunk_size) : s.refusal();
}

Term set_buf_size_2(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  return get_int(args[1], &s->chunk_size) ? atoms::ok : badarg(p);
}

Term enqueue_2(Process *p, const Term *args) {
  StreamUse s(p, args[0]);
  if (!s) return s.refusal();
  if (s->state != StreamState::Deflate && s->state != StreamState::Inflate)
    return raise_error(p, atoms::not_initialized);
  if (list_length(args[1]) < 0) return badarg(p);
  for (Term l = args[1]; l.is_cons(); l = l.tail())
    if (!is_binary(l.head())) return badarg(p);
  constexpr int kBatch = 256; // zlib.erl calls again with the rest
  Term l = args[1];
  for (int n = 0; l.is_cons() && n < kBatch; l = l.tail(), n++) s->input.push_binary(l.head());
  return l.is_nil() ? atoms::ok : make_tuple(p->heap, atoms::continue_, l);
}

constexpr StaticNif kFunctions[] = {
    {"close_nif", 1, close_1},
    {"open_nif", 0, open_0},
    {"set_controller_nif", 2, set_controller_2},
    {"deflateInit_nif", 6, z_deflate_init_6},
    {"deflateSetDictionary_nif", 2, z_deflate_set_dictionary_2},
    {"deflateReset_nif", 1, z_deflate_reset_1},
    {"deflateEnd_nif", 1, z_deflate_end_1},
    {"deflateParams_nif", 3, z_deflate_params_3},
    {"deflate_nif", 4, z_deflate_4},
    {"inflateInit_nif", 3, z_inflate_init_3},
    {"inflateSetDictionary_nif", 2, z_inflate_set_dictionary_2},
    {"inflateGetDictionary_nif", 1, z_inflate_get_dictionary_1},
    {"inflateReset_nif", 1, z_inflate_reset_1},
    {"inflateEnd_nif", 1, z_inflate_end_1},
    {"inflate_nif", 4, z_inflate_4},
    {"crc32_nif", 1, crc32_1},
    {"getStash_nif", 1, get_stash_1},
    {"clearStash_nif", 1, clear_stash_1},
    {"setStash_nif", 2, set_stash_2},
    {"getBufSize_nif", 1, get_buf_size_1},
    {"setBufSize_nif", 2, set_buf_size_2},
    {"enqueue_nif", 2, enqueue_2},
};
} // namespace

const StaticNifModule zlib_natives = nif_module("zlib", kFunctions);
} // namespace joist::stubs
