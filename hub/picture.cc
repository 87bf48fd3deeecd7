// Newest record wins, per vantage, target and pair.
#include "hub/picture.h"

#include <algorithm>

#include "core/clock_record.h"
#include "core/measurement.h"
#include "core/schema.h"

namespace sonde::hub {
namespace {

constexpr std::int64_t kAheadMaxMs = 9'000'000'000'000;  // what any two clocks can differ by

// What the tags of a result tell about its vantage, until a `vantage` record tells more.
void describe_by_tags(core::Vantage& v, const core::Record& r) {
  v.provider = r.tag(core::tag::kVantageProvider);
  v.region = r.tag(core::tag::kVantageRegion);
  v.partition = core::parse_partition(r.tag(core::tag::kVantagePartition)).value_or(core::Partition::kOverseas);
}

void describe_by_tags(core::Target& t, const core::Record& r) {
  t.check = core::parse_check_kind(r.tag(core::tag::kCheck)).value_or(core::CheckKind::kHttp);
  t.role = core::parse_role(r.tag(core::tag::kRole)).value_or(core::Role::kApp);
  t.provider = r.tag(core::tag::kProvider);
  t.region = r.tag(core::tag::kRegion);
  t.service = r.tag(core::tag::kService);
  t.partition = core::parse_partition(r.tag(core::tag::kPartition));
}

}  // namespace

std::optional<core::Status> shown_status(const core::Record& probe) {
  const auto text = probe.text(core::field::kStatus.name);
  const auto status = text ? core::parse_status(*text) : std::nullopt;
  if (!status) return std::nullopt;
  if (probe.integer(core::field::kSuspect.name).value_or(0) != 0) return core::Status::kUnknown;
  return status;
}

bool Picture::take(const core::Record& record) {
  bool taken = true;
  if (record.measurement == core::measurement::kProbe) {
    taken = take_probe(record);
  } else if (record.measurement == core::measurement::kVantage) {
    taken = take_vantage(record);
  } else if (record.measurement == core::measurement::kTarget) {
    taken = take_target(record);
  } else if (record.measurement == core::measurement::kSonde) {
    const auto known = vantages_.find(record.tag(core::tag::kVantage));
    if (known == vantages_.end()) return true;
    known->second.heard = std::max(known->second.heard, record.time);
  } else if (record.measurement == core::clock_record::kMeasurement) {
    take_clock(record);
  } else {
    return true;
  }
  if (taken) {
    newest_ = std::max(newest_, record.time);
    ++version_;
  }
  return taken;
}

VantageState* Picture::vantage_of(std::string_view name) {
  if (const auto known = vantages_.find(name); known != vantages_.end()) return &known->second;
  if (vantages_.size() >= kVantagesMax) return nullptr;
  VantageState& made = vantages_[std::string{name}];
  made.vantage.name = name;
  return &made;
}

TargetState* Picture::target_of(std::string_view name) {
  if (const auto known = targets_.find(name); known != targets_.end()) return &known->second;
  if (targets_.size() >= kTargetsMax) return nullptr;
  TargetState& made = targets_[std::string{name}];
  made.target.name = name;
  return &made;
}

bool Picture::take_probe(const core::Record& r) {
  const std::string_view vantage_name = r.tag(core::tag::kVantage);
  const std::string_view target_name = r.tag(core::tag::kTarget);
  if (vantage_name.empty() || target_name.empty() || !shown_status(r)) return false;
  VantageState* vantage = vantage_of(vantage_name);
  TargetState* target = target_of(target_name);
  if (vantage == nullptr || target == nullptr) return false;
  if (vantage->described == core::WallTime{} && r.time >= vantage->heard) describe_by_tags(vantage->vantage, r);
  if (target->described == core::WallTime{} && r.time >= target->heard) describe_by_tags(target->target, r);
  vantage->heard = std::max(vantage->heard, r.time);
  target->heard = std::max(target->heard, r.time);
  if (core::is_success(*shown_status(r))) target->seen_healthy = true;
  if (r.time >= vantage->suspect_at) {
    vantage->suspect_at = r.time;
    vantage->suspect = r.integer(core::field::kSuspect.name).value_or(0) != 0;
  }
  const auto known = target->latest.find(vantage_name);
  if (known != target->latest.end()) {
    if (r.time >= known->second.time) known->second = r;
    return true;
  }
  if (pairs_ >= kPairsMax) return false;
  target->latest.emplace(vantage_name, r);
  ++pairs_;
  return true;
}

void Picture::note_healthy(std::string_view target) {
  const auto known = targets_.find(target);
  if (known != targets_.end()) known->second.seen_healthy = true;
}

bool Picture::take_vantage(const core::Record& r) {
  if (r.tag(core::tag::kVantage).empty()) return false;
  VantageState* state = vantage_of(r.tag(core::tag::kVantage));
  if (state == nullptr) return false;
  state->heard = std::max(state->heard, r.time);
  if (r.time < state->described) return true;
  state->described = r.time;
  state->vantage = core::vantage_from_record(r);
  return true;
}

// The hub wrote it because it had heard the vantage, whatever time that one's own records bear.
void Picture::take_clock(const core::Record& r) {
  const auto known = vantages_.find(r.tag(core::tag::kVantage));
  if (known == vantages_.end()) return;
  VantageState& state = known->second;
  state.heard = std::max(state.heard, r.time);
  if (r.time < state.clock_at) return;
  state.clock_at = r.time;
  state.clock_ahead = std::chrono::milliseconds{
      std::clamp<std::int64_t>(r.integer(core::clock_record::kAheadMs).value_or(0), -kAheadMaxMs, kAheadMaxMs)};
  state.clock_wrong = r.integer(core::clock_record::kWrong).value_or(0) != 0;
}

bool Picture::take_target(const core::Record& r) {
  if (r.tag(core::tag::kTarget).empty()) return false;
  TargetState* state = target_of(r.tag(core::tag::kTarget));
  if (state == nullptr) return false;
  state->heard = std::max(state->heard, r.time);
  if (r.time < state->described) return true;
  state->described = r.time;
  state->target = core::target_from_record(r);
  return true;
}

void Picture::forget() {
  using std::chrono::hours;
  using std::chrono::minutes;
  const std::size_t before = vantages_.size() + pairs_ + targets_.size();
  std::erase_if(vantages_, [this](const auto& v) { return v.second.heard < newest_ - hours{24}; });
  std::erase_if(targets_, [this](const auto& t) {
    const core::Duration patience = std::max<core::Duration>(minutes{15}, 10 * every(t.second));
    return t.second.heard < newest_ - patience;
  });
  pairs_ = 0;
  for (auto& [name, target] : targets_) {
    std::erase_if(target.latest, [this](const auto& l) { return !vantages_.contains(l.first); });
    pairs_ += target.latest.size();
  }
  if (vantages_.size() + pairs_ + targets_.size() != before) ++version_;
}

core::Duration Picture::every(const TargetState& target) const {
  return target.target.every > core::Duration::zero() ? target.target.every : round_;
}

const core::Record* Picture::fresh(const TargetState& target, std::string_view vantage, core::WallTime now) const {
  const auto found = target.latest.find(vantage);
  if (found == target.latest.end()) return nullptr;
  return found->second.time >= now - 3 * every(target) ? &found->second : nullptr;
}

}  // namespace sonde::hub
