#pragma once
#include <string>
#include <vector>

#include "ports/exec/process.h"

namespace healer {

// What this machine allows; found by trying.
struct SandboxMeans {
  bool user_namespace = true;   // else healer is root and drops its rights inside
  bool no_further_ones = true;  // --disable-userns: bubblewrap 0.8
  bool control_group = true;
};

// The numbers under which the sandbox finds what it is handed.
inline constexpr int kStatusFd = 9;  // the prologue writes one byte there just before argv starts
inline constexpr int kSeccompFd = 10;
inline constexpr int kInfoFd = 11;  // bubblewrap says there which process is the first inside
inline constexpr int kFirstFileFd = 12;

// A file of the sandbox's /etc that is not the machine's.
struct EtcFile {
  std::string path, text;
};
std::vector<EtcFile> etc_files(const SandboxMeans& means);

// bubblewrap's arguments for `command`; expects etc_files() from kFirstFileFd on.
std::vector<std::string> sandbox_argv(const SandboxCommand& command, const SandboxMeans& means);

}  // namespace healer
