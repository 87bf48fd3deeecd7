// One run.
#include "prober/runner.h"

#include <utility>

namespace sonde::prober {

namespace field = core::field;

void Run::start(Callback<void(core::Measurement)> done) {
  done_ = std::move(done);
  started_ = context_.loop.precise_now();
  const MonoTime deadline = started_ + entry_.target.timeout;
  check_ = entry_.type->make(*entry_.spec, entry_.target, entry_.net, context_);
  deadline_ = context_.loop.at(deadline, [this] { on_deadline(); });
  check_->start(deadline, [this](core::Measurement m) { finish(std::move(m)); });
}

void Run::on_deadline() { finish(check_->give_up(core::Cause::kTimeout)); }

void Run::finish(core::Measurement m) {
  deadline_.reset();
  const MonoTime now = context_.loop.precise_now();
  // A check that went on listening after it had its answer says itself how long the run was.
  if (m.get(field::kDurationSeconds) == nullptr) m.set_seconds(field::kDurationSeconds, now - started_);
  const Trust trust = watch_.trust_in(started_, now);
  m.set_seconds(field::kLoopLagSeconds, trust.lag);
  m.set(field::kSuspect, std::int64_t{trust.why.empty() ? 0 : 1});
  if (!trust.why.empty()) m.set(field::kSuspectWhy, std::string{trust.why});
  check_.reset();  // nothing of it may run any more, also not what is queued for this very turn
  auto done = std::move(done_);
  done(std::move(m));  // may destroy this
}

core::Measurement skipped(std::string_view why) {
  core::Measurement m;
  m.outcome = core::failed(core::Stage::kDns, core::Cause::kSkipped, why);
  return m;
}

}  // namespace sonde::prober
