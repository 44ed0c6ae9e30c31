#include "runtime/term/print.h"
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/node.h"
#include "runtime/term/map.h"
#include "runtime/term/number.h"
#include "runtime/term/work_stack.h"

#include <cstdio>

namespace joist::runtime {
namespace {

// Letters in the sense of Latin-1: what an atom may consist of without quotes. 215 and 247 are the signs × and ÷.
bool is_lower(uint32_t c) { return (c >= 'a' && c <= 'z') || (c >= 223 && c <= 255 && c != 247); }
bool is_upper(uint32_t c) { return (c >= 'A' && c <= 'Z') || (c >= 192 && c <= 222 && c != 215); }
bool is_name(uint32_t c) { return is_lower(c) || is_upper(c) || (c >= '0' && c <= '9') || c == '_'; }
bool is_control(uint32_t c) { return c < ' ' || c == 127 || (c >= 128 && c < 160); }
bool is_space(uint32_t c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

void append_octal(std::string &out, unsigned c) {
  char buffer[8];
  snprintf(buffer, sizeof buffer, "\\%03o", c);
  out += buffer;
}
void append_number(std::string &out, uint64_t n) { out += std::to_string(n); }

void append_atom(std::string &out, Term atom) {
  if (!atom::valid_index(atom.atom_index())) {
    out += "<bad atom index: " + std::to_string(atom.atom_index()) + ">";
    return;
  }
  std::string_view s = atom::text(atom);
  if (s.empty()) {
    out += "''";
    return;
  }
  bool quote = false;
  for (size_t i = 0; i < s.size() && !quote; i++) {
    uint32_t c = uint8_t(s[i]);
    if (c >= 0xE0) {
      quote = true;
    } else {
      if (c >= 0xC0 && i + 1 < s.size()) {
        c = (c & 0x1F) << 6 | (uint8_t(s[i + 1]) & 0x3F);
        quote = !(i == 0 ? is_lower(c) : is_name(c));
        i++;
      } else {
        quote = !(i == 0 ? is_lower(c) : is_name(c));
      }
    }
  }
  if (quote) out += '\'';
  for (size_t i = 0; i < s.size(); i++) {
    uint8_t c = uint8_t(s[i]);
    switch (c) {
    case '\'': out += "\\'"; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\f': out += "\\f"; break;
    case '\t': out += "\\t"; break;
    case '\r': out += "\\r"; break;
    case '\b': out += "\\b"; break;
    case '\v': out += "\\v"; break;
    default:
      if (c < ' ') {
        append_octal(out, c);
      } else if (c == 0xC2 && i + 1 < s.size() && uint8_t(s[i + 1]) < 0xA0) {
        append_octal(out, uint8_t(s[++i])); // control characters 128..159
      } else {
        out += char(c);
      }
    }
  }
  if (quote) out += '\'';
}

// The first number of a printed pid, port or reference: 0 for this node, else the atom number of the node's name.
uint64_t channel(Term t) {
  if (t.is_local_pid() || t.is_local_port() || is_local_ref(t)) return 0;
  Node *n = external_node(t);
  return n->name == this_node()->name ? 0 : n->name.atom_index();
}

// A proper list of printable Latin-1 characters.
bool printable_list(Term t) {
  for (; t.is_cons(); t = t.tail()) {
    Term c = t.head();
    if (!c.is_small() || uint64_t(c.small_value()) > 255) return false;
    uint32_t v = uint32_t(c.small_value());
    if (is_control(v) && !is_space(v)) return false;
  }
  return t.is_nil();
}

uint8_t octet(const BitView &v, Word i) {
  unsigned b = unsigned(v.bytes[i]) << 8;
  if (v.bit_offset) b |= v.bytes[i + 1];
  return uint8_t(b << v.bit_offset >> 8);
}

class Printer {
public:
  Printer(std::string &out, long left) : out_(out), left_(left) {}
  void run(Term t);

private:
  enum class Op : uint8_t { Term, Array, ListRest, Text };
  struct Item {
    Op op;
    const Term *at;   // Term, Array: terms from here; ListRest: the tail
    Word n;           // Array: how many
    const char *text; // Text
  };
  bool spend() { return left_-- > 0; }
  bool term(Term t); // false: the allowance is used up
  bool bits(Term t);
  bool string(Term t);
  void text(const char *s) { stack_.push({Op::Text, nullptr, 0, s}); }
  void later(const Term *t) { stack_.push({Op::Term, t, 1, nullptr}); }

  std::string &out_;
  long left_;
  WorkStack<Item, 32> stack_;
};

bool Printer::string(Term t) {
  out_ += '"';
  for (; t.is_cons(); t = t.tail()) {
    if (!spend()) return false;
    char c = char(t.head().small_value());
    if (c == '\n') {
      out_ += "\\n";
    } else {
      if (c == '"') out_ += '\\';
      out_ += c;
    }
  }
  out_ += '"';
  return true;
}

bool Printer::bits(Term t) {
  BitView v = bit_view(t);
  Word n = v.bits >> 3, tail = v.bits & 7;
  bool printable = n > 0 && tail == 0;
  for (Word i = 0; i < n && printable; i++) printable = octet(v, i) >= ' ' && octet(v, i) < 127;
  out_ += printable ? "<<\"" : "<<";
  for (Word i = 0; i < n; i++) {
    uint8_t c = octet(v, i);
    if (printable) {
      if (c == '"') out_ += '\\';
      out_ += char(c);
    } else {
      if (i) out_ += ',';
      append_number(out_, c);
    }
    if (!spend()) return false;
  }
  if (tail) {
    unsigned b = unsigned(v.bytes[n]) << 8;
    if (v.bit_offset + tail > 8) b |= v.bytes[n + 1];
    b = (b << v.bit_offset & 0xFFFF) >> (16 - tail);
    if (n) out_ += ',';
    append_number(out_, b);
    out_ += ':';
    append_number(out_, tail);
  }
  out_ += printable ? "\">>" : ">>";
  return true;
}

bool Printer::term(Term t) {
  if (!spend()) return false;
  if (t.is_nil()) {
    out_ += "[]";
  } else if (t.is_atom()) {
    append_atom(out_, t);
    left_ -= long(atom::text(t).size());
    if (left_ <= 0) return false;
  } else if (t.is_small()) {
    out_ += std::to_string(t.small_value());
  } else if (is_big(t)) {
    out_ += integer_to_text(t, 10);
  } else if (is_float(t)) {
    out_ += float_to_text_scientific(float_value(t), 6);
  } else if (is_ref(t)) {
    out_ += ref_to_text(t);
  } else if (is_pid(t)) {
    out_ += pid_to_text(t);
  } else if (is_port(t)) {
    out_ += port_to_text(t);
  } else if (t.is_cons()) {
    if (printable_list(t)) return string(t);
    out_ += '[';
    text("]");
    stack_.push({Op::ListRest, reinterpret_cast<const Term *>(t.cell() + 1), 1, nullptr});
    later(reinterpret_cast<const Term *>(t.cell()));
  } else if (is_tuple(t)) {
    out_ += '{';
    text("}");
    if (tuple_arity(t)) stack_.push({Op::Array, tuple_elements(t), tuple_arity(t), nullptr});
  } else if (is_bitstring(t)) {
    return bits(t);
  } else if (is_fun(t)) {
    out_ += fun_to_text(t);
  } else if (is_flat_map(t)) {
    out_ += "#{";
    text("}");
    const Term *keys = tuple_elements(flat_map_keys(t)), *values = flat_map_values(t);
    for (Word i = map_size(t); i-- > 0;) {
      later(values + i);
      text("=>");
      later(keys + i);
      if (i) text(",");
    }
  } else if (is_hash_map(t) || is_kind(t, Kind::HashNode)) { // nodes by their bitmaps, leaves as cons cells
    HamtNode node(t);
    char buffer[32];
    snprintf(buffer, sizeof buffer, "%s<%x>{", is_hash_map(t) ? "#" : "", node.bitmap);
    out_ += buffer;
    text("}");
    if (node.count) stack_.push({Op::Array, node.child, node.count, nullptr});
  } else if (is_kind(t, Kind::MatchCtx)) {
    out_ += "#MatchState";
  } else {
    char buffer[40];
    snprintf(buffer, sizeof buffer, "<unknown:%#lx>", t.raw());
    out_ += buffer;
  }
  return true;
}

void Printer::run(Term t) {
  bool more = term(t);
  while (more && !stack_.empty()) {
    Item i = stack_.pop();
    switch (i.op) {
    case Op::Text: out_ += i.text; break;
    case Op::Term: more = term(*i.at); break;
    case Op::Array:
      if (i.n > 1) {
        stack_.push({Op::Array, i.at + 1, i.n - 1, nullptr});
        text(",");
      }
      more = term(*i.at);
      break;
    case Op::ListRest: {
      Term rest = *i.at;
      if (rest.is_nil()) break;
      if (rest.is_cons()) {
        out_ += ',';
        stack_.push({Op::ListRest, reinterpret_cast<const Term *>(rest.cell() + 1), 1, nullptr});
        more = term(rest.head());
      } else {
        out_ += '|';
        more = term(rest);
      }
      break;
    }
    }
  }
  if (left_ <= 0) out_ += "... ";
}

} // namespace

void print_term(std::string &out, Term t, long max_items) { Printer(out, max_items).run(t); }

std::string to_text(Term t) {
  std::string s;
  print_term(s, t);
  return s;
}

std::string atom_quoted(Term atom) {
  std::string s;
  append_atom(s, atom);
  return s;
}

std::string pid_to_text(Term pid) {
  uint64_t number = pid.is_local_pid() ? local_pid_number(pid) : uint32_t(pid.box()[2]);
  uint64_t serial = pid.is_local_pid() ? local_pid_serial(pid) : pid.box()[2] >> 32;
  return "<" + std::to_string(channel(pid)) + "." + std::to_string(number) + "." + std::to_string(serial) + ">";
}

std::string port_to_text(Term port) {
  uint64_t number = port.is_local_port() ? port.imm_payload() : port.box()[2];
  return "#Port<" + std::to_string(channel(port)) + "." + std::to_string(number) + ">";
}

std::string ref_to_text(Term ref) {
  std::string s = "#Ref<" + std::to_string(channel(ref));
  bool external = is_external_ref(ref);
  const uint32_t *number = external ? reinterpret_cast<const uint32_t *>(ref.box() + 3) : ref_numbers(ref);
  Word n = external ? ref.box()[2] : 3;
  while (n-- > 0) s += "." + std::to_string(number[n]);
  return s + ">";
}

std::string fun_to_text(Term fun) {
  if (is_local_fun(fun)) {
    FunEntry *f = fun_entry(fun);
    return "#Fun<" + std::string(atom::text(f->module)) + "." + std::to_string(int32_t(f->index)) + "." +
           std::to_string(int32_t(f->old_uniq)) + ">";
  }
  const Mfa &f = fun_export(fun)->mfa();
  return "fun " + atom_quoted(f.module) + ":" + atom_quoted(f.function) + "/" + std::to_string(f.arity);
}

} // namespace joist::runtime
