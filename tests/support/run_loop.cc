// Driving a loop in tests.
#include "tests/support/run_loop.h"

namespace sonde::test {

bool run_loop_until(io::Loop& loop, const std::function<bool()>& done, io::Duration deadline) {
  const io::MonoTime end = loop.precise_now() + deadline;
  io::Handle tick;
  std::function<void()> look = [&] {
    if (done() || loop.precise_now() >= end) {
      loop.stop();
      return;
    }
    tick = loop.after(std::chrono::milliseconds{1}, [&] { look(); });
  };
  if (done()) return true;
  tick = loop.soon([&] { look(); });
  loop.run();
  return done();
}

void run_turns(io::Loop& loop, int turns) {
  io::Handle next;
  std::function<void()> count = [&] {
    if (--turns <= 0) {
      loop.stop();
      return;
    }
    next = loop.soon([&] { count(); });
  };
  next = loop.soon([&] { count(); });
  loop.run();
}

}  // namespace sonde::test
