// Wiring: clients, scheduler, runs, self-watch, and the records that come of them.
#include "prober/prober.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "prober/runner.h"
#include "prober/scheduler.h"
#include "prober/self_watch.h"

namespace sonde::prober {
namespace {

namespace field = core::field;

constexpr Duration kHeartbeatEvery = std::chrono::seconds{10};
constexpr Duration kDescribeEvery = std::chrono::hours{1};

/// What is built from a configuration and replaced with it.
struct Clients {
  std::unique_ptr<io::DnsClient> dns;
  std::unique_ptr<io::TcpDialer> dialer;
  std::unique_ptr<io::TlsClient> tls;
  std::unique_ptr<CheckContext> context;
};

core::Error invalid(std::string message) { return {core::ErrorCode::kInvalid, std::move(message)}; }

core::Result<Clients> make_clients(io::Loop& loop, io::HttpClient& http, const ProberConfig& config,
                                   std::string_view resolv_conf) {
  io::DialerOptions dialer;
  for (const std::string& range : config.allow) {
    if (!dialer.policy.allow(range)) return invalid("policy.allow: " + range + " is no address range");
  }
  if (!config.source.empty()) {
    dialer.source = io::parse_address(config.source);
    if (!dialer.source) return invalid("vantage.source: " + config.source + " is no address");
  }
  std::optional<io::Endpoint> resolver;
  std::vector<io::Endpoint> more_resolvers;
  if (!config.resolver.empty()) {
    resolver = io::parse_endpoint(config.resolver, 53);
    if (!resolver) return invalid("resolver: " + config.resolver + " is not ADDRESS or ADDRESS:PORT");
  } else if (const auto system = io::parse_resolv_conf(resolv_conf); !system.empty()) {
    resolver = system.front();
    more_resolvers.assign(system.begin() + 1, system.end());
  }
  auto tls = io::make_tls_client(loop, {.ca_file = config.ca_file});
  if (!tls) return tls.error();
  Clients out;
  out.dns = io::make_dns_client(loop, {.source = dialer.source});
  out.dialer = std::make_unique<io::TcpDialer>(loop, std::move(dialer));
  out.tls = std::move(*tls);
  out.context =
      std::make_unique<CheckContext>(CheckContext{.loop = loop,
                                                  .dns = *out.dns,
                                                  .dialer = *out.dialer,
                                                  .tls = *out.tls,
                                                  .http = http,
                                                  .resolver = resolver,
                                                  .user_agent = "sonde/" + config.vantage.version + " (+health probe)",
                                                  .more_resolvers = std::move(more_resolvers)});
  return out;
}

/// A vantage says which resolver it uses, also when the system chose it.
void name_resolver(ProberConfig& config, const Clients& clients) {
  if (config.vantage.resolver.empty() && clients.context->resolver) {
    config.vantage.resolver = to_string(*clients.context->resolver);
  }
}

/// What is known of one target while the prober runs.
struct TargetState {
  core::ProbeTags tags;  // made with the first result
  std::int64_t seq = 0;
  std::unique_ptr<Run> run;
  WallTime stamp{};  // of the run in flight or waiting
  Duration late{};
  bool waiting = false;
  core::MonoTime due{};  // when it was due, while it waits
};

class ProberImpl final : public Prober {
 public:
  ProberImpl(io::Loop& loop, io::HttpClient& http, ProberConfig config, Clients clients, std::string resolv_conf,
             Callback<void(core::Record)> emit)
      : loop_(loop),
        http_(http),
        resolv_conf_(std::move(resolv_conf)),
        config_(std::move(config)),
        clients_(std::move(clients)),
        emit_(std::move(emit)),
        watch_(loop),
        states_(config_.targets.size()) {}

  void on_result(Callback<void(const core::ProbeResult&)> take) override { take_ = std::move(take); }
  void start() override;
  void stop() override;
  core::Result<void> reconfigure(ProberConfig config) override;
  io::Handle run_once(const TargetEntry& entry, Callback<void(core::Measurement)> done) override;
  void run_all_once(Callback<void()> done) override;
  [[nodiscard]] ProberSnapshot snapshot() const override;
  [[nodiscard]] const ProberConfig& config() const override { return config_; }

