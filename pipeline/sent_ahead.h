// Records of one class that a reader got by its live lane while older ones still wait. Kept in memory only: a process
// that is killed forgets them and sends those records again.
#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/class_stream.h"

namespace sonde::pipeline {

/// Records that a reader is done with: `dead_lettered` of them by giving up, of which `expired` for their age.
struct Done {
  std::uint64_t count = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t expired = 0;
};

/// A stretch of sequence numbers all of which are accounted for.
struct SentRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t evicted = 0;      // what was lost inside
  std::uint64_t quarantined = 0;  // and by damage
  std::uint64_t expired = 0;      // of the dead-lettered
};

/// The ranges in order, apart from each other. They grow at the end; one more begins for each time that the live lane
/// was opened.
class SentAhead {
 public:
  /// Records [first, first + done.count) are done with. `lost` is what no reader can get any more between the last
  /// range and `first`: where that is everything, the last range grows.
  void add(std::uint64_t first, const Done& done, const Lost& lost);
  /// One more, in front of all there will be; only while there is none.
  void begin_with(const SentRange& range);
  /// Where to go on at `seq`: behind the range that holds it, else `seq` itself.
  [[nodiscard]] std::uint64_t skip(std::uint64_t seq) const;
  /// Where the first range behind `seq` begins; UINT64_MAX when there is none.
  [[nodiscard]] std::uint64_t next_begin(std::uint64_t seq) const;
  /// Keeps at most kRangesMax: forgets the smallest, whose records are then sent again. Only while nothing is read.
  void forget_excess();

  [[nodiscard]] const std::vector<SentRange>& ranges() const { return ranges_; }
  void pop_front() { ranges_.erase(ranges_.begin()); }

  static constexpr std::size_t kRangesMax = 16;

 private:
  std::vector<SentRange> ranges_;
};

}  // namespace sonde::pipeline
