#pragma once

namespace healer {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace healer
