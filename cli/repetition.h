// What repeated runs of one target come to: `sonde check --watch`. Bounded: the newest runs only.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/terminal.h"
#include "core/measurement.h"

namespace sonde::cli {

class Repetition {
 public:
  void add(const core::Measurement& m);

  /// Of runs that succeeded, in seconds; nothing while there is none.
  struct Times {
    double smallest = 0;
    double median = 0;
    double largest = 0;
  };
  [[nodiscard]] std::optional<Times> times() const;
  [[nodiscard]] std::size_t runs() const { return runs_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] std::size_t unknown() const { return unknown_; }
  /// Failures among the runs that say something about the target, in percent; nothing while there is none.
  [[nodiscard]] std::optional<double> loss_percent() const;
  [[nodiscard]] const core::Outcome& last() const { return last_; }
  [[nodiscard]] std::optional<double> last_seconds() const;
  /// The newest outcome that was not fine, and how many runs ago it was.
  [[nodiscard]] const std::optional<core::Outcome>& last_trouble() const { return trouble_; }
  [[nodiscard]] std::size_t runs_since_trouble() const { return runs_ - trouble_run_; }
  /// The newest runs as one sign each: height for time, a cross for a failure, a question mark for not known.
  [[nodiscard]] std::string strip(int columns, const Terminal& t) const;

 private:
  struct Sample {
    double seconds = 0;
    core::Status status = core::Status::kOk;
  };
  std::deque<Sample> samples_;  // newest last
  std::size_t runs_ = 0;
  std::size_t failed_ = 0;
  std::size_t unknown_ = 0;
  core::Outcome last_;
  std::optional<core::Outcome> trouble_;
  std::size_t trouble_run_ = 0;
};

/// A name and what its runs came to.
struct RepeatedTarget {
  std::string_view name;
  const Repetition* runs = nullptr;
};
/// A table with a line per target, and a second one for its newest trouble. At most `rows_max` lines; the rest is
/// counted in a last one.
[[nodiscard]] std::string repetition_table(std::span<const RepeatedTarget> targets, int rows_max, const Terminal& t);

}  // namespace sonde::cli
