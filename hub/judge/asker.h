// Which companions would settle what is in doubt (ATTRIBUTION 2.7): asked of probers that see the trouble, few, and not
// again at once. What they bring comes back as records and is judged like all else.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "core/companion.h"
#include "hub/judge/companions.h"
#include "hub/judge/scene.h"

namespace sonde::hub::judge {

inline constexpr std::size_t kAsksPerDoubt = 15;    // of each kind, in one round
inline constexpr std::size_t kAsksPerVantage = 6;   // in one round, over all doubts: 3 s apart that fills a short round
inline constexpr std::int64_t kAskAgainRounds = 3;  // after no answer; and after an answer three times that

/// Remembers what it asked for. Pure: the same rounds give the same asks.
class Asker {
 public:
  /// The asks at the end of a round, by vantage, target and kind. For doubts about names: the second resolver and the
  /// last address; for doubts about connections between causes of several classes: the plain port. From a vantage
  /// without troubles, now and then, the second resolver, to know whether asking one works there at all.
  [[nodiscard]] std::vector<core::CompanionAsk> ask(const Scene& scene, std::span<const Finding> findings,
                                                    std::int64_t round);

 private:
  struct Round;  // what is asked in one round
  void ask_about(Round& r, const Finding& f, core::CompanionKind kind, std::size_t targets_per_vantage);
  void ask_in_quiet(Round& r);
  bool put(Round& r, std::uint32_t cell, core::CompanionKind kind);

  std::map<std::pair<std::uint32_t, core::CompanionKind>, std::int64_t> asked_;  // (cell, kind): the latest round
  std::vector<std::int64_t> quiet_asked_;                                        // by vantage: the latest round
};

}  // namespace sonde::hub::judge
