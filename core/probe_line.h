// A probe's result on its way into the log: its line of line protocol, written without a Record in between.
#pragma once

#include <string>

#include "core/measurement.h"
#include "core/target.h"
#include "core/time.h"

namespace sonde::core {

/// The tags of all results of one target, escaped and in order. Made once per target (about 200 bytes).
class ProbeTags {
 public:
  ProbeTags() = default;  // not ready
  ProbeTags(const Vantage& v, const Target& t);

  [[nodiscard]] bool ready() const { return !head_.empty(); }
  [[nodiscard]] const std::string& before_family() const { return head_; }
  [[nodiscard]] const std::string& after_family() const { return tail_; }

 private:
  std::string head_;  // "probe,check=http": `family`, the one tag that is known only after a run, comes next
  std::string tail_;  // ",partition=…" up to the last tag
};

/// One result with all that describes it. The references live as long as the call it is handed to.
struct ProbeResult {
  const Measurement& measurement;
  const Vantage& vantage;
  const Target& target;
  const ProbeTags& tags;  // of this vantage and target
  WallTime slot;          // scheduled start
};

/// Appends the line that encode_line(to_record(...)) would append, byte for byte; allocates only when `out` grows.
/// False, with `out` as it was, in the same cases.
bool encode_line(const ProbeResult& result, std::string& out);

/// For those who want to look into it.
[[nodiscard]] Record to_record(const ProbeResult& result);

}  // namespace sonde::core
