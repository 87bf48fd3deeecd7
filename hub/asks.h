// Companions that the judge asked for, until their prober comes by: a hub asks in its answers to writes, so that no
// prober need be reachable and no further connection is kept (docs/api.md).
#pragma once

#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/companion.h"
#include "core/time.h"

namespace sonde::hub {

inline constexpr std::size_t kAsksPerVantage = core::kAsksInHeaderMax;
inline constexpr std::size_t kVantagesWaiting = 10'000;

class Asks {
 public:
  /// What nobody has taken after `keep` is forgotten: the doubt has passed, or the judge asks again.
  explicit Asks(core::Duration keep) : keep_(keep) {}

  /// Keeps it for its vantage; beyond kAsksPerVantage the oldest goes.
  void put(core::CompanionAsk ask, core::MonoTime now);
  /// All that waits for these vantages, at most kAsksInHeaderMax; they are then no longer kept.
  [[nodiscard]] std::vector<core::CompanionAsk> take(std::span<const std::string> vantages, core::MonoTime now);

 private:
  struct Waiting {
    core::CompanionAsk ask;
    core::MonoTime since;
  };
  core::Duration keep_;
  std::map<std::string, std::deque<Waiting>, std::less<>> waiting_;
};

}  // namespace sonde::hub
