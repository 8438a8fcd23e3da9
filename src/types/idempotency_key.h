#pragma once
#include <cstdint>
#include <string>

namespace healer {

// A client's word that a request with this key is one and the same, however often it comes.
struct IdempotencyKey {
  std::string route, key;
  std::uint64_t request = 0;  // hash of what came with it: the key of another request is refused

  bool empty() const { return key.empty(); }
};

}  // namespace healer
