// The product as the benchmarks run it: a real prober on a real loop, writing to a real log on disk.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/probe_line.h"
#include "core/time.h"

namespace sonde::bench {

/// As many checks of one target as fast as `in_flight` allows: each with its record made, encoded, appended to the log
/// and, at the log's own pace, compressed and written. Only the scheduler has no part in it.
class FlatOut {
 public:
  struct Result {
    double cpu_seconds = 0;  // user + sys of this process
    std::size_t ok = 0;
  };

  /// `commit_interval`: the log's own pace, unless instructions are counted. How many commits fall into a run would
  /// then hang on how slow it is.
  FlatOut(const std::string& url, const std::string& ca_file, const std::string& log_directory,
          core::Duration commit_interval = std::chrono::milliseconds{200});
  ~FlatOut();
  FlatOut(const FlatOut&) = delete;
  FlatOut& operator=(const FlatOut&) = delete;

  Result run(std::size_t checks, std::size_t in_flight);

 private:
  struct Parts;
  void begin(std::size_t slot);
  void on_ended(std::size_t slot, core::Measurement m);

  std::unique_ptr<Parts> parts_;
};

/// Targets that all probe one URL, each once per `every`, for some time: nothing left out.
struct Paced {
  std::string url;
  std::string ca_file;
  std::string log_directory;
  std::size_t targets = 1;
  core::Duration every = std::chrono::seconds{1};
  int seconds = 1;                                          // counted, after two seconds that are not
  std::function<void(const core::ProbeResult&)> on_result;  // of each run that is counted; may be empty
};

struct PacedResult {
  std::size_t expected = 0;  // slots in the counted time
  std::size_t records = 0;   // of those slots
  std::size_t ok = 0;
  std::size_t suspect = 0;  // the prober did not trust itself: its loop was late by more than 50 ms
  double late_max = 0;      // start after the slot, seconds
  double cpu_seconds = 0;   // user + sys of this process in the counted time
  bool in_log = false;      // the log holds every record
  /// Nothing was late, lost or failed.
  [[nodiscard]] bool held() const { return in_log && records == expected && ok == expected && suspect == 0; }
};

[[nodiscard]] PacedResult run_paced(const Paced& plan);

/// CPU of one slot of the scheduler, in seconds: `slots` of them in a second, with nothing to do in each.
[[nodiscard]] double scheduler_cpu_seconds(std::size_t slots);
/// What the machine itself takes of it: CPU of one wake-up of a loop that does nothing but sleep to the next
/// millisecond, in seconds. All slots of a millisecond share one.
[[nodiscard]] double bare_wake_cpu_seconds();

}  // namespace sonde::bench
