#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ports/store/journal.h"

namespace healer {

// A journal that tells `changed` of every incident row once its batch is on disk, on the writer's
// thread. Everything else is the inner journal's.
class PublishingJournal final : public Journal {
 public:
  using Changed = std::function<void(const IncidentRow&)>;
  PublishingJournal(Journal& inner, Changed changed)
      : inner_(inner), changed_(std::make_shared<const Changed>(std::move(changed))) {}

  void commit(WriteBatch batch, CommitDone done) override {
    std::vector<IncidentRow> rows;
    for (const auto& op : batch.ops)
      if (const auto* put = std::get_if<PutIncident>(&op)) rows.push_back(put->row);
    if (rows.empty()) return inner_.commit(std::move(batch), std::move(done));
    inner_.commit(std::move(batch), [rows = std::move(rows), done = std::move(done),
                                     changed = changed_](const CommitResult& result) mutable {
      if (result.ok())
        for (const auto& row : rows) (*changed)(row);
      done(result);
    });
  }

  Result<std::vector<WorkflowHead>> unfinished(const std::string& after,
                                               std::size_t limit) override {
    return inner_.unfinished(after, limit);
  }
  Result<std::optional<WorkflowRow>> workflow(const std::string& id) override {
    return inner_.workflow(id);
  }
  Result<std::vector<JournalRow>> journal(const std::string& id) override {
    return inner_.journal(id);
  }
  Result<std::optional<LeaseRow>> lease(const std::string& name) override {
    return inner_.lease(name);
  }
  Result<std::vector<KeyValue>> values(const std::string& space,
                                       const std::string& prefix) override {
    return inner_.values(space, prefix);
  }
  Result<std::vector<OutboxRow>> outbox(std::size_t limit) override { return inner_.outbox(limit); }

 private:
  Journal& inner_;
  const std::shared_ptr<const Changed> changed_;
};

}  // namespace healer
