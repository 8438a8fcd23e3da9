#include "base/error.h"

namespace healer {

std::string_view errc_name(Errc code) {
  switch (code) {
    case Errc::invalid_input: return "invalid_input";
    case Errc::not_found: return "not_found";
    case Errc::conflict: return "conflict";
    case Errc::fenced: return "fenced";
    case Errc::full: return "full";
    case Errc::busy: return "busy";
    case Errc::timeout: return "timeout";
    case Errc::cancelled: return "cancelled";
    case Errc::denied: return "denied";
    case Errc::unsupported: return "unsupported";
    case Errc::corrupt: return "corrupt";
    case Errc::io: return "io";
    case Errc::upstream: return "upstream";
    case Errc::internal: return "internal";
  }
  return "internal";
}

std::string_view errc_sentence(Errc code) {
  switch (code) {
    case Errc::invalid_input: return "The input is not valid.";
    case Errc::not_found: return "There is no such thing.";
    case Errc::conflict: return "It changed in the meantime.";
    case Errc::fenced: return "A newer owner has taken this over.";
    case Errc::full: return "A limit or the disk is full.";
    case Errc::busy: return "It is in use; try again later.";
    case Errc::timeout: return "It took longer than its deadline.";
    case Errc::cancelled: return "It was stopped on request.";
    case Errc::denied: return "It is not allowed.";
    case Errc::unsupported: return "This is not supported.";
    case Errc::corrupt: return "The stored data is damaged.";
    case Errc::io: return "The operating system refused.";
    case Errc::upstream: return "An outside system answered with an error.";
    case Errc::internal: return "A fault inside healer.";
  }
  return "A fault inside healer.";
}

}  // namespace healer
