// Erlang terms to and from the external term format. Large ones are done in slices: an encoding keeps its open terms
// in a tuple on the process heap while it waits, a decoding builds in fragments that no collection touches until the
// whole term is handed over.
#include "bifs/fail_as.h"

#include "runtime/dist/etf.h"
#include "runtime/term/binary.h"

#include <optional>
#include <zlib.h>

namespace joist::bifs {
namespace {
constexpr int64_t kUnitsPerReduction = 32; // units of the coders' budgets
constexpr uint8_t kMagic = 131, kCompressed = 80;

enum class Want : uint8_t { Binary, Iovec, Size };

bool parse_options(Term opts, EncodeOptions *o) {
  for (; opts.is_cons(); opts = opts.tail()) {
    Term t = opts.head();
    if (t == atoms::compressed) {
      o->compressed = Z_DEFAULT_COMPRESSION;
    } else if (t == atoms::deterministic) {
      o->deterministic = true;
    } else if (is_tuple_of(t, 2) && tuple_elements(t)[1].is_small()) {
      Term key = tuple_elements(t)[0];
      int64_t v = tuple_elements(t)[1].small_value();
      if (key == atoms::minor_version && v >= 0 && v <= 2) o->minor_version = int(v);
      else if (key == atoms::compressed && v >= 0 && v <= 9) o->compressed = int(v);
      else return false;
    } else {
      return false;
    }
  }
  return opts.is_nil();
}

struct Encoding {
  EtfBuffer out;
  EtfEncoder encoder;
  Want want;
  int level;
  // compression
  bool deflating = false;
  z_stream z{};
  EtfBuffer packed;

