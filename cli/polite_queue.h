// In which order many runs begin, so that no host is asked twice at a time or in short succession. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace sonde::cli {

class PoliteQueue {
 public:
  /// `hosts[i]` is whom run i asks. At most `in_flight_max` runs at a time, one per host; the next to the same host
  /// begins `gap` after the one before it ended.
  PoliteQueue(std::vector<std::string> hosts, std::size_t in_flight_max, core::Duration gap);

  /// The next run that may begin now; nothing when all have begun, or none may yet. It counts as begun.
  [[nodiscard]] std::optional<std::size_t> next(core::MonoTime now);
  void ended(std::size_t run, core::MonoTime now);

  /// When to ask again although nothing ends before; nothing when only an end can change anything.
  [[nodiscard]] std::optional<core::MonoTime> when() const;
  [[nodiscard]] bool all_ended() const { return waiting_.empty() && in_flight_ == 0; }

 private:
  struct Host {
    bool busy = false;
    core::MonoTime free_at{};
  };

  std::vector<std::string> hosts_;
  std::size_t in_flight_max_;
  core::Duration gap_;
  std::deque<std::size_t> waiting_;  // in the order given
  std::map<std::string, Host, std::less<>> by_host_;
  std::size_t in_flight_ = 0;
};

}  // namespace sonde::cli
