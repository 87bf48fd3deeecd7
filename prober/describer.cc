// Describing, a few hundred at a time.
#include "prober/describer.h"

namespace sonde::prober {
namespace {
constexpr Duration kPause = std::chrono::milliseconds{10};
}  // namespace

void Describer::write_some(std::size_t count) {
  const WallTime at = core::from_unix_ms(core::to_unix_ms(loop_.wall_now()));
  for (; count > 0 && !queue_.empty(); --count) {
    emit_(to_record(queue_.front()->target, at));
    queue_.pop_front();
  }
  later_.reset();
  if (!queue_.empty()) later_ = loop_.after(kPause, [this] { write(); });
}

void Describer::clear() {
  queue_.clear();
  later_.reset();
}

}  // namespace sonde::prober
