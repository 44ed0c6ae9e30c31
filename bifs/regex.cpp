// Module re: compile/1,2, run/2,3, internal_run/4, inspect/2, version/0. (Global matching, splitting and replacing are
// Erlang code; character lists are made binaries there, through re:urun/3, ucompile/2 and grun/3.)
//
// What re:compile/2 gives, {re_pattern, Captures, Unicode, UseCRLF, Binary}, has in Binary a mark, the flags (four bytes,
// big-endian) and the source: the compiled form is found in a cache (regex_engine.h). So a pattern may be stored and
// sent, and no binary can be harmful.
#include "bifs/bifs.h"
#include "bifs/regex_engine.h"
#include "runtime/term/binary.h"

#include <climits>

namespace joist::bifs {
namespace {
using regex::Pattern;

constexpr char kMark[] = {'J', 'r', 'e', '1'};
constexpr Word kHeader = 8;
// Steps of the first attempt; if the match is not decided by then the process yields, and tries with more.
constexpr uint32_t kFirstSteps = 50'000, kMoreSteps = 4;

// An integer of C's type int, not negative (what stock takes).
bool get_int(Term t, int *out) {
  if (!t.is_small() || t.small_value() < 0 || t.small_value() > INT_MAX) return false;
  *out = int(t.small_value());
  return true;
}

// --- options

struct Options {
  uint32_t compile = 0;     // regex::Flag
  uint32_t newline_bsr = 0; // those given, for a run
  Pattern::Run run;
  bool compile_only = false; // has one that only compiling knows
  bool run_only = false;
  bool unicode = false, global = false, report_errors = false;
  bool capture = false;
  Term capture_values, capture_type;
  bool is_list_capture() const { return capture && capture_type == atoms::list; }

