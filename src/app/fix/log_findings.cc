#include "app/fix/log_findings.h"

#include <algorithm>
#include <unordered_map>

#include "base/limits.h"
#include "stages/analyze/analyze.h"
#include "stages/ingest/ingest.h"
#include "stages/mine/miner.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr std::size_t kPieceBytes = 1024 * 1024;
// Of a log that is short enough to be one story, the whole text is a finding too.
constexpr std::size_t kStoryBytesMax = 16 * 1024;

// One finding a fingerprint, over all pieces of the log.
class Collector {
 public:
  explicit Collector(const Knowledge& knowledge) : knowledge_(knowledge), miner_(ids_) {}

  void add(const RecordBatch& batch, UnixMs now) {
    const auto hits = miner_.add(batch);
    for (auto& fresh : analyze(state_, knowledge_, hits, now)) {
      const auto [it, is_new] = by_fingerprint_.try_emplace(fresh.fingerprint, out_.size());
      if (is_new) {
        out_.push_back(std::move(fresh));
        continue;
      }
      Finding& known = out_[it->second];
      known.count += fresh.count;
      known.last_seen = std::max(known.last_seen, fresh.last_seen);
      known.process_death |= fresh.process_death;
      if (known.evidence.size() < limits::kEvidenceLinesMax)
        for (auto& line : fresh.evidence) known.evidence.push_back(std::move(line));
    }
  }

  std::vector<Finding> take() { return std::move(out_); }
  std::size_t templates() const { return miner_.snapshot().size(); }

 private:
  const Knowledge& knowledge_;
  TemplateIds ids_;
  Miner miner_;
  AnalyzeState state_;
  std::vector<Finding> out_;
  std::unordered_map<Fingerprint, std::size_t> by_fingerprint_;
};

Finding story_of(const Knowledge& knowledge, const std::string& text, const std::string& name,
                 const Finding& first) {
  Finding out = first;
  out.analysis = analyze_text(knowledge, text, Level::unknown);
  out.evidence = {{.time = first.first_seen, .source = name, .host = {}, .text = mask(text).str()}};
  return out;
}

}  // namespace

Result<LogFindings> findings_of_log(const Knowledge& knowledge, std::istream& in,
                                    const std::string& name, UnixMs now) {
  LogFindings out;
  Collector collector(knowledge);
  StreamState state;
  std::string story;
  bool more = true;
  while (more) {
    RawPayload piece{.bytes = std::string(kPieceBytes, '\0')};
    in.read(piece.bytes.data(), static_cast<std::streamsize>(kPieceBytes));
    piece.bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return fail(Errc::io, name + ": cannot be read");
    more = !in.eof();
    piece.source = name;
    piece.is_final = !more;
    out.lines += static_cast<std::size_t>(std::ranges::count(piece.bytes, '\n'));
    if (!more && !piece.bytes.empty() && !piece.bytes.ends_with('\n')) ++out.lines;
    if (story.size() <= kStoryBytesMax) story += piece.bytes;
    collector.add(ingest(state, std::move(piece), now), now);
  }
  out.templates = collector.templates();
  out.findings = collector.take();
  std::ranges::stable_sort(out.findings, [](const Finding& a, const Finding& b) {
    if (a.analysis.severity != b.analysis.severity)
      return a.analysis.severity > b.analysis.severity;
    return a.count > b.count;
  });
  // Beside a failure, what is merely at risk is not what was asked about.
  if (!out.findings.empty() && out.findings.front().analysis.severity >= Severity::high)
    std::erase_if(out.findings,
                  [](const Finding& one) { return one.analysis.severity < Severity::high; });
  if (!out.findings.empty() && story.size() <= kStoryBytesMax && out.lines > 1)
    out.findings.push_back(story_of(knowledge, story, name, out.findings.front()));
  return out;
}

}  // namespace healer
