#include "ports/http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace healer {
namespace {

struct Library {
  Library() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~Library() { curl_global_cleanup(); }
};
struct EasyFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Incoming {
  ClientResponse response;
  std::size_t bytes_max;
  const std::function<bool(std::string_view)>& on_body;
  CURL* handle;
  bool too_long = false, ended = false;
};

int status_of(CURL* handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& in = *static_cast<Incoming*>(user);
  if (in.on_body && status_of(in.handle) / 100 == 2) {
    in.ended = !in.on_body({data, size});
    return in.ended ? 0 : size;
  }
  if (in.response.body.size() + size > in.bytes_max) {
    in.too_long = true;
    return 0;
  }
  in.response.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& in = *static_cast<Incoming*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) in.response.headers.clear();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) value.remove_suffix(1);
  in.response.headers.emplace_back(std::move(name), std::string(value));
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(user)->stop_requested() ? 1 : 0;
}

// Whoever names a longer time is looked at again after this one.
constexpr long kRetryAfterSecondsMax = 86'400;

long retry_after_ms(const ClientResponse& response) {
  for (const auto& [name, value] : response.headers) {
    long seconds = 0;
    if (name == "retry-after" &&
        std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc{})
      return std::clamp(seconds, 0L, kRetryAfterSecondsMax) * 1000;
  }
  return 0;
}

}  // namespace

Result<ClientResponse> CurlClient::send(const ClientRequest& request) {
  static const Library library;
  const std::unique_ptr<CURL, EasyFree> curl(curl_easy_init());
  if (!curl) return fail(Errc::internal, "curl: out of memory");
  std::unique_ptr<curl_slist, ListFree> headers;
  const auto add = [&](const std::string& line) {
    headers.reset(curl_slist_append(headers.release(), line.c_str()));
  };
  for (const auto& [name, value] : request.headers) add(name + ": " + value);
  add("Expect:");
  CURL* handle = curl.get();
  Incoming in{.response = {},
              .bytes_max = request.response_bytes_max,
              .on_body = request.on_body,
              .handle = handle};
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "healer");
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &in);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &in);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &stop_);
  if (!request.body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  const CURLcode code = curl_easy_perform(handle);
  if (in.ended) return fail(Errc::cancelled, request.url + ": no more of it is wanted");
  if (in.too_long)
    return fail(Errc::full, request.url + " answered more than " +
                                std::to_string(request.response_bytes_max) + " bytes");
  if (code == CURLE_ABORTED_BY_CALLBACK)
    return fail(Errc::cancelled, request.url + " was not waited for any longer");
  if (code == CURLE_OPERATION_TIMEDOUT)
    return fail(Errc::timeout,
                request.url + " did not answer within " + format_duration(request.timeout));
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
    return fail(Errc::invalid_input, "\"" + request.url + "\" is not an http or https address");
  if (code != CURLE_OK) return fail(Errc::upstream, request.url + ": " + curl_easy_strerror(code));
  const int status = in.response.status = status_of(handle);
  if ((status == 429 || status == 503 || status == 529) && retry_after_ms(in.response) > 0)
    return fail(Errc::upstream, request.url + " asks to wait", retry_after_ms(in.response));
  return std::move(in.response);
}

}  // namespace healer
