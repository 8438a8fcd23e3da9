#pragma once
#include <string>

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

}  // namespace healer
