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
#include "pipeline/sent_ahead.h"
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
  /// False while records may still have to be moved behind those of a disk that cannot be opened yet.
  [[nodiscard]] virtual bool may_have_lanes() const = 0;
  /// Places have changed and are to be saved.
  virtual void on_commit() = 0;
};

class LogCursor final : public Cursor {
 public:
  LogCursor(CursorHost& host, CursorState state);

  [[nodiscard]] const std::string& name() const override { return state_.name; }
  [[nodiscard]] Result<LogBatch> read(std::size_t bytes_max) override;
  bool open_live(Duration age) override;
  [[nodiscard]] Result<LogBatch> read_live(std::size_t bytes_max) override;
  void rewind() override;
  void commit(std::uint64_t next, std::uint64_t dead_lettered, std::uint64_t expired) override;
  [[nodiscard]] LogCounters counters() const override;
  [[nodiscard]] Duration oldest_pending() const override;
  void on_readable(Callback<void()> f) override { on_readable_ = std::move(f); }

  /// What it got so far was numbered by a log in memory, whose records now stand behind those of the disk: in each
  /// class by `shift`. `on_disk` is its place there. What was read and is not committed stays so: it counts as sent
  /// ahead.
  void move_behind(const std::array<std::uint64_t, kClasses>& shift, CursorState on_disk);

  [[nodiscard]] const CursorState& state() const { return state_; }
  /// Places as they were last saved: only these may free segments.
  void mark_saved() { saved_ = state_.place; }
  [[nodiscard]] std::uint64_t saved_place(std::size_t index) const { return saved_[index]; }
  /// How many records of [from, to) this reader has neither got nor lost yet.
  [[nodiscard]] std::uint64_t owed(std::size_t index, std::uint64_t from, std::uint64_t to) const;
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
    bool live = false;  // read by the live lane
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

    void drop_frame() {
      frame.reset();
      loaded = false;
      text = {};
    }
  };

  /// One way through all classes.
  struct Lane {
    std::array<std::unique_ptr<Source>, kClasses> sources;
    std::array<std::uint64_t, kClasses> begin{};  // of the live lane: where the backlog ends
  };

  [[nodiscard]] Lane make_lane() const;
  [[nodiscard]] std::uint64_t limit(const Lane& lane, std::size_t index) const;
  Result<void> find_frame(Lane& lane, std::size_t index) const;
  Result<std::optional<std::size_t>> next_class(Lane& lane) const;
  static Result<void> load(Source& source);
  Result<LogBatch> read_lane(Lane& lane, std::size_t bytes_max);
  bool take(Lane& lane, std::size_t index, std::size_t bytes_max, LogBatch& batch);
  void add_span(std::size_t index, const Lane& lane, std::uint64_t first_seq, std::uint64_t count);
  void advance(const Span& span, const Done& done);
  void pass(std::size_t index, std::uint64_t to);
  void pass_lost(std::size_t index, std::uint64_t to);
  void absorb(std::size_t index);

  CursorHost& host_;
  CursorState state_;
  std::array<std::uint64_t, kClasses> saved_{};
  std::array<ReadPlace, kClasses> hints_{};
  mutable Lane backlog_;                   // mutable: looking for the oldest record reads
  std::unique_ptr<Lane> live_;             // while it is open
  std::array<SentAhead, kClasses> ahead_;  // committed by the live lane, behind places
  std::deque<Span> spans_;                 // read, not committed
  std::uint64_t committed_ = 0;            // records that were committed, over all time
  std::uint64_t read_ = 0;                 // number of the next record to be read, counted like these
  Callback<void()> on_readable_;
};

}  // namespace sonde::pipeline
