// Wiring: scheduler, runs, self-watch, and the records that come of them.
#include "prober/prober.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "prober/captive_watch.h"
#include "prober/companions.h"
#include "prober/describer.h"
#include "prober/scheduler.h"
#include "prober/self_records.h"
#include "prober/target_state.h"

namespace sonde::prober {
namespace {

namespace field = core::field;

constexpr int kStartsPerTurnMax = 64;  // so that a burst leaves the loop its turns
constexpr Duration kHeartbeatEvery = std::chrono::seconds{10};
constexpr Duration kDescribeEvery = std::chrono::hours{1};
constexpr Duration kStampAheadMax = std::chrono::hours{24};

class ProberImpl final : public Prober {
 public:
  ProberImpl(io::Loop& loop, io::Files& files, io::HttpClient& http, std::string resolv_conf,
             Callback<void(core::Record)> emit)
      : loop_(loop),
        files_(files),
        http_(http),
        resolv_conf_(std::move(resolv_conf)),
        emit_(std::move(emit)),
        watch_(loop) {}

  /// Before anything else, once.
  core::Result<void> configure(ProberConfig config);

  void on_result(Callback<void(const core::ProbeResult&)> take) override { take_ = std::move(take); }
  void stamp_after(WallTime newest) override;
  void start() override;
  void stop() override;
  core::Result<void> reconfigure(ProberConfig config) override;
  io::Handle run_once(const TargetEntry& entry, Callback<void(core::Measurement)> done) override;
  void run_all_once(Callback<void()> done) override;
  bool ask(const core::CompanionAsk& ask) override;
  [[nodiscard]] ProberSnapshot snapshot() const override;
  [[nodiscard]] const ProberConfig& config() const override { return config_; }
  [[nodiscard]] std::vector<const TargetEntry*> targets() const override;

 private:
  void take_targets(std::vector<TargetEntry> entries);
  void put(std::size_t id, TargetEntry entry);
  void remove(std::size_t id);
  void schedule(std::size_t id);
  void watch_for_captive();
  void on_clock(ClockEvent event);
  void on_due(std::size_t id, WallTime stamp, Duration late);
  void on_gap(std::size_t id, std::int64_t count, WallTime first, WallTime last);
  void begin(std::size_t id);
  void wait(std::size_t id);
  void begin_waiting();
  void on_ended(std::size_t id, core::Measurement m);
  void skip(std::size_t id, WallTime stamp, std::string_view why);
  void overloaded(std::size_t id);
  void drop_run(std::size_t id, std::string_view why);
  void drop_runs(std::string_view why);
  void emit_probe(TargetState& state, const core::Target& target, core::Measurement m, WallTime stamp);
  void describe_all();
  void heartbeat();
  [[nodiscard]] const core::Target& target(std::size_t id) const { return states_[id].entry->target; }
  [[nodiscard]] WallTime wall_ms() const { return core::from_unix_ms(core::to_unix_ms(loop_.wall_now())); }

