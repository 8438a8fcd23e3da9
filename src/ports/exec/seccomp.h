#pragma once
#include "ports/exec/process.h"

namespace healer {

// A memory file with the compiled filter of the sandbox: system calls that no check of a repository
// needs and that kernels have been broken with fail with EPERM.
Result<Fd> seccomp_file();

}  // namespace healer
