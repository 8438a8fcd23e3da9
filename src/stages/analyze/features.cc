#include "stages/analyze/features.h"

#include <array>
#include <bitset>
#include <string>

namespace healer {
namespace {

constexpr std::size_t kHexRunMin = 10;    // longer runs of hexadecimal digits are ids
constexpr std::size_t kDigitRunMax = 4;   // of longer numbers the length says nothing
constexpr std::size_t kCodeBytesMax = 8;  // "e11000", "h12", "137": their digits mean something

enum Kind : std::uint64_t { kWord = 1, kPair = 2, kFirst = 3, kGram = 4, kLines = 5 };

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_name(char c) { return is_lower(c) || is_digit(c) || c == '_'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0x9e3779b97f4a7c15;
  return value ^ value >> 29;
}

std::uint32_t bucket(std::uint64_t hash, Kind kind) {
  return static_cast<std::uint32_t>(mix(hash * 8 + kind) >> 20) % kFeatureBuckets;
}

// Lower case, ids to "h", long numbers cut, "OutOfMemory" to "out of memory".
void fold(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (is_hex(c) && (i == 0 || !std::isalnum(static_cast<unsigned char>(text[i - 1])))) {
      std::size_t end = i, digits = 0;
      while (end < text.size() && is_hex(text[end])) digits += is_digit(text[end++]) ? 1U : 0U;
      if (end - i >= kHexRunMin && digits > 0) {
        out += 'h';
        i = end;
        continue;
      }
    }
    if (is_digit(c)) {
      std::size_t end = i;
      while (end < text.size() && is_digit(text[end])) ++end;
      out.append(text.substr(i, std::min(end - i, kDigitRunMax)));
      i = end;
      continue;
    }
    if (is_upper(c)) {
      if (i > 0 && is_lower(text[i - 1])) out += ' ';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
    ++i;
  }
}

class Collector {
 public:
  explicit Collector(Features& out) : out_(out) {}
  ~Collector() {
    for (const auto* list : {&out_.words, &out_.grams})
      for (const std::uint32_t at : *list) seen().reset(at);
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  void word(std::uint64_t hash, Kind kind) { add(out_.words, bucket(hash, kind)); }
  void gram(std::uint64_t bytes) { add(out_.grams, bucket(bytes, kGram)); }

 private:
  static std::bitset<kFeatureBuckets>& seen() {
    thread_local std::bitset<kFeatureBuckets> bits;
    return bits;
  }
  static void add(std::vector<std::uint32_t>& list, std::uint32_t at) {
    if (seen().test(at)) return;
    seen().set(at);
    list.push_back(at);
  }
  Features& out_;
};

std::uint64_t hash_word(std::string_view word) {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a
  bool letters = false;
  for (const char c : word) letters |= !is_digit(c);
  // Three digits are a status or an exit code.
  const bool exact = (letters && word.size() <= kCodeBytesMax) || word.size() == 3;
  for (const char c : word) {
    hash ^= static_cast<unsigned char>(is_digit(c) && !exact ? '0' : c);
    hash *= 1099511628211ull;
  }
  return hash;
}

void collect_words(std::string_view text, Collector& out) {
  std::uint64_t before = 0;
  std::uint64_t lines = 1;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') {
      ++lines;
      before = 0;
    }
    if (!is_name(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_name(text[end])) ++end;
    const std::uint64_t hash = hash_word(text.substr(i, end - i));
    out.word(hash, kWord);
    if (before != 0) out.word(before * 31 + hash, kPair);
    if (lines == 1) out.word(hash, kFirst);
    before = hash;
    i = end;
  }
  out.word(std::min<std::uint64_t>(lines, 5), kLines);
}

// N-grams inside of what stands between blanks, with one blank on each side.
void collect_grams(std::string_view text, Collector& out) {
  std::uint32_t last = ' ';
  std::size_t length = 1;
  const auto push = [&](char c) {
    last = last << 8 | static_cast<unsigned char>(is_digit(c) ? '0' : c);
    ++length;
    if (length >= 2) out.gram(last & 0xffff);
    if (length >= 3) out.gram(last & 0xffffff);
    if (length >= 4) out.gram(last);
  };
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank) {
      push(c);
    } else if (length > 1) {
      push(' ');
      last = ' ';
      length = 1;
    }
  }
  if (length > 1) push(' ');
}

}  // namespace

void features_of(std::string_view text, Features& out) {
  thread_local std::string folded;
  out.words.clear();
  out.grams.clear();
  fold(text, folded);
  Collector collector(out);
  collect_words(folded, collector);
  collect_grams(folded, collector);
}

}  // namespace healer
