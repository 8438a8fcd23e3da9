#include "edit/yaml_scalar.h"

#include <algorithm>
#include <array>

namespace healer::edit {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

bool all_of(std::string_view text, std::string_view chars) {
  return !text.empty() && text.find_first_not_of(chars) == std::string_view::npos;
}

bool has_control(std::string_view value) {
  return std::ranges::any_of(value,
                             [](char c) {
                               const auto byte = static_cast<unsigned char>(c);
                               return byte < 0x20 || byte == 0x7f;
                             }) ||
         value.find("\xc2\x85") != std::string_view::npos ||
         value.find("\xe2\x80\xa8") != std::string_view::npos ||
         value.find("\xe2\x80\xa9") != std::string_view::npos;
}

// Integers of either version: decimal, 0x, 0o, 0b, with _ between, and base 60.
bool integer_like(std::string_view t) {
  if (t.starts_with("0x") || t.starts_with("0X"))
    return all_of(t.substr(2), "0123456789abcdefABCDEF_");
  if (t.starts_with("0o")) return all_of(t.substr(2), "01234567_");
  if (t.starts_with("0b")) return all_of(t.substr(2), "01_");
  return !t.empty() && digit(t.front()) && all_of(t, "0123456789_");
}

bool base_sixty(std::string_view t) {
  const std::size_t colon = t.find(':');
  return colon != std::string_view::npos && colon > 0 && digit(t.front()) && digit(t.back()) &&
         all_of(t, "0123456789:_.");
}

bool number_like(std::string_view t) {
  for (const std::string_view word : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"})
    if (t == word) return true;
  bool any_digit = false, dot = false;
  std::size_t i = 0;
  for (; i < t.size(); ++i) {
    if (digit(t[i]) || (t[i] == '_' && any_digit))
      any_digit = any_digit || digit(t[i]);
    else if (t[i] == '.' && !dot)
      dot = true;
    else
      break;
  }
  if (!any_digit) return false;
  if (i == t.size()) return true;
  if (t[i] != 'e' && t[i] != 'E') return false;
  ++i;
  if (i < t.size() && (t[i] == '+' || t[i] == '-')) ++i;
  return all_of(t.substr(i), "0123456789");
}

// 2024-01-31, with or without a time behind it: a timestamp to YAML 1.1.
bool date_like(std::string_view t) {
  return t.size() >= 8 && all_of(t.substr(0, 4), "0123456789") && t[4] == '-' &&
         all_of(t, "0123456789-:.TtZz +");
}

std::string double_quoted(std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

ScalarKind yaml_kind(std::string_view plain) {
  constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
  if (std::ranges::find(kNull, plain) != kNull.end()) return ScalarKind::null;
  constexpr std::array<std::string_view, 18> kBoolean{
      "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES",
      "no",   "No",   "NO",   "on",    "On",    "ON",    "off", "Off", "OFF"};
  if (std::ranges::find(kBoolean, plain) != kBoolean.end()) return ScalarKind::boolean;
  std::string_view rest = plain;
  if (rest.front() == '-' || rest.front() == '+') rest.remove_prefix(1);
  if (integer_like(rest)) return ScalarKind::integer;
  if (number_like(rest)) return ScalarKind::number;
  if (base_sixty(rest)) return ScalarKind::number;
  return ScalarKind::string;
}

bool yaml_reads_as_string(std::string_view plain) {
  if (plain.size() == 1 && std::string_view("yYnN").find(plain[0]) != std::string_view::npos)
    return false;
  return yaml_kind(plain) == ScalarKind::string && !date_like(plain);
}

bool yaml_plain_is_safe(std::string_view value, bool in_brackets) {
  if (value.empty() || value.front() == ' ' || value.back() == ' ' || value.back() == ':' ||
      has_control(value) || value.starts_with("---") || value.starts_with("..."))
    return false;
  if (std::string_view(",[]{}#&*!|>'\"%@`").find(value.front()) != std::string_view::npos)
    return false;
  if (std::string_view("-?:").find(value.front()) != std::string_view::npos &&
      (value.size() == 1 || value[1] == ' ' ||
       (in_brackets && std::string_view(",[]{}").find(value[1]) != std::string_view::npos)))
    return false;
  if (value.find(": ") != std::string_view::npos || value.find(" #") != std::string_view::npos ||
      value.find("{{") != std::string_view::npos)
    return false;
  return !in_brackets || value.find_first_of(",[]{}") == std::string_view::npos;
}

std::string yaml_scalar(std::string_view value, char quote, bool in_brackets) {
  const bool special = has_control(value);
  if (quote == 0 && yaml_plain_is_safe(value, in_brackets)) return std::string(value);
  if (quote != '\'' || special) return double_quoted(value);
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

}  // namespace healer::edit
