#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace healer {

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Millis timeout{30'000};  // 0: none, for streams
  // Takes the body of a 2xx as it comes, instead of the response; false ends it (cancelled).
  std::function<bool(std::string_view)> on_body = {};
  std::size_t response_bytes_max = 4 * 1024 * 1024;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
};

// Blocking HTTP for the step pool; http and https only, certificates checked, no redirects. An
// answer of any status is a response; 429, 503 and 529 with Retry-After become upstream errors
// that carry it, a day at most.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<ClientResponse> send(const ClientRequest& request) = 0;
};

class CurlClient final : public HttpClient {
 public:
  // `stop` ends every request that runs within about a second: cancelled.
  explicit CurlClient(std::stop_token stop = {}) : stop_(std::move(stop)) {}
  Result<ClientResponse> send(const ClientRequest& request) override;

 private:
  const std::stop_token stop_;
};

}  // namespace healer
