#include <algorithm>
#include <array>

#include "types/secret_span.h"

namespace healer {
namespace {

// What may follow a prefix: letters and digits, also '_' and '-', also '.', or hex digits alone.
enum class Alphabet { alnum, word, dotted, hex };
struct Shape {
  std::string_view prefix;
  Alphabet alphabet;
  std::size_t length_min;  // of what follows the prefix
};

// Sorted by prefix, so that the first byte finds its rows.
constexpr std::array kShapes = std::to_array<Shape>({
    {"ABIA", Alphabet::alnum, 16},  // AWS access keys
    {"ACCA", Alphabet::alnum, 16},  //
    {"AGE-SECRET-KEY-1", Alphabet::alnum, 30},
    {"AIza", Alphabet::word, 35},   // Google API key
    {"AKCp", Alphabet::alnum, 60},  // Artifactory
    {"AKIA", Alphabet::alnum, 16},
    {"ASIA", Alphabet::alnum, 16},
    {"ATATT3", Alphabet::word, 40},  // Atlassian
    {"ATCTT3", Alphabet::word, 40},
    {"CCIPAT_", Alphabet::word, 30},  // CircleCI
    {"CFPAT-", Alphabet::word, 30},   // Contentful
    {"EAACEdEose0cBA", Alphabet::alnum, 20},
    {"GOCSPX-", Alphabet::word, 24},    // Google OAuth client
    {"GR1348941", Alphabet::word, 20},  // GitLab runner
    {"HRKU-", Alphabet::word, 30},      // Heroku
    {"NRAK-", Alphabet::alnum, 20},     // New Relic
    {"NRII-", Alphabet::word, 20},
    {"PMAK-", Alphabet::word, 40},      // Postman
    {"SG.", Alphabet::dotted, 40},      // SendGrid
    {"SK", Alphabet::hex, 32},          // Twilio
    {"bkua_", Alphabet::alnum, 30},     // Buildkite
    {"dapi", Alphabet::hex, 32},        // Databricks
    {"dckr_oat_", Alphabet::word, 20},  // Docker
    {"dckr_pat_", Alphabet::word, 20},
    {"doo_v1_", Alphabet::hex, 40},  // DigitalOcean
    {"dop_v1_", Alphabet::hex, 40},
    {"dor_v1_", Alphabet::hex, 40},
    {"dp.pt.", Alphabet::alnum, 30},  // Doppler
    {"dp.st.", Alphabet::dotted, 30},
    {"figd_", Alphabet::word, 30},  // Figma
    {"gho_", Alphabet::alnum, 26},  // GitHub
    {"ghp_", Alphabet::alnum, 26},
    {"ghr_", Alphabet::alnum, 26},
    {"ghs_", Alphabet::alnum, 26},
    {"ghu_", Alphabet::alnum, 26},
    {"github_pat_", Alphabet::word, 29},
    {"glagent-", Alphabet::word, 20},  // GitLab
    {"glc_", Alphabet::word, 30},      // Grafana
    {"glcbt-", Alphabet::word, 20},
    {"gldt-", Alphabet::word, 20},
    {"glft-", Alphabet::word, 20},
    {"glimt-", Alphabet::word, 20},
    {"glpat-", Alphabet::word, 14},
    {"glptt-", Alphabet::word, 20},
    {"glrt-", Alphabet::word, 20},
    {"glsa_", Alphabet::word, 30},
    {"glsoat-", Alphabet::word, 20},
    {"gsk_", Alphabet::alnum, 40},   // Groq
    {"hf_", Alphabet::alnum, 30},    // Hugging Face
    {"hvb.", Alphabet::dotted, 24},  // Vault
    {"hvr.", Alphabet::dotted, 24},
    {"hvs.", Alphabet::dotted, 24},
    {"key-", Alphabet::hex, 32},        // Mailgun
    {"lin_api_", Alphabet::alnum, 30},  // Linear
    {"nfp_", Alphabet::alnum, 30},      // Netlify
    {"npm_", Alphabet::alnum, 36},
    {"ntn_", Alphabet::alnum, 40},   // Notion
    {"oy2", Alphabet::alnum, 43},    // NuGet
    {"pplx-", Alphabet::alnum, 40},  // Perplexity
    {"pscale_pw_", Alphabet::dotted, 30},
    {"pscale_tkn_", Alphabet::dotted, 30},
    {"pul-", Alphabet::hex, 40},  // Pulumi
    {"pypi-", Alphabet::word, 50},
    {"r8_", Alphabet::alnum, 36},       // Replicate
    {"rk_live_", Alphabet::alnum, 12},  // Stripe
    {"rk_test_", Alphabet::alnum, 12},
    {"rubygems_", Alphabet::hex, 40},
    {"sbp_", Alphabet::hex, 36},       // Supabase
    {"secret_", Alphabet::alnum, 40},  // Notion
    {"shpat_", Alphabet::hex, 30},     // Shopify
    {"shpca_", Alphabet::hex, 30},
    {"shppa_", Alphabet::hex, 30},
    {"shpss_", Alphabet::hex, 30},
    {"sk-", Alphabet::word, 21},        // OpenAI, Anthropic and whoever copies them
    {"sk_live_", Alphabet::alnum, 12},  // Stripe
    {"sk_test_", Alphabet::alnum, 12},
    {"sntrys_", Alphabet::word, 40},  // Sentry
    {"sntryu_", Alphabet::hex, 40},
    {"sq0atp-", Alphabet::word, 20},  // Square
    {"sq0csp-", Alphabet::word, 30},
    {"tskey-", Alphabet::word, 20},  // Tailscale
    {"whsec_", Alphabet::word, 20},  // webhook signing
    {"xai-", Alphabet::alnum, 60},
    {"xapp-", Alphabet::word, 20},  // Slack
    {"xoxa-", Alphabet::word, 16},
    {"xoxb-", Alphabet::word, 15},
    {"xoxc-", Alphabet::word, 16},
    {"xoxd-", Alphabet::word, 16},
    {"xoxe-", Alphabet::word, 16},
    {"xoxe.xoxp-", Alphabet::word, 16},
    {"xoxo-", Alphabet::word, 16},
    {"xoxp-", Alphabet::word, 15},
    {"xoxr-", Alphabet::word, 16},
    {"xoxs-", Alphabet::word, 16},
    {"ya29.", Alphabet::word, 20},  // Google OAuth access
});
static_assert(std::ranges::is_sorted(kShapes, {}, &Shape::prefix));

// The rows of kShapes that begin with a byte: [from, to).
struct Rows {
  std::uint8_t from = 0, to = 0;
};
constexpr std::array<Rows, 256> kRowsOf = [] {
  std::array<Rows, 256> out{};
  for (std::size_t i = 0; i < kShapes.size(); ++i) {
    Rows& rows = out[static_cast<unsigned char>(kShapes[i].prefix.front())];
    if (rows.to == 0) rows.from = static_cast<std::uint8_t>(i);
    rows.to = static_cast<std::uint8_t>(i + 1);
  }
  return out;
}();

bool belongs(char c, Alphabet alphabet) {
  switch (alphabet) {
    case Alphabet::alnum: return is_alnum(c);
    case Alphabet::word: return is_word_byte(c);
    case Alphabet::dotted: return is_word_byte(c) || c == '.';
    case Alphabet::hex: return is_class(c, kDigit) || (lower(c) >= 'a' && lower(c) <= 'f');
  }
  return false;
}

std::size_t run_end(std::string_view text, std::size_t at, Alphabet alphabet) {
  while (at < text.size() && belongs(text[at], alphabet)) ++at;
  return at;
}

// Three or five parts of base64url with dots between, the first of them a JSON object.
Span web_token(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "eyJ") return {};
  std::size_t end = run_end(text, at, Alphabet::dotted);
  while (end > at && text[end - 1] == '.') --end;  // of the sentence
  const std::string_view all = text.substr(at, end - at);
  if (all.size() < 40 || !all.contains('.')) return {};
  return {at, end - at};
}

// Azure client secret: three letters, a digit, "Q~", and 31 to 34 more.
Span azure_secret(std::string_view text, std::size_t at) {
  if (text.substr(std::min(at + 4, text.size()), 2) != "Q~" || !is_class(text[at + 3], kDigit))
    return {};
  std::size_t end = at + 6;
  while (end < text.size() && (is_word_byte(text[end]) || text[end] == '.' || text[end] == '~'))
    ++end;
  if (end - at < 37) return {};
  return {at, end - at};
}

// Bot tokens of Telegram: `123456789:AA…`, 35 after the colon.
Span bot_token(std::string_view text, std::size_t at) {
  const std::size_t colon = run_end(text, at, Alphabet::alnum);
  if (colon - at < 8 || colon - at > 13 || text.substr(colon, 3) != ":AA") return {};
  const std::size_t end = run_end(text, colon + 1, Alphabet::word);
  if (end - colon != 36) return {};
  return {at, end - at};
}

// The secret part of the URL of an incoming webhook, at its host.
Span webhook_path(std::string_view text, std::size_t at) {
  for (const std::string_view place :
       {"hooks.slack.com/services/", "hooks.slack.com/workflows/", "discord.com/api/webhooks/",
        "discordapp.com/api/webhooks/"}) {
    if (!begins(text.substr(at), place)) continue;
    const std::size_t start = at + place.size();
    std::size_t end = start;
    while (end < text.size() && (is_word_byte(text[end]) || text[end] == '/')) ++end;
    if (end - start >= 20) return {start, end - start};
  }
  return {};
}

}  // namespace

