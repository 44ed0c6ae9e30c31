// enif_fprintf and friends: C's formats, and %T for terms.
#include "runtime/nif/env.h"
#include "runtime/term/print.h"

#include <cstdint>
#include <cstdio>

namespace joist::runtime {
namespace {
template <class T> void one(std::string &out, const std::string &spec, T value) {
  char small[128];
  int n = snprintf(small, sizeof small, spec.c_str(), value);
  if (n < 0) return;
  if (size_t(n) < sizeof small) {
    out.append(small, size_t(n));
    return;
  }
  std::string big(size_t(n) + 1, 0);
  snprintf(big.data(), big.size(), spec.c_str(), value);
  out.append(big.data(), size_t(n));
}

std::string format_text(const char *f, va_list ap) {
  std::string out;
  while (*f) {
    if (*f != '%') {
      out += *f++;
      continue;
    }
    std::string spec = "%";
    f++;
    int longs = 0, shorts = 0;
    bool size = false, precise = false;
    long precision = 0;
    for (;; f++) {
      if (*f == '*') {
        int n = va_arg(ap, int);
        spec += std::to_string(n);
        if (precise) precision = n;
      } else if (*f == 'l') {
        longs++;
      } else if (*f == 'h') {
        shorts++;
      } else if (*f == 'z' || *f == 'j' || *f == 't') {
        size = true;
      } else if (*f == 'b' && (f[1] == 'p' || f[1] == 'z')) { // stock's own length marks: pointer, 64 bits
        size = true;
        f++;
      } else if (*f && strchr("0123456789.+- #'", *f)) {
        if (precise && *f >= '0' && *f <= '9') precision = precision * 10 + (*f - '0');
        if (*f == '.') precise = true;
        spec += *f;
      } else {
        break;
      }
    }
    char c = *f;
    if (!c) break;
    f++;
    bool wide = longs || size;
    switch (c) {
    case 'd':
    case 'i':
      if (wide) one(out, spec + "l" + c, va_arg(ap, long));
      else one(out, spec + std::string(size_t(shorts), 'h') + c, va_arg(ap, int));
      break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
      if (wide) one(out, spec + "l" + c, va_arg(ap, unsigned long));
      else one(out, spec + std::string(size_t(shorts), 'h') + c, va_arg(ap, unsigned));
      break;
    case 'c': one(out, spec + c, va_arg(ap, int)); break;
    case 's': {
      const char *s = va_arg(ap, const char *);
      one(out, spec + c, s ? s : "(null)");
      break;
    }
    case 'p': one(out, spec + c, va_arg(ap, void *)); break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': one(out, spec + c, va_arg(ap, double)); break;
    case 'T': {
      Term t(va_arg(ap, Word));
      std::string s;
      print_term(s, t, precise && precision > 0 ? precision : 1'000'000);
      if (size_t dot = spec.find('.'); dot != std::string::npos) spec.resize(dot);
      one(out, spec + "s", s.c_str());
      break;
    }
    case '%': out += '%'; break;
    default: out += c;
    }
  }
  return out;
}
} // namespace

JOIST_ABI int enif_vfprintf(FILE *file, const char *format, va_list ap) {
  std::string s = format_text(format, ap);
  return int(fwrite(s.data(), 1, s.size(), file));
}
JOIST_ABI int enif_fprintf(FILE *file, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  int n = enif_vfprintf(file, format, ap);
  va_end(ap);
  return n;
}
JOIST_ABI int enif_vsnprintf(char *out, size_t size, const char *format, va_list ap) {
  std::string s = format_text(format, ap);
  if (size > 0) {
    size_t n = std::min(size - 1, s.size());
    memcpy(out, s.data(), n);
    out[n] = 0;
  }
  return int(s.size());
}
JOIST_ABI int enif_snprintf(char *out, size_t size, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  int n = enif_vsnprintf(out, size, format, ap);
  va_end(ap);
  return n;
}
} // namespace joist::runtime
