#include "stages/analyze/analyze.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "base/metrics.h"
#include "types/mask.h"

namespace healer {
namespace {

constexpr std::size_t kTemplatesKeptMax = 100'000;
constexpr double kRateHalfLifeMinutes = 5;
constexpr double kBurstFactor = 10;

std::string_view attribute_of(const LogRecord& record, std::string_view key) {
  const auto it = std::ranges::find(record.attributes, key, &Attribute::key);
  return it == record.attributes.end() ? std::string_view{} : it->value;
}

// An alert's severity is its sender's word; without one it is high, since somebody wrote a rule for
// it.
Severity alert_severity(std::string_view word) {
  if (word == "critical" || word == "page" || word == "emergency") return Severity::critical;
  if (word == "warning" || word == "warn" || word == "medium") return Severity::medium;
  if (word == "info" || word == "none" || word == "low") return Severity::low;
  return Severity::high;
}

void forget_oldest(std::unordered_map<TemplateId, AnalyzeState::Known>& templates) {
  ++Metrics::counter("analyze_templates_limit_hits");
  std::vector<UnixMs> times;
  for (const auto& [id, known] : templates) times.push_back(known.last);
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  const UnixMs middle = times[times.size() / 2];
  std::erase_if(templates, [&](const auto& item) { return item.second.last <= middle; });
}

// Adds `count` records to the decaying rate; true where they are far more than usual.
bool is_burst(AnalyzeState::Known& known, std::uint32_t count, UnixMs now) {
  const double minutes =
      known.last == 0 ? 0 : static_cast<double>(std::max<UnixMs>(0, now - known.last)) / 60'000;
  const double usual = known.rate * std::exp2(-minutes / kRateHalfLifeMinutes);
  known.rate = usual + count;
  known.last = now;
  return usual >= 1 && count > usual * kBurstFactor;
}

Evidence evidence_of(const LogRecord& record) {
  const std::string_view cut = record.raw.substr(0, limits::kEvidenceLineBytesMax);
  return {.time = record.time,
          .source = std::string(record.source),
          .host = std::string(record.host),
          .text = mask(cut).str()};
}

}  // namespace

std::vector<Finding> analyze(AnalyzeState& state, const Knowledge& knowledge,
                             std::span<const TemplateHit> hits, UnixMs now, KeptFindings kept) {
  std::vector<Finding> out;
  auto& templates = state.templates();
  for (const auto& hit : hits) {
    const LogRecord& record = *hit.record;
    const std::string_view alert = attribute_of(record, "alert.status");
    if (templates.size() >= kTemplatesKeptMax && !templates.contains(hit.template_id))
      forget_oldest(templates);
    auto [it, fresh] = templates.try_emplace(hit.template_id);
    auto& known = it->second;
    if (fresh) {
      // The whole event, so that a trace's frames and causes are seen.
      known.analysis =
          analyze_text(knowledge, record.level == Level::unknown ? record.raw : record.message,
                       record.level, record.raw);
      if (!alert.empty())
        known.analysis.severity = alert_severity(attribute_of(record, "severity"));
      const auto entry =
          std::ranges::find(knowledge.entries(), known.analysis.knowledge, &KnowledgeEntry::id);
      known.process_death = entry != knowledge.entries().end() && entry->death;
    }
    const bool burst = is_burst(known, hit.count, now);
    const bool serious = known.analysis.severity >= Severity::medium || !alert.empty();
    if (!serious && kept == KeptFindings::serious) continue;
    Finding finding;
    finding.fingerprint = hit.fingerprint;
    finding.template_id = hit.template_id;
    finding.template_text = mask(hit.text).str();
    finding.service = record.service;
    finding.source = record.source;
    finding.version = record.version;
    finding.analysis = known.analysis;
    finding.evidence.push_back(evidence_of(record));
    finding.count = hit.count;
    finding.first_seen = record.time;
    finding.last_seen = record.time;
    finding.novel = hit.is_new;
    finding.burst = burst;
    finding.alert_firing = alert == "firing";
    finding.alert_resolved = alert == "resolved";
    finding.process_death = known.process_death;
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace healer
