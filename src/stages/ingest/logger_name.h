#pragma once
#include <string_view>

namespace healer {

// Whether a word before a colon reads as the name of a logger ("shop.db", "HttpServer", "kubelet")
// rather than as the first word of a message ("Connected:", "failed:").
bool is_logger_name(std::string_view word);

// A word that a header may hold and prose does not: a number, an identifier with digits or
// punctuation, an upper-case word, or a dash.
bool is_header_word(std::string_view word);

}  // namespace healer
