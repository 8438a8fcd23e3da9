#include "stages/ingest/level.h"

#include <array>
#include <cstdint>

namespace healer {
namespace {

struct Word {
  std::string_view text;
  Level level;
};

constexpr std::array kWords{
    Word{"trace", Level::trace},      Word{"trc", Level::trace},
    Word{"trce", Level::trace},       Word{"finest", Level::trace},
    Word{"finer", Level::trace},      Word{"verbose", Level::trace},
    Word{"vrb", Level::trace},        Word{"silly", Level::trace},
    Word{"debug", Level::debug},      Word{"dbg", Level::debug},
    Word{"dbug", Level::debug},       Word{"debu", Level::debug},
    Word{"fine", Level::debug},       Word{"debug1", Level::debug},
    Word{"debug2", Level::debug},     Word{"debug3", Level::debug},
    Word{"info", Level::info},        Word{"inf", Level::info},
    Word{"information", Level::info}, Word{"informational", Level::info},
    Word{"log", Level::info},         Word{"config", Level::info},
    Word{"system", Level::info},      Word{"notice", Level::notice},
    Word{"note", Level::notice},      Word{"warn", Level::warning},
    Word{"warning", Level::warning},  Word{"wrn", Level::warning},
    Word{"error", Level::error},      Word{"err", Level::error},
    Word{"eror", Level::error},       Word{"erro", Level::error},
    Word{"severe", Level::error},     Word{"fail", Level::error},
    Word{"failure", Level::error},    Word{"critical", Level::critical},
    Word{"crit", Level::critical},    Word{"fatal", Level::critical},
    Word{"ftl", Level::critical},     Word{"fata", Level::critical},
    Word{"panic", Level::critical},   Word{"alert", Level::critical},
    Word{"emerg", Level::critical},   Word{"emergency", Level::critical},
    Word{"dpanic", Level::critical},
};
constexpr std::size_t kLongest = 13;

constexpr std::uint32_t slot_of(std::string_view word) {
  std::uint32_t hash = 2166136261U;
  for (char c : word) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return (hash ^ (hash >> 13)) & 255U;
}

// Open addressing over kWords: one probe for nearly every word that is no level.
constexpr auto kSlots = [] {
  std::array<std::uint8_t, 256> slots{};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    std::uint32_t slot = slot_of(kWords[i].text);
    while (slots[slot] != 0) slot = (slot + 1) & 255U;
    slots[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return slots;
}();

}  // namespace

std::optional<Level> level_of_word(std::string_view word) {
  if (word.size() < 3 || word.size() > kLongest) return std::nullopt;
  std::array<char, kLongest> lower{};
  for (std::size_t i = 0; i < word.size(); ++i) {
    char c = word[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return std::nullopt;
    lower[i] = c;
  }
  const std::string_view key(lower.data(), word.size());
  for (std::uint32_t slot = slot_of(key); kSlots[slot] != 0; slot = (slot + 1) & 255U)
    if (kWords[kSlots[slot] - 1U].text == key) return kWords[kSlots[slot] - 1U].level;
  return std::nullopt;
}

std::optional<Level> level_of_letter(char letter) {
  switch (letter) {
    case 'V':
    case 'T': return Level::trace;
    case 'D': return Level::debug;
    case 'I': return Level::info;
    case 'N': return Level::notice;
    case 'W': return Level::warning;
    case 'E': return Level::error;
    case 'C':
    case 'F': return Level::critical;
    default: return std::nullopt;
  }
}

Level level_of_syslog(int severity) {
  constexpr std::array kLevels{Level::critical, Level::critical, Level::critical, Level::error,
                               Level::warning,  Level::notice,   Level::info,     Level::debug};
  return severity >= 0 && severity < 8 ? kLevels[static_cast<std::size_t>(severity)]
                                       : Level::unknown;
}

Level level_of_number(long long number) {
  if (number < 0) return Level::unknown;
  if (number < 8) return level_of_syslog(static_cast<int>(number));
  if (number >= 60) return number < 100 ? Level::critical : Level::unknown;
  constexpr std::array kTens{Level::trace, Level::trace,   Level::debug,
                             Level::info,  Level::warning, Level::error};
  return kTens[static_cast<std::size_t>(number / 10)];
}

Level level_of_http(int status) {
  if (status >= 500) return Level::error;
  return status >= 400 ? Level::warning : Level::info;
}

}  // namespace healer
