// Drives one sink from one cursor: read, deliver, commit, and wait when it fails. Which lane goes when:
// docs/log-format.md, "Two lanes".
#include <algorithm>
#include <deque>
#include <random>
#include <utility>

#include <spdlog/spdlog.h>

#include "pipeline/sink.h"

namespace sonde::pipeline {
namespace {

using core::Duration;
using core::MonoTime;

constexpr Duration kBackOffFirst = std::chrono::milliseconds{250};
// With what a delivery takes, this keeps the newest result within 5 s of a sink's return (RELIABILITY P12). It may be
// short: what is tried first is small, and once in 3 s is less than a sink gets while all is well.
constexpr Duration kBackOffMax = std::chrono::seconds{3};
constexpr Duration kBackOffMin = std::chrono::milliseconds{10};  // a jitter of zero must not spin
constexpr Duration kRetryAfterMax = std::chrono::minutes{5};
constexpr Duration kBlockedPause = std::chrono::seconds{60};
constexpr Duration kBehind = std::chrono::seconds{3};  // records that wait longer than that must not hide newer ones
/// A delivery from the backlog holds the live lane up: its size follows how long the last one took.
constexpr Duration kBacklogTurnShort = std::chrono::milliseconds{250};
constexpr Duration kBacklogTurnLong = std::chrono::seconds{1};
constexpr std::size_t kBacklogBytesMin = 16 * 1024;

}  // namespace

std::string_view name(SinkState s) {
  switch (s) {
    case SinkState::kIdle:
      return "idle";
    case SinkState::kDelivering:
      return "delivering";
    case SinkState::kBackingOff:
      return "backing_off";
    case SinkState::kBlocked:
      return "blocked";
  }
  return "";
}

class Pump::Impl {
 public:
  Impl(io::Loop& loop, Cursor& cursor, Sink& sink, Options options)
      : loop_(loop), cursor_(cursor), sink_(sink), options_(options), random_(options.seed) {
    cursor_.rewind();  // what an earlier pump read and did not commit
    cursor_.on_readable([this] { on_readable(); });
    on_readable();
  }
  ~Impl() { cursor_.on_readable({}); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  SinkState state = SinkState::kIdle;
  std::string error;

  [[nodiscard]] Cursor& cursor() const { return cursor_; }
  [[nodiscard]] const Sink& sink() const { return sink_; }

 private:
  /// A batch that was taken and may still be lost by the other side.
  struct Held {
    std::uint64_t next = 0;
    std::uint64_t dead_lettered = 0;
    std::uint64_t expired = 0;
    MonoTime taken{};
  };

  void on_readable() {
    more_ = true;
    if (state == SinkState::kIdle && !timer_) wait(options_.linger);
  }

  void wait(Duration delay) {
    timer_ = loop_.after(delay, [this] {
      timer_.reset();
      start();
    });
  }

  // The next batch: of the live lane when its turn has come, else of the backlog, or of the one lane there is.
  Result<LogBatch> next_batch() {
    const std::size_t bytes_max = sink_.batch_bytes_max();
    two_lanes_ = sink_.newest_first() && cursor_.open_live(kBehind);
    live_turn_ = two_lanes_ && loop_.now() >= live_due_;
    if (live_turn_) {
      auto batch = cursor_.read_live(bytes_max);
      if (!batch || batch->records > 0) return batch;
      live_turn_ = false;
    }
    return cursor_.read(two_lanes_ ? std::min(backlog_bytes_, bytes_max) : bytes_max);
  }

  void start() {
    more_ = false;
    started_ = loop_.now();
    auto batch = next_batch();
    if (!batch) return fail({.kind = SinkReply::Kind::kRetry, .message = batch.error().message});
    if (batch->records == 0) {
      state = SinkState::kIdle;
      return;
    }
    batch_ = std::move(*batch);
    if (state == SinkState::kIdle) state = SinkState::kDelivering;
    // The answer is acted on in a turn of its own: it may come before deliver() returns, and from inside the sink.
    delivery_ = sink_.deliver(batch_, [this](SinkReply reply) {
      reply_ = std::move(reply);
      answered_ = loop_.soon([this] { finish(); });
    });
  }

  void finish() {
    answered_.reset();
    delivery_.reset();
    const SinkReply reply = std::exchange(reply_, {});
    const bool full = batch_.lines.size() >= sink_.batch_bytes_max() / 2;
    const std::uint64_t next = batch_.next;
    batch_ = {};
    if (reply.kind != SinkReply::Kind::kDone) return fail(reply);
    if (!error.empty()) spdlog::info("sink {}: works again", sink_.name());
    error.clear();
    failures_ = 0;
    state = SinkState::kIdle;
    if (reply.restarted && !held_.empty()) {
      spdlog::warn("sink {}: was restarted; what it took within the last {} s is sent again", sink_.name(),
                   std::chrono::duration_cast<std::chrono::seconds>(sink_.ack_hold()).count());
      send_again();
      return wait(Duration{});
    }
    take_down(next, reply);
    if (two_lanes_) return wait(pause_between_lanes(full));
    if (full || more_) wait(full ? Duration{} : options_.linger);
  }

  // Live batches go `linger` apart, or at once after a full one. After one from the backlog there is a pause as long as
  // it took: the sink has at least half of its time for others, and more the slower it is.
  Duration pause_between_lanes(bool full) {
    const Duration took = loop_.now() - started_;
    if (live_turn_) {
      live_due_ = full ? MonoTime{} : loop_.now() + options_.linger;
      return {};
    }
    if (took < kBacklogTurnShort) backlog_bytes_ = std::min(backlog_bytes_ * 2, sink_.batch_bytes_max());
    if (took > kBacklogTurnLong) backlog_bytes_ /= 2;
    backlog_bytes_ = std::max(backlog_bytes_, kBacklogBytesMin);
    return took;
  }

  // Commits what is safe: at once, or what was taken at least ack_hold before this reply, which came from the same
  // run of the server.
  void take_down(std::uint64_t next, const SinkReply& reply) {
    const Duration hold = sink_.ack_hold();
    held_.push_back(
        {.next = next, .dead_lettered = reply.dead_lettered, .expired = reply.expired, .taken = loop_.now()});
    while (!held_.empty() && held_.front().taken + hold <= loop_.now()) {
      cursor_.commit(held_.front().next, held_.front().dead_lettered, held_.front().expired);
      held_.pop_front();
    }
  }

  void send_again() {
    held_.clear();
    live_due_ = {};
    cursor_.rewind();
  }

  // A sink that held batches and fails may have died with them: everything from the last commit on is sent again.
  void fail(const SinkReply& reply) {
    send_again();
    backlog_bytes_ = kBacklogBytesMin;
    if (error != reply.message) spdlog::warn("sink {}: {}", sink_.name(), reply.message);
    error = reply.message.empty() ? "failed" : reply.message;
    if (reply.kind == SinkReply::Kind::kBlocked) {
      state = SinkState::kBlocked;
      return wait(kBlockedPause);
    }
    state = SinkState::kBackingOff;
    const Duration cap = std::min(kBackOffMax, kBackOffFirst * (std::int64_t{1} << std::min(failures_, 10)));
    ++failures_;
    std::uniform_int_distribution<std::int64_t> jitter{kBackOffMin.count(), cap.count()};
    Duration delay{jitter(random_)};
    if (reply.retry_after) delay = std::max(delay, std::min(*reply.retry_after, kRetryAfterMax));
    wait(delay);
  }

  io::Loop& loop_;
  Cursor& cursor_;
  Sink& sink_;
  Options options_;
  std::mt19937_64 random_;
  LogBatch batch_;
  SinkReply reply_;
  std::deque<Held> held_;
  int failures_ = 0;
  bool more_ = false;  // something became readable since the last read
  bool two_lanes_ = false;
  bool live_turn_ = false;  // the batch under way is of the live lane
  std::size_t backlog_bytes_ = kBacklogBytesMin;
  MonoTime started_{};   // when the batch under way was read
  MonoTime live_due_{};  // when the live lane goes next
  io::Handle timer_;
  io::Handle answered_;
  io::Handle delivery_;
};

Pump::Pump(io::Loop& loop, Cursor& cursor, Sink& sink, Options options)
    : impl_(std::make_unique<Impl>(loop, cursor, sink, options)) {}
Pump::~Pump() = default;

SinkState Pump::state() const { return impl_->state; }
const std::string& Pump::last_error() const { return impl_->error; }
Cursor& Pump::cursor() { return impl_->cursor(); }
std::string_view Pump::name() const { return impl_->sink().name(); }
SinkFacts Pump::facts() const { return impl_->sink().facts(); }

}  // namespace sonde::pipeline
