#include <fmt/format.h>

#include <array>
#include <charconv>

#include "app/demo_logs/line_template.h"

namespace healer {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 5> kHosts{"web-1", "web-2", "db-1", "node-3", "edge-2"};
constexpr std::array<std::string_view, 6> kUsers{"ana", "bilal", "chen", "dora", "emeka", "freya"};
constexpr std::array<std::string_view, 5> kServices{"checkout", "payments", "inventory", "search",
                                                    "accounts"};
constexpr std::array<std::string_view, 5> kPaths{"/api/orders", "/api/products", "/checkout",
                                                 "/api/search", "/account"};
constexpr std::array<std::string_view, 3> kAgents{
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)", "curl/8.5.0"};

template <std::size_t N>
std::string one_of(const std::array<std::string_view, N>& pool, Draw& draw) {
  return std::string(pool[draw.below(N)]);
}

std::string hex(Draw& draw, std::size_t digits) {
  return fmt::format("{:016x}", draw.next()).substr(0, digits);
}

// Every format's way to write one moment; empty for a name that is not a time.
std::string written_time(std::string_view name, UnixMs time) {
  const std::string iso = format_utc(time);  // 2026-01-01T12:00:00.123Z
  const std::string_view text = iso;
  const std::string_view year = text.substr(0, 4), month = text.substr(5, 2),
                         day = text.substr(8, 2), clock = text.substr(11, 8),
                         millis = text.substr(20, 3);
  const auto at = static_cast<std::size_t>((month[0] - '0') * 10 + month[1] - '0' - 1);
  const std::string_view word = kMonths.at(at);
  if (name == "iso") return iso;
  if (name == "ms") return fmt::format("{}", time);
  if (name == "iso_space") return fmt::format("{} {}.{}", text.substr(0, 10), clock, millis);
  if (name == "comma") return fmt::format("{} {},{}", text.substr(0, 10), clock, millis);
  if (name == "slash") return fmt::format("{}/{}/{} {}", year, month, day, clock);
  if (name == "clf") return fmt::format("{}/{}/{}:{} +0000", day, word, year, clock);
  if (name == "klog") return fmt::format("{}{} {}.{}000", month, day, clock, millis);
  if (name == "bsd")
    return fmt::format("{} {}{} {}", word, day[0] == '0' ? ' ' : day[0], day[1], clock);
  if (name == "redis") return fmt::format("{} {} {} {}.{}", day, word, year, clock, millis);
  if (name == "go_tab") return fmt::format("{}T{}.{}+0000", text.substr(0, 10), clock, millis);
  return {};
}

std::string number(std::string_view bounds, Draw& draw) {
  std::uint64_t low = 0, high = 0;
  const auto colon = bounds.find(':');
  std::from_chars(bounds.data(), bounds.data() + colon, low);
  std::from_chars(bounds.data() + colon + 1, bounds.data() + bounds.size(), high);
  return fmt::format("{}", low + draw.below(high - low + 1));
}

struct Event {
  UnixMs time;
  std::string pid, peer;
};

std::string value_of(std::string_view name, const Event& event, Draw& draw) {
  if (name == "pid") return event.pid;
  if (name == "peer") return event.peer;
  if (name.starts_with("n:")) return number(name.substr(2), draw);
  if (name == "host") return one_of(kHosts, draw);
  if (name == "user") return one_of(kUsers, draw);
  if (name == "service") return one_of(kServices, draw);
  if (name == "path") return one_of(kPaths, draw);
  if (name == "agent") return one_of(kAgents, draw);
  if (name == "hex4") return hex(draw, 4);
  if (name == "hex8") return hex(draw, 8);
  if (name == "ip") {  // of networks that examples may use
    const std::string network = draw.below(2) == 0 ? "203.0.113." : "198.51.100.";
    return network + number("1:254", draw);
  }
  if (name == "uuid") {
    const std::string a = hex(draw, 16), b = hex(draw, 16);
    return fmt::format("{}-{}-4{}-8{}-{}", a.substr(0, 8), a.substr(8, 4), a.substr(12, 3),
                       a.substr(13, 3), b.substr(0, 12));
  }
  return written_time(name, event.time);
}

}  // namespace

std::uint64_t Draw::next() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::string fill(std::string_view text, UnixMs time, Draw& draw) {
  std::string out;
  out.reserve(text.size() + 64);
  const std::uint64_t pid = 200 + draw.below(8800), subnet = draw.below(8);
  const Event event{time, fmt::format("{}", pid),
                    fmt::format("10.0.{}.{}", subnet, 2 + draw.below(250))};
  while (!text.empty()) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 1);
    // A name runs to the next brace; what is none stays: JSON has braces of its own.
    const auto close = text.find_first_of("{}\"");
    const bool named = close != std::string_view::npos && text[close] == '}';
    std::string value = named ? value_of(text.substr(0, close), event, draw) : std::string();
    if (value.empty()) {
      out += '{';
      continue;
    }
    out += value;
    text.remove_prefix(close + 1);
  }
  out += '\n';
  return out;
}

}  // namespace healer
