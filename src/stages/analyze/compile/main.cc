// Checks the files of knowledge/ and writes what is built in. usage: knowledge_compile ENTRIES
// DATABASE FILE...
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "stages/analyze/knowledge.h"

namespace healer {
namespace {

bool write(const char* path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  return !out.fail();
}

Result<std::string> stream_of(int count, char** paths) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    std::ifstream in(paths[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.empty()) return fail(Errc::not_found, fmt::format("{}: cannot be read", paths[i]));
    const std::string name = std::string(paths[i]).substr(std::string(paths[i]).rfind('/') + 1);
    out += fmt::format("--- # {}\n{}\n", name, text);
  }
  return out;
}

Result<void> compile(const char* entries_path, const char* database_path, int count, char** paths) {
  const std::string stream = TRY(stream_of(count, paths));
  const auto entries = TRY(parse_knowledge_stream(stream));
  // One by one, so that an error names its entry.
  for (const auto& entry : entries)
    if (auto made = compile_matcher(patterns_of({entry})); !made)
      return fail(Errc::invalid_input,
                  fmt::format("{}.yaml: {}: {}", entry.product, entry.id, made.error().message));
  const std::string database = TRY(serialize_database(patterns_of(entries)));
  const auto knowledge = TRY(Knowledge::load(entries, Lexicon(), database));
  std::string wrong;
  for (const auto& sentence : check_examples(*knowledge)) wrong += sentence + "\n";
  if (!wrong.empty()) return fail(Errc::invalid_input, wrong);
  if (!write(entries_path, pack_entries(entries)) || !write(database_path, database))
    return fail(Errc::io, fmt::format("{}: cannot be written", entries_path));
  return {};
}

}  // namespace
}  // namespace healer

int main(int count, char** words) {
  if (count < 4) {
    std::fputs("usage: knowledge_compile ENTRIES DATABASE FILE...\n", stderr);
    return 2;
  }
  if (auto done = healer::compile(words[1], words[2], count - 3, words + 3); !done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return 1;
  }
  return 0;
}
