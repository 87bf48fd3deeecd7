// Lookups, branches, and what they add up to.
#include "prober/fan_out.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "prober/stages/allowed.h"
#include "prober/stages/resolve.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Measurement;
using core::Outcome;
using core::Stage;
using core::Status;
namespace field = core::field;

constexpr std::size_t kAtOnceMax = 8;
constexpr std::size_t kBranchesMax = 64;
constexpr std::array<std::pair<std::string_view, NetSpec::Family>, 2> kFamiliesOfBoth = {
    {{"IPv4", NetSpec::Family::kIp4}, {"IPv6", NetSpec::Family::kIp6}}};
constexpr std::size_t kTextBytesMax = 220;  // of core::kDetailBytesMax: room for "and 12 more"

bool is_good(const Outcome& o) { return o.status == Status::kOk || o.status == Status::kDegraded; }

/// "tcp_refused": the class of an outcome.
std::string class_of(const Outcome& o) { return std::string{name(o.stage)} + "_" + std::string{name(o.cause)}; }

/// One look-up of one family's addresses.
struct Lookup {
  std::string_view label;  // for people
  NetSpec net;
  std::optional<Resolve> resolve;  // while it runs
  io::Handle timer;
  std::optional<Outcome> failure;
};

/// The check over one address, or over one family.
struct Branch {
  std::string label;
  NetSpec net;
  std::unique_ptr<Check> check;  // while it runs
  io::Handle timer;
  MonoTime started{};
  Duration took{};
  std::optional<Measurement> result;
};

/// One thing that was not well: an address, or a family without addresses.
struct Bad {
  std::string who;
  const Outcome* outcome;
};

class FanOut final : public Check {
 public:
  FanOut(const TargetEntry& entry, CheckContext& context) : entry_(entry), context_(context) {}

  void start(MonoTime deadline, Callback<void(Measurement)> done) override;
  Measurement give_up(Cause why) override;

 private:
  void look_up(std::string_view label, NetSpec::Family family, const std::string& host);
  void on_resolved(Lookup& lookup, const Resolved& resolved);
  void end_lookup(Lookup& lookup, std::optional<Outcome> failure);
  void add_branch(std::string label, NetSpec net);
  void start_branches();
  void start_branch(Branch& branch, Duration share);
  void on_ended(Branch& branch, Measurement m);
  void finish_if_done();
  [[nodiscard]] Measurement roll_up();
  [[nodiscard]] Outcome verdict(const std::vector<Bad>& failed, const std::vector<Bad>& own, const Branch* shown) const;
  [[nodiscard]] const Branch* branch_to_show() const;
  void set_facts(Measurement& m) const;

  const TargetEntry& entry_;
  CheckContext& context_;
  MonoTime deadline_{};
  MonoTime started_{};
  Callback<void(Measurement)> done_;
  std::vector<std::unique_ptr<Lookup>> lookups_;
  std::size_t looking_up_ = 0;
  std::size_t offered_ = 0;
  std::optional<Duration> resolve_time_;
  std::vector<std::unique_ptr<Branch>> branches_;
  std::size_t next_ = 0;  // of branches_, not yet started
  std::size_t running_ = 0;
};

void FanOut::start(MonoTime deadline, Callback<void(Measurement)> done) {
  deadline_ = deadline;
  started_ = context_.loop.precise_now();
  done_ = std::move(done);
  const std::string host = core::parse_url(entry_.target.url)->host;  // it was checked when the target was read
  const bool both = entry_.net.family == NetSpec::Family::kBoth;
  if (!entry_.net.all_addresses) {
    for (const auto& [label, family] : kFamiliesOfBoth) {
      NetSpec net = entry_.net;
      net.family = family;
      add_branch(std::string{label}, std::move(net));
    }
    return start_branches();
  }
  looking_up_ = both ? kFamiliesOfBoth.size() : 1;
  if (!both) return look_up("", entry_.net.family, host);
  for (const auto& [label, family] : kFamiliesOfBoth) look_up(label, family, host);
}

void FanOut::look_up(std::string_view label, NetSpec::Family family, const std::string& host) {
  lookups_.push_back(std::make_unique<Lookup>());
  Lookup& l = *lookups_.back();
  l.label = label;
  l.net = entry_.net;
  l.net.family = family;
  const Duration limit = entry_.net.stage_timeouts.front();
  if (limit > Duration{}) {
    l.timer = context_.loop.at(context_.loop.precise_now() + limit, [this, &l, limit] {
      end_lookup(l, core::failed(Stage::kDns, Cause::kTimeout, "longer than " + core::format_duration(limit)));
    });
  }
  l.resolve.emplace(context_, l.net, host, entry_.target.check != core::CheckKind::kDns);
  l.resolve->start([this, &l](const Resolved& r) { on_resolved(l, r); });
}