  Encoding(const EncodeOptions &o, Want w, Heap *pairs)
      : out(w == Want::Size), encoder(o, out, pairs, w == Want::Iovec && o.compressed == 0), want(w),
        level(w == Want::Size ? 0 : o.compressed) {}
  ~Encoding() {
    if (deflating) deflateEnd(&z);
  }
};

Term buffer_binary(Heap &h, EtfBuffer &b) {
  Word n = b.size();
  if (n <= kHeapBinMax) return make_binary_from(h, b.data(), n);
  BinData *d = b.take();
  return make_refc_binary(h, d, d->data(), n);
}

// The pieces of an iovec: copied bytes as parts of one binary, large binaries as they were.
Term buffer_iovec(Heap &h, Encoding *e) {
  auto &cuts = e->encoder.cuts;
  if (cuts.empty()) return make_list(h, buffer_binary(h, e->out));
  Word end = e->out.size();
  BinData *d = e->out.take();
  Term list = Term::nil();
  auto piece = [&](Word from, Word to) {
    if (from == to) return;
    bin_ref(d);
    list = make_cons(h, make_refc_binary(h, d, d->data() + from, to - from), list);
  };
  while (!cuts.empty()) {
    EtfEncoder::Cut c = cuts.back();
    cuts.pop_back();
    piece(c.at, end);
    list = make_cons(h, make_refc_binary(h, c.data, const_cast<uint8_t *>(c.bytes), c.size), list);
    end = c.at;
  }
  piece(0, end);
  bin_unref(d);
  return list;
}

enum class Step : uint8_t { More, Done };

// Deflates into `packed` until done or out of budget. Gives up (leaving `packed` empty) if nothing would be gained.
Step deflate_step(Encoding *e, int64_t *budget) {
  Word size = e->out.size() - 1; // without the magic byte
  Word room = e->out.size() - 6; // what a compressed body may take
  if (!e->deflating) {
    if (size > UINT32_MAX || deflateInit(&e->z, e->level) != Z_OK) return Step::Done;
    e->deflating = true;
    e->z.next_in = e->out.data() + 1;
    e->z.avail_in = uInt(size);
    e->packed.put8(kMagic), e->packed.put8(kCompressed), e->packed.put32(size);
  }
  constexpr Word kChunk = 4096;
  for (;;) {
    Word left = room - (e->packed.size() - 6);
    if (left == 0) {
      e->packed.truncate(0);
      return Step::Done;
    }
    Word n = std::min(left, kChunk), before = e->packed.size();
    uInt in_before = e->z.avail_in;
    e->z.next_out = e->packed.grow(n);
    e->z.avail_out = uInt(n);
    int r = deflate(&e->z, Z_FINISH);
    e->packed.truncate(before + n - e->z.avail_out);
    *budget -= int64_t(in_before - e->z.avail_in) / 16 + 32;
    if (r == Z_STREAM_END) return Step::Done;
    if (r != Z_OK) {
      e->packed.truncate(0);
      return Step::Done;
    }
    if (*budget <= 0) return Step::More;
  }
}

Term encode_run(Process *p, Magic<Encoding> *m, Term saved);

// args: magic reference, open terms
Term encode_continue(Process *p, const Term *args) {
  auto *m = static_cast<Magic<Encoding> *>(magic_data(args[0]));
  return encode_run(p, m, args[1]);
}

// Runs one slice. On the first call `m` is not yet referred to by a term and saved is none.
Term encode_run(Process *p, Magic<Encoding> *m, Term saved) {
  static const Export *again = bif_continuation("term_to_binary_trap", 2, encode_continue);
  Encoding *e = &m->value;
  bool first = saved.is_none();
  int64_t start = std::max<int64_t>(p->reductions, 1) * kUnitsPerReduction, budget = start;
  if (!first) e->encoder.restore(saved, &p->heap);
  bool done = e->deflating || e->encoder.run(&budget);
  if (done && e->level != 0 && e->out.size() >= 6) done = deflate_step(e, &budget) == Step::Done;
  p->bump((start - budget) / kUnitsPerReduction + 1);
  if (!done) {
    Term open = e->encoder.save(p->heap);
    Term ref = make_magic_ref(p->heap, m);
    if (first) bin_unref(m);
    return yield_to(p, again, ref, open);
  }
  Term result;
  if (e->want == Want::Size) {
    result = make_uint(p->heap, e->out.size());
  } else if (e->want == Want::Iovec && e->level == 0) {
    result = buffer_iovec(p->heap, e);
  } else {
    result = buffer_binary(p->heap, e->packed.size() ? e->packed : e->out);
    // As in stock, a large compressed one comes as a bare binary.
    if (e->want == Want::Iovec && e->out.size() <= kHeapBinMax) result = make_list(p->heap, result);
  }
  if (first) bin_unref(m);
  return result;
}

// external_size/2 knows fewer options: {minor_version, 0 | 1}.
bool parse_size_options(Term opts, EncodeOptions *o) {
  for (Term l = opts; l.is_cons(); l = l.tail())
    if (!is_tuple_of(l.head(), 2) || tuple_elements(l.head())[0] != atoms::minor_version) return false;
  return parse_options(opts, o) && o->minor_version <= 1;
}

Term encode(Process *p, Term t, Term opts, Want want) {
  EncodeOptions o;
  if (!(want == Want::Size ? parse_size_options(opts, &o) : parse_options(opts, &o))) return badarg(p);
  auto *m = magic_new<Encoding>(o, want, &p->heap);
  m->value.encoder.start(t);
  return encode_run(p, m, Term::none());
}

// --- decoding
struct Decoding {
  FragmentHeap heap;
  std::optional<EtfDecoder> decoder;
  std::vector<uint8_t> bytes; // inflated or realigned
  BinData *source = nullptr;  // or a reference to the data of the binary
  Word used = 0;
  bool want_used = false;
  bool has_options = false; // called as binary_to_term/2
  ~Decoding() {
    if (source) bin_unref(source);
  }
};

Term with_used(Process *p, Term t, bool want_used, Word used) {
  return want_used ? make_tuple(p->heap, t, make_uint(p->heap, used)) : t;
}

// bin, opts: what the BIF was called with, for the stack trace of a failure.
Term decode_run(Process *p, Magic<Decoding> *m, bool first, Term bin, Term opts);
Term decode_continue(Process *p, const Term *args) {
  return decode_run(p, static_cast<Magic<Decoding> *>(magic_data(args[0])), false, args[1], args[2]);
}

Term decode_run(Process *p, Magic<Decoding> *m, bool first, Term bin, Term opts) {
  static const Export *again = bif_continuation("binary_to_term_trap", 3, decode_continue);
  Decoding *d = &m->value;
  int64_t start = std::max<int64_t>(p->reductions, 1) * kUnitsPerReduction, budget = start;
  EtfDecoder::Result r = d->decoder->run(&budget);
  p->bump((start - budget) / kUnitsPerReduction + 1);
  if (r == EtfDecoder::Result::More) {
    Term ref = make_magic_ref(p->heap, m);
    if (first) bin_unref(m);
    return yield_to(p, again, ref, bin, opts);
  }
  Term result = Term::none();
  if (r == EtfDecoder::Result::Done) {
    Word used = d->used ? d->used : 1 + d->decoder->used();
    p->heap.adopt(d->heap.take());
    result = with_used(p, d->decoder->value(), d->want_used, used);
  }
  bool has_options = d->has_options;
  if (first) bin_unref(m);
  if (!result.is_none()) return result;
  if (first) return badarg(p);
  return has_options ? fail_as(p, Reason::Badarg, atoms::binary_to_term, bin, opts)
                     : fail_as(p, Reason::Badarg, atoms::binary_to_term, bin);
}

Term decode(Process *p, Term bin, Term opts, bool safe, bool want_used) { // opts none: called as binary_to_term/1
  if (!is_bitstring(bin)) return badarg(p);
  BitView v = bit_view(bin);
  if (!v.is_binary()) return badarg(p);
  ByteScratch scratch;
  Bytes b = bytes_of(bin, scratch);
  if (b.size < 2 || b.data[0] != kMagic) return badarg(p);
  constexpr Word kDirect = 32768;
  if (b.size <= kDirect && b.data[1] != kCompressed) {
    Word used = 0;
    Term t = etf_decode(p->heap, b.data, b.size, safe, &used);
    p->bump(int64_t(b.size / 128));
    return t.is_none() ? badarg(p) : with_used(p, t, want_used, used);
  }
  auto *m = magic_new<Decoding>();
  Decoding *d = &m->value;
  d->want_used = want_used;
  d->has_options = !opts.is_none();
  const uint8_t *data = b.data + 1;
  Word n = b.size - 1;
  if (b.data[1] == kCompressed) {
    Word used;
    if (!etf_inflate(data, n, &d->bytes, &used)) {
      bin_unref(m);
      return badarg(p);
    }
    d->used = used + 1;
    data = d->bytes.data(), n = d->bytes.size();
    p->bump(int64_t(n / 512));
  } else if (v.aligned()) {
    Term whole = kind_of(bin) == Kind::SubBin ? Term(reinterpret_cast<SubBinObj *>(bin.box())->original) : bin;
    auto *refc = reinterpret_cast<RefcBinObj *>(whole.box());
    if (refc->flags) { // could be reallocated by an append meanwhile
      d->bytes.assign(data, data + n);
      data = d->bytes.data();
    } else {
      d->source = refc->data;
      bin_ref(d->source);
    }
  } else {
    d->bytes.assign(data, data + n);
    data = d->bytes.data();
  }
  d->decoder.emplace(d->heap, data, n, safe);
  return decode_run(p, m, true, bin, opts.is_none() ? Term::nil() : opts);
}
} // namespace

Term erlang_term_to_binary_1(Process *p, const Term *args) { return encode(p, args[0], Term::nil(), Want::Binary); }
Term erlang_term_to_binary_2(Process *p, const Term *args) { return encode(p, args[0], args[1], Want::Binary); }
Term erlang_term_to_iovec_1(Process *p, const Term *args) { return encode(p, args[0], Term::nil(), Want::Iovec); }
Term erlang_term_to_iovec_2(Process *p, const Term *args) { return encode(p, args[0], args[1], Want::Iovec); }
Term erlang_external_size_1(Process *p, const Term *args) { return encode(p, args[0], Term::nil(), Want::Size); }
Term erlang_external_size_2(Process *p, const Term *args) { return encode(p, args[0], args[1], Want::Size); }
Term erlang_binary_to_term_1(Process *p, const Term *args) { return decode(p, args[0], Term::none(), false, false); }

Term erlang_binary_to_term_2(Process *p, const Term *args) {
  bool safe = false, used = false;
  Term opts = args[1];
  for (; opts.is_cons(); opts = opts.tail()) {
    if (opts.head() == atoms::safe) safe = true;
    else if (opts.head() == atoms::used) used = true;
    else return badarg(p, atoms::badopt);
  }
  if (!opts.is_nil()) return badarg(p, atoms::badopt);
  return decode(p, args[0], args[1], safe, used);
}

// dist_ext_to_term({CachedAtom, ...}, Bytes): what distribution does with a message body.
Term erts_debug_dist_ext_to_term_2(Process *p, const Term *args) {
  if (!is_tuple(args[0]) || !is_bitstring(args[1]) || !is_binary(args[1])) return badarg(p);
  Word n = tuple_arity(args[0]);
  for (Word i = 0; i < n; i++)
    if (!tuple_elements(args[0])[i].is_atom()) return badarg(p);
  ByteScratch scratch;
  Bytes b = bytes_of(args[1], scratch);
  Word skip = b.size && b.data[0] == kMagic;
  EtfDecoder d(p->heap, b.data + skip, b.size - skip, false);
  d.atom_cache = tuple_elements(args[0]);
  d.atom_cache_size = n;
  int64_t budget = INT64_MAX;
  if (d.run(&budget) != EtfDecoder::Result::Done) return badarg(p);
  p->bump(int64_t(b.size / 128));
  return d.value();
}
} // namespace joist::bifs
