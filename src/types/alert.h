#pragma once
#include <map>
#include <string>
#include <vector>

#include "types/fields.h"

namespace healer {

enum class AlertStatus { firing, resolved };
template <>
struct NamesOf<AlertStatus> {
  static constexpr std::array<std::string_view, 2> names{"firing", "resolved"};
};

// One alert as Alertmanager (webhook v4 or /api/v2/alerts) sends it; JSON names are the sender's.
struct Alert {
  AlertStatus status = AlertStatus::firing;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  UtcTime starts_at;
  UtcTime ends_at;            // 0 while firing
  std::string fingerprint;    // hex16 of the labels, the sender's own; the same by either route
  std::string generator_url;  // where the alert rule is
};
template <>
struct FieldsOf<Alert> {
  static constexpr auto table = std::tuple{
      field("status", &Alert::status, "firing or resolved"),
      field("labels", &Alert::labels, "identifying labels", true),
      field("annotations", &Alert::annotations, "summary, description, runbook_url, …"),
      field("startsAt", &Alert::starts_at, "when it began to fire"),
      field("endsAt", &Alert::ends_at, "when it was resolved; null while firing"),
      field("fingerprint", &Alert::fingerprint, "hex16 of the labels"),
      field("generatorURL", &Alert::generator_url, "where the rule is"),
  };
};

}  // namespace healer
