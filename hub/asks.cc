// Asks in waiting.
#include "hub/asks.h"

#include <algorithm>
#include <utility>

namespace sonde::hub {

void Asks::put(core::CompanionAsk ask, core::MonoTime now) {
  std::erase_if(waiting_, [&](const auto& entry) { return now - entry.second.back().since > keep_; });
  if (waiting_.size() >= kVantagesWaiting && !waiting_.contains(ask.vantage)) return;
  std::deque<Waiting>& queue = waiting_[ask.vantage];
  std::erase_if(queue, [&](const Waiting& w) { return w.ask == ask; });
  if (queue.size() == kAsksPerVantage) queue.pop_front();
  queue.push_back({std::move(ask), now});
}

std::vector<core::CompanionAsk> Asks::take(std::span<const std::string> vantages, core::MonoTime now) {
  std::vector<core::CompanionAsk> taken;
  for (const std::string& vantage : vantages) {
    const auto it = waiting_.find(vantage);
    if (it == waiting_.end()) continue;
    std::deque<Waiting>& queue = it->second;
    while (!queue.empty() && taken.size() < core::kAsksInHeaderMax) {
      if (now - queue.front().since <= keep_) taken.push_back(std::move(queue.front().ask));
      queue.pop_front();
    }
    if (queue.empty()) waiting_.erase(it);
  }
  return taken;
}

}  // namespace sonde::hub
