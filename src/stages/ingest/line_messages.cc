#include "stages/ingest/line_messages.h"

#include "stages/ingest/header.h"

namespace healer {

std::string_view LineMessages::of(std::string_view line, UnixMs now) {
  if (const Wrapper wrapper = read_wrapper(line, now); wrapper.length > 0)
    line.remove_prefix(wrapper.length);
  if (line.starts_with('{') && json_.read_object(line, false, now, fields_)) {
    for (const auto text : {fields_.message, fields_.log, fields_.error})
      if (!text.empty()) return text;
    return line;
  }
  Header header;
  if (read_header(line, now, header))
    return header.length < line.size() ? line.substr(header.length) : line;
  if (line.find("=") != std::string_view::npos && read_logfmt(line, now, fields_, scratch_))
    return fields_.message;
  return line;
}

}  // namespace healer