 private:
  struct OneRun final : io::Handle::Pending {
    OneRun(const TargetEntry& entry, CheckContext& context, const SelfWatch& watch) : run(entry, context, watch) {}
    Run run;
  };

  void schedule(const std::map<std::string, std::pair<std::int64_t, WallTime>>& before);
  void on_due(std::size_t target, WallTime stamp, Duration late);
  void on_gap(std::size_t target, std::int64_t count, WallTime first, WallTime last);
  void begin(std::size_t target);
  void begin_waiting();
  void on_ended(std::size_t target, core::Measurement m);
  void skip(std::size_t target, WallTime stamp, std::string_view why);
  void overloaded(std::size_t target);
  void drop_runs(std::string_view why);
  void emit_probe(std::size_t target, core::Measurement m, WallTime stamp);
  void count(const core::Outcome& outcome);
  void describe();
  void heartbeat();
  [[nodiscard]] WallTime wall_ms() const { return core::from_unix_ms(core::to_unix_ms(loop_.wall_now())); }

  io::Loop& loop_;
  io::HttpClient& http_;
  std::string resolv_conf_;
  ProberConfig config_;
  Clients clients_;
  Callback<void(core::Record)> emit_;
  Callback<void(const core::ProbeResult&)> take_;  // of results, where it is set
  SelfWatch watch_;
  std::vector<TargetState> states_;  // as config_.targets
  std::deque<std::size_t> waiting_;
  std::unique_ptr<Scheduler> scheduler_;
  Callback<void()> all_done_;  // of run_all_once
  std::size_t all_left_ = 0;
  std::size_t in_flight_ = 0;
  ProberSnapshot counts_;
  core::MonoTime started_{};
  io::Handle heartbeat_;
  io::Handle describe_;
};

void ProberImpl::start() {
  started_ = loop_.now();
  watch_.start([this](Duration) {
    if (scheduler_) scheduler_->clock_stepped();
  });
  describe();
  heartbeat();
  schedule({});
}

void ProberImpl::schedule(const std::map<std::string, std::pair<std::int64_t, WallTime>>& before) {
  std::vector<SlotPlan> plans;
  for (std::size_t i = 0; i < config_.targets.size(); ++i) {
    const core::Target& t = config_.targets[i].target;
    SlotPlan plan{
        .every = t.every, .phase = phase_of(config_.vantage.name, t.name, name(t.check), t.every), .last_stamp = {}};
    if (const auto it = before.find(t.name); it != before.end()) {
      states_[i].seq = it->second.first;
      plan.last_stamp = it->second.second;
    }
    plans.push_back(plan);
  }
  Scheduler::Events events;
  events.due = [this](std::size_t i, WallTime stamp, Duration late) { on_due(i, stamp, late); };
  events.missed = [this](std::size_t i, WallTime stamp) { skip(i, stamp, "the prober was not running at that time"); };
  events.gap = [this](std::size_t i, std::int64_t n, WallTime first, WallTime last) { on_gap(i, n, first, last); };
  scheduler_ = std::make_unique<Scheduler>(loop_, std::move(plans), std::move(events));
  scheduler_->start();
}

void ProberImpl::stop() {
  if (scheduler_) drop_runs("the prober was stopped");
  scheduler_.reset();
  watch_.stop();
  heartbeat_.reset();
  describe_.reset();
}

core::Result<void> ProberImpl::reconfigure(ProberConfig config) {
  auto clients = make_clients(loop_, http_, config, resolv_conf_);
  if (!clients) return clients.error();
  std::map<std::string, std::pair<std::int64_t, WallTime>> before;
  if (scheduler_) {
    drop_runs("the configuration was changed");
    for (std::size_t i = 0; i < config_.targets.size(); ++i) {
      before[config_.targets[i].target.name] = {states_[i].seq, scheduler_->last_stamp(i)};
    }
  }
  const bool running = scheduler_ != nullptr;
  scheduler_.reset();
  states_.clear();
  config_ = std::move(config);
  clients_ = std::move(*clients);
  name_resolver(config_, clients_);
  states_.resize(config_.targets.size());
  if (running) {
    describe();
    schedule(before);
  }
  return {};
}

io::Handle ProberImpl::run_once(const TargetEntry& entry, Callback<void(core::Measurement)> done) {
  auto one = std::make_unique<OneRun>(entry, *clients_.context, watch_);
  one->run.start(std::move(done));
  return io::Handle{std::move(one)};
}

void ProberImpl::run_all_once(Callback<void()> done) {
  started_ = loop_.now();
  watch_.start({});
  describe();
  all_done_ = std::move(done);
  all_left_ = config_.targets.size();
  for (std::size_t i = 0; i < config_.targets.size(); ++i) on_due(i, wall_ms(), {});
  if (all_left_ == 0) heartbeat_ = loop_.soon([this] { std::exchange(all_done_, {})(); });
}

void ProberImpl::on_due(std::size_t target, WallTime stamp, Duration late) {
  TargetState& s = states_[target];
  if (s.run || s.waiting) return skip(target, stamp, "the run before had not ended");
  s.stamp = stamp;
  s.late = late;
  s.due = loop_.precise_now();
  if (in_flight_ < config_.runs_in_flight_max) return begin(target);
  s.waiting = true;
  waiting_.push_back(target);
}

void ProberImpl::begin(std::size_t target) {
  TargetState& s = states_[target];
  s.waiting = false;
  s.run = std::make_unique<Run>(config_.targets[target], *clients_.context, watch_);
  ++in_flight_;
  s.run->start([this, target](core::Measurement m) { on_ended(target, std::move(m)); });
}

/// Starts those that wait for a place; one that waited half its interval is given up as our own overload.
void ProberImpl::begin_waiting() {
  while (!waiting_.empty() && in_flight_ < config_.runs_in_flight_max) {
    const std::size_t target = waiting_.front();
    waiting_.pop_front();
    TargetState& s = states_[target];
    const Duration waited = loop_.precise_now() - s.due;
    s.late += waited;
    if (scheduler_ && waited > config_.targets[target].target.every / 2) {
      overloaded(target);
    } else {
      begin(target);
    }
  }
}

void ProberImpl::on_ended(std::size_t target, core::Measurement m) {
  TargetState& s = states_[target];
  const std::unique_ptr<Run> run = std::move(s.run);
  --in_flight_;
  const core::Target& t = config_.targets[target].target;
  const bool reached = m.outcome.status == core::Status::kOk || m.outcome.status == core::Status::kDegraded;
  if (t.role == core::Role::kControl && t.partition == config_.vantage.partition) {
    watch_.control_result(t.name, reached, 2 * t.every + t.timeout);
  }
  m.set_seconds(field::kLateSeconds, s.late);
  count(m.outcome);
  emit_probe(target, std::move(m), s.stamp);
  begin_waiting();
  if (all_left_ > 0 && --all_left_ == 0) {
    watch_.stop();
    std::exchange(all_done_, {})();
  }
}

void ProberImpl::count(const core::Outcome& outcome) {
  ++counts_.runs;
  switch (outcome.status) {
    case core::Status::kOk:
    case core::Status::kDegraded:
      ++counts_.ok;
      break;
    case core::Status::kFail:
      ++counts_.failed;
      break;
    case core::Status::kUnknown:
      ++counts_.unknown;
      break;
  }
}

void ProberImpl::skip(std::size_t target, WallTime stamp, std::string_view why) {
  ++counts_.skipped;
  emit_probe(target, skipped(why), stamp);
}

void ProberImpl::overloaded(std::size_t target) {
  TargetState& s = states_[target];
  s.waiting = false;
  core::Measurement m;
  m.outcome = core::failed(core::Stage::kDns, core::Cause::kOverload,
                           std::to_string(config_.runs_in_flight_max) + " runs were in flight");
  m.set_seconds(field::kLateSeconds, s.late);
  count(m.outcome);
  emit_probe(target, std::move(m), s.stamp);
}

void ProberImpl::drop_runs(std::string_view why) {
  waiting_.clear();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    TargetState& s = states_[i];
    if (!s.run && !s.waiting) continue;
    if (s.run) --in_flight_;
    s.run.reset();
    s.waiting = false;
    skip(i, s.stamp, why);
  }
}

void ProberImpl::emit_probe(std::size_t target, core::Measurement m, WallTime stamp) {
  TargetState& s = states_[target];
  const core::Target& t = config_.targets[target].target;
  m.set(field::kSeq, ++s.seq);
  if (!take_) return emit_(to_record(m, config_.vantage, t, stamp));
  if (!s.tags.ready()) s.tags = core::ProbeTags{config_.vantage, t};
  take_({m, config_.vantage, t, s.tags, stamp});
}

void ProberImpl::on_gap(std::size_t target, std::int64_t slots, WallTime first, WallTime last) {
  counts_.skipped += static_cast<std::uint64_t>(slots);
  states_[target].seq += slots;  // the numbers are used up, so that the hole shows in them too
  core::Record r;
  r.measurement = core::measurement::kGap;
  r.time = wall_ms();
  r.add_tag(core::tag::kTarget, config_.targets[target].target.name);
  r.add_tag(core::tag::kVantage, config_.vantage.name);
  r.add_field("count", slots);
  r.add_field("first_ms", core::to_unix_ms(first));
  r.add_field("last_ms", core::to_unix_ms(last));
  r.add_field("why", std::string{"missed"});
  emit_(std::move(r));
}

void ProberImpl::describe() {
  const WallTime at = wall_ms();
  emit_(to_record(config_.vantage, at));
  for (const TargetEntry& e : config_.targets) emit_(to_record(e.target, at));
  describe_ = loop_.after(kDescribeEvery, [this] { describe(); });
}

void ProberImpl::heartbeat() {
  const ProberSnapshot now = snapshot();
  core::Record r;
  r.measurement = core::measurement::kSonde;
  r.time = wall_ms();
  r.add_tag(core::tag::kVantage, config_.vantage.name);
  r.add_field("uptime_seconds", core::to_seconds(now.uptime));
  r.add_field("runs", static_cast<std::int64_t>(now.runs));
  r.add_field("skipped", static_cast<std::int64_t>(now.skipped));
  r.add_field("in_flight", static_cast<std::int64_t>(now.in_flight));
  r.add_field("targets", static_cast<std::int64_t>(now.targets));
  r.add_field("loop_lag_seconds", core::to_seconds(now.loop_lag));
  r.add_field("suspect", std::int64_t{now.suspect_why.empty() ? 0 : 1});
  if (!now.suspect_why.empty()) r.add_field("suspect_why", now.suspect_why);
  emit_(std::move(r));
  heartbeat_ = loop_.after(kHeartbeatEvery, [this] { heartbeat(); });
}

ProberSnapshot ProberImpl::snapshot() const {
  ProberSnapshot out = counts_;
  out.in_flight = in_flight_;
  out.targets = config_.targets.size();
  out.loop_lag = watch_.lag_of_last_minute();
  out.suspect_why = watch_.trust_now().why;
  out.uptime = started_ == core::MonoTime{} ? Duration{} : loop_.now() - started_;
  return out;
}

}  // namespace

core::Result<std::unique_ptr<Prober>> make_prober(io::Loop& loop, io::HttpClient& http, ProberConfig config,
                                                  std::string_view resolv_conf, Callback<void(core::Record)> emit) {
  auto clients = make_clients(loop, http, config, resolv_conf);
  if (!clients) return clients.error();
  name_resolver(config, *clients);
  return std::unique_ptr<Prober>{std::make_unique<ProberImpl>(loop, http, std::move(config), std::move(*clients),
                                                              std::string{resolv_conf}, std::move(emit))};
}

}  // namespace sonde::prober
