// The order of runs.
#include "cli/polite_queue.h"

#include <algorithm>
#include <utility>

namespace sonde::cli {

PoliteQueue::PoliteQueue(std::vector<std::string> hosts, std::size_t in_flight_max, core::Duration gap)
    : hosts_(std::move(hosts)), in_flight_max_(in_flight_max), gap_(gap) {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    waiting_.push_back(i);
    by_host_.try_emplace(hosts_[i]);
  }
}

std::optional<std::size_t> PoliteQueue::next(core::MonoTime now) {
  if (in_flight_ == in_flight_max_) return std::nullopt;
  const auto it = std::ranges::find_if(waiting_, [this, now](std::size_t run) {
    const Host& host = by_host_[hosts_[run]];
    return !host.busy && host.free_at <= now;
  });
  if (it == waiting_.end()) return std::nullopt;
  const std::size_t run = *it;
  waiting_.erase(it);
  by_host_[hosts_[run]].busy = true;
  ++in_flight_;
  return run;
}

void PoliteQueue::ended(std::size_t run, core::MonoTime now) {
  Host& host = by_host_[hosts_[run]];
  host.busy = false;
  host.free_at = now + gap_;
  --in_flight_;
}

std::optional<core::MonoTime> PoliteQueue::when() const {
  std::optional<core::MonoTime> out;
  if (in_flight_ == in_flight_max_) return out;
  for (const std::size_t run : waiting_) {
    const Host& host = by_host_.find(hosts_[run])->second;
    if (!host.busy && (!out || host.free_at < *out)) out = host.free_at;
  }
  return out;
}

}  // namespace sonde::cli
