#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/metrics.h"
#include "ports/agent/agent.h"
#include "ports/exec/tree_folder.h"

namespace healer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWorktree = "{worktree}", kPromptFile = "{prompt_file}";
constexpr std::string_view kWorktreeInside = "/work";  // where the sandbox puts it

std::string filled(std::string word, std::string_view placeholder, std::string_view value) {
  for (std::size_t at = word.find(placeholder); at != std::string::npos;
       at = word.find(placeholder, at + value.size()))
    word.replace(at, placeholder.size(), value);
  return word;
}

// Of a stream whose head was cut off, whole lines: the rest of a secret could not be masked.
std::string_view whole_lines(std::string_view text, bool was_cut) {
  if (!was_cut) return text;
  const std::size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
}

MaskedText tail_of(const ProcessResult& result, std::size_t bytes_max) {
  const auto kept = [&](const std::string& stream) {
    return std::string(whole_lines(stream, stream.size() >= bytes_max));
  };
  const MaskedText all = mask(kept(result.out) + kept(result.err));
  if (all.str().size() <= bytes_max) return all;
  const std::string_view last = std::string_view(all.str()).substr(all.str().size() - bytes_max);
  return mask(whole_lines(last, true));
}

// The prompt as a file in a folder of its own: in the worktree it would look like a change.
Result<std::string> write_prompt(const TreeFolder& folder, const Prompt& prompt) {
  const std::string text = instructions_of(prompt) + "\n" + data_of(prompt);
  if (text.size() > limits::kAgentPromptBytesMax) {
    ++Metrics::counter("agent_prompt_bytes_limit_hits");
    return fail(Errc::full, fmt::format("the agent's prompt has {} bytes; the limit is {}",
                                        text.size(), limits::kAgentPromptBytesMax));
  }
  const std::string path = folder.path() + "/prompt.md";
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(Errc::full, "cannot write " + path);
  TRY(folder.hand_over());
  return path;
}

}  // namespace

Result<std::unique_ptr<CommandAgent>> CommandAgent::make(Executor& executor,
                                                         CommandAgentOptions options) {
  if (options.argv.empty() || options.argv.front().empty())
    return fail(Errc::invalid_input, "the agent's argv names no program");
  if (std::ranges::none_of(options.argv,
                           [](const auto& word) { return word.contains(kPromptFile); }))
    return fail(Errc::invalid_input,
                fmt::format("the agent's argv has no {}: it would never learn its task; for "
                            "example [my-agent, --task-file, \"{}\", --dir, \"{}\"]",
                            kPromptFile, kPromptFile, kWorktree));
  for (const auto& path : options.read_only)
    if (!fs::path(path).is_absolute() || !fs::exists(path))
      return fail(
          Errc::invalid_input,
          fmt::format("the agent may read {}, which is no absolute path of this machine", path));
  return std::unique_ptr<CommandAgent>(new CommandAgent(executor, std::move(options)));
}

Result<AgentReport> CommandAgent::run(const AgentTask& task) {
  static auto& runs = Metrics::counter("agent_runs_total");
  const auto folder = TRY(TreeFolder::make());
  const std::string prompt_file = TRY(write_prompt(folder, task.prompt));
  SandboxCommand command;
  for (const auto& word : options_.argv)
    command.argv.push_back(
        filled(filled(word, kWorktree, kWorktreeInside), kPromptFile, prompt_file));
  command.tree = task.worktree;
  command.writes_tree = true;
  command.env = {{"HOME", "/tmp"}};  // what it keeps for itself is no change of the worktree
  command.read_only = options_.read_only;
  command.read_only.push_back(prompt_file);
  command.timeout = task.limits.time_max;
  command.memory_mib = task.limits.memory_mib;
  command.disk_mib = task.limits.disk_mib;
  command.processes_max = task.limits.processes_max;
  command.output_bytes_max = task.limits.output_bytes_max;
  const auto result = TRY(executor_.run_sandboxed(command));
  ++runs;
  if (result.timed_out) ++Metrics::counter("agent_time_limit_hits");
  return AgentReport{.exit_code = result.exit_code,
                     .timed_out = result.timed_out,
                     .out_of_memory = result.out_of_memory,
                     .out_of_disk = result.out_of_disk,
                     .output_tail = tail_of(result, task.limits.output_bytes_max)};
}

std::string CommandAgent::name() const { return fs::path(options_.argv.front()).filename(); }

}  // namespace healer
