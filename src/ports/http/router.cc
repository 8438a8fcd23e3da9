#include "ports/http/router.h"

#include <arpa/inet.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "types/json.h"

namespace healer {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

// Takes the same time wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b) {
  const auto byte = [](char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)); };
  std::size_t difference = a.size() ^ b.size();
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= byte(a[i]) ^ (b.empty() ? 0U : byte(b[i % b.size()]));
  return difference == 0;
}

// "name:port", "[::1]:port", "name" -> the host.
std::string_view host_part(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']') + 1, host.size()));
  return host.substr(0, host.find(':'));
}

bool is_ip_literal(std::string_view host) {
  std::array<unsigned char, 16> out{};
  if (host.starts_with('[') && host.ends_with(']'))
    return inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), out.data()) ==
           1;
  return inet_pton(AF_INET, std::string(host).c_str(), out.data()) == 1;
}

bool same_word(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + ('a' - 'A')) : x) == y;
  });
}

bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return same_word(type, "application/json");
}

bool is_write(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, 15 + 32) == Z_OK;  // 32: gzip or zlib by its header
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

std::string url_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                        hex_digit(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> parse_query(std::string_view query) {
  std::map<std::string, std::string> out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string name = url_decode(pair.substr(0, equals), true);
    out[name] = equals == std::string_view::npos ? "" : url_decode(pair.substr(equals + 1), true);
  }
  return out;
}

Result<std::string> inflate_gzip(std::string_view bytes, std::size_t bytes_max) {
  Inflater inflater;
  if (!inflater.ready) return fail(Errc::internal, "zlib: out of memory");
  std::string out;
  std::array<char, 65536> buffer{};
  inflater.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  inflater.stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    inflater.stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    inflater.stream.avail_out = buffer.size();
    const int code = inflate(&inflater.stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END)
      return fail(Errc::invalid_input, "the body is not valid gzip");
    out.append(buffer.data(), buffer.size() - inflater.stream.avail_out);
    if (out.size() > bytes_max)
      return fail(Errc::full,
                  "the body is larger than " + std::to_string(bytes_max) + " bytes once inflated");
    if (code == Z_STREAM_END) {
      if (inflater.stream.avail_in == 0) return out;
      inflateReset(&inflater.stream);  // another member follows
      continue;
    }
    if (inflater.stream.avail_in == 0 && inflater.stream.avail_out != 0)
      return fail(Errc::invalid_input, "the gzip body is cut short");
  }
}

Router::Router(std::vector<Route> routes, ServerOptions options, std::string listen_host)
    : options_(std::move(options)), listen_host_(std::move(listen_host)) {
  for (auto& route : routes) {
    auto parts = split_path(route.pattern);
    patterns_.push_back({std::move(route), std::move(parts)});
  }
}

// A browser can be made to send our address under a foreign name (DNS rebinding), never under an IP
// literal.
bool Router::host_allowed(std::string_view host) const {
  const std::string_view name = host_part(host);
  if (name.empty() || name == "localhost" || name == listen_host_ || is_ip_literal(name))
    return true;
  return std::ranges::find(options_.hosts, name) != options_.hosts.end();
}

const Router::Pattern* Router::find(const HttpRequest& request, std::vector<std::string>& allowed,
                                    std::map<std::string, std::string>& params) const {
  const auto parts = split_path(request.path);
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  for (const auto& pattern : patterns_) {
    if (pattern.parts.size() != parts.size()) continue;
    std::map<std::string, std::string> found;
    const bool same = std::equal(parts.begin(), parts.end(), pattern.parts.begin(),
                                 [&](const std::string& part, const std::string& wanted) {
                                   if (!wanted.starts_with('{')) return part == wanted;
                                   found[wanted.substr(1, wanted.size() - 2)] =
                                       url_decode(part, false);
                                   return !part.empty();
                                 });
    if (!same) continue;
    if (pattern.route.method == method) {
      params = std::move(found);
      return &pattern;
    }
    allowed.push_back(pattern.route.method);
  }
  return nullptr;
}

Access Router::granted(const HttpRequest& request, bool& wrong) const {
  wrong = false;
  if (options_.token_admin.empty() && options_.token_read.empty()) return Access::admin;
  const std::string header = request.header("authorization");
  if (header.empty()) return Access::open;
  const bool bearer = same_word(std::string_view(header).substr(0, 7), "bearer ");
  const auto token = bearer ? std::string_view(header).substr(7) : std::string_view{};
  if (!options_.token_admin.empty() && same_secret(token, options_.token_admin))
    return Access::admin;
  if (!options_.token_read.empty() && same_secret(token, options_.token_read)) return Access::read;
  wrong = true;
  return Access::open;
}

