// Virtual time: a queue of what happens next, one entry per pair, and the timeline beside it.
#include "headless.h"

#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "behaviour.h"
#include "core/line_protocol.h"
#include "core/probe_line.h"
#include "fleet.h"
#include "prober/scheduler.h"
#include "timeline_steps.h"
#include "virtual_run.h"

namespace sonde::world {
namespace {

namespace field = core::field;
using core::Duration;
using core::MonoTime;

constexpr std::size_t kWriteBytes = 1 << 20;
constexpr Duration kDescribeEvery = std::chrono::hours{1};  // as probers do

class Headless {
 public:
  Headless(World world, const Plan& plan, const HeadlessOptions& options, core::Callback<void(std::string_view)> write)
      : options_(options),
        write_(std::move(write)),
        clock_(options.start),
        behaviour_(std::move(world)),
        sight_(options.start),
        world_{behaviour_, plan, sight_},
        steps_(timeline_steps(behaviour_.world)),
        active_(behaviour_.world.timeline.size(), 0) {}

  core::Result<std::uint64_t> run(const Plan& plan);

 private:
  /// The one thing that a pair awaits: its next slot, or the next step of its run.
  struct Awaited {
    MonoTime when{};
    std::uint32_t pair = 0;
    friend bool operator>(const Awaited& a, const Awaited& b) {
      return a.when != b.when ? a.when > b.when : a.pair > b.pair;
    }
  };
  struct Pair {
    VirtualRun run;
    core::ProbeTags tags;
    Duration phase{};
    core::WallTime slot{};   // the next, or that of the run
    core::WallTime stamp{};  // of its latest result: by its prober's own clock, and always later than the one before
    bool in_flight = false;
    std::int64_t seq = 0;
  };

  void move_to(MonoTime now);
  void play_timeline(MonoTime now);
  void describe(core::WallTime at);
  void happen(const Awaited& awaited);
  void finish(Pair& pair);
  void await_slot(std::uint32_t index);
  void flush(std::size_t bytes_min);
  [[nodiscard]] const core::Target& target(const Pair& p) const { return fleet_.targets[p.run.target()]; }

