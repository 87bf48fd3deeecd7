// The steps of a run: names, connection, TLS, answer.
#include "run.h"

#include <algorithm>
#include <array>

namespace sonde::sim {
namespace {

constexpr double kTimeout = 5;        // of a run, seconds
constexpr double kLagSuspect = 0.05;  // prober/self_watch.h

/// A fault as it stands for this run.
struct Active {
  const Fault* fault = nullptr;
  double level = 0;      // severity × measure × time
  double dependent = 0;  // chance of a 503 for want of a dependency
};

/// What is left to do of a run that is made in another way.
TargetFacts facts_for(TargetFacts facts, std::optional<core::CompanionKind> way) {
  if (way && *way != core::CompanionKind::kSecondResolver) facts.named = false;
  if (way == core::CompanionKind::kPlainPort) facts.tls = facts.http = false;
  return facts;
}

class Walk {
 public:
  Walk(std::size_t cell, std::int64_t at_ms, const World& world, const Network& network, Rng& rng,
       std::optional<core::CompanionKind> way)
      : cell_(cell), at_ms_(at_ms), facts_(facts_for(world.facts_of(cell), way)), network_(network), rng_(rng) {
    if (way == core::CompanionKind::kSecondResolver && !network.lets_ask_others(cell / world.targets.size())) {
      lost_names_ = true;
    }
  }

  void add(const Fault& f) {
    const double level = f.level(at_ms_) * f.severity;
    const double share = f.share[cell_];
    const double dependent = f.dependent.empty() ? 0 : f.dependent[cell_];
    if (level <= 0 || (share <= 0 && dependent <= 0) || count_ == active_.size()) return;
    active_.at(count_++) = {&f, level * share, level * dependent};
  }

  Seen go() {
    if (own_trouble()) return seen_;
    draw_slowness();
    draw_loss();
    const double trip = network_.round_trip(cell_, at_ms_, rng_);
    seen_.round_trip = trip + connect_delay_;
    if (!resolve() || !connect(trip) || !handshake(trip) || !answer(trip)) return seen_;
    if (facts_.limit_seconds > 0 && seen_.duration > facts_.limit_seconds) {
      seen_.status = core::Status::kDegraded;
      seen_.stage = core::Stage::kDone;
      seen_.cause = core::Cause::kSlow;
    }
    return seen_;
  }

 private:
  bool own_trouble() {
    for (std::size_t i = 0; i < count_; ++i) {
      const Active& a = active_.at(i);
      if (a.fault->own != OwnTrouble::kLag || !rng_.chance(a.level)) continue;
      if (rng_.chance(0.15)) {
        fail({core::Stage::kDns, core::Cause::kOverload}, 0);
        return true;
      }
      seen_.lag = 0.02 * std::exp(1.5 * std::abs(rng_.normal()));
      if (seen_.lag > kLagSuspect) seen_.suspect_why = "lag";
    }
    return false;
  }

  void draw_slowness() {
    for (std::size_t i = 0; i < count_; ++i) {
      const Active& a = active_.at(i);
      if (a.fault->slow_share <= 0 || !rng_.chance(a.level * a.fault->slow_share)) continue;
      connect_delay_ += a.fault->connect_delay * std::exp(0.3 * rng_.normal());
      answer_delay_ += a.fault->answer_delay * std::exp(0.3 * rng_.normal());
    }
  }

  /// On an ordinary day: whether and where this run is lost, and whether a packet has to be sent again.
  void draw_loss() {
    const double p = network_.loss(cell_, at_ms_);
    const double dice = rng_.uniform();
    if (dice < p) {
      const double where = rng_.uniform();
      lost_ = where < 0.05 ? Step::kDns : where < 0.6 ? Step::kTcp : where < 0.82 ? Step::kTls : Step::kTransfer;
    } else if (dice < 4 * p) {
      again_ = rng_.uniform() < 0.75 ? 1 : 2;
    }
  }

  void fail(const Failure& f, double waited) {
    seen_.stage = f.stage;
    seen_.cause = f.cause;
    seen_.http_status = f.http_status;
    seen_.status = core::is_own_fault(f.cause) ? core::Status::kUnknown : core::Status::kFail;
    const bool silence = f.cause == core::Cause::kTimeout || f.cause == core::Cause::kBodyTimeout;
    seen_.duration = silence ? kTimeout : seen_.duration + waited;
  }

