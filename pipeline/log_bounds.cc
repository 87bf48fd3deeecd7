// What may go and what must go: delivered segments, and the bounds on bytes, age and free disk (RELIABILITY P5, P6).
#include <algorithm>
#include <limits>

#include <spdlog/spdlog.h>

#include "core/schema.h"
#include "pipeline/log_impl.h"

namespace sonde::pipeline {
namespace {

constexpr core::Duration kBoundsInterval = std::chrono::seconds{1};

}  // namespace

void Loss::add(std::uint64_t n, std::int64_t first, std::int64_t last) {
  if (n == 0) return;
  first_ms = count == 0 ? first : std::min(first_ms, first);
  last_ms = count == 0 ? last : std::max(last_ms, last);
  count += n;
}

// Segments that all readers are done with, and have their places saved behind. The last one stays: it is written to.
void LogImpl::trim() {
  if (cursors_.empty()) return;
  for (std::size_t i = 0; i < kClasses; ++i) {
    std::uint64_t done = std::numeric_limits<std::uint64_t>::max();
    for (const auto& c : cursors_) done = std::min(done, c->saved_place(i));
    bool removed = false;
    while (streams_[i]->segments().size() > 1 && streams_[i]->segments().front().end_seq <= done) {
      if (!streams_[i]->remove_front()) break;
      removed = true;
    }
    if (removed) (void)streams_[i]->sync_directory();  // a name that comes back after a crash is removed again
  }
}

// A class's last segment stays while it is written to; that of class A always, because gap records go there.
bool LogImpl::pick(Victims& victims, std::size_t busy) const {
  for (std::size_t i = kClasses; i-- > 0;) {
    const auto& segments = streams_[i]->segments();
    const std::size_t in_use = i == 0 || i == busy || streams_[i]->dirty() ? 1 : 0;
    if (segments.size() > victims[i] + in_use) {
      ++victims[i];
      return true;
    }
  }
  return false;
}

// Counts what some reader still had to get of a segment.
void LogImpl::note_eviction(std::size_t index, const Segment& segment, Loss& loss) {
  std::uint64_t from = cursors_.empty() ? segment.first_seq : segment.end_seq;
  for (const auto& c : cursors_) from = std::min(from, c->state().place[index]);
  from = std::max(from, segment.first_seq);
  if (from >= segment.end_seq) return;
  std::uint64_t count = 0;
  if (cursors_.empty()) {
    const Lost known = streams_[index]->lost_between(from, segment.end_seq);
    count = segment.end_seq - from - known.damaged - known.evicted;
  }
  for (const auto& c : cursors_) count = std::max(count, c->owed(index, from, segment.end_seq));
  std::int64_t first_ms = segment.first_ms;
  if (from > segment.first_seq) {
    StreamReader reader{*streams_[index]};
    ReadPlace place{.seq = from};
    const auto found = reader.find(place);
    if (found && *found) first_ms = (*found)->header.first_ms;
  }
  loss.add(count, first_ms, segment.last_ms);
}

void LogImpl::record_gap(std::size_t index, const Loss& loss, std::string_view cause) {
  core::Record gap;
  gap.measurement = core::measurement::kGap;
  for (const auto& [key, value] : options_.own_tags) gap.add_tag(key, value);
  gap.add_tag("class", pipeline::name(static_cast<RecordClass>(index)));
  gap.add_field("count", static_cast<std::int64_t>(loss.count));
  gap.add_field("first_ms", loss.first_ms);
  gap.add_field("last_ms", loss.last_ms);
  gap.add_field("cause", std::string{cause});
  last_gap_ms_ = std::max(last_gap_ms_ + 1, now_ms());  // its identity must be its own
  gap.time = core::from_unix_ms(last_gap_ms_);
  spdlog::warn("log: {} records of class {} were lost ({})", loss.count,
               pipeline::name(static_cast<RecordClass>(index)), cause);
  append(gap);
}

void LogImpl::record_gaps(std::array<Loss, kClasses>& losses, std::string_view cause) {
  for (std::size_t i = 0; i < kClasses; ++i) {
    const Loss loss = std::exchange(losses[i], {});
    if (loss.count > 0) record_gap(i, loss, cause);
  }
}

bool LogImpl::remove_oldest(std::size_t index) {
  const auto removed = streams_[index]->remove_front();
  if (!removed) spdlog::error("log: {}", removed.error().message);
  return static_cast<bool>(removed);
}

// The emergency way, in the middle of a write: the gap record can only follow.
bool LogImpl::evict_one(std::string_view cause) {
  Victims victims{};
  if (!pick(victims, writing_)) return false;
  const auto index = static_cast<std::size_t>(std::find(victims.begin(), victims.end(), 1U) - victims.begin());
  std::array<Loss, kClasses> losses;
  note_eviction(index, streams_[index]->segments().front(), losses[index]);
  if (!remove_oldest(index)) return false;
  (void)streams_[index]->sync_directory();
  record_gaps(losses, cause);
  return true;
}

bool LogImpl::free_some() { return evict_one("disk_full"); }

bool LogImpl::within_bounds(std::uint64_t more) { return bytes_on_disk() + more <= options_.bytes_max; }

bool LogImpl::make_room(std::uint64_t bytes) {
  while (!within_bounds(bytes)) {
    if (!evict_one("max_bytes")) return false;
  }
  while (true) {
    const auto free = files_.free_bytes(options_.directory);
    if (!free || *free >= options_.free_bytes_min + bytes) return true;  // not known: the write itself will tell
    if (!evict_one(*free < bytes ? "disk_full" : "min_free")) return false;
  }
}

// How many of the oldest segments are past their age.
LogImpl::Victims LogImpl::too_old() const {
  Victims victims{};
  const std::int64_t limit = now_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(options_.age_max).count();
  for (std::size_t i = 0; i < kClasses; ++i) {
    for (const Segment& s : streams_[i]->segments()) {
      if (s.last_ms == 0 || s.last_ms >= limit || s.end_seq > streams_[i]->readable_end()) break;
      ++victims[i];
    }
  }
  return victims;
}

std::uint64_t LogImpl::bytes_of(const Victims& victims) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    for (std::size_t k = 0; k < victims[i]; ++k) sum += streams_[i]->segments()[k].bytes_on_disk();
  }
  return sum;
}

