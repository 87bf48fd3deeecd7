// Reading side of a class: what is there, what is lost.
#include <algorithm>

#include "pipeline/class_stream.h"

namespace sonde::pipeline {

std::uint64_t ClassStream::kept_seq() const {
  if (!segments_.empty()) return segments_.front().first_seq;
  if (!pending_.empty()) return pending_.front().header.first_seq;
  return next_seq_;
}

std::uint64_t ClassStream::newest_seq() const {
  if (memory_only_ && !pending_.empty()) return pending_.back().header.first_seq;
  return newest_durable_seq_ == 0 ? readable_end() : std::min(newest_durable_seq_, readable_end());
}

const PendingFrame* ClassStream::pending_frame(std::uint64_t seq) const {
  const auto it = std::upper_bound(pending_.begin(), pending_.end(), seq,
                                   [](std::uint64_t s, const PendingFrame& f) { return s < f.header.end_seq(); });
  return it == pending_.end() ? nullptr : &*it;
}

Lost ClassStream::lost_between(std::uint64_t from, std::uint64_t to) const {
  Lost lost;
  if (from >= to) return lost;
  const std::uint64_t kept = kept_seq();
  if (from < kept) lost.evicted += std::min(kept, to) - from;
  from = std::max(from, kept);
  for (const auto& [first, hole] : holes_) {
    const std::uint64_t begin = std::max(first, from);
    const std::uint64_t end = std::min(first + hole.count, to);
    if (begin >= end) continue;
    (hole.kind == FrameKind::kEvicted ? lost.evicted : lost.damaged) += end - begin;
  }
  return lost;
}

void ClassStream::add_hole(FrameHeader lost, FrameKind kind) {
  if (lost.count > 0) holes_[lost.first_seq] = {.count = lost.count, .kind = kind};
}

void ClassStream::report_damage(const Segment& segment, std::uint64_t offset, std::uint64_t end, FrameHeader lost) {
  if (end > offset) {
    auto file = files_.open(segment.path, io::OpenMode::kReadWrite);
    if (file) {
      const FrameHome home{options_.record_class, segment.number};
      quarantine_.keep(**file, home, offset, end);
      mark_damage(**file, {.home = home, .offset = offset, .end = end, .lost = lost});
    }
  }
  const Lost known = lost_between(lost.first_seq, lost.end_seq());
  if (known.damaged + known.evicted >= lost.count) return;
  add_hole(lost, FrameKind::kDamaged);
  host_.on_damage(options_.record_class, lost);
}

}  // namespace sonde::pipeline
