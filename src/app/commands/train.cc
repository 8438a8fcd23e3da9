#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "app/brain/trainer.h"
#include "app/commands/commands.h"
#include "app/server/brain.h"

namespace healer {
namespace {

Result<std::string> make_brain(const CliArguments& arguments) {
  auto logs = TRY(read_labelled_logs(arguments.value("base", "oumi/data/sre_train.jsonl")));
  if (const std::string own = arguments.value("data", ""); !own.empty()) {
    auto more = TRY(read_labelled_logs(own));
    std::ranges::move(more, std::back_inserter(logs));
  }
  const auto knowledge = TRY(load_rules());
  std::cerr << fmt::format("{} labelled logs\n", logs.size());
  const auto rows = training_rows(*knowledge, std::move(logs));
  auto model = TRY(train_classifier(
      rows, [](std::string_view step) { std::cerr << fmt::format("training: {}\n", step); }));
  return Classifier(std::move(model)).bytes();
}

int train(const CliArguments& arguments) {
  const auto bytes = make_brain(arguments);
  if (!bytes) return failed(bytes.error());
  const std::string path = arguments.value("output", "brain/embedded.bin");
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << *bytes;
  out.close();
  if (out.fail()) return failed({Errc::io, path + ": cannot be written"});
  std::cout << fmt::format("{}: {} bytes\n", path, bytes->size());
  return kExitDone;
}

}  // namespace

CliCommand train_command() {
  return {.name = "train",
          .usage = "[--data FILE] [--base FILE] [--output FILE]",
          .summary = "make the embedded brain from labelled logs",
          .detail =
              "Reads JSON lines, {\"log\", \"severity\", \"category\"} or the chat format of "
              "oumi/data; the same rows give the same file. A server uses it where "
              "HEALER_BRAIN names it.\n\n  healer train --data our-labels.jsonl --output "
              "brain.bin",
          .options = {{"data", "FILE", "a team's own labelled logs, besides those of --base"},
                      {"base", "FILE", "default oumi/data/sre_train.jsonl"},
                      {"output", "FILE", "default brain/embedded.bin"}},
          .run = train};
}

}  // namespace healer