  io::Loop& loop_;
  io::Files& files_;
  io::HttpClient& http_;
  std::string resolv_conf_;
  ProberConfig config_;                 // its targets are in states_
  HandshakeGate handshakes_{loop_, 1};  // before the runs, which hold its places
  std::shared_ptr<Clients> clients_;    // shared with the runs in flight
  Callback<void(core::Record)> emit_;
  Callback<void(const core::ProbeResult&)> take_;  // of results, where it is set
  SelfWatch watch_;
  std::unique_ptr<CaptiveWatch> captive_;
  Describer describer_{loop_, emit_};
  CompanionRuns companions_{loop_, watch_, emit_};
  std::vector<TargetState> states_;
  std::vector<std::size_t> free_ids_;
  std::size_t targets_ = 0;
  std::deque<std::size_t> waiting_;
  std::unique_ptr<Scheduler> scheduler_;
  Callback<void()> all_done_;  // of run_all_once
  std::size_t all_left_ = 0;
  std::size_t in_flight_ = 0;
  ProberSnapshot counts_;
  WallTime stamp_floor_{};
  core::MonoTime started_{};
  io::Handle heartbeat_;
  io::Handle describe_hourly_;
  io::Handle begin_soon_;
  io::Handle idle_;  // of run_all_once without targets
};

core::Result<void> ProberImpl::configure(ProberConfig config) {
  auto clients = make_clients(loop_, files_, http_, handshakes_, config, resolv_conf_, clients_.get());
  if (!clients) return clients.error();
  clients_ = std::move(*clients);
  if (config.vantage.resolver.empty()) config.vantage.resolver = resolver_name(*clients_);
  handshakes_.set_places(config.handshakes_in_flight_max);
  std::vector<TargetEntry> targets = std::exchange(config.targets, {});
  config_ = std::move(config);
  take_targets(std::move(targets));
  double per_second = 0;
  for (const TargetState& s : states_) per_second += s.entry ? 1 / core::to_seconds(s.entry->target.every) : 0;
  companions_.configure(config_.vantage, per_second);
  return {};
}

core::Result<void> ProberImpl::reconfigure(ProberConfig config) {
  if (all_left_ > 0) return core::Error{core::ErrorCode::kUnsupported, "a single round is running", "正在执行单轮探测"};
  const core::Vantage before = config_.vantage;
  const auto canary_before = config_.captive_canary;
  // The vantage is part of each record's identity and of each phase: a run cannot begin as one and end as the other.
  const bool moved = !same_tags(before, config.vantage);
  if (moved && scheduler_) {
    // Whether the new configuration works must be known before anything is dropped.
    if (const auto probe = make_clients(loop_, files_, http_, handshakes_, config, resolv_conf_, clients_.get());
        !probe) {
      return probe.error();
    }
    drop_runs("the vantage was changed");
  }
  if (auto done = configure(std::move(config)); !done) return done;
  if (scheduler_ == nullptr) return {};
  if (!same_description(before, config_.vantage)) emit_(to_record(config_.vantage, wall_ms()));
  if (config_.captive_canary != canary_before) watch_for_captive();
  describer_.write();
  begin_waiting();  // there may be more places now
  return {};
}

/// Brings states_ and the schedule to the new list. A target that stays keeps its number, its slots and its run.
void ProberImpl::take_targets(std::vector<TargetEntry> entries) {
  std::map<std::string_view, std::size_t> known;
  for (std::size_t id = 0; id < states_.size(); ++id) {
    if (states_[id].entry) known.emplace(target(id).name, id);
  }
  std::vector<std::pair<std::size_t, TargetEntry>> stay;
  std::vector<TargetEntry> fresh;
  for (TargetEntry& e : entries) {
    const auto it = known.find(e.target.name);
    if (it != known.end() && target(it->second).check == e.target.check) {
      stay.emplace_back(it->second, std::move(e));
      known.erase(it);
    } else {
      fresh.push_back(std::move(e));
    }
  }
  for (const auto& [name, id] : known) remove(id);
  for (auto& [id, entry] : stay) put(id, std::move(entry));
  for (TargetEntry& e : fresh) {
    std::size_t id = states_.size();
    if (free_ids_.empty()) {
      states_.emplace_back();
    } else {
      id = free_ids_.back();
      free_ids_.pop_back();
    }
    ++targets_;
    put(id, std::move(e));
  }
}

void ProberImpl::put(std::size_t id, TargetEntry entry) {
  TargetState& s = states_[id];
  entry.written = {};  // only needed while the configuration is read
  const bool described = s.entry && same_description(s.entry->target, entry.target);
  s.tags = {};
  s.entry = std::make_shared<const TargetEntry>(std::move(entry));
  if (!scheduler_) return;
  if (!described) describer_.add(s.entry);
  schedule(id);
}

void ProberImpl::remove(std::size_t id) {
  drop_run(id, "the target was removed");
  if (scheduler_) scheduler_->remove(id);
  states_[id] = {};
  free_ids_.push_back(id);
  --targets_;
}

void ProberImpl::schedule(std::size_t id) {
  const core::Target& t = target(id);
  scheduler_->set(id, {.every = t.every,
                       .phase = phase_of(config_.vantage.name, t.name, name(t.check), t.every),
                       .last_stamp = stamp_floor_});
}

void ProberImpl::stamp_after(WallTime newest) {
  if (newest <= wall_ms() + kStampAheadMax) stamp_floor_ = newest;
}

void ProberImpl::start() {
  started_ = loop_.now();
  watch_.start([this](ClockEvent event) { on_clock(event); });
  describe_all();
  heartbeat();
  Scheduler::Events events;
  events.look = [this] { watch_.look_at_clock(); };
  events.due = [this](std::size_t id, WallTime stamp, Duration late) { on_due(id, stamp, late); };
  events.missed = [this](std::size_t id, WallTime stamp) {
    skip(id, stamp, "the prober was not running at that time");
  };
  events.gap = [this](std::size_t id, std::int64_t n, WallTime first, WallTime last) { on_gap(id, n, first, last); };
  scheduler_ = std::make_unique<Scheduler>(loop_, std::move(events));
  for (std::size_t id = 0; id < states_.size(); ++id) {
    if (states_[id].entry) schedule(id);
  }
  watch_for_captive();
}

void ProberImpl::watch_for_captive() {
  captive_.reset();
  watch_.set_captive(false);
  if (!config_.captive_canary) return;
  captive_ = std::make_unique<CaptiveWatch>(
      loop_, CaptiveOptions{.canary = *config_.captive_canary, .source = io::parse_address(config_.source)},
      [this](bool captive) { watch_.set_captive(captive); });
}

void ProberImpl::stop() {
  if (scheduler_) drop_runs("the prober was stopped");
  scheduler_.reset();
  captive_.reset();
  companions_.drop();
  describer_.finish();
  watch_.stop();
  heartbeat_.reset();
  describe_hourly_.reset();
}

/// A jump of the wall clock or a sleep is worth a record of its own, at once.
void ProberImpl::on_clock(ClockEvent event) {
  emit_(heartbeat_record(config_.vantage, snapshot(), event, wall_ms()));
  if (scheduler_) scheduler_->clock_stepped(event.wall - event.slept);
}

io::Handle ProberImpl::run_once(const TargetEntry& entry, Callback<void(core::Measurement)> done) {
  auto one = std::make_unique<OneRun>(entry, clients_, watch_);
  one->run.start(std::move(done));
  return io::Handle{std::move(one)};
}

void ProberImpl::run_all_once(Callback<void()> done) {
  started_ = loop_.now();
  watch_.start({});
  describe_all();
  all_done_ = std::move(done);
  all_left_ = targets_;
  const WallTime stamp = std::max(wall_ms(), stamp_floor_ + std::chrono::milliseconds{1});
  for (std::size_t id = 0; id < states_.size(); ++id) {
    if (!states_[id].entry) continue;
    states_[id].stamp = stamp;
    states_[id].due = loop_.precise_now();
    wait(id);
  }
  begin_waiting();
  if (all_left_ == 0) idle_ = loop_.soon([this] { std::exchange(all_done_, {})(); });
}

void ProberImpl::on_due(std::size_t id, WallTime stamp, Duration late) {
  TargetState& s = states_[id];
  if (s.in_flight || s.waiting) return skip(id, stamp, "the run before had not ended");
  s.stamp = stamp;
  s.late = late;
  s.due = loop_.precise_now();
  if (in_flight_ < config_.runs_in_flight_max && waiting_.empty()) return begin(id);
  wait(id);
}

void ProberImpl::wait(std::size_t id) {
  states_[id].waiting = true;
  waiting_.push_back(id);
}

void ProberImpl::begin(std::size_t id) {
  TargetState& s = states_[id];
  s.waiting = false;
  s.in_flight = std::make_unique<InFlight>(s.entry, clients_, watch_);
  ++in_flight_;
  s.in_flight->run.start([this, id](core::Measurement m) { on_ended(id, std::move(m)); });
}

/// Starts those that wait for a place, some in this turn and the rest soon; one that waited half its interval is given
/// up as our own overload.
void ProberImpl::begin_waiting() {
  begin_soon_.reset();
  for (int starts = 0; !waiting_.empty() && in_flight_ < config_.runs_in_flight_max; ++starts) {
    if (starts == kStartsPerTurnMax) {
      begin_soon_ = loop_.soon([this] { begin_waiting(); });
      return;
    }
    const std::size_t id = waiting_.front();
    waiting_.pop_front();
    TargetState& s = states_[id];
    const Duration waited = loop_.precise_now() - s.due;
    s.late += waited;
    if (scheduler_ && waited > s.entry->target.every / 2) {
      overloaded(id);
    } else {
      begin(id);
    }
  }
}

void ProberImpl::on_ended(std::size_t id, core::Measurement m) {
  TargetState& s = states_[id];
  const std::unique_ptr<InFlight> ended = std::move(s.in_flight);
  --in_flight_;
  const core::Target& t = ended->entry->target;
  s.note_address(m);
  watch_.hear(t, m.outcome, config_.vantage.partition);
  m.set_seconds(field::kLateSeconds, s.late);
  count_run(counts_, m.outcome);
  emit_probe(s, t, std::move(m), s.stamp);
  // Not at once: a turn in which hundreds end would otherwise also begin hundreds.
  if (!waiting_.empty() && !begin_soon_) begin_soon_ = loop_.soon([this] { begin_waiting(); });
  if (all_left_ > 0 && --all_left_ == 0) {
    watch_.stop();
    std::exchange(all_done_, {})();
  }
}

bool ProberImpl::ask(const core::CompanionAsk& ask) {
  if (!scheduler_ || ask.vantage != config_.vantage.name) return false;
  const auto state = std::ranges::find_if(
      states_, [&](const TargetState& s) { return s.entry && s.entry->target.name == ask.target; });
  companions_.ask(ask.kind, state == states_.end() ? nullptr : &*state, config_, clients_);
  return true;
}

void ProberImpl::skip(std::size_t id, WallTime stamp, std::string_view why) {
  ++counts_.skipped;
  emit_probe(states_[id], target(id), skipped(why), stamp);
}

void ProberImpl::overloaded(std::size_t id) {
  TargetState& s = states_[id];
  s.waiting = false;
  core::Measurement m = overload(config_.runs_in_flight_max);
  m.set_seconds(field::kLateSeconds, s.late);
  count_run(counts_, m.outcome);
  emit_probe(s, target(id), std::move(m), s.stamp);
}

void ProberImpl::drop_run(std::size_t id, std::string_view why) {
  TargetState& s = states_[id];
  if (!s.in_flight && !s.waiting) return;
  if (s.in_flight) --in_flight_;
  if (s.waiting) std::erase(waiting_, id);
  s.in_flight.reset();
  s.waiting = false;
  skip(id, s.stamp, why);
}

void ProberImpl::drop_runs(std::string_view why) {
  waiting_.clear();
  begin_soon_.reset();
  for (std::size_t id = 0; id < states_.size(); ++id) drop_run(id, why);
}

void ProberImpl::emit_probe(TargetState& state, const core::Target& target, core::Measurement m, WallTime stamp) {
  m.set(field::kSeq, ++state.seq);
  if (!take_) return emit_(to_record(m, config_.vantage, target, stamp));
  // A run that began before the target was changed has the tags of then.
  if (&target != &state.entry->target) {
    return take_({m, config_.vantage, target, core::ProbeTags{config_.vantage, target}, stamp});
  }
  if (!state.tags.ready()) state.tags = core::ProbeTags{config_.vantage, target};
  take_({m, config_.vantage, target, state.tags, stamp});
}

void ProberImpl::on_gap(std::size_t id, std::int64_t slots, WallTime first, WallTime last) {
  counts_.skipped += static_cast<std::uint64_t>(slots);
  states_[id].seq += slots;  // the numbers are used up, so that the hole shows in them too
  emit_(gap_record(config_.vantage, target(id), slots, first, last, wall_ms()));
}

void ProberImpl::describe_all() {
  emit_(to_record(config_.vantage, wall_ms()));
  describer_.clear();
  for (const TargetState& s : states_) {
    if (s.entry) describer_.add(s.entry);
  }
  describer_.write();
  describe_hourly_ = loop_.after(kDescribeEvery, [this] { describe_all(); });
}

void ProberImpl::heartbeat() {
  emit_(heartbeat_record(config_.vantage, snapshot(), std::nullopt, wall_ms()));
  heartbeat_ = loop_.after(kHeartbeatEvery, [this] { heartbeat(); });
}

std::vector<const TargetEntry*> ProberImpl::targets() const {
  std::vector<const TargetEntry*> out;
  for (const TargetState& s : states_) {
    if (s.entry) out.push_back(s.entry.get());
  }
  return out;
}

ProberSnapshot ProberImpl::snapshot() const {
  ProberSnapshot out = counts_;
  out.in_flight = in_flight_;
  out.waiting = waiting_.size();
  out.handshakes = handshakes_.inside();
  out.handshakes_waiting = handshakes_.waiting();
  out.targets = targets_;
  out.companions = companions_.made();
  out.companions_refused = companions_.refused();
  out.loop_lag = watch_.lag_of_last_minute();
  out.suspect_why = watch_.trust_now().why;
  out.uptime = started_ == core::MonoTime{} ? Duration{} : loop_.now() - started_;
  return out;
}

}  // namespace

core::Result<std::unique_ptr<Prober>> make_prober(io::Loop& loop, io::Files& files, io::HttpClient& http,
                                                  ProberConfig config, std::string_view resolv_conf,
                                                  Callback<void(core::Record)> emit) {
  auto prober = std::make_unique<ProberImpl>(loop, files, http, std::string{resolv_conf}, std::move(emit));
  if (auto done = prober->configure(std::move(config)); !done) return done.error();
  return std::unique_ptr<Prober>{std::move(prober)};
}

}  // namespace sonde::prober
