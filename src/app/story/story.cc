#include "app/story/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/cli/cli.h"
#include "incident/transitions.h"

namespace healer {
namespace {

constexpr std::string_view kDim = "2", kGood = "32", kBad = "31", kAsk = "33", kStep = "36",
                           kStrong = "1";

// How a status is told; one row each, in the order of IncidentStatus.
struct Telling {
  std::string_view mark, style, words;
  bool shows_diff = false;  // the change is decided by then
};
constexpr std::array<Telling, NamesOf<IncidentStatus>::names.size()> kTellings{{
    {"!", kBad, "noticed"},
    {"?", kStep, "understood"},
    {".", kDim, "logged"},
    {".", kAsk, "told a person"},
    {"?", kAsk, "asks a person", true},
    {".", kDim, "queued"},
    {">", kStep, "looks for a fix"},
    {">", kStep, "proves the fix in a sandbox"},
    {">", kStep, "opened a pull request", true},
    {">", kStep, "reviews it"},
    {"x", kAsk, "the review asks for changes"},
    {"+", kGood, "the review approves"},
    {"+", kGood, "merged"},
    {">", kStep, "deploys"},
    {">", kStep, "watches the service"},
    {"+", kGood, "HEALED"},
    {"x", kBad, "IT CAME BACK"},
    {"x", kAsk, "cannot tell whether it is healed"},
    {"x", kBad, "FAILED"},
    {"x", kAsk, "a person must look"},
    {"x", kAsk, "a person declined it"},
    {"+", kGood, "over without a fix"},
    {".", kDim, "dismissed"},
    {"x", kAsk, "reverted"},
}};

const Telling& telling_of(IncidentStatus status) {
  return kTellings.at(static_cast<std::size_t>(status));
}

std::string after(UnixMs started, UnixMs at) {
  return fmt::format("{:.1f} s", static_cast<double>(std::max<UnixMs>(0, at - started)) / 1000);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

constexpr std::size_t kEvidenceLinesShown = 8;
constexpr std::size_t kDiffLinesMax = 40;  // shown; the pull request has all of it

std::string_view style_of_diff(std::string_view line) {
  if (line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff "))
    return kStrong;
  if (line.starts_with('+')) return kGood;
  if (line.starts_with('-')) return kBad;
  return kDim;
}

}  // namespace

Story::Story(StoryStart start, Colour colour) : start_(std::move(start)), colour_(colour) {}

std::string Story::painted(std::string_view style, std::string_view text) const {
  if (colour_ == Colour::off || style.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", style, text);
}

std::string Story::line(UnixMs at, std::string_view mark, std::string_view style,
                        std::string_view text) const {
  return fmt::format("{} {} {}\n", painted(kDim, fmt::format("{:>8}", after(start_.at, at))),
                     painted(style, mark), text);
}

std::string Story::change_of(const Incident& incident) {
  if (told_diff_ || incident.diff.empty()) return {};
  told_diff_ = true;
  std::string out;
  const auto add = [&](std::string_view style, std::string_view text) {
    out += fmt::format("             {}\n", painted(style, printable(text)));
  };
  if (!incident.plan.empty()) add(kStrong, incident.plan);
  const auto lines = lines_of(incident.diff);
  const std::size_t shown = std::min(lines.size(), kDiffLinesMax);
  for (std::size_t i = 0; i < shown; ++i) add(style_of_diff(lines[i]), lines[i]);
  if (shown < lines.size()) add(kDim, fmt::format("{} more lines", lines.size() - shown));
  return out;
}

std::string Story::opening(std::string_view title, std::string_view event) const {
  return fmt::format("{} {}\n", painted(kStrong, start_.name + ":"), printable(title)) +
         line(start_.at, "!", kBad, event);
}

std::string_view style_of(IncidentStatus status) { return telling_of(status).style; }

std::string Story::evidence(const Incident& incident) const {
  std::string out;
  for (const auto& one : incident.evidence) {
    const auto lines = lines_of(one.text);
    for (std::size_t i = 0; i < std::min(lines.size(), kEvidenceLinesShown); ++i)
      out += painted(kDim, "| ") + printable(lines[i]) + "\n";
    if (lines.size() > kEvidenceLinesShown)
      out += painted(kDim, fmt::format("| {} more lines\n", lines.size() - kEvidenceLinesShown));
  }
  return out;
}

std::string Story::tell(const Incident& incident) {
  std::string out;
  for (; told_ < incident.timeline.size(); ++told_) {
    const TimelineEntry& entry = incident.timeline[told_];
    const Telling& telling = telling_of(entry.status);
    std::string text = painted(telling.style, telling.words);
    if (!entry.detail.empty()) text += ": " + printable(entry.detail);
    if (!entry.actor.empty() && entry.actor != "healer")
      text += fmt::format(" ({})", printable(entry.actor));
    if (telling.shows_diff) out += change_of(incident);
    out += line(entry.at, telling.mark, telling.style, text);
    if (!told_summary_ && !incident.summary.empty()) {
      told_summary_ = true;
      out += fmt::format("             [{} {}] {}\n", to_string(incident.severity),
                         to_string(incident.category), printable(incident.summary));
    }
  }
  // It may become known later than the entry it belongs to.
  out += change_of(incident);
  return out;
}

std::string Story::ending(const Incident& incident) const {
  if (incident.timeline.empty()) return fmt::format("{}: no incident was seen\n", start_.name);
  const TimelineEntry& first = incident.timeline.front();
  const TimelineEntry& last = incident.timeline.back();
  const Telling& telling = telling_of(incident.status);
  std::string out = fmt::format(
      "{} {}\n", painted(kStrong, start_.name + ":"),
      painted(telling.style,
              fmt::format("{} {} after {}, noticed after {}",
                          incident.done ? telling.words : "still " + std::string(telling.words),
                          after(start_.at, last.at), start_.what, after(start_.at, first.at))));
  const auto row = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out += fmt::format("  {:<13} {}\n", name, printable(value));
  };
  row("incident", incident.id);
  row("log records", fmt::format("{}", incident.count));
  row("changed", incident.affected_file);
  row("proof", incident.proof);
  row("pull request", incident.pr_url);
  row("merged as", std::string_view(incident.merge_sha).substr(0, 12));
  if (is_trouble(incident.status)) row("because", incident.because);
  return out;
}

}  // namespace healer
