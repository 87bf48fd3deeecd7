// One run of one target from one vantage on virtual time: asks the world step by step, as a prober on its sockets
// would, and ends in a measurement.
#pragma once

#include <optional>
#include <string>

#include "behaviour.h"
#include "core/measurement.h"
#include "plan.h"
#include "sight.h"

namespace sonde::world {

/// What all runs share. All must outlive them.
struct Stagehands {
  Behaviour& behaviour;
  const Plan& plan;
  Sight& sight;
};

/// Between start() and its end exactly one thing is awaited. Reused for the next run of its pair.
class VirtualRun {
 public:
  VirtualRun(std::size_t vantage, std::size_t target) : vantage_(vantage), target_(target) {}

  /// Begins at `now`; `timeout` later at the latest it ends. Returns when step() wants to be called.
  [[nodiscard]] core::MonoTime start(Stagehands& world, core::MonoTime now, core::Duration timeout);
  /// Does what was awaited. Returns when it wants to be called again; nothing when the run has ended.
  [[nodiscard]] std::optional<core::MonoTime> step(Stagehands& world, core::MonoTime now);
  /// The result of the run that has ended, for whoever completes it.
  [[nodiscard]] core::Measurement& measurement() { return m_; }
  [[nodiscard]] core::MonoTime started() const { return started_; }
  [[nodiscard]] std::size_t vantage() const { return vantage_; }
  [[nodiscard]] std::size_t target() const { return target_; }

 private:
  enum class Next { kQuery, kResolved, kSyn, kRefused, kConnected, kReset, kHandshake, kAnswer, kEnd, kDeadline };
  using When = std::optional<core::MonoTime>;

  When await(Next next, core::MonoTime when);
  When hang() { return await(Next::kDeadline, deadline_); }
  When fail(core::MonoTime now, core::Stage stage, core::Cause cause, std::string_view detail = {});
  When end(core::MonoTime now);
  When ask_again(Next next, core::MonoTime now, int& times);
  [[nodiscard]] const Target& target_of(const Stagehands& world) const {
    return world.behaviour.world.targets[target_];
  }
  [[nodiscard]] core::Duration travel(Stagehands& world);
  [[nodiscard]] bool vanishes(const Stagehands& world) const;

  When query(Stagehands& world, core::MonoTime now);
  When resolved(Stagehands& world, core::MonoTime now);
  When syn(Stagehands& world, core::MonoTime now);
  When connected(Stagehands& world, core::MonoTime now);
  When reset(Stagehands& world, core::MonoTime now);
  When handshake(Stagehands& world, core::MonoTime now);
  When request(Stagehands& world, core::MonoTime now);
  When answer(Stagehands& world, core::MonoTime now);
  When deadline(Stagehands& world, core::MonoTime now);

  std::size_t vantage_;
  std::size_t target_;
  core::Measurement m_;
  Next next_ = Next::kEnd;
  core::Stage stage_ = core::Stage::kDns;
  core::MonoTime started_{};
  core::MonoTime stage_started_{};
  core::MonoTime deadline_{};
  int queries_ = 0;
  int syns_ = 0;
  DnsReply dns_ = DnsReply::kAddress;
  bool parked_ = false;  // a wrong answer led elsewhere
  core::Duration syn_travel_{};
  TlsReply tls_ = TlsReply::kGood;
  HttpStep http_;
  bool head_came_ = false;
  std::string ip_;
};

}  // namespace sonde::world
