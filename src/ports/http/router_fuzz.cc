#include "ports/http/router.h"

#include <cstdint>

#include "ports/http/fake.h"

// The bytes are a target, a header and a compressed body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace healer;
  static const Router router(
      {{.method = "GET",
        .pattern = "/things/{id}",
        .access = Access::read,
        .summary = "one thing",
        .handler = [](const HttpRequest&, Responder responder) { responder.json(200, "{}"); },
        .request_schema = "",
        .response_schema = ""}},
      {.token_admin = "secret"}, "127.0.0.1");
  const std::string text(data, data + size);
  for (const char* name : {"host", "origin", "authorization", "content-type"}) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/things/" + text;
    if (name != std::string_view("host")) request.headers.emplace_back("host", "localhost");
    request.headers.emplace_back(name, text);
    request.query = parse_query(text);
    auto exchange = std::make_shared<FakeExchange>();
    router.dispatch(std::move(request), Responder(exchange));
    if (!exchange->answer) __builtin_trap();
  }
  constexpr std::size_t kInflatedMax = 64 * 1024;
  if (const auto inflated = inflate_gzip(text, kInflatedMax);
      inflated && inflated->size() > kInflatedMax)
    __builtin_trap();
  return 0;
}