  bool read(Term list);

private:
  bool atom(Term t);
  bool pair(Term key, Term value);
};

bool Options::atom(Term t) {
  using namespace regex;
  static constexpr struct {
    Term name;
    uint32_t flag;
  } kCompile[] = {{atoms::caseless, Caseless},
                  {atoms::dollar_endonly, DollarEndonly},
                  {atoms::dotall, Dotall},
                  {atoms::extended, Extended},
                  {atoms::firstline, Firstline},
                  {atoms::multiline, Multiline},
                  {atoms::no_auto_capture, NoAutoCapture},
                  {atoms::dupnames, Dupnames},
                  {atoms::ungreedy, Ungreedy},
                  {atoms::ucp, Ucp},
                  {atoms::never_utf, NeverUtf},
                  {atoms::no_start_optimize, NoStartOptimize},
                  {atoms::unicode, Utf}};
  for (auto &c : kCompile)
    if (t == c.name) {
      compile |= c.flag;
      compile_only = true;
      unicode |= c.flag == Utf;
      return true;
    }
  if (t == atoms::anchored) {
    compile |= Anchored;
    return run.anchored = true;
  }
  if (t == atoms::bsr_anycrlf || t == atoms::bsr_unicode) {
    newline_bsr |= t == atoms::bsr_anycrlf ? BsrAnycrlf : BsrUnicode;
    return true;
  }
  const struct {
    Term name;
    bool *where;
  } kRun[] = {{atoms::notempty, &run.notempty}, {atoms::notempty_atstart, &run.notempty_atstart},
              {atoms::notbol, &run.notbol},     {atoms::noteol, &run.noteol},
              {atoms::global, &global},         {atoms::report_errors, &report_errors}};
  for (auto &r : kRun)
    if (t == r.name) {
      run_only = true;
      return *r.where = true;
    }
  return false;
}

bool Options::pair(Term key, Term value) {
  using namespace regex;
  if (key == atoms::newline) {
    uint32_t n = value == atoms::cr        ? NewlineCr
                 : value == atoms::lf      ? NewlineLf
                 : value == atoms::crlf    ? NewlineCrlf
                 : value == atoms::any     ? NewlineAny
                 : value == atoms::anycrlf ? NewlineAnycrlf
                                           : 0;
    newline_bsr |= n;
    return n;
  }
  run_only = true;
  int n = 0;
  if (key == atoms::capture) {
    capture = true;
    capture_values = value;
    capture_type = atoms::index;
    return true;
  }
  if (!get_int(value, &n)) return false;
  if (key == atoms::offset) run.offset = size_t(n);
  else if (key == atoms::match_limit) run.match_limit = uint32_t(n);
  else if (key == atoms::match_limit_recursion) run.recursion_limit = n;
  else return false;
  return true;
}

bool Options::read(Term list) {
  for (; list.is_cons(); list = list.tail()) {
    Term t = list.head();
    if (t.is_atom()) {
      if (!atom(t)) return false;
    } else if (is_tuple_of(t, 3) && tuple_elements(t)[0] == atoms::capture) {
      capture = run_only = true;
      capture_values = tuple_elements(t)[1];
      capture_type = tuple_elements(t)[2];
    } else if (!is_tuple_of(t, 2) || !pair(tuple_elements(t)[0], tuple_elements(t)[1])) {
      return false;
    }
  }
  compile |= newline_bsr;
  return list.is_nil();
}

Term badopt(Process *p) { return badarg(p, atoms::badopt); }

// --- patterns as terms

bool iodata_string(Term t, std::string *out) {
  Word n;
  if (iolist_size(t, &n) != IoListError::Ok) return false;
  out->resize(n);
  iolist_write(t, reinterpret_cast<uint8_t *>(out->data()), n);
  return true;
}

// A pattern's text; it ends at a NUL as it does for stock, whose PCRE takes C strings.
bool source_string(Term t, std::string *out) {
  if (!iodata_string(t, out)) return false;
  out->resize(strlen(out->c_str()));
  return true;
}

Term pattern_term(Heap &h, const Pattern &pat, const std::string &source, uint32_t flags) {
  uint8_t *out;
  Term bin = make_binary(h, kHeader + source.size(), &out);
  memcpy(out, kMark, sizeof kMark);
  uint32_t be = __builtin_bswap32(flags);
  memcpy(out + 4, &be, 4);
  memcpy(out + kHeader, source.data(), source.size());
  return make_tuple(h, atoms::re_pattern, Term::small(pat.captures()), Term::small(flags & regex::Utf ? 1 : 0),
                    Term::small(pat.crlf()), bin);
}

bool is_pattern_tuple(Term t) {
  if (!is_tuple_of(t, 5)) return false;
  Term *e = tuple_elements(t);
  return e[0] == atoms::re_pattern && e[1].is_small() && e[2].is_small() && e[3].is_small() && is_bitstring(e[4]);
}

// The pattern behind a term; null if its binary is none of ours. newline_bsr: options of the run that override.
std::shared_ptr<const Pattern> pattern_of(Term t, uint32_t newline_bsr) {
  Term bin = tuple_elements(t)[4];
  if (!is_binary(bin)) return nullptr;
  ByteScratch scratch;
  Bytes b = bytes_of(bin, scratch);
  if (b.size < kHeader || memcmp(b.data, kMark, sizeof kMark) != 0) return nullptr;
  uint32_t flags;
  memcpy(&flags, b.data + 4, 4);
  flags = __builtin_bswap32(flags);
  if (newline_bsr & regex::NewlineMask) flags &= ~regex::NewlineMask;
  if (newline_bsr & regex::BsrMask) flags &= ~uint32_t(regex::BsrMask);
  regex::CompileError e;
  return regex::compile(b.view().substr(kHeader), flags | newline_bsr, &e);
}

Term error_term(Heap &h, const regex::CompileError &e) {
  return make_tuple(h, make_string(h, e.text.data(), e.text.size()), Term::small(int64_t(e.offset)));
}

Term compile(Process *p, Term source, Term option_list) {
  Options o;
  if (!o.read(option_list) || o.run_only) return badopt(p);
  if (o.unicode && !is_bitstring(source))
    return trap_to(p, export_get_or_put(atoms::re, atoms::ucompile, 2), source, option_list);
  std::string text;
  if (!source_string(source, &text)) return badarg(p);
  p->bump(10 + int64_t(text.size() / 10));
  regex::CompileError e;
  auto pat = regex::compile(text, o.compile, &e);
  if (!pat) return make_tuple(p->heap, atoms::error, error_term(p->heap, e));
  return make_tuple(p->heap, atoms::ok, pattern_term(p->heap, *pat, text, o.compile));
}

// --- captures

enum class Return : uint8_t { Index, List, Binary, None };

struct Capture {
  Return type = Return::Index;
  int first = 0; // if `all`: from this group on
  bool all = true;
  std::vector<std::vector<int>> groups; // else: for each value the groups that may give it, -1: none

