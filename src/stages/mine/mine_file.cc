#include "stages/mine/mine_file.h"

#include <cstring>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "base/limits.h"
#include "stages/ingest/line_messages.h"
#include "stages/mine/template_set.h"

namespace healer {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr UnixMs kAnyTime = 1'767'225'600'000;  // only years that are not written depend on it

class FileMiner {
 public:
  explicit FileMiner(MineInput input)
      : input_(input), templates_(limits::kTemplatesPerServiceMax) {}

  void line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = line.substr(0, limits::kLineBytesMax);
    if (input_ == MineInput::raw) line = messages_.of(line, kAnyTime);
    rows_.push_back(templates_.assign(line, false));
  }

  // Reads whole blocks; a line that spans two is carried over, cut at the limit.
  Result<void> read(std::istream& in) {
    std::string block(kBlockBytes, '\0'), carry;
    bool unended = false;
    while (in) {
      in.read(block.data(), static_cast<std::streamsize>(block.size()));
      std::string_view rest(block.data(), static_cast<std::size_t>(in.gcount()));
      while (!rest.empty()) {
        const std::size_t stop = rest.find('\n');
        const std::string_view part = rest.substr(0, stop);
        if (stop == std::string_view::npos) {
          if (carry.size() < limits::kLineBytesMax) carry += part;
          unended = true;
          break;
        }
        if (unended) {
          carry += part;
          line(carry);
          carry.clear();
          unended = false;
        } else {
          line(part);
        }
        rest.remove_prefix(stop + 1);
      }
    }
    if (unended) line(carry);
    if (in.bad()) return fail(Errc::io, "the input cannot be read");
    return {};
  }

  Result<MineSummary> write(std::ostream& out) {
    std::vector<std::string> cells(templates_.size());  // ",id,template\n" of each, made once
    MineSummary summary{.lines = rows_.size()};
    std::string buffer = "line_id,template_id,template\n";
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto index = templates_.resolve(rows_[i]);
      std::string& cell = cells[index];
      if (cell.empty()) cell = cell_of(++summary.templates, templates_.at(index).text);
      buffer += std::to_string(i + 1);
      buffer += cell;
      if (buffer.size() < kBlockBytes) continue;
      out.write(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      buffer.clear();
    }
    out.write(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    out.flush();
    if (!out) return fail(Errc::io, "the output cannot be written");
    return summary;
  }

 private:
  static std::string cell_of(std::size_t id, std::string_view text) {
    std::string cell = "," + std::to_string(id) + ",";
    if (text.find_first_of("\",\r\n") == std::string_view::npos) {
      cell += text;
    } else {
      cell += '"';
      for (char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
      cell += '"';
    }
    return cell + "\n";
  }

  MineInput input_;
  LineMessages messages_;
  TemplateSet templates_;
  std::vector<TemplateSet::Index> rows_;
};

}  // namespace

Result<MineSummary> mine_file(std::istream& in, std::ostream& out, MineInput input) {
  FileMiner miner(input);
  TRY(miner.read(in));
  return miner.write(out);
}

}  // namespace healer
