#pragma once
#include <string>
#include <string_view>

#include "types/fields.h"

namespace healer {

// A deploy event: POST /api/v1/deploys, or the local forge's deploy.
struct Deploy {
  std::string service;
  std::string environment;
  std::string commit;
  std::string image;
  std::string status = "success";  // success, started or failed
  UtcTime at;
};
template <>
struct FieldsOf<Deploy> {
  static constexpr auto table = std::tuple{
      field("service", &Deploy::service, "service of healer.yaml", true),
      field("environment", &Deploy::environment, "environment"),
      field("commit", &Deploy::commit, "commit that now runs"),
      field("image", &Deploy::image, "image that now runs"),
      field("status", &Deploy::status, "success, started or failed"),
      field("at", &Deploy::at, "when; default now"),
  };
};

// What tells the records of one deploy from those of another: its commit, else its image.
inline const std::string& version_of(const Deploy& deploy) {
  return deploy.commit.empty() ? deploy.image : deploy.commit;
}

// The commit id that a version names, perhaps abbreviated: itself, or the last hexadecimal word of
// 7 to 40 digits in an image's tag ("shop:1.4-3f70c38"). Empty: none.
std::string_view commit_in(std::string_view version);

}  // namespace healer
