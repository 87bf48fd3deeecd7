// The wall clocks of the vantages, as far as faults move them: a file for each, which a prober follows that has
// tests/e2e/log/step_clock.cc preloaded.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "services.h"

namespace sonde::world {

/// Where the file of a vantage is, below the world's output directory.
[[nodiscard]] std::string clock_file_name(const Vantage& v);

/// Each file holds eight bytes: how many nanoseconds the vantage's clock is ahead, in the machine's byte order. They
/// are changed in place, because probers have them mapped. `services` must outlive it. One thread.
class ClockFiles {
 public:
  explicit ClockFiles(const Services& services) : services_(services), shown_(services.world.vantages.size()) {}
  ~ClockFiles();
  ClockFiles(const ClockFiles&) = delete;
  ClockFiles& operator=(const ClockFiles&) = delete;

  /// Creates the files, with no clock ahead.
  [[nodiscard]] core::Result<void> create(const std::string& directory);
  /// Writes what has changed.
  void follow();

 private:
  const Services& services_;
  std::vector<core::Duration> shown_;  // by vantage
  std::vector<int> files_;
};

}  // namespace sonde::world
