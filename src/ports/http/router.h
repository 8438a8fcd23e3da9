#pragma once
#include <string>
#include <vector>

#include "ports/http/server.h"

namespace healer {

// Finds routes and enforces what every route shares: Host, Origin, content type of browsers,
// tokens.
class Router {
 public:
  Router(std::vector<Route> routes, ServerOptions options, std::string listen_host);

  // Runs the handler, or answers 400, 401, 403, 404, 405, 415 or 421 itself.
  void dispatch(HttpRequest request, Responder responder) const;

 private:
  struct Pattern {
    Route route;
    std::vector<std::string> parts;
  };
  bool host_allowed(std::string_view host) const;
  const Pattern* find(const HttpRequest& request, std::vector<std::string>& allowed,
                      std::map<std::string, std::string>& params) const;
  Access granted(const HttpRequest& request, bool& wrong) const;

  std::vector<Pattern> patterns_;
  const ServerOptions options_;
  const std::string listen_host_;
};

// "a=b&c" decoded; a broken escape stays as it is.
std::map<std::string, std::string> parse_query(std::string_view query);
std::string url_decode(std::string_view text, bool plus_is_space);

// Undoes gzip or zlib. full: more than `bytes_max` come out; invalid_input: not gzip.
Result<std::string> inflate_gzip(std::string_view bytes, std::size_t bytes_max);

}  // namespace healer
