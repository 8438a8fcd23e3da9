#include "app/commands/interrupt.h"

namespace healer {

Interrupts::Interrupts() {
  sigemptyset(&set_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

Interrupts::~Interrupts() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int Interrupts::wait() const {
  int number = 0;
  sigwait(&set_, &number);
  return number;
}

bool Interrupts::within(Millis longest) const {
  const timespec time{.tv_sec = longest.count() / 1000,
                      .tv_nsec = longest.count() % 1000 * 1'000'000};
  const int number = sigtimedwait(&set_, nullptr, &time);
  return number == SIGINT || number == SIGTERM;
}

}  // namespace healer
