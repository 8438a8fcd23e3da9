#pragma once
#include <optional>

#include "types/finding.h"

namespace healer {

// What a model is asked for; of it, what judgement.cc takes.
struct ModelAnswer {
  Severity severity = Severity::low;
  Category category = Category::application;
  std::string summary;
  std::string suggested_fix;
  std::optional<std::string> affected_file;
  double confidence = 0;
};
template <>
struct FieldsOf<ModelAnswer> {
  static constexpr auto table = std::tuple{
      field("severity", &ModelAnswer::severity, "how bad it is", true),
      field("category", &ModelAnswer::category, "the resource whose failure it is about", true),
      field("summary", &ModelAnswer::summary, "one sentence for a person", true),
      field("suggested_fix", &ModelAnswer::suggested_fix, "what to do, one sentence or empty"),
      field("affected_file", &ModelAnswer::affected_file, "a path that the text names, or empty"),
      field("confidence", &ModelAnswer::confidence, "0 to 1: of severity and category"),
  };
};

// What a model said of one fingerprint, as it is kept so that it is asked once.
struct Consultation {
  UtcTime at;           // when it was asked
  std::string trouble;  // why there is no answer; empty: there is one
  Analysis analysis;    // of its answer only what a log's text may decide: see judgement.cc
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

// What calls of models took. A micro-dollar is a millionth of one.
struct Spent {
  std::string repository;
  std::int64_t tokens = 0, micro_usd = 0;
};
template <>
struct FieldsOf<Spent> {
  static constexpr auto table = std::tuple{
      field("repository", &Spent::repository, "for whose failure"),
      field("tokens", &Spent::tokens, "of prompts and answers"),
      field("micro_usd", &Spent::micro_usd, "millionths of a dollar"),
  };
};

// How far asking about one incident has come.
struct Consulting {
  UtcTime since;          // of the first call; of none: nobody was asked yet
  int mind = 0;           // whose turn it is, in the order of the settings
  int failures = 0;       // of its calls in a row, that may pass
  UtcTime waiting_since;  // of those
  Spent spent;            // for this incident
  std::string trouble;    // of those before it
};
template <>
struct FieldsOf<Consulting> {
  static constexpr auto table = std::tuple{
      field("since", &Consulting::since, "of the first call"),
      field("mind", &Consulting::mind, "whose turn it is"),
      field("failures", &Consulting::failures, "of its calls in a row"),
      field("waiting_since", &Consulting::waiting_since, "the first of them"),
      field("spent", &Consulting::spent, "for this incident"),
      field("trouble", &Consulting::trouble, "of those before it"),
  };
};

}  // namespace healer