void FanOut::on_resolved(Lookup& lookup, const Resolved& resolved) {
  if (resolved.elapsed) resolve_time_ = std::max(resolve_time_.value_or(Duration{}), *resolved.elapsed);
  if (resolved.cause != Cause::kNone) {
    return end_lookup(lookup, core::failed(Stage::kDns, resolved.cause, resolved.detail));
  }
  offered_ += resolved.offered;
  Allowed allowed = allowed_of(context_.dialer.policy(), resolved);
  for (const io::IpAddress& address : allowed.addresses) {
    if (branches_.size() == kBranchesMax) break;
    NetSpec net = lookup.net;
    net.pinned = address;
    net.all_addresses = false;
    add_branch(to_string(address), std::move(net));
  }
  if (allowed.addresses.empty()) return end_lookup(lookup, std::move(allowed.refused));
  end_lookup(lookup, std::nullopt);
}

void FanOut::end_lookup(Lookup& lookup, std::optional<Outcome> failure) {
  lookup.failure = std::move(failure);
  lookup.timer.reset();
  lookup.resolve.reset();
  --looking_up_;
  start_branches();
  finish_if_done();
}

void FanOut::add_branch(std::string label, NetSpec net) {
  branches_.push_back(std::make_unique<Branch>());
  branches_.back()->label = std::move(label);
  branches_.back()->net = std::move(net);
}

void FanOut::start_branches() {
  while (next_ < branches_.size() && running_ < kAtOnceMax) {
    const std::size_t not_ended = branches_.size() - next_ + running_;
    const std::size_t rounds = (not_ended + kAtOnceMax - 1) / kAtOnceMax;
    const Duration left = deadline_ - context_.loop.precise_now();
    const bool last_round = rounds == 1;  // the run's own deadline ends it
    start_branch(*branches_[next_++], last_round ? Duration{} : left / static_cast<std::int64_t>(rounds));
  }
}

/// `share` is the time that it may take; zero = until the deadline.
void FanOut::start_branch(Branch& branch, Duration share) {
  ++running_;
  branch.started = context_.loop.precise_now();
  branch.check = entry_.type->make(*entry_.spec, entry_.target, branch.net, context_);
  MonoTime until = deadline_;
  if (share > Duration{}) {
    until = branch.started + share;
    branch.timer =
        context_.loop.at(until, [this, &branch] { on_ended(branch, branch.check->give_up(Cause::kTimeout)); });
  }
  branch.check->start(until, [this, &branch](Measurement m) { on_ended(branch, std::move(m)); });
}

void FanOut::on_ended(Branch& branch, Measurement m) {
  branch.took = context_.loop.precise_now() - branch.started;
  branch.result = std::move(m);
  branch.timer.reset();
  branch.check.reset();
  --running_;
  start_branches();
  finish_if_done();
}

void FanOut::finish_if_done() {
  if (looking_up_ > 0 || running_ > 0 || next_ < branches_.size()) return;
  auto done = std::move(done_);
  done(roll_up());  // may destroy this
}

Measurement FanOut::give_up(Cause why) {
  for (const auto& l : lookups_) {
    if (!l->resolve) continue;
    l->resolve.reset();
    l->failure = core::failed(Stage::kDns, why);
  }
  for (const auto& b : branches_) {
    if (b->check == nullptr) continue;
    b->took = context_.loop.precise_now() - b->started;
    b->result = b->check->give_up(why);
    b->check.reset();
  }
  return roll_up();
}

/// The slowest that was well, else the first that was not; null when none was tried.
const Branch* FanOut::branch_to_show() const {
  const Branch* shown = nullptr;
  for (const auto& b : branches_) {
    if (!b->result) continue;
    const bool good = is_good(b->result->outcome);
    const bool shown_good = shown != nullptr && is_good(shown->result->outcome);
    if (shown == nullptr || (good && (!shown_good || b->took > shown->took))) shown = b.get();
  }
  return shown;
}