Span known_token(std::string_view text, std::size_t at) {
  const char first = text[at];
  const Rows rows = kRowsOf[static_cast<unsigned char>(first)];
  for (std::size_t i = rows.from; i < rows.to; ++i) {
    const Shape& shape = kShapes[i];
    if (text.substr(at, shape.prefix.size()) != shape.prefix) continue;
    const std::size_t start = at + shape.prefix.size();
    const std::size_t end = run_end(text, start, shape.alphabet);
    const bool cut_short = end < text.size() && is_word_byte(text[end]);
    if (end - start < shape.length_min || cut_short) continue;
    if (has_class(text.substr(start, end - start), kDigit)) return {at, end - at};
  }
  if (first == 'e') return web_token(text, at);
  if (first == 'h' || first == 'd')
    if (const Span span = webhook_path(text, at); span.length > 0) return span;
  if (at + 5 < text.size() && text[at + 4] == 'Q') return azure_secret(text, at);
  if (is_class(first, kDigit) || (first == 'b' && text.substr(at, 3) == "bot"))
    return bot_token(text, first == 'b' ? at + 3 : at);
  return {};
}

Span private_key(std::string_view text, std::size_t at) {
  constexpr std::string_view kBegin = "---- BEGIN ", kDashed = "-----BEGIN ";
  const std::string_view here = text.substr(at, kBegin.size());
  if (here != kBegin && here != kDashed) return {};
  const std::string_view head = text.substr(at + kBegin.size(), 60);
  const auto name = head.find("PRIVATE KEY");
  if (name == std::string_view::npos || head.substr(0, name).contains('\n')) return {};
  std::size_t end = text.find("-----END ", at);
  if (here == kBegin) end = text.find("---- END ", at);
  if (end == std::string_view::npos) return {at, text.size() - at};
  const std::size_t tail = text.find("----", end + 9);
  if (tail == std::string_view::npos) return {at, text.size() - at};
  const std::size_t after = tail + 4;
  return {at, after + (after < text.size() && text[after] == '-' ? 1 : 0) - at};
}

Span password_hash(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 11> kSchemes{
      "$1$", "$2a$", "$2b$",       "$2y$",      "$5$",      "$6$",
      "$7$", "$y$",  "$argon2id$", "$argon2i$", "$argon2d$"};
  const std::string_view rest = text.substr(at);
  if (std::ranges::none_of(kSchemes, [&](auto scheme) { return rest.starts_with(scheme); }))
    return {};
  std::size_t end = at;
  while (end < text.size() &&
         (is_word_byte(text[end]) || std::string_view("$./,=+").contains(text[end])))
    ++end;
  if (end - at < 30) return {};
  return {at, end - at};
}

}  // namespace healer
