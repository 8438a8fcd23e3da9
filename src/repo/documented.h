#pragma once
#include <string_view>
#include <vector>

#include "repo/repo_model.h"

namespace healer {

struct Saying {
  DocumentedValue::Kind kind = DocumentedValue::Kind::example;
  std::string value;
};

// What one comment or sentence says about a value: "default: 20", "must be at least 10", "10-50",
// "20 or more", "should be 5m".
std::vector<Saying> sayings(std::string_view text);

// What a document says: NAME=value lines, tables with a column of names, and sentences about a
// name in backticks or capitals.
void read_document(std::string_view file, std::string_view text, std::vector<DocumentedValue>& out);

// What the comments beside settings say, and a commented-out line of the same key.
void read_comments(const std::vector<RepoSetting>& settings, std::vector<DocumentedValue>& out);

// What an example file shows: each value.
void read_example(const std::vector<RepoSetting>& settings, std::vector<DocumentedValue>& out);

}  // namespace healer
