#include "app/server/brain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/hash.h"
#include "stages/analyze/analyze.h"
#include "stages/analyze/builtin/builtin_knowledge.h"
#include "stages/ingest/ingest.h"
#include "stages/mine/miner.h"
#include "types/json.h"
#include "types/mask.h"

namespace healer {
namespace {

struct NamedText {
  std::string name, text;
};

Result<std::string> read_file(const char* variable, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Errc::io, fmt::format("{}: cannot read {}", variable, path));
  return text.str();
}

Result<std::vector<NamedText>> yaml_files(const char* variable) {
  std::vector<NamedText> out;
  const char* folder = std::getenv(variable);
  if (folder == nullptr || *folder == '\0') return out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto& path = entry.path();
    if (path.extension() != ".yaml" && path.extension() != ".yml") continue;
    if (path.filename().string().starts_with('_')) continue;
    auto text = TRY(read_file(variable, path.string()));
    out.push_back({path.string(), std::move(text)});
  }
  if (error)
    return fail(Errc::not_found, fmt::format("{}: {}: {}", variable, folder, error.message()));
  std::ranges::sort(out, {}, &NamedText::name);
  return out;
}

RecordBatch records_of(std::string_view log) {
  StreamState state;
  RawPayload payload{.bytes = std::string(log), .format = PayloadFormat::text};
  payload.is_final = true;
  return ingest(state, std::move(payload), 0);
}

Level worst_of(const RecordBatch& batch) {
  Level out = Level::unknown;
  for (const auto& record : batch.records) out = std::max(out, record.level);
  return out;
}

}  // namespace

Result<std::unique_ptr<Knowledge>> load_rules() {
  std::vector<KnowledgeEntry> own;
  for (const auto& file : TRY(yaml_files("HEALER_KNOWLEDGE")))
    for (auto& entry : TRY(parse_knowledge(file.text, file.name))) own.push_back(std::move(entry));
  return builtin_knowledge(std::move(own));
}

Result<std::unique_ptr<Knowledge>> load_knowledge() {
  auto out = TRY(load_rules());
  const char* path = std::getenv("HEALER_BRAIN");
  if (path == nullptr || *path == '\0') {
    out->learn(TRY(builtin_classifier()));
    return out;
  }
  const std::string bytes = TRY(read_file("HEALER_BRAIN", path));
  auto made = Classifier::parse(bytes);
  if (!made)
    return fail(made.error().code, fmt::format("HEALER_BRAIN: {}: {}", path, made.error().message));
  out->learn(std::move(*made));
  return out;
}

Result<std::vector<Playbook>> load_playbooks() {
  auto out = TRY(parse_playbooks(builtin_playbooks_yaml(), "built-in playbooks"));
  for (const auto& file : TRY(yaml_files("HEALER_PLAYBOOKS")))
    for (auto& playbook : TRY(parse_playbooks(file.text, file.name))) {
      std::erase_if(out, [&](const Playbook& known) { return known.id == playbook.id; });
      out.push_back(std::move(playbook));
    }
  return out;
}

Level worst_level(std::string_view log) { return worst_of(records_of(log)); }

LogAnalysis analyze_log(const Knowledge& knowledge, std::string_view log) {
  const RecordBatch batch = records_of(log);
  LogAnalysis out{.analysis = analyze_text(knowledge, log, worst_of(batch))};
  TemplateIds ids;
  Miner miner(ids);
  const auto hits = miner.add(batch);
  if (!hits.empty()) out.fingerprint = hits.front().fingerprint;
  return out;
}

std::string analysis_line(const LogAnalysis& result, std::string_view id) {
  const Analysis& analysis = result.analysis;
  return fmt::format(
      R"({{"id":{},"severity":"{}","category":"{}","summary":{},"suggested_fix":{},)"
      R"("affected_file":{},"confidence":{:.3f},"uncertain":{},"fingerprint":"{}","brain":{},"knowledge":{}}})",
      json_quote(id), to_string(analysis.severity), to_string(analysis.category),
      json_quote(mask(analysis.summary).str()), json_quote(mask(analysis.suggested_fix).str()),
      json_quote(analysis.affected_file), analysis.confidence, analysis.uncertain,
      hex16(result.fingerprint), json_quote(analysis.brain), json_quote(analysis.knowledge));
}

std::string records_json(const RecordBatch& batch) {
  std::string out = R"({"records":[)";
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const LogRecord& record = batch.records[i];
    std::string attributes;
    for (const auto& [key, value] : record.attributes)
      attributes += fmt::format("{}{}:{}", attributes.empty() ? "" : ",", json_quote(key),
                                json_quote(mask(value).str()));
    out += fmt::format(
        R"({}{{"time":"{}","level":"{}","service":{},"source":{},"host":{},"component":{},"message":{},"parsed":{},"attributes":{{{}}}}})",
        i == 0 ? "" : ",", format_utc(record.time), to_string(record.level),
        json_quote(record.service), json_quote(record.source), json_quote(record.host),
        json_quote(record.component), json_quote(mask(record.message).str()), record.parsed,
        attributes);
  }
  return out + "]}";
}

}  // namespace healer
