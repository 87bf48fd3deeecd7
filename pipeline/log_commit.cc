// The group commit: window -> frames -> fdatasync -> cursors -> what may go; and what is done when the disk fails.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/check.h"
#include "pipeline/log_impl.h"

namespace sonde::pipeline {
namespace {

constexpr core::Duration kTick = std::chrono::seconds{5};

}  // namespace

NextSeqs LogImpl::next_seqs() const {
  NextSeqs out{};
  for (std::size_t i = 0; i < kClasses; ++i) out[i] = streams_[i]->next_seq();
  return out;
}

void LogImpl::arm_commit() {
  if (commit_timer_) return;
  commit_timer_ = loop_.after(options_.commit_interval, [this] {
    commit_timer_.reset();
    commit();
  });
}

void LogImpl::commit() {
  if (committing_ || broken_off_) return;
  commit_all();
  const bool more = std::any_of(windows_.begin(), windows_.end(), [](const Window& w) { return w.count > 0; });
  if (more) arm_commit();
  // A gap record that came in between and found no journal: it tells of what is gone already.
  if (!std::exchange(frames_due_, false) || !more || !degraded_.empty()) return;
  if (const auto written = write_frames(); !written) degrade(written.error());
}

void LogImpl::commit_all() {
  const Scoped committing{committing_, true};
  commit_timer_.reset();
  (void)write_frames();  // syncing tries again, and tells what is wrong
  if (degraded_.empty()) {
    auto synced = sync_streams();
    if (!synced) {
      for (auto& s : streams_) s->abandon_segment();
      synced = sync_streams();
    }
    if (!synced) degrade(synced.error());
    settle_waiters(synced);
  } else {
    settle_waiters(core::Error{core::ErrorCode::kIo, degraded_});
  }
  keep_memory_bound();
  if (disk_ready_) {
    save_cursors();
    trim();
    keep_bounds();
  }
  announce();
}

// Frames of one commit carry one number: readers put the classes back in order by it.
Result<void> LogImpl::write_frames() {
  save_stamps_ahead();
  bool any = false;
  for (std::size_t i = 0; i < kClasses; ++i) {
    Window& window = windows_[i];
    if (window.count == 0) continue;
    any = true;
    FrameHeader described;
    described.count = window.count;
    described.commit = commit_number_;
    described.first_ms = window.first_ms;
    described.last_ms = window.last_ms;
    streams_[i]->add(window.lines, described);
    window = {};  // not before: without memory for the frame it stays a window
  }
  if (!any) return {};
  ++commit_number_;
  if (!degraded_.empty() || !disk_ready_) return {};
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (!streams_[i]->dirty()) continue;
    const Scoped writing{writing_, i};
    if (auto written = streams_[i]->write(); !written) return written;
  }
  if (!journal_ready_) return {};
  if (!journal_.reset(next_seqs(), commit_number_)) return {};  // frames have what it would have
  // Making room may have added gap records while frames were written.
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (windows_[i].count > 0) journal_window(i, windows_[i].lines, windows_[i].count);
  }
  return {};
}

// After the clock has gone back, probe records bear times that it does not show yet, and frames do not tell those: the
// slot of the cursors does, and before the records leave the journal.
void LogImpl::save_stamps_ahead() {
  const bool any = windows_[static_cast<std::size_t>(RecordClass::kB)].count > 0;
  if (!any || !disk_ready_ || newest_stamp_ms_ <= now_ms()) return;
  cursors_dirty_ = true;
  save_cursors();
}

Result<void> LogImpl::sync_streams() {
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (!streams_[i]->dirty()) continue;
    const Scoped writing{writing_, i};
    if (auto synced = streams_[i]->sync(); !synced) return synced;
  }
  return {};
}

void LogImpl::degrade(const core::Error& why) {
  spdlog::error("log: {}; records are kept in memory until the disk works again", why.message);
  ++disk_.failures;
  degraded_ = why.message;
  for (auto& s : streams_) {
    s->abandon_segment();
    s->set_memory_only(true);
  }
}

Result<void> LogImpl::write_all() {
  const Scoped committing{committing_, true};
  (void)write_frames();
  return sync_streams();
}

void LogImpl::try_disk() {
  if (degraded_.empty() || !disk_ready_) return;
  ++disk_.tries;
  if (const auto written = write_all(); !written) {
    degraded_ = written.error().message;
    for (auto& s : streams_) s->abandon_segment();
    return;
  }
  for (auto& s : streams_) s->set_memory_only(false);
  spdlog::info("log: the disk works again");
  ++disk_.returns;
  degraded_.clear();
  if (!journal_ready_) {
    journal_ready_ = static_cast<bool>(journal_.start(next_seqs(), commit_number_));
  } else {
    journal_ready_ = static_cast<bool>(journal_.reset(next_seqs(), commit_number_));
  }
  record_gaps(memory_evicted_, "memory");
}

// One that could not be begun when the log was opened: until it can, each record is written as a frame.
void LogImpl::try_journal() {
  if (journal_ready_ || !disk_ready_ || !degraded_.empty()) return;
  commit();
  if (degraded_.empty()) journal_ready_ = static_cast<bool>(journal_.start(next_seqs(), commit_number_));
}

void LogImpl::settle_waiters(const Result<void>& result) {
  settled_.reserve(settled_.size() + waiting_.size());
  for (auto& done : waiting_) settled_.push_back({.done = std::move(done), .result = result});
  waiting_.clear();
}

void LogImpl::save_cursors() {
  if (!cursors_dirty_) return;
  CursorSlot slot{.states = dormant_, .newest_stamp_ms = newest_stamp_ms_};
  for (const auto& c : cursors_) slot.states.push_back(c->state());
  if (const auto saved = store_.save(slot); !saved) {
    spdlog::warn("log: {}; after a restart some records are sent again", saved.error().message);
    arm_commit();
    return;
  }
  cursors_dirty_ = false;
  for (const auto& c : cursors_) c->mark_saved();
}

// Readers and waiters run in a turn of their own: they may append, commit and destroy.
void LogImpl::announce() {
  if (!announce_step_) {
    announce_step_ = loop_.soon([this] {
      announce_step_.reset();
      announced();
    });
  }
}

void LogImpl::announced() {
  record_gaps(damaged_, "damaged");
  for (Waiter& w : std::exchange(settled_, {})) w.done(w.result);
  for (std::size_t i = 0; i < cursors_.size(); ++i) cursors_[i]->notify();  // a reader may add a cursor
}

void LogImpl::on_commit() {
  cursors_dirty_ = true;
  arm_commit();
}

void LogImpl::tick() {
  tick_timer_ = loop_.after(kTick, [this] { tick(); });
  if (broken_off_) return;
  if (!disk_ready_ && !degraded_.empty() && loop_.now() >= open_again_) try_open();
  try_disk();
  try_journal();
  bounds_checked_ = {};
  commit();
}

}  // namespace sonde::pipeline