  bool read(Term values, Term kind, const Pattern &pat);

private:
  std::vector<int> named(const Pattern &pat, const std::string &name) const {
    std::vector<int> r;
    for (auto &n : pat.names())
      if (n.text == name && (r.empty() || pat.dupnames())) r.push_back(n.group);
    if (r.empty()) r.push_back(-1);
    return r;
  }
};

bool Capture::read(Term values, Term kind, const Pattern &pat) {
  if (kind == atoms::index) type = Return::Index;
  else if (kind == atoms::list) type = Return::List;
  else if (kind == atoms::binary) type = Return::Binary;
  else return false;
  if (values == atoms::all) return true;
  if (values == atoms::none || values.is_nil()) {
    type = Return::None;
    return true;
  }
  if (values == atoms::all_but_first) return first = 1;
  all = false;
  if (values == atoms::first) {
    groups.push_back({0});
    return true;
  }
  if (values == atoms::all_names) {
    const std::string *last = nullptr;
    for (auto &n : pat.names()) {
      if (pat.dupnames() && last && *last == n.text) continue;
      if (pat.dupnames()) groups.push_back(named(pat, n.text));
      else groups.push_back({n.group});
      last = &n.text;
    }
    if (groups.empty()) type = Return::None;
    return true;
  }
  if (!values.is_cons()) return false;
  for (; values.is_cons(); values = values.tail()) {
    Term v = values.head();
    int n;
    std::string name;
    if (get_int(v, &n)) {
      groups.push_back({n});
      continue;
    }
    if (v.is_atom()) name = atom::text(v);
    else if ((!is_bitstring(v) && !v.is_list()) || !source_string(v, &name)) return false;
    groups.push_back(named(pat, name));
  }
  return values.is_nil();
}

struct MatchResult {
  Term subject; // as given: parts of a binary share its bytes
  std::string_view text;
  std::vector<int64_t> at; // start, end of each group, up to the last that took part
};

Term one_value(Heap &h, Return type, const MatchResult &m, int group) {
  bool there = group >= 0 && size_t(2 * group + 1) < m.at.size();
  int64_t from = there ? m.at[size_t(2 * group)] : -1, to = there ? m.at[size_t(2 * group) + 1] : -1;
  if (type == Return::Index) return make_tuple(h, Term::small(from), Term::small(to - from));
  if (from < 0 || to < from) from = to = 0;
  Word n = Word(to - from);
  if (type == Return::List) return make_string(h, m.text.data() + from, n);
  return is_bitstring(m.subject) ? make_sub_binary(h, m.subject, Word(from) * 8, n * 8)
                                 : make_binary_from(h, m.text.data() + from, n);
}

Term captured(Heap &h, const Capture &c, const MatchResult &m) {
  if (c.type == Return::None) return atoms::match;
  Term list = Term::nil();
  if (c.all) {
    for (int g = int(m.at.size() / 2); g-- > c.first;) list = make_cons(h, one_value(h, c.type, m, g), list);
  } else {
    for (size_t i = c.groups.size(); i-- > 0;) {
      int group = -1;
      for (int g : c.groups[i]) {
        bool set = g >= 0 && size_t(2 * g) < m.at.size() && m.at[size_t(2 * g)] >= 0;
        if (set || c.groups[i].size() == 1) {
          group = g;
          break;
        }
      }
      list = make_cons(h, one_value(h, c.type, m, group), list);
    }
  }
  return make_tuple(h, atoms::match, list);
}

// --- run

Term run_step(Process *p, const Term *args);

// `first`: the subject is not known to be valid UTF-8. `steps`: limit of this attempt.
Term run(Process *p, Term subject, Term re, Term option_list, bool first, uint32_t steps) {
  Options o;
  if (!o.read(option_list)) return badopt(p);
  bool list_now = o.is_list_capture() && !o.global;
  std::shared_ptr<const Pattern> pat;
  if (!is_tuple_of(re, 5)) {
    if (!is_bitstring(re) && !re.is_list()) return badarg(p);
    if (o.unicode && (!is_bitstring(re) || !is_bitstring(subject) || list_now))
      return trap_to(p, export_get_or_put(atoms::re, atoms::urun, 3), subject, re, option_list);
    std::string text;
    if (!source_string(re, &text)) return badarg(p);
    regex::CompileError e;
    pat = regex::compile(text, o.compile, &e);
    if (!pat) {
      if (!o.report_errors) return badarg(p);
      return make_tuple(p->heap, atoms::error, make_tuple(p->heap, atoms::compile, error_term(p->heap, e)));
    }
    if (o.global) { // the pattern's text goes along for the sake of exceptions
      Term compiled = pattern_term(p->heap, *pat, text, o.compile);
      return trap_to(p, export_get_or_put(atoms::re, atoms::grun, 3), subject, compiled,
                     make_tuple(p->heap, option_list, bool_term(o.compile_only), re));
    }
  } else {
    if (o.compile_only || !is_pattern_tuple(re)) return badarg(p);
    if (tuple_elements(re)[2] != Term::small(0) && (!is_bitstring(subject) || list_now))
      return trap_to(p, export_get_or_put(atoms::re, atoms::urun, 3), subject, re, option_list);
    if (o.global)
      return trap_to(p, export_get_or_put(atoms::re, atoms::grun, 3), subject, re,
                     make_tuple(p->heap, option_list, atoms::false_));
    pat = pattern_of(re, o.newline_bsr);
    if (!pat) return badarg(p);
  }
  Capture c;
  if (o.capture && !c.read(o.capture_values, o.capture_type, *pat)) return badarg(p);

  MatchResult m{.subject = subject, .text = {}, .at = {}};
  std::string flat;
  if (is_bitstring(subject) && is_binary(subject) && bit_view(subject).aligned()) {
    writable_freeze(subject);
    BitView v = bit_view(subject);
    m.text = {reinterpret_cast<const char *>(v.bytes), v.bits / 8};
  } else {
    if (!iodata_string(subject, &flat)) return badarg(p);
    m.text = flat;
  }
  uint32_t limit = o.run.match_limit;
  o.run.subject = m.text;
  o.run.utf_checked = !first;
  o.run.match_limit = std::min(limit, steps);
  size_t todo = m.text.size() - std::min(m.text.size(), o.run.offset);
  switch (pat->match(o.run, &m.at)) {
  case Pattern::Result::Match: {
    Word seen = m.at[1] > int64_t(o.run.offset) ? Word(m.at[1]) - o.run.offset : 0;
    p->bump(1 + int64_t(seen / 500));
    return captured(p->heap, c, m);
  }
  case Pattern::Result::NoMatch: p->bump(1 + int64_t(todo / 500)); return atoms::nomatch;
  case Pattern::Result::MatchLimit:
    if (steps < limit) {
      static const Export *k = bif_continuation("re_run_trap", 5, run_step);
      Term more = Term::small(std::min<int64_t>(int64_t(steps) * kMoreSteps, UINT32_MAX));
      return yield_to(p, k, subject, re, option_list, bool_term(first), more);
    }
    return o.report_errors ? make_tuple(p->heap, atoms::error, atoms::match_limit) : atoms::nomatch;
  case Pattern::Result::RecursionLimit:
    return o.report_errors ? make_tuple(p->heap, atoms::error, atoms::match_limit_recursion) : atoms::nomatch;
  default: return badarg(p);
  }
}

// A further attempt: (Subject, RE, Options, First, Steps).
Term run_step(Process *p, const Term *args) {
  return run(p, args[0], args[1], args[2], args[3] == atoms::true_, uint32_t(args[4].small_value()));
}

} // namespace

Term re_version_0(Process *p, const Term *) { return make_binary_from(p->heap, regex::version()); }

Term re_compile_1(Process *p, const Term *args) { return compile(p, args[0], Term::nil()); }
Term re_compile_2(Process *p, const Term *args) { return compile(p, args[0], args[1]); }

Term re_run_2(Process *p, const Term *args) { return run(p, args[0], args[1], Term::nil(), true, kFirstSteps); }
Term re_run_3(Process *p, const Term *args) { return run(p, args[0], args[1], args[2], true, kFirstSteps); }
Term re_internal_run_4(Process *p, const Term *args) {
  if (args[3] != atoms::true_ && args[3] != atoms::false_) return badarg(p);
  return run(p, args[0], args[1], args[2], args[3] == atoms::true_, kFirstSteps);
}

Term re_inspect_2(Process *p, const Term *args) {
  if (!is_pattern_tuple(args[0]) || args[1] != atoms::namelist) return badarg(p);
  auto pat = pattern_of(args[0], 0);
  if (!pat) return badarg(p);
  Term list = Term::nil();
  auto &names = pat->names();
  for (size_t i = names.size(); i-- > 0;)
    if (i == 0 || !pat->dupnames() || names[i].text != names[i - 1].text)
      list = make_cons(p->heap, make_binary_from(p->heap, names[i].text), list);
  return make_tuple(p->heap, atoms::namelist, list);
}

} // namespace joist::bifs
