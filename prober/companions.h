// Companions: the extra probes that a judge asks for (core/companion.h). The prober decides what it grants: only of its
// own targets, one at a time, three seconds apart, and in the long run at most one for a hundred runs of the schedule.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "core/companion.h"
#include "core/record.h"
#include "core/target.h"
#include "prober/target_state.h"

namespace sonde::prober {

inline constexpr double kCompanionShare = 0.01;                          // of the schedule's runs, in the long run
inline constexpr double kCompanionBurst = 15;                            // saved up while nothing is asked
inline constexpr Duration kCompanionEveryMax = std::chrono::minutes{1};  // a small schedule still grants so many
inline constexpr Duration kCompanionPause = std::chrono::seconds{3};     // between two, at least
inline constexpr std::size_t kCompanionsWaitingMax = 15;

/// The resolver to ask instead of the own one; nothing where there is none to ask. `configured`: "", "none" or an
/// address. Without one: the next of the system's, else, for names that are public anyway because the catalogue has
/// them, a public one of the vantage's partition (targets/resolvers.yaml).
[[nodiscard]] std::optional<io::Endpoint> second_resolver(std::string_view configured, core::Partition partition,
                                                          const CheckContext& context, bool catalogued);

/// The target as its companion probes it. Nothing where that cannot be: no second resolver, no last address, a URL with
/// an address where a name is needed, a check that names its own server.
[[nodiscard]] std::optional<TargetEntry> companion_entry(core::CompanionKind kind, const TargetEntry& of,
                                                         const std::optional<io::Endpoint>& second,
                                                         const std::optional<io::IpAddress>& last_address);

/// One per prober.
class CompanionRuns {
 public:
  /// All must outlive it. `emit` gets a `companion` record for each one made.
  CompanionRuns(io::Loop& loop, const SelfWatch& watch, Callback<void(core::Record)>& emit);
  ~CompanionRuns();
  CompanionRuns(const CompanionRuns&) = delete;
  CompanionRuns& operator=(const CompanionRuns&) = delete;

  /// What the records say of the vantage, and how many runs a second the schedule makes.
  void configure(core::Vantage vantage, double schedule_per_second);
  /// Queues one of a target (null: there is no such target). Counted as refused where it cannot be or may not be made,
  /// the queue is full, or the same one waits already.
  void ask(core::CompanionKind kind, const TargetState* of, const ProberConfig& config,
           std::shared_ptr<Clients> clients);
  /// Ends what runs and what waits.
  void drop();

  [[nodiscard]] std::uint64_t made() const { return made_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Waiting {
    core::CompanionKind kind;
    TargetEntry entry;
    std::shared_ptr<Clients> clients;
  };
  struct Running;

  void next();
  void begin();
  void ended(core::Measurement m);
  void refill();

  io::Loop& loop_;
  const SelfWatch& watch_;
  Callback<void(core::Record)>& emit_;
  core::Vantage vantage_;
  double per_second_ = 0;
  double saved_ = kCompanionBurst;
  MonoTime refilled_{};
  MonoTime begun_{};
  WallTime last_stamp_{};
  std::deque<Waiting> waiting_;
  std::unique_ptr<Running> running_;
  std::uint64_t made_ = 0;
  std::uint64_t refused_ = 0;
  io::Handle timer_;
};

}  // namespace sonde::prober
