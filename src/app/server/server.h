#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "app/config/settings.h"
#include "base/error.h"
#include "types/incident.h"

namespace healer {

struct ServeOptions {
  std::string config_file;                       // empty: ./healer.yaml if it is there
  std::map<std::string, std::string> overrides;  // setting name -> text, of the command line
  bool demo = false;                             // with the demo service
};

// Where the demo of a data folder lives.
std::string demo_folder(const Settings& settings);

// Settings of the file, the environment, then the overrides. With `demo`, the demo's policy.
Result<Settings> load_settings(const ServeOptions& options);

// All of healer in one process: store, engine, signal plane, sources and the HTTP server.
class Server {
 public:
  // busy: another process holds the data folder or the port is taken; the message says who.
  static Result<std::unique_ptr<Server>> start(const ServeOptions& options);
  ~Server();

  std::string address() const;  // HOST:PORT
  Settings settings() const;
  Result<void> reload();  // reads the settings again; those that need a restart stay as they are
  // Stops taking input, finishes or journals what runs; within limits::kShutdownMax.
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace healer
