#pragma once
#include <string>
#include <string_view>

#include "ports/http/client.h"

namespace healer {

// Sends, and turns every answer but 2xx into an error of its kind: 401 and 403 denied, 404 and 410
// not_found, 429 and 5xx upstream, the rest invalid_input. `who` stands for the address in errors.
Result<ClientResponse> send_ok(HttpClient& http, const ClientRequest& request,
                               std::string_view who);

}  // namespace healer