  HeadlessOptions options_;
  core::Callback<void(std::string_view)> write_;
  VirtualClock clock_;
  Behaviour behaviour_;
  Sight sight_;
  Stagehands world_;
  Fleet fleet_;
  std::vector<Pair> pairs_;
  std::priority_queue<Awaited, std::vector<Awaited>, std::greater<>> queue_;
  std::vector<TimelineStep> steps_;
  std::vector<std::uint64_t> active_;  // fault id of each timeline entry
  std::size_t position_ = 0;
  Duration period_start_{};
  Duration described_{};
  std::uint64_t results_ = 0;
  std::string out_;
};

core::Result<std::uint64_t> Headless::run(const Plan& plan) {
  auto fleet = Fleet::read(behaviour_.world, plan, options_.start);
  if (!fleet) return fleet.error();
  fleet_ = std::move(fleet).value();
  describe(options_.start);
  const std::size_t targets = fleet_.targets.size();
  pairs_.reserve(fleet_.probers.size() * targets);
  for (std::size_t v = 0; v < fleet_.probers.size(); ++v) {
    for (std::size_t t = 0; t < targets; ++t) {
      const core::Target& of = fleet_.targets[t];
      const auto& vantage = fleet_.probers[v].vantage;
      const Duration phase = prober::phase_of(vantage.name, of.name, name(of.check), of.every);
      // The first slot on the grid that is not before the start.
      const auto slot = prober::next_slot(options_.start - Duration{1}, of.every, phase);
      pairs_.push_back({VirtualRun{v, t}, core::ProbeTags{vantage, of}, phase, slot});
      await_slot(static_cast<std::uint32_t>(pairs_.size() - 1));
    }
  }
  while (!queue_.empty()) {
    const Awaited next = queue_.top();
    queue_.pop();
    move_to(next.when);
    happen(next);
    flush(kWriteBytes);
  }
  flush(1);
  return results_;
}

/// Slots after the end are not awaited any more; runs that began before it come to theirs.
void Headless::await_slot(std::uint32_t index) {
  const core::WallTime slot = pairs_[index].slot;
  if (slot < options_.start + options_.duration) queue_.push({clock_.mono(slot), index});
}

void Headless::move_to(MonoTime now) {
  clock_.move_to(now);
  const Duration since = now - VirtualClock::kZero;
  behaviour_.faults.slot = static_cast<std::uint64_t>(since / kSlotLength);
  if (options_.timeline) play_timeline(now);
  while (since - described_ >= kDescribeEvery && described_ + kDescribeEvery < options_.duration) {
    described_ += kDescribeEvery;
    describe(options_.start + described_);
  }
}

void Headless::play_timeline(MonoTime now) {
  const Duration since = now - VirtualClock::kZero;
  while (!steps_.empty()) {
    if (position_ == steps_.size()) {
      if (!options_.repeat) return;
      position_ = 0;
      period_start_ += behaviour_.world.timeline_period;
    }
    const TimelineStep& step = steps_[position_];
    if (period_start_ + step.at > since) return;
    if (step.begins) {
      active_[step.entry] = behaviour_.faults.add(behaviour_.world.timeline[step.entry].fault, true);
    } else {
      behaviour_.faults.remove(active_[step.entry]);
    }
    ++position_;
  }
}

/// All probers have the same targets, and a record that is sent twice is one point: each is written once.
void Headless::describe(core::WallTime at) {
  for (const auto& p : fleet_.probers) core::encode_line(to_record(p.vantage, at), out_);
  for (const auto& t : fleet_.targets) core::encode_line(to_record(t, at), out_);
}

void Headless::happen(const Awaited& awaited) {
  Pair& pair = pairs_[awaited.pair];
  if (!pair.in_flight) {
    pair.in_flight = true;
    const core::WallTime own = pair.slot + behaviour_.faults.clock(pair.run.vantage());
    pair.stamp = std::max(own, pair.stamp + std::chrono::milliseconds{1});
    queue_.push({pair.run.start(world_, awaited.when, target(pair).timeout), awaited.pair});
    return;
  }
  if (const auto next = pair.run.step(world_, awaited.when)) {
    queue_.push({*next, awaited.pair});
    return;
  }
  finish(pair);
  await_slot(awaited.pair);
}

/// As Run::finish and the prober after it: what the prober thinks of itself is asked before this result is heard.
void Headless::finish(Pair& pair) {
  core::Measurement& m = pair.run.measurement();
  const core::Target& t = target(pair);
  auto& [vantage, clock, watch] = fleet_.probers[pair.run.vantage()];
  clock->move_to(clock_.now());
  clock->set_ahead(behaviour_.faults.clock(pair.run.vantage()));
  watch->look_at_clock();
  const prober::Trust trust = watch->trust_in(pair.run.started(), clock_.now());
  m.set_seconds(field::kLoopLagSeconds, trust.lag);
  m.set(field::kSuspect, std::int64_t{trust.why.empty() ? 0 : 1});
  if (!trust.why.empty()) m.set(field::kSuspectWhy, std::string{trust.why});
  if (trust.step) m.set(field::kClockStepMs, std::int64_t{*trust.step / std::chrono::milliseconds{1}});
  watch->hear(t, m.outcome, vantage.partition);
  m.set_seconds(field::kLateSeconds, {});
  m.set(field::kSeq, ++pair.seq);
  core::encode_line(core::ProbeResult{m, vantage, t, pair.tags, pair.stamp}, out_);
  ++results_;
  pair.in_flight = false;
  pair.slot = prober::next_slot(pair.slot, t.every, pair.phase);
}

void Headless::flush(std::size_t bytes_min) {
  if (out_.size() < bytes_min) return;
  write_(out_);
  out_.clear();
}

}  // namespace

core::Result<std::uint64_t> run_headless(World world, const Plan& plan, const HeadlessOptions& options,
                                         core::Callback<void(std::string_view)> write) {
  return Headless{std::move(world), plan, options, std::move(write)}.run(plan);
}

}  // namespace sonde::world
