#pragma once
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "types/fields.h"

namespace healer {

// One line to the demo's supervisor: a request of demo/services/supervisor.py.
struct SupervisorRequest {
  std::string command;
  std::string name;   // scenario: which
  std::string url;    // announce: where healer listens
  std::string token;  // announce: what it asks for
};
template <>
struct FieldsOf<SupervisorRequest> {
  using R = SupervisorRequest;
  static constexpr auto table = std::tuple{
      field("command", &R::command, "what to do", true), field("name", &R::name, "scenario"),
      field("url", &R::url, "healer's address"), field("token", &R::token, "healer's token")};
};

struct SupervisorReply {
  bool ok = false;
  std::string message;
  std::string build;  // status: which files it was started from
  bool serving = false;
  std::string commit;
};
template <>
struct FieldsOf<SupervisorReply> {
  using R = SupervisorReply;
  static constexpr auto table = std::tuple{
      field("ok", &R::ok, "whether it was done", true), field("message", &R::message, "what was"),
      field("build", &R::build, "files"), field("serving", &R::serving, "the shop serves"),
      field("commit", &R::commit, "what it serves")};
};

// Asks the supervisor in `dir`. not_found: none listens. A reply that is not ok is `upstream` with
// its message. Blocks for at most `timeout`.
Result<SupervisorReply> ask_supervisor(const std::string& dir, const SupervisorRequest& request,
                                       Millis timeout);

}  // namespace healer
