// A reader of the log: its place in each class, what it has read and not committed, its totals.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "pipeline/class_stream.h"
#include "pipeline/cursor_store.h"
#include "pipeline/log.h"
#include "pipeline/stream_reader.h"

namespace sonde::pipeline {

/// What a cursor asks of its log.
class CursorHost {
 public:
  virtual ~CursorHost() = default;
  [[nodiscard]] virtual ClassStream& stream(std::size_t index) = 0;
  /// Records taken in and not yet in the stream, and the wall clock of the oldest of them.
  [[nodiscard]] virtual std::uint64_t window_count(std::size_t index) const = 0;
  [[nodiscard]] virtual std::int64_t window_first_ms(std::size_t index) const = 0;
  [[nodiscard]] virtual std::int64_t now_ms() const = 0;
  /// Places have changed and are to be saved.
  virtual void on_commit() = 0;
};

class LogCursor final : public Cursor {
 public:
  LogCursor(CursorHost& host, CursorState state);

  [[nodiscard]] const std::string& name() const override { return state_.name; }
  [[nodiscard]] Result<LogBatch> read(std::size_t bytes_max) override;
  void rewind() override;
  void commit(std::uint64_t next, std::uint64_t dead_lettered) override;
  [[nodiscard]] LogCounters counters() const override;
  [[nodiscard]] Duration oldest_pending() const override;
  void on_readable(Callback<void()> f) override { on_readable_ = std::move(f); }

  [[nodiscard]] const CursorState& state() const { return state_; }
  /// Places as they were last saved: only these may free segments.
  void mark_saved() { saved_ = state_.place; }
  [[nodiscard]] std::uint64_t saved_place(std::size_t index) const { return saved_[index]; }
  void notify() {
    if (on_readable_) on_readable_();
  }

 private:
  /// Records of one class that were read one after another.
  struct Span {
    std::size_t index = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t count = 0;
    ReadPlace last;  // where its last frame stands
    std::int64_t first_ms = 0;
  };
  /// Reading one class: the frame at hand.
  struct Source {
    explicit Source(ClassStream& stream) : reader(stream) {}
    StreamReader reader;
    ReadPlace place;
    std::optional<FoundFrame> frame;
    std::string text;
    std::size_t text_at = 0;
    bool loaded = false;
  };

  [[nodiscard]] std::uint64_t committed() const { return state_.delivered + state_.dead_lettered; }
  Result<Source*> next_source();
  Result<void> load(Source& source);
  bool take(Source& source, std::size_t index, std::size_t bytes_max, LogBatch& batch);
  void add_span(std::size_t index, const Source& source, std::uint64_t first_seq, std::uint64_t count);
  void advance(const Span& span, std::uint64_t count);

  CursorHost& host_;
  CursorState state_;
  std::array<std::uint64_t, kClasses> saved_{};
  std::array<ReadPlace, kClasses> hints_{};
  mutable std::array<std::unique_ptr<Source>, kClasses> sources_;  // mutable: looking for the oldest record reads
  std::deque<Span> spans_;                                         // read, not committed
  std::uint64_t read_ = 0;  // number of the next record to be read, as committed() counts
  Callback<void()> on_readable_;
};

}  // namespace sonde::pipeline
