#include "app/remote/running_server.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "serve/api/body.h"

namespace healer {
namespace {

constexpr std::size_t kEventBytesMax = 1024 * 1024;

Errc errc_of(int status) {
  switch (status) {
    case 401:
    case 403: return Errc::denied;
    case 404: return Errc::not_found;
    case 409: return Errc::conflict;
    case 503: return Errc::busy;
    default: return status >= 500 ? Errc::upstream : Errc::invalid_input;
  }
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.')
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

Result<RunningServer> RunningServer::find(const std::string& data, std::string token,
                                          HttpClient& http) {
  std::ifstream in(std::filesystem::path(data) / "address");
  std::string address;
  std::getline(in, address);
  if (!address.empty()) {
    RunningServer out(address, std::move(token), http);
    // A killed server leaves its address behind.
    ClientRequest ping{.url = fmt::format("http://{}/livez", address)};
    ping.timeout = Millis(2000);
    if (http.send(ping)) return out;
  }
  return fail(Errc::not_found,
              fmt::format("no healer runs on {}: start one with healer serve --data {}, or name "
                          "its folder with --data",
                          data, data));
}

ClientRequest RunningServer::request(std::string method, const std::string& path) const {
  ClientRequest out{.method = std::move(method), .url = fmt::format("http://{}{}", address_, path)};
  if (!token_.empty()) out.headers.emplace_back("Authorization", "Bearer " + token_);
  return out;
}

Result<std::string> RunningServer::body_of(const ClientRequest& request) const {
  auto response = TRY(http_->send(request));
  if (response.status / 100 == 2) return std::move(response.body);
  std::string detail = response.body;
  if (const auto problem = read_body(response.body); problem && problem->contains("detail"))
    detail = problem->at("detail");
  return fail(errc_of(response.status), detail);
}

Result<std::string> RunningServer::get(const std::string& path,
                                       const std::map<std::string, std::string>& query) const {
  std::string target = path;
  for (const auto& [name, value] : query) {
    target += target.size() == path.size() ? '?' : '&';
    target += encoded(name) + "=" + encoded(value);
  }
  return body_of(request("GET", target));
}

Result<std::string> RunningServer::post(const std::string& path, std::string json) const {
  ClientRequest out = request("POST", path);
  out.headers.emplace_back("Content-Type", "application/json");
  out.body = std::move(json);
  return body_of(out);
}

Result<void> RunningServer::events(std::string& last_id, const OnEvent& on_event) const {
  ClientRequest out = request("GET", "/api/events");
  out.timeout = Millis(0);
  if (!last_id.empty()) out.headers.emplace_back("Last-Event-ID", last_id);
  EventReader reader([&](std::string_view id, std::string_view type, std::string_view data) {
    if (!id.empty()) last_id = id;
    return on_event(type, data);
  });
  out.on_body = [&](std::string_view bytes) { return reader.take(bytes); };
  TRY(body_of(out));
  return {};
}

bool EventReader::take(std::string_view bytes) {
  held_ += bytes;
  for (std::size_t end = held_.find("\n\n"); end != std::string::npos; end = held_.find("\n\n")) {
    std::string id, type, data;
    std::string_view rest(held_.data(), end);
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.starts_with("id: ")) id = line.substr(4);
      if (line.starts_with("event: ")) type = line.substr(7);
      if (line.starts_with("data: ")) data += line.substr(6);
    }
    held_.erase(0, end + 2);
    if (!data.empty() && !on_event_(id, type, data)) return false;
  }
  return held_.size() <= kEventBytesMax;
}

}  // namespace healer
