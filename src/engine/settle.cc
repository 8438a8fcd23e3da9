#include "engine/settle.h"

#include <fmt/core.h>

namespace healer {

namespace {

JournalEntry entry_of(const Live& live, JournalKind kind, std::string next, std::string detail) {
  return {kind, live.at.step, std::move(next), std::move(detail), live.at.attempt};
}

Settlement move_on(const Live& live, Ran ran, std::string state, std::string next,
                   WriteBatch also) {
  Settlement out;
  out.phase = next.empty() ? WorkflowPhase::done : WorkflowPhase::ready;
  out.entry = entry_of(live, ran == Ran::event ? JournalKind::event : JournalKind::done, next, {});
  out.at = {std::move(next), 1, WorkflowEnd::finished, std::move(state)};
  out.also = std::move(also);
  out.event_handled = ran == Ran::event;
  return out;
}

Settlement wait(const Live& live, Ran ran, StepWait& result) {
  const bool unchanged = ran == Ran::step && live.at.attempt == 1 && result.next == live.at.step &&
                         result.state == live.at.state;
  Settlement out =
      move_on(live, ran, std::move(result.state), std::move(result.next), std::move(result.also));
  out.phase = WorkflowPhase::waiting;
  out.due = result.until;
  if (ran == Ran::step) out.entry.kind = JournalKind::wait;
  out.unchanged = unchanged;
  return out;
}

std::optional<Settlement> retry(const Live& live, const StepRetry& result, UnixMs now,
                                std::uint64_t random) {
  const RetryPolicy& policy = live.kind->retry;
  if (live.at.attempt >= policy.attempts_max) return std::nullopt;
  Settlement out;
  out.at = live.at;
  out.at.attempt++;
  out.phase = WorkflowPhase::waiting;
  out.due = now + policy.delay(live.at.attempt, random, result.after).count();
  out.entry = entry_of(live, JournalKind::retry, live.at.step, result.reason);
  return out;
}

Settlement stay(const Live& live, StepStay& result) {
  Settlement out;
  out.at = live.at;
  out.at.state = std::move(result.state);
  out.phase = live.event_only ? WorkflowPhase::waiting : WorkflowPhase::ready;
  out.due = live.event_only ? live.due : 0;
  out.entry = entry_of(live, JournalKind::event, live.at.step, {});
  out.also = std::move(result.also);
  out.event_handled = true;
  return out;
}

}  // namespace

std::optional<Settlement> settle(const Live& live, Ran ran, StepResult& result, UnixMs now,
                                 std::uint64_t random) {
  const auto known = [&](const std::string& next) { return live.kind->steps.contains(next); };
  if (auto* ok = std::get_if<StepOk>(&result)) {
    if (!ok->next.empty() && !known(ok->next)) return std::nullopt;
    return move_on(live, ran, std::move(ok->state), std::move(ok->next), std::move(ok->also));
  }
  if (auto* waiting = std::get_if<StepWait>(&result)) {
    if (!known(waiting->next)) return std::nullopt;
    return wait(live, ran, *waiting);
  }
  if (auto* again = std::get_if<StepRetry>(&result); again && ran == Ran::step) {
    return retry(live, *again, now, random);
  }
  if (auto* same = std::get_if<StepStay>(&result); same && ran == Ran::event) {
    return stay(live, *same);
  }
  return std::nullopt;
}

Settlement end_as_is(const Live& live, WorkflowEnd end, std::string why) {
  Settlement out;
  out.at = live.at;
  out.at.step.clear();
  out.at.end = end;
  out.phase = WorkflowPhase::done;
  out.entry =
      entry_of(live, end == WorkflowEnd::cancelled ? JournalKind::cancelled : JournalKind::failed,
               {}, std::move(why));
  return out;
}

std::string failure_reason(const StepResult& result) {
  if (const auto* failed = std::get_if<StepFailed>(&result)) return failed->reason;
  if (const auto* retry = std::get_if<StepRetry>(&result)) {
    return "gave up after the last retry: " + retry->reason;
  }
  if (const auto* ok = std::get_if<StepOk>(&result)) return "there is no step " + ok->next;
  if (const auto* wait = std::get_if<StepWait>(&result)) return "there is no step " + wait->next;
  return "a step said it stays where it is; only the handling of an event may";
}

}  // namespace healer
