#pragma once
#include "types/finding.h"

namespace healer {

// What a model said of one fingerprint, as it is kept so that it is asked once.
struct Consultation {
  UtcTime at;           // when it was asked
  std::string trouble;  // why there is no answer; empty: there is one
  Analysis analysis;    // of its answer only what a log's text may decide: see consultant.cc
  std::map<std::string, std::string> names;  // real names behind the aliases that it was shown
};
template <>
struct FieldsOf<Consultation> {
  static constexpr auto table = std::tuple{
      field("at", &Consultation::at, "when it was asked", true),
      field("trouble", &Consultation::trouble, "why there is no answer"),
      field("analysis", &Consultation::analysis, "the answer"),
      field("names", &Consultation::names, "real names behind the aliases that it was shown"),
  };
};

}  // namespace healer
