#pragma once
// libfyaml's events for the two readers of YAML: types/yaml.cc and src/edit. Included only by their
// .cc files.
#include <libfyaml.h>

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace healer {

struct YamlError {
  int line = 0;  // 0: unknown
  std::string message = "not valid YAML";
};

struct YamlFree {
  fy_parser* parser = nullptr;  // of an event
  void operator()(fy_event* event) const { fy_parser_event_free(parser, event); }
  void operator()(fy_parser* whole) const { fy_parser_destroy(whole); }
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

// The events of a text, which is copied. An event lives no longer than this.
class YamlEvents {
 public:
  using Event = std::unique_ptr<fy_event, YamlFree>;

  explicit YamlEvents(std::string_view text);
  // Before the first next(). `flags`: more of libfyaml's FYPCF_. internal: out of memory.
  Result<void> open(unsigned flags = 0);
  std::expected<Event, YamlError> next();  // nullptr: there are no more

  static std::string text_of(fy_token* token);  // empty for nullptr

 private:
  std::string padded_;
  std::size_t size_;
  int deadly_line_;
  std::unique_ptr<fy_diag, YamlFree> diag_;
  std::unique_ptr<fy_parser, YamlFree> parser_;
};

}  // namespace healer