  /// True when the run may go on.
  bool pass(Step step, double seconds, const Failure& when_lost) {
    const auto index = static_cast<std::size_t>(step);
    for (std::size_t i = 0; i < count_; ++i) {
      const Active& a = active_.at(i);
      if (!rng_.chance(a.level * a.fault->strength.at(index))) continue;
      fail(a.fault->menus.at(index).draw(rng_), seconds);
      return false;
    }
    if (lost_ == step) {
      fail(when_lost, seconds);
      return false;
    }
    seen_.duration += seconds;
    if (seen_.duration < kTimeout) return true;
    fail({when_lost.stage, core::Cause::kTimeout}, 0);
    return false;
  }

  bool resolve() {
    if (!facts_.named) return true;
    if (lost_names_) {
      fail({core::Stage::kDns, core::Cause::kTimeout}, 0);
      return false;
    }
    // Most names are in the resolver's cache; some are fetched from where the service is.
    const double seconds = 0.002 + rng_.uniform(0, 0.006) + (rng_.chance(0.125) ? seen_.round_trip : 0);
    if (!pass(Step::kDns, seconds, {core::Stage::kDns, core::Cause::kTimeout})) return false;
    seen_.resolve = seconds;
    return true;
  }

  bool connect(double trip) {
    if (network_.blocked(cell_) && network_.blocked(cell_)->stage == core::Stage::kTcp) {
      fail(*network_.blocked(cell_), trip);
      return false;
    }
    double seconds = trip + connect_delay_;
    // A SYN that was lost is sent again after 1 s and 3 s (tcp(7)).
    if (again_ > 0 && rng_.chance(0.6)) {
      seconds += again_ == 1 ? 1 : 3;
      seen_.retransmits = again_;
    }
    const bool silent = rng_.chance(0.85);
    if (!pass(Step::kTcp, seconds, {core::Stage::kTcp, silent ? core::Cause::kTimeout : core::Cause::kReset}))
      return false;
    seen_.connect = seconds;
    return true;
  }

  bool handshake(double trip) {
    if (!facts_.tls) return true;
    if (network_.blocked(cell_) && network_.blocked(cell_)->stage == core::Stage::kTls) {
      fail(*network_.blocked(cell_), trip);
      return false;
    }
    const double seconds = trip + connect_delay_ + 0.002 + (again_ > 0 ? rng_.uniform(0, 0.4) : 0);
    const bool silent = rng_.chance(0.6);
    if (!pass(Step::kTls, seconds, {core::Stage::kTls, silent ? core::Cause::kTimeout : core::Cause::kReset}))
      return false;
    seen_.tls = seconds;
    return true;
  }

  bool answer(double trip) {
    if (!facts_.http) return true;
    const double seconds =
        trip + connect_delay_ + answer_delay_ + facts_.answer_seconds * std::exp(0.3 * rng_.normal());
    const bool silent = rng_.chance(0.7);
    if (!pass(Step::kTransfer, seconds, {core::Stage::kHttp, silent ? core::Cause::kTimeout : core::Cause::kReset})) {
      return false;
    }
    seen_.processing = seconds;
    for (std::size_t i = 0; i < count_; ++i) {
      if (!rng_.chance(active_.at(i).dependent)) continue;
      fail({core::Stage::kHttp, core::Cause::kStatus, rng_.chance(0.7) ? 503 : 500}, 0);
      return false;
    }
    if (!pass(Step::kHttp, 0, {core::Stage::kHttp, core::Cause::kTimeout})) return false;
    seen_.http_status = 200;
    seen_.transfer = 0.0002;
    seen_.duration += seen_.transfer;
    return true;
  }

  std::size_t cell_;
  std::int64_t at_ms_;
  TargetFacts facts_;
  const Network& network_;
  Rng& rng_;
  Seen seen_;
  bool lost_names_ = false;  // this network lets nobody ask another resolver
  std::array<Active, 8> active_{};
  std::size_t count_ = 0;
  double connect_delay_ = 0;
  double answer_delay_ = 0;
  std::optional<Step> lost_;
  int again_ = 0;
};

/// Faults that a companion goes around.
bool goes_around(core::CompanionKind way, const Fault& f) {
  if (way == core::CompanionKind::kSecondResolver) return f.kind == "resolver";
  if (way == core::CompanionKind::kPlainPort) return f.kind == "border-reset" || f.kind == "sni-filter";
  return false;
}

}  // namespace

Seen run_of(std::size_t cell, std::int64_t at_ms, const World& world, const Network& network,
            std::span<const Fault* const> faults, Rng& rng, std::optional<core::CompanionKind> way) {
  Walk walk{cell, at_ms, world, network, rng, way};
  for (const Fault* f : faults) {
    if (!way || !goes_around(*way, *f)) walk.add(*f);
  }
  return walk.go();
}

}  // namespace sonde::sim