Measurement FanOut::roll_up() {
  std::vector<Bad> failed;
  std::vector<Bad> own;
  std::int64_t failed_addresses = 0;
  for (const auto& b : branches_) {
    if (!b->result || is_good(b->result->outcome)) continue;
    const bool ours = b->result->outcome.status == Status::kUnknown;
    (ours ? own : failed).push_back({b->label, &b->result->outcome});
    if (!ours) ++failed_addresses;
  }
  for (const auto& l : lookups_) {
    if (!l->failure) continue;
    (l->failure->status == Status::kUnknown ? own : failed).push_back({std::string{l->label}, &*l->failure});
  }
  const Branch* shown = branch_to_show();
  Measurement m;
  if (shown != nullptr) m = *shown->result;
  m.outcome = verdict(failed, own, shown);
  set_facts(m);
  m.set_seconds(field::kDurationSeconds, context_.loop.precise_now() - started_);  // of the whole, not of one branch
  if (shown != nullptr) m.set(field::kAddressesFailed, failed_addresses);
  return m;
}

void FanOut::set_facts(Measurement& m) const {
  // Of a dns check it is the time of the question itself, which its branches have.
  if (resolve_time_ && entry_.target.check != core::CheckKind::kDns)
    m.set_seconds(field::kResolveSeconds, *resolve_time_);
  if (offered_ > 0) m.set(field::kAddresses, static_cast<std::int64_t>(offered_));
  std::optional<std::int64_t> expiry;
  for (const auto& b : branches_) {
    const auto* value = b->result ? b->result->get(field::kSslEarliestCertExpiry) : nullptr;
    if (value == nullptr) continue;
    const auto seconds = std::get<std::int64_t>(*value);
    expiry = std::min(expiry.value_or(seconds), seconds);
  }
  if (expiry) m.set(field::kSslEarliestCertExpiry, *expiry);
}

/// "2 of 8: 192.0.2.1 tcp_refused; IPv6 dns_nodata"
std::string list_of(const std::vector<Bad>& bad, std::size_t all) {
  std::string text = std::to_string(bad.size()) + " of " + std::to_string(all) + ": ";
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const std::string one = bad[i].who + " " + class_of(*bad[i].outcome);
    if (text.size() + one.size() > kTextBytesMax) {
      return text + "and " + std::to_string(bad.size() - i) + " more";
    }
    text += one + (i + 1 < bad.size() ? "; " : "");
  }
  return text;
}

/// The outcome whose class most of them have; of equals the first.
const Outcome& most_common(const std::vector<Bad>& bad) {
  std::map<std::string, std::size_t> counts;
  for (const Bad& b : bad) ++counts[class_of(*b.outcome)];
  return *std::ranges::max_element(bad, {}, [&counts](const Bad& b) { return counts[class_of(*b.outcome)]; })->outcome;
}

Outcome FanOut::verdict(const std::vector<Bad>& failed, const std::vector<Bad>& own, const Branch* shown) const {
  const auto tried = std::ranges::count_if(branches_, [](const auto& b) { return b->result.has_value(); });
  const auto no_addresses = std::ranges::count_if(lookups_, [](const auto& l) { return l->failure.has_value(); });
  const auto all = static_cast<std::size_t>(tried + no_addresses);
  const bool single = all == 1;
  const bool any_good = shown != nullptr && is_good(shown->result->outcome);
  const std::vector<Bad>& bad = failed.empty() ? own : failed;
  if (!bad.empty()) {
    if (single) return *bad.front().outcome;
    const std::size_t left = branches_.size() - next_;
    const std::string not_tried = left == 0 ? "" : "; " + std::to_string(left) + " not tried in time";
    const Outcome& common = most_common(bad);
    if (any_good && !failed.empty()) {
      return core::degraded(common.stage, Cause::kSomeAddresses, list_of(failed, all) + not_tried);
    }
    return core::failed(common.stage, common.cause, list_of(bad, all) + not_tried);
  }
  // None failed: a blemish of one is a blemish of the whole.
  for (const auto& b : branches_) {
    if (!b->result || b->result->outcome.status != Status::kDegraded) continue;
    const Outcome& o = b->result->outcome;
    return single ? o : core::degraded(o.stage, o.cause, b->label + ": " + o.detail);
  }
  return shown != nullptr ? shown->result->outcome : core::failed(Stage::kDns, Cause::kTimeout);
}

}  // namespace

bool needs_fan_out(const TargetEntry& entry) {
  const NetSpec& net = entry.net;
  if (net.pinned || (!net.all_addresses && net.family != NetSpec::Family::kBoth)) return false;
  const auto url = core::parse_url(entry.target.url);
  return url && !url->host.empty() && !io::parse_address(url->host);
}

std::unique_ptr<Check> make_fan_out(const TargetEntry& entry, CheckContext& context) {
  return std::make_unique<FanOut>(entry, context);
}

}  // namespace sonde::prober
