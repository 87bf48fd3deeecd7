// The faults that hold right now, and the questions that servers ask about them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "fault.h"
#include "model.h"

namespace sonde::world {

/// How a listener behaves, from harmless to worst.
enum class ListenerMode { kOpen, kRefuse, kBlackHole };

/// Faults of listeners with a percentage are drawn anew this often.
inline constexpr core::Duration kSlotLength = std::chrono::milliseconds{500};

/// One thread. `world` must outlive it. Faults with a percentage are drawn anew for each exchange (seeded); those of
/// listeners, which serve many exchanges, for each pair and time slot. Whoever owns it moves `slot` on.
class ActiveFaults {
 public:
  struct Entry {
    Fault fault;
    bool from_timeline = false;
    std::uint64_t since = 0;  // slot
  };

  explicit ActiveFaults(const World& world) : world_(world), random_(world.seed) {}

  std::uint64_t add(Fault f, bool from_timeline);
  bool remove(std::uint64_t id);
  /// Called after each change, so that listeners follow.
  void on_change(std::function<void()> hook) { changed_ = std::move(hook); }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  std::uint64_t slot = 0;  // time since the start, in kSlotLength

  /// The listener of a pair in this slot.
  [[nodiscard]] ListenerMode listener(std::size_t vantage, const Target& t) const;
  /// Whether the vantage has lost its uplink in this slot.
  [[nodiscard]] bool uplink_lost(std::size_t vantage) const;
  /// How far the vantage's wall clock is ahead in this slot.
  [[nodiscard]] core::Duration clock(std::size_t vantage) const;
  /// The newest fault of this layer that strikes this exchange, with the `delay` of this slot. Draws.
  [[nodiscard]] std::optional<Fault> strike(Layer layer, std::size_t vantage, const Target& t);
  /// Name of a dependency that fails for everybody and takes `t` with it, or "". Draws.
  [[nodiscard]] std::string broken_dependency(const Target& t);
  /// A number in [0, 1), for jitter.
  [[nodiscard]] double draw() { return std::uniform_real_distribution<double>(0, 1)(random_); }

 private:
  [[nodiscard]] bool strikes_now(const Entry& e) const;

  const World& world_;
  std::vector<Entry> entries_;  // oldest first
  std::uint64_t next_id_ = 1;
  std::mt19937_64 random_;
  std::function<void()> changed_ = [] {};
};

}  // namespace sonde::world
