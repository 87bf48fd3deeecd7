// Bounds from several exchanges, and when they are told.
#include "hub/clocks.h"

#include <algorithm>
#include <utility>

#include "core/clock_record.h"
#include "core/schema.h"

namespace sonde::hub {
namespace {

using core::Duration;
using pipeline::ClockOffset;

constexpr Duration kWrong = std::chrono::seconds{1};  // RELIABILITY P11
constexpr Duration kTellWrongEvery = std::chrono::seconds{10};
constexpr Duration kTellEvery = std::chrono::minutes{1};
constexpr Duration kForgetAfter = std::chrono::hours{24};
/// What two clocks without a time service may drift apart: 200 ppm, twice what a bad crystal does.
constexpr std::int64_t kDriftPart = 5000;
constexpr Duration kRounding = std::chrono::milliseconds{2};  // times are cut to whole ms

VantageClock estimate(const ClockOffset& bounds, bool was_wrong) {
  VantageClock c{.ahead = bounds.least, .error = {}, .wrong = was_wrong};
  if (bounds.most) {
    c.error = (*bounds.most - bounds.least) / 2;
    c.ahead = bounds.least + *c.error;
  }
  // To be called wrong takes proof; to be right again, the best guess: over a path that takes seconds there is no
  // proof.
  if (bounds.least >= kWrong || (bounds.most && *bounds.most <= -kWrong)) {
    c.wrong = true;
  } else if (bounds.most && std::chrono::abs(c.ahead) < kWrong) {
    c.wrong = false;
  }
  return c;
}

std::int64_t to_ms(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

core::Record clock_record(const std::string& vantage, const VantageClock& clock, core::WallTime at) {
  core::Record r;
  r.measurement = core::clock_record::kMeasurement;
  r.time = at;
  r.add_tag(core::tag::kVantage, vantage);
  r.add_field(core::clock_record::kAheadMs, to_ms(clock.ahead));
  if (clock.error) r.add_field(core::clock_record::kErrorMs, to_ms(*clock.error));
  r.add_field(core::clock_record::kWrong, std::int64_t{clock.wrong ? 1 : 0});
  return r;
}

// An end that what was heard before our own clock was set would give is none.
ClockOffset without_contradiction(ClockOffset seen) {
  if (!seen.most || *seen.most >= seen.least) return seen;
  const bool rounding = *seen.most >= seen.least - kRounding;
  seen.most = rounding ? std::optional{seen.least} : std::nullopt;
  return seen;
}

}  // namespace

// Both old and new bounds hold, as far as clocks may have drifted since. Where they contradict each other one of the
// clocks was set: only what is new holds.
void Clocks::narrow(Entry& entry, const ClockOffset& seen, core::MonoTime now) {
  const Duration drift = (now - entry.heard) / kDriftPart + kRounding;
  const bool first = entry.heard == core::MonoTime{};
  ClockOffset both = entry.bounds;
  both.least = first ? seen.least : std::max(both.least - drift, seen.least);
  if (both.most) both.most = *both.most + drift;
  if (seen.most) both.most = both.most ? std::min(*both.most, *seen.most) : *seen.most;
  entry.bounds = both.most && *both.most < both.least ? seen : both;
  entry.heard = now;
}

void Clocks::forget(core::MonoTime now) {
  std::erase_if(entries_, [now](const auto& e) { return now - e.second.heard > kForgetAfter; });
}

std::optional<core::Record> Clocks::note(const pipeline::ClockNote& note, core::WallTime wall, core::MonoTime mono) {
  auto known = entries_.find(note.vantage);
  if (known == entries_.end()) {
    if (entries_.size() >= kVantagesMax) forget(mono);
    if (entries_.size() >= kVantagesMax) return std::nullopt;
    known = entries_.try_emplace(note.vantage).first;
  }
  Entry& e = known->second;
  narrow(e, without_contradiction(pipeline::offset_of(note, wall)), mono);
  const bool was_wrong = e.clock.wrong;
  e.clock = estimate(e.bounds, was_wrong);
  const Duration every = e.clock.wrong ? kTellWrongEvery : kTellEvery;
  const bool known_well = e.clock.error || e.clock.wrong;
  const bool due = known_well && (!e.told || mono - *e.told >= every);
  if (!due && e.clock.wrong == was_wrong) return std::nullopt;
  e.told = mono;
  // Whole ms, and an identity of its own, whatever our own clock does.
  e.told_stamp = std::max(core::from_unix_ms(core::to_unix_ms(wall)), e.told_stamp + std::chrono::milliseconds{1});
  return clock_record(note.vantage, e.clock, e.told_stamp);
}

std::optional<VantageClock> Clocks::find(std::string_view vantage) const {
  const auto known = entries_.find(vantage);
  return known == entries_.end() ? std::nullopt : std::optional{known->second.clock};
}

std::map<std::string, VantageClock> Clocks::all() const {
  std::map<std::string, VantageClock> out;
  for (const auto& [name, entry] : entries_) out.emplace(name, entry.clock);
  return out;
}

}  // namespace sonde::hub