// The planned way: gap records are durable before anything goes.
void LogImpl::keep_bounds() {
  if (bounds_checked_ != core::MonoTime{} && loop_.now() - bounds_checked_ < kBoundsInterval) return;
  bounds_checked_ = loop_.now();
  if (!degraded_.empty()) return;
  std::string_view cause = "max_age";
  Victims victims = too_old();
  while (bytes_on_disk() - bytes_of(victims) > options_.bytes_max && pick(victims, kClasses)) cause = "max_bytes";
  const auto free = files_.free_bytes(options_.directory);
  while (free && *free + bytes_of(victims) < options_.free_bytes_min && pick(victims, kClasses)) cause = "min_free";
  std::array<Loss, kClasses> losses;
  std::array<std::uint64_t, kClasses> up_to{};  // numbers, since making room for the gap records may remove some
  for (std::size_t i = 0; i < kClasses; ++i) {
    for (std::size_t k = 0; k < victims[i]; ++k) {
      note_eviction(i, streams_[i]->segments()[k], losses[i]);
      up_to[i] = streams_[i]->segments()[k].number;
    }
  }
  record_gaps(losses, cause);
  (void)write_frames();
  if (!sync_streams()) return;  // nothing goes before its gap record stays; the next commit meets the same error
  for (std::size_t i = 0; i < kClasses; ++i) {
    const auto& segments = streams_[i]->segments();
    while (!segments.empty() && segments.front().number <= up_to[i] && remove_oldest(i)) {
    }
    if (up_to[i] > 0) (void)streams_[i]->sync_directory();
  }
}

void LogImpl::keep_memory_bound() {
  if (degraded_.empty()) return;
  while (true) {
    std::uint64_t bytes = 0;
    for (const auto& s : streams_) bytes += s->pending_bytes();
    if (bytes <= options_.memory_bytes_max) return;
    std::size_t index = kClasses;
    std::optional<FrameHeader> dropped;
    while (!dropped && index-- > 0) dropped = streams_[index]->drop_oldest_pending();
    if (!dropped) return;
    memory_evicted_[index].add(dropped->count, dropped->first_ms, dropped->last_ms);
  }
}

void LogImpl::on_damage(RecordClass record_class, const FrameHeader& lost) {
  damaged_[static_cast<std::size_t>(record_class)].add(lost.count, lost.first_ms, lost.last_ms);
  announce();
}

}  // namespace sonde::pipeline
