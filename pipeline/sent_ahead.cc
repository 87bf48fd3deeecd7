// Ranges of records that were sent before their turn.
#include "pipeline/sent_ahead.h"

#include <algorithm>

#include "core/check.h"

namespace sonde::pipeline {

void SentAhead::add(std::uint64_t first, const Done& done, const Lost& lost) {
  const bool grows = !ranges_.empty() && ranges_.back().end + lost.evicted + lost.damaged >= first;
  if (!grows) ranges_.push_back({.first = first, .end = first});
  SentRange& last = ranges_.back();
  if (grows && first > last.end) {
    const std::uint64_t gap = first - last.end;
    const std::uint64_t damaged = std::min(lost.damaged, gap);
    last.quarantined += damaged;
    last.evicted += gap - damaged;
  }
  last.end = first + done.count;
  last.delivered += done.count - done.dead_lettered;
  last.dead_lettered += done.dead_lettered;
  last.expired += done.expired;
}

void SentAhead::begin_with(const SentRange& range) {
  SONDE_CHECK(ranges_.empty(), "the first range comes first");
  if (range.end > range.first) ranges_.push_back(range);
}

std::uint64_t SentAhead::skip(std::uint64_t seq) const {
  for (const SentRange& range : ranges_) {
    if (range.first <= seq && seq < range.end) return range.end;
  }
  return seq;
}

std::uint64_t SentAhead::next_begin(std::uint64_t seq) const {
  for (const SentRange& range : ranges_) {
    if (range.first > seq) return range.first;
  }
  return UINT64_MAX;
}

void SentAhead::forget_excess() {
  const auto size = [](const SentRange& r) { return r.end - r.first; };
  while (ranges_.size() > kRangesMax) {
    ranges_.erase(std::min_element(ranges_.begin(), ranges_.end(),
                                   [&](const SentRange& a, const SentRange& b) { return size(a) < size(b); }));
  }
}

}  // namespace sonde::pipeline