void Router::dispatch(HttpRequest request, Responder responder) const {
  if (!host_allowed(request.header("host")))
    return responder.send(problem(
        421, "this server does not answer under that Host name; add it to `hosts` in healer.yaml"));
  const std::string origin = request.header("origin");
  if (!origin.empty()) {  // "null" is a page without a place of its own, such as a sandboxed frame
    const auto scheme_end = origin.find("://");
    const std::string_view origin_host = scheme_end == std::string::npos
                                             ? std::string_view(origin)
                                             : std::string_view(origin).substr(scheme_end + 3);
    if (origin_host != request.header("host") &&
        (!host_allowed(origin_host) || is_ip_literal(host_part(origin_host))) &&
        host_part(origin_host) != "localhost")
      return responder.send(problem(403, "requests from pages of other sites are refused"));
  }
  std::vector<std::string> allowed;
  const Pattern* pattern = find(request, allowed, request.params);
  if (pattern == nullptr) {
    if (allowed.empty())
      return responder.send(
          problem(404, "there is nothing at " + request.path + "; /openapi.json lists the routes"));
    std::string list;
    for (const auto& method : allowed) list += (list.empty() ? "" : ", ") + method;
    HttpResponse answer = request.method == "OPTIONS"
                              ? HttpResponse{.status = 204, .body = {}}
                              : problem(405, request.method + " is not possible here");
    answer.headers.emplace_back("Allow", list);
    return responder.send(std::move(answer));
  }
  const bool browser = !origin.empty() || !request.header("sec-fetch-site").empty();
  if (browser && is_write(request.method) && !is_json(request.header("content-type")))
    return responder.send(problem(415, "pages must send application/json"));
  bool wrong = false;
  const Access access = granted(request, wrong);
  if (access < pattern->route.access || wrong) {
    const bool has_token = access != Access::open;
    HttpResponse answer = has_token ? problem(403, "this token may only read")
                                    : problem(401, "a bearer token is needed");
    if (!has_token) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    return responder.send(std::move(answer));
  }
  const bool tokens = !options_.token_admin.empty() || !options_.token_read.empty();
  request.actor = !tokens ? "local" : access == Access::admin ? "admin" : "reader";
  pattern->route.handler(std::move(request), std::move(responder));
}

std::string HttpRequest::header(std::string_view name) const {
  const auto it = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return it == headers.end() ? std::string() : it->second;
}

std::string HttpRequest::param(const std::string& name) const {
  const auto it = params.find(name);
  return it == params.end() ? std::string() : it->second;
}

HttpResponse problem(int status, std::string_view detail) {
  static const std::map<int, std::string_view> kTitles{{400, "Bad Request"},
                                                       {401, "Unauthorized"},
                                                       {403, "Forbidden"},
                                                       {404, "Not Found"},
                                                       {405, "Method Not Allowed"},
                                                       {408, "Request Timeout"},
                                                       {409, "Conflict"},
                                                       {413, "Content Too Large"},
                                                       {415, "Unsupported Media Type"},
                                                       {421, "Misdirected Request"},
                                                       {422, "Unprocessable Content"},
                                                       {429, "Too Many Requests"},
                                                       {500, "Internal Server Error"},
                                                       {501, "Not Implemented"},
                                                       {503, "Service Unavailable"},
                                                       {507, "Insufficient Storage"}};
  const auto title = kTitles.find(status);
  HttpResponse out{.status = status, .body = {}, .content_type = "application/problem+json"};
  out.body = "{\"type\":\"about:blank\",\"title\":" +
             json_quote(title == kTitles.end() ? "Error" : title->second) +
             ",\"status\":" + std::to_string(status) + ",\"detail\":" + json_quote(detail) + "}";
  if (status == 429 || status == 503) out.headers.emplace_back("Retry-After", "1");
  return out;
}

HttpResponse problem(const Error& error) {
  switch (error.code) {
    case Errc::invalid_input: return problem(400, error.message);
    case Errc::not_found: return problem(404, error.message);
    case Errc::conflict:
    case Errc::fenced: return problem(409, error.message);
    case Errc::full: return problem(507, error.message);
    case Errc::busy: return problem(429, error.message);
    case Errc::denied: return problem(403, error.message);
    case Errc::unsupported: return problem(501, error.message);
    case Errc::timeout:
    case Errc::cancelled:
    case Errc::io:
    case Errc::upstream: return problem(503, error.message);
    default: return problem(500, error.message);
  }
}

Responder::~Responder() {
  if (exchange_) exchange_->respond(problem(500, "the request was dropped"));
}

void Responder::send(HttpResponse response) {
  if (auto exchange = std::exchange(exchange_, nullptr)) exchange->respond(std::move(response));
}

std::shared_ptr<StreamSink> Responder::stream() {
  auto exchange = std::exchange(exchange_, nullptr);
  return exchange ? exchange->stream() : nullptr;
}

}  // namespace healer
