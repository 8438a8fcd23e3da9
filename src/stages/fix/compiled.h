#pragma once
#include <re2/re2.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stages/fix/playbook.h"

namespace healer {

struct Playbook::Compiled {
  std::vector<std::unique_ptr<re2::RE2>> text, refuse;
  std::map<std::string, std::vector<std::unique_ptr<re2::RE2>>> captures;
};

}  // namespace healer
