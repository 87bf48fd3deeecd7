// How far the clocks of those who write to this hub are from its own (RELIABILITY P11). Told by the writes themselves
// (pipeline/clock_note.h) and kept per vantage. What is found becomes a record `clock`, so that the judge reads it from
// the log like all else: the same records give the same verdicts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/record.h"
#include "core/time.h"
#include "pipeline/clock_note.h"

namespace sonde::hub {

/// What is known of one vantage's clock.
struct VantageClock {
  /// How far it is ahead of ours: the middle of what is possible, and half of its width. Before both ends are known
  /// `ahead` is the end that is, and `error` nothing.
  core::Duration ahead{};
  std::optional<core::Duration> error;
  bool wrong = false;  // at least 1 s off for sure, and not within 1 s since
};

class Clocks {
 public:
  /// More vantages than this are not kept, so that nobody fills the memory.
  static constexpr std::size_t kVantagesMax = 1000;

  /// Takes what a write said whose request was read at `wall` and `mono`. Returns the record `clock` where one is due:
  /// at once when `wrong` changes, else every 10 s while it is wrong and every minute while it is not.
  /// Slow or late requests only make what is known less exact: they never make a clock wrong.
  std::optional<core::Record> note(const pipeline::ClockNote& note, core::WallTime wall, core::MonoTime mono);

  /// Nothing when that vantage did not say.
  [[nodiscard]] std::optional<VantageClock> find(std::string_view vantage) const;
  [[nodiscard]] std::map<std::string, VantageClock> all() const;

 private:
  struct Entry {
    pipeline::ClockOffset bounds;
    core::MonoTime heard{};
    std::optional<core::MonoTime> told;
    core::WallTime told_stamp{};
    VantageClock clock;
  };

  static void narrow(Entry& entry, const pipeline::ClockOffset& seen, core::MonoTime now);
  void forget(core::MonoTime now);

  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sonde::hub
