// A disk that could not be opened is tried again, and once it works what was taken in meanwhile goes behind what it
// holds.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "pipeline/log_impl.h"

namespace sonde::pipeline {
namespace {

// Opening scans all that is there: often at first, and rarely when it goes on failing.
constexpr core::Duration kPauseFirst = std::chrono::seconds{5};
constexpr core::Duration kPauseMax = std::chrono::minutes{1};

}  // namespace

void LogImpl::open_later() {
  open_pause_ = open_pause_ == core::Duration{} ? kPauseFirst : std::min(2 * open_pause_, kPauseMax);
  open_again_ = loop_.now() + open_pause_;
}

/// Holds readers and waiters while streams get other numbers. Without memory in the middle of that nobody's place is
/// known any more: the log then takes part in nothing, and leaves on disk what was there.
class LogImpl::Moving {
 public:
  explicit Moving(LogImpl& log) : log_(log) {
    log_.cursors_.swap(readers);
    log_.waiting_.swap(waiting_);
  }
  ~Moving() {
    log_.cursors_.swap(readers);
    log_.waiting_.swap(waiting_);
    log_.broken_off_ = !done;
  }
  Moving(const Moving&) = delete;
  Moving& operator=(const Moving&) = delete;

  std::vector<std::unique_ptr<LogCursor>> readers;
  bool done = false;

 private:
  LogImpl& log_;
  std::vector<Callback<void(Result<void>)>> waiting_;
};

// A log of another process or of a newer version is no reason to end now: it is left alone and asked for again.
void LogImpl::try_open() {
  ++disk_.tries;
  const auto fail = [this](const core::Error& why) {
    if (degraded_ != why.message) spdlog::error("log: {}; records are still kept in memory only", why.message);
    degraded_ = why.message;
    open_later();
  };
  if (const auto taken = take_directory(); !taken) return fail(taken.error());
  auto found = look();
  if (!found) return fail(found.error());
  move_to_disk(std::move(*found));
  if (!degraded_.empty()) return;  // it has failed again: what is in memory is readable from there, as ever
  spdlog::info("log: the disk works; what was kept in memory is put there");
  ++disk_.returns;
  record_gaps(memory_evicted_, "memory");
  commit();
}

// As if the log had been opened now and all that was taken in so far had come at once. Readers and waiters are put
// aside meanwhile: what the journal held must be durable before, and nobody may take that for their own records being
// so.
void LogImpl::move_to_disk(Found found) {
  (void)write_frames();  // no window stays
  Moving moving{*this};
  std::array<ClassStream::Memory, kClasses> memory;
  for (std::size_t i = 0; i < kClasses; ++i) memory[i] = streams_[i]->take_memory();
  const std::uint64_t memory_commits = std::exchange(commit_number_, 1) - 1;
  degraded_.clear();
  take_over(std::move(found));

  std::array<std::uint64_t, kClasses> shift{};
  for (std::size_t i = 0; i < kClasses; ++i) {
    shift[i] = streams_[i]->put_behind(std::move(memory[i]), commit_number_ - 1);
  }
  commit_number_ += memory_commits;
  for (auto& reader : moving.readers) reader->move_behind(shift, place_of(reader->name()));
  cursors_dirty_ = true;
  moving.done = true;
}

}  // namespace sonde::pipeline
