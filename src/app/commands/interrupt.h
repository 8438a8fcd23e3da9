#pragma once
#include <signal.h>

#include "base/time.h"

namespace healer {

// SIGINT, SIGTERM and SIGHUP for the one thread that waits for them; they end nothing until this is
// gone. Made before any other thread.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  int wait() const;                   // the next one's number
  bool within(Millis longest) const;  // SIGINT or SIGTERM came; false once the time is over

 private:
  sigset_t set_, before_;
};

}  // namespace healer
