// Writes the `target` records that explain a stream: at the start, on change and every hour; a few hundred per turn of
// the loop, because thousands in one would be a lag of our own making.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "core/record.h"
#include "io/loop.h"
#include "prober/config.h"

namespace sonde::prober {

class Describer {
 public:
  /// `loop` and `emit` must outlive this.
  Describer(io::Loop& loop, Callback<void(core::Record)>& emit) : loop_(loop), emit_(emit) {}
  Describer(const Describer&) = delete;
  Describer& operator=(const Describer&) = delete;

  /// Queues one target.
  void add(std::shared_ptr<const TargetEntry> entry) { queue_.push_back(std::move(entry)); }
  /// Writes what is queued, the first of it in this turn.
  void write() { write_some(kPerTurn); }
  /// Writes all that is queued, before the end.
  void finish() { write_some(queue_.size()); }
  void clear();

 private:
  static constexpr std::size_t kPerTurn = 256;
  void write_some(std::size_t count);

  io::Loop& loop_;
  Callback<void(core::Record)>& emit_;
  std::deque<std::shared_ptr<const TargetEntry>> queue_;
  io::Handle later_;
};

}  // namespace sonde::prober
