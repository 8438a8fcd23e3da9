// The workflow of 5 trivial steps behind HTTP, for a load generator: POST /flow/run answers with
// the result once the workflow has ended and that is on disk. SQLite with synchronous=FULL.
// usage: workflow_server FOLDER [HOST:PORT]     prints its address; SIGTERM ends it
#include <csignal>

#include "bench/five_steps.h"
#include "bench/measure.h"
#include "ports/http/server.h"
#include "ports/store/store.h"

namespace healer::bench {
namespace {

Route flow_route(Engine& engine, Ids& ids) {
  Route route{"POST", "/flow/run", Access::open, "five durable steps", {}, "", ""};
  route.handler = [&](const HttpRequest&, Responder responder) {
    auto held = std::make_shared<Responder>(std::move(responder));
    StartRequest request = five_steps_request(ids);
    request.finished = [held](WorkflowEnd end, const std::string& state) {
      if (end == WorkflowEnd::finished) return held->json(200, state);
      held->send(problem(500, "the workflow failed"));
    };
    engine.start(std::move(request), {}, [held](const Result<void>& durable) {
      if (!durable) held->send(problem(durable.error()));
    });
  };
  return route;
}

int serve(const std::string& folder, const std::string& listen) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  SystemClock clock;
  SystemIds ids(clock);
  auto store = open_sqlite_store({.folder = folder}, clock);
  if (!store) return fmt::print(stderr, "{}\n", store.error().message), 1;
  std::unique_ptr<HttpServer> server;  // outlives the engine, which holds its responders
  Engine engine(**store, clock, ids, {.step_threads = 2});
  engine.add_kind(kFiveSteps, five_steps());
  if (auto ready = engine.recover(); !ready)
    return fmt::print(stderr, "{}\n", ready.error().message), 1;
  auto started = HttpServer::start({.listen = listen}, {flow_route(engine, ids)});
  if (!started) return fmt::print(stderr, "{}\n", started.error().message), 1;
  server = std::move(*started);
  fmt::print("{}\n", server->address());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server->stop();
  return 0;
}

}  // namespace
}  // namespace healer::bench

int main(int argc, char** argv) {
  if (argc < 2) return fmt::print(stderr, "usage: workflow_server FOLDER [HOST:PORT]\n"), 2;
  return healer::bench::serve(argv[1], argc > 2 ? argv[2] : "127.0.0.1:0");
}
