#include "stages/mine/trace_key.h"

#include <algorithm>
#include <array>

#include "stages/mine/mask.h"

namespace healer {
namespace {

constexpr std::size_t kFrameBytesMax = 160;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// A frame of a runtime, standard library or dependency, by where such code lives.
bool is_library(std::string_view frame) {
  if (has_any(frame, {"site-packages/", "dist-packages/", "lib/python", "<frozen ", "node_modules/",
                      "node:", "(internal/", "/gems/", "/vendor/", "/pkg/mod/", "/usr/local/go/",
                      "/usr/lib/", "runtime/", "rubygems"}))
    return true;
  constexpr std::array<std::string_view, 22> kRoots{
      "at java.",      "at javax.",      "at jdk.",       "at sun.",     "at com.sun.",
      "at scala.",     "at kotlin.",     "at org.spr",    "at org.apa",  "at org.hib",
      "at org.ecl",    "at io.netty.",   "at reactor",    "at System.",  "at Microso",
      "at akka.",      "at com.fasterx", "at com.zaxxer", "at okhttp3.", "at com.mysql",
      "at org.postgr", "at java/"};
  return std::any_of(kRoots.begin(), kRoots.end(),
                     [&](std::string_view root) { return frame.starts_with(root); });
}

bool is_frame(std::string_view line) {
  if (line.starts_with("at "))
    return line.find('(') != std::string_view::npos || line.find(':') != std::string_view::npos ||
           line.find('.') != std::string_view::npos;
  if (line.starts_with("File \"")) return line.find(", line ") != std::string_view::npos;
  if (line.starts_with("from ")) return line.find(":in ") != std::string_view::npos;
  if (line.size() > 3 && line[0] == '#' && line[1] >= '0' && line[1] <= '9')
    return line.find("): ") != std::string_view::npos;
  const std::size_t go = line.find(".go:");
  return go != std::string_view::npos && (line.starts_with('/') || line.find(' ') > go);
}

// "java.net.ConnectException: refused" gives "java.net.ConnectException".
std::string_view exception_type(std::string_view line) {
  for (const std::string_view lead : {"Caused by: ", "Unhandled exception. ", "Uncaught "})
    if (const std::size_t at = line.find(lead); at != std::string_view::npos && at < 40)
      line.remove_prefix(at + lead.size());
  if (line.starts_with("Exception in thread \"")) {
    const std::size_t quote = line.find("\" ", 21);
    if (quote != std::string_view::npos) line.remove_prefix(quote + 2);
  }
  if (line.starts_with("panic: ") || line.starts_with("fatal error: "))
    return line.substr(0, line.find(':'));
  if (line.ends_with(')') && line.find(": ") != std::string_view::npos) {
    // "app.rb:3:in `charge': card declined (RuntimeError)"
    const std::size_t open = line.rfind('(');
    const std::string_view inner = line.substr(open + 1, line.size() - open - 2);
    if (inner.ends_with("Error") || inner.ends_with("Exception")) return inner;
  }
  std::size_t end = 0;
  while (end < line.size() &&
         (std::isalnum(static_cast<unsigned char>(line[end])) != 0 || line[end] == '.' ||
          line[end] == '_' || line[end] == '$' || line[end] == '\\'))
    ++end;
  const std::string_view word = line.substr(0, end);
  const bool closed = end == line.size() || line[end] == ':' || line[end] == ' ';
  if (!closed || word.size() < 5) return {};
  for (const std::string_view tail :
       {"Exception", "Error", "Throwable", "Failure", "Interrupt", "Exit"})
    if (word.ends_with(tail)) return word;
  // Python says "pkg.Type: text" with any name; it stands alone behind the frames.
  return end < line.size() && line[end] == ':' && word.find('.') != std::string_view::npos
             ? word
             : std::string_view{};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Of a path its file and the folder around it, if that has a name that stays: where a release is
// installed says nothing about the failure.
std::string short_paths(std::string_view frame) {
  std::string out;
  for (std::size_t at = 0; at < frame.size();) {
    const std::size_t begin = at;
    while (at < frame.size() &&
           std::string_view(" \t\"'()<>,").find(frame[at]) == std::string_view::npos)
      ++at;
    std::string_view word = frame.substr(begin, at - begin);
    if (const std::size_t file = word.find_last_of("/\\"); file != std::string_view::npos) {
      const std::size_t before = file == 0 ? file : word.find_last_of("/\\", file - 1);
      const std::size_t folder = before == std::string_view::npos ? 0 : before + 1;
      const bool stays = std::ranges::none_of(word.substr(folder, file - folder), is_digit);
      word.remove_prefix(stays && folder < file ? folder : file + 1);
    }
    out += word;
    if (at < frame.size()) out += frame[at++];
  }
  return out;
}

// A frame keeps its file and function; only numbers (lines, addresses, versions) are masked.
void append_frame(std::string_view whole, std::string& out) {
  const std::string frame = short_paths(whole.substr(0, whole.find(" +0x")));
  for (std::size_t i = 0; i < frame.size(); ++i) {
    if (!is_digit(frame[i])) {
      out += frame[i];
      continue;
    }
    while (i + 1 < frame.size() && is_digit(frame[i + 1])) ++i;
    out += kWildcard;
  }
}

}  // namespace

std::string trace_key(std::string_view message) {
  std::string_view type, own, any;
  bool python = false;
  std::size_t frames = 0;
  while (!message.empty()) {
    const std::size_t stop = std::min(message.find('\n'), message.size());
    const std::string_view raw = message.substr(0, stop);
    message.remove_prefix(std::min(stop + 1, message.size()));
    const std::string_view line = trim(raw);
    python |= line.starts_with("Traceback (most recent");
    if (is_frame(line)) {
      ++frames;
      const std::string_view frame = line.substr(0, kFrameBytesMax);
      // Python names the innermost frame last, all others first.
      if (any.empty() || python) any = frame;
      if ((own.empty() || python) && !is_library(frame)) own = frame;
    } else if (const std::string_view found = exception_type(line); !found.empty()) {
      // The innermost cause: Java's last "Caused by", else the last one named.
      const bool indented = raw.size() > line.size() && raw.front() != line.front();
      if (type.empty() || line.starts_with("Caused by: ") || (python && !indented)) {
        type = found;
        if (line.starts_with("Caused by: ")) any = {};
      }
    }
  }
  if (frames == 0) return {};
  std::string out(type);
  out += " at ";
  std::string_view frame = own.empty() ? any : own;
  if (frame.starts_with("at ")) frame.remove_prefix(3);
  append_frame(frame, out);
  return out;
}

}  // namespace healer
