// One run.
#include "prober/runner.h"

#include <utility>

#include "core/text.h"
#include "prober/fan_out.h"

namespace sonde::prober {
namespace {

namespace field = core::field;

constexpr Duration kSleepMin = std::chrono::milliseconds{500};

/// The family of the record's tag: where the configuration fixes it, a run that reached no address has it too, so that
/// all runs of a target are one series.
std::string_view fixed_family(NetSpec::Family family) {
  switch (family) {
    case NetSpec::Family::kAny:
    case NetSpec::Family::kPreferIp6:
      return "";
    case NetSpec::Family::kIp4:
      return "ip4";
    case NetSpec::Family::kIp6:
      return "ip6";
    case NetSpec::Family::kBoth:
      return "both";
  }
  return "";
}

}  // namespace

std::unique_ptr<Check> make_check(const TargetEntry& entry, CheckContext& context) {
  if (needs_fan_out(entry)) return make_fan_out(entry, context);
  return entry.type->make(*entry.spec, entry.target, entry.net, context);
}

void Run::start(Callback<void(core::Measurement)> done) {
  done_ = std::move(done);
  started_ = context_.loop.precise_now();
  slept_ = context_.loop.slept();
  const MonoTime deadline = started_ + entry_.target.timeout;
  check_ = make_check(entry_, context_);
  deadline_ = context_.loop.at(deadline, [this] { on_deadline(); });
  check_->start(deadline, [this](core::Measurement m) { finish(std::move(m)); });
}

void Run::on_deadline() { finish(check_->give_up(core::Cause::kTimeout)); }

void Run::finish(core::Measurement m) {
  deadline_.reset();
  const MonoTime now = context_.loop.precise_now();
  // A check that went on listening after it had its answer says itself how long the run was.
  if (m.get(field::kDurationSeconds) == nullptr) m.set_seconds(field::kDurationSeconds, now - started_);
  if (const Duration slept = context_.loop.slept() - slept_; slept > kSleepMin) {
    m.outcome = core::failed(m.outcome.stage, core::Cause::kSuspended,
                             "the machine slept for " + core::human_duration(slept) + " during the run");
  }
  if (const std::string_view family = fixed_family(entry_.net.family); !family.empty()) m.family = family;
  const Trust trust = watch_.trust_in(started_, now);
  m.set_seconds(field::kLoopLagSeconds, trust.lag);
  m.set(field::kSuspect, std::int64_t{trust.why.empty() ? 0 : 1});
  if (!trust.why.empty()) m.set(field::kSuspectWhy, std::string{trust.why});
  if (trust.step) m.set(field::kClockStepMs, std::int64_t{*trust.step / std::chrono::milliseconds{1}});
  check_.reset();  // nothing of it may run any more, also not what is queued for this very turn
  auto done = std::move(done_);
  done(std::move(m));  // may destroy this
}

core::Measurement skipped(std::string_view why) {
  core::Measurement m;
  m.outcome = core::failed(core::Stage::kDns, core::Cause::kSkipped, why);
  return m;
}

core::Measurement overload(std::size_t places) {
  core::Measurement m;
  m.outcome = core::failed(core::Stage::kDns, core::Cause::kOverload, std::to_string(places) + " runs were in flight");
  return m;
}

}  // namespace sonde::prober
