#include "ports/http/send_ok.h"

#include <fmt/format.h>

namespace healer {

Result<ClientResponse> send_ok(HttpClient& http, const ClientRequest& request,
                               std::string_view who) {
  auto answer = http.send(request);
  if (!answer) {
    Error error = std::move(answer).error();
    if (const auto at = error.message.find(request.url); at != std::string::npos)
      error.message.replace(at, request.url.size(), who);
    else
      error.message = fmt::format("{}: {}", who, error.message);
    return std::unexpected(std::move(error));
  }
  const int status = answer->status;
  if (status >= 200 && status < 300) return answer;
  const Errc code = status == 401 || status == 403   ? Errc::denied
                    : status == 404 || status == 410 ? Errc::not_found
                    : status == 429 || status >= 500 ? Errc::upstream
                                                     : Errc::invalid_input;
  return fail(code, fmt::format("{} answered {}", who, status));
}

}  // namespace healer
