#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edit/editor.h"

namespace healer::edit {

enum class NodeKind { scalar, map, list, alias };

// One node of a parsed file with the bytes it came from. Only what an edit needs.
struct Node {
  std::string path;
  std::string key;         // decoded; empty for list items
  std::size_t parent = 0;  // index; the root is its own
  NodeKind kind = NodeKind::scalar;
  ScalarKind scalar = ScalarKind::string;
  std::string value;
  char quote = 0;            // ' or " as written, | for a block scalar, 0 for plain
  bool in_brackets = false;  // a map or list written {…} or […]
  Span span;           // scalars with quotes; maps and lists without brackets: from first child
  Span key_span;       // with quotes; empty for list items
  std::string locked;  // why the scalar cannot be set; empty if it can
};

// nodes[0] is the root; a parent precedes its children, siblings are in file order where the
// format's reader can tell.
struct Tree {
  std::vector<Node> nodes;

  std::vector<std::size_t> children(std::size_t parent) const;
  std::size_t end_of(std::size_t node) const;  // last byte after the node and all below it
  bool is_under(std::size_t node, std::size_t ancestor) const;
};

struct Splice {
  Span at;
  std::string text;
};

// What one format gives to editor.cc, which holds the law. The functions only propose; the law
// decides. Reading must be strict: what it accepts is what the edit may rely on.
struct FormatOps {
  Result<Tree> (*read)(std::string_view text);
  Result<Splice> (*set)(std::string_view text, const Tree& tree, std::size_t node,
                        std::string_view value);
  Result<Splice> (*add)(std::string_view text, const Tree& tree, std::size_t parent,
                        std::string_view key, std::string_view value);
  Result<Splice> (*remove)(std::string_view text, const Tree& tree, std::size_t node);
  std::string_view comment_beside;  // characters that begin a comment after a value
  std::string_view comment_above;   // … at the start of a line
  bool typed = false;               // a string and a number are different things to its readers
};

extern const FormatOps kYaml, kJson, kToml, kIni, kEnv, kProperties;

// `parent` joined with one more key, or with [index].
std::string join_key(std::string_view parent, std::string_view key);
std::string join_index(std::string_view parent, std::size_t index);

// Where the line that holds `offset` begins and ends (before its line end), and begins anew.
std::size_t line_start(std::string_view text, std::size_t offset);
std::size_t line_end(std::string_view text, std::size_t offset);
std::size_t next_line(std::string_view text, std::size_t offset);
std::size_t line_number(std::string_view text, std::size_t offset);  // from 1
bool is_blank(std::string_view text);

// "\r\n" where the text's first line end is one, else "\n".
std::string_view newline_of(std::string_view text);

// Puts whole `line` (no line end) behind the line that holds `offset`, whatever ends it.
Splice insert_line_after(std::string_view text, std::size_t offset, std::string_view line);

// Removes the whole lines [start, end) so that the final line end, or its absence, stays.
Splice remove_lines(std::string_view text, std::size_t start, std::size_t end);

// Length of a UTF-8 byte order mark at the start: 3 or 0.
std::size_t bom_length(std::string_view text);
bool is_utf8(std::string_view text);
void append_utf8(std::string& out, std::uint32_t code_point);

// "line N: what" as invalid_input.
std::unexpected<Error> syntax_error(std::string_view text, std::size_t offset,
                                    std::string_view what);

// True where a new value of this kind must stand in quotes among these siblings: one of them has
// such a value in quotes, and none has one without.
bool siblings_quote(const Tree& tree, const std::vector<std::size_t>& siblings, ScalarKind kind,
                    ScalarKind (*kind_of)(std::string_view));

// The type that an unquoted value reads as in formats whose files do not say.
ScalarKind kind_of_text(std::string_view text);

}  // namespace healer::edit
