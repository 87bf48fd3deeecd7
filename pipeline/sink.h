// A sink takes batches from the log; a Pump drives one sink at its own pace with its own cursor.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/callback.h"
#include "io/loop.h"
#include "pipeline/log.h"

namespace sonde::pipeline {

/// What a sink did with a batch.
struct SinkReply {
  enum class Kind {
    kDone,     // all records taken (`dead_lettered` of them given up on)
    kRetry,    // nothing is known to be taken: the same records again after `retry_after` or a back-off
    kBlocked,  // configuration or authorization: keep everything, try again at the slowest pace, alarm
  };
  Kind kind = Kind::kDone;
  std::uint64_t dead_lettered = 0;
  std::uint64_t expired = 0;  // of these: lines older than the database keeps (RELIABILITY 1.5)
  std::optional<core::Duration> retry_after;
  std::string message;     // why, for people; with kDone why a line was given up on, empty where none was
  bool restarted = false;  // the server was started anew since the last reply: what it took within ack_hold may be gone
};

/// What a sink knows beyond the books of its reader, for the metrics page. Counts begin with the process; what a kind
/// of sink cannot know is absent.
struct SinkFacts {
  bool tells_expired = false;  // which of its dead letters are so for their age: see LogCounters::expired
  /// Rows that a VictoriaMetrics acknowledged and left out while this sink wrote to it, as its counters tell: of all
  /// its writers, and known only once it is asked again, before a later delivery.
  std::optional<std::uint64_t> left_out;
  std::optional<int> dns;  // where the addresses come from: the number of an AddressSource
  std::optional<core::Duration>
      clock_ahead;  // of a hub's clock, by its last answer: half of the way there and back off
};

class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Text bytes of one batch at most.
  [[nodiscard]] virtual std::size_t batch_bytes_max() const = 0;
  /// How long a batch that was taken may still be lost by the other side (RELIABILITY P4): it is committed only when a
  /// later reply, at least that long after, shows that the server was not restarted. Zero where taken means kept.
  [[nodiscard]] virtual core::Duration ack_hold() const { return {}; }
  /// Whether the newest records are to go before an old backlog (RELIABILITY P12): where others look at them at once
  /// and their order does not matter.
  [[nodiscard]] virtual bool newest_first() const { return false; }
  [[nodiscard]] virtual SinkFacts facts() const { return {}; }
  /// One batch at a time. `done` is called once, later or before deliver returns. Destroying the handle cancels.
  [[nodiscard]] virtual io::Handle deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) = 0;
};

enum class SinkState { kIdle, kDelivering, kBackingOff, kBlocked };
[[nodiscard]] std::string_view name(SinkState s);

/// Moves records from a cursor to a sink: reads, delivers, commits; waits for a batch to fill or `linger`, backs off
/// with full jitter from 250 ms to 3 s (60 s when blocked). Sinks that want it get the newest records before a backlog.
/// Sink, cursor and loop must outlive it.
class Pump {
 public:
  struct Options {
    core::Duration linger = std::chrono::seconds{1};
    std::uint64_t seed = 1;  // of the jitter
  };
  Pump(io::Loop& loop, Cursor& cursor, Sink& sink, Options options);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  [[nodiscard]] SinkState state() const;
  [[nodiscard]] const std::string& last_error() const;  // empty when the last delivery succeeded
  [[nodiscard]] Cursor& cursor();
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] SinkFacts facts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::pipeline
