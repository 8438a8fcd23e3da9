#pragma once
#include "engine/engine.h"
#include "ports/orchestrator/orchestrator.h"

namespace healer {

// healer's own engine drives them: a run is a workflow of `kind`, an outcome one of its events.
class EmbeddedOrchestrator final : public Orchestrator {
 public:
  EmbeddedOrchestrator(Engine& engine, JournalReader& journal, std::string kind)
      : engine_(engine), journal_(journal), kind_(std::move(kind)) {}
  void hand_over(std::vector<Handover> runs, WriteBatch also, DurableDone done) override;
  Result<RunView> look(const std::string& run) override;
  void resume(const std::string& run, std::string outcome, DurableDone done) override;

 private:
  Engine& engine_;
  JournalReader& journal_;
  const std::string kind_;
};

}  // namespace healer
