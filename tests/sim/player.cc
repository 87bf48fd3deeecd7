// From the script to records. A good run's record is made once and then changed in place: most runs are good, and a
// score card is millions of them.
#include "player.h"

#include <algorithm>
#include <numeric>

#include "core/measurement.h"
#include "core/schema.h"

namespace sonde::sim {
namespace {

namespace field = core::field;

/// Facts of a run, in the prober's own fields.
core::Measurement measurement_of(const TargetFacts& facts, const Seen& s) {
  core::Measurement m;
  m.family = "ip4";
  m.outcome.status = s.status;
  m.outcome.stage = s.stage;
  m.outcome.cause = s.cause;
  const auto put = [&m](const core::Field& f, double seconds) {
    if (seconds >= 0) m.set(f, seconds);
  };
  m.set(field::kSuspect, std::int64_t{s.suspect_why.empty() ? 0 : 1});
  if (!s.suspect_why.empty()) m.set(field::kSuspectWhy, std::string{s.suspect_why});
  put(field::kDurationSeconds, s.duration);
  if (facts.named) put(field::kResolveSeconds, s.resolve);
  put(field::kConnectSeconds, s.connect);
  put(field::kTlsSeconds, s.tls);
  put(field::kProcessingSeconds, s.processing);
  put(field::kTransferSeconds, s.transfer);
  if (s.connect >= 0) {
    m.set(field::kTcpRttSeconds, s.round_trip);
    m.set(field::kTcpRetransmits, std::int64_t{s.retransmits});
  }
  m.set(field::kLoopLagSeconds, s.lag);
  if (s.http_status > 0) m.set(field::kHttpStatusCode, std::int64_t{s.http_status});
  return m;
}

/// The facts of a good run that differ from one run to the next.
constexpr std::array<const core::Field*, 9> kChanging{
    &field::kDurationSeconds, &field::kResolveSeconds,    &field::kConnectSeconds,
    &field::kTlsSeconds,      &field::kProcessingSeconds, &field::kTransferSeconds,
    &field::kTcpRttSeconds,   &field::kLoopLagSeconds,    &field::kTcpRetransmits};
constexpr std::uint8_t kNowhere = 255;

std::array<std::uint8_t, 9> places_in(const core::Record& r) {
  std::array<std::uint8_t, 9> out{};
  for (std::size_t i = 0; i < kChanging.size(); ++i) {
    const auto it = std::ranges::find(r.fields, kChanging[i]->name, &std::pair<std::string, core::FieldValue>::first);
    out.at(i) = it == r.fields.end() ? kNowhere : static_cast<std::uint8_t>(it - r.fields.begin());
  }
  return out;
}

}  // namespace

/// What a prober knows of its own uplink, from its controls, and without controls from the clouds of its own partition
/// (prober/self_watch.h, of which this follows the words).
class Player::SelfDoubt {
 public:
  explicit SelfDoubt(core::Partition own) : own_(own) {}

  void hear(const core::Target& t, bool ok, std::int64_t at_ms, std::int64_t good_for_ms) {
    if (t.partition != own_ || t.role == core::Role::kApp) return;
    auto& heard = t.role == core::Role::kControl ? controls_ : providers_;
    heard[t.role == core::Role::kControl ? t.name : t.provider] = {ok, at_ms + good_for_ms};
  }

  [[nodiscard]] bool uplink_lost(std::int64_t now_ms) const {
    const auto controls = all_failing(controls_, now_ms);
    if (!controls || *controls > 0) return controls.has_value();
    return all_failing(providers_, now_ms).value_or(0) >= 2;
  }

 private:
  struct Newest {
    bool ok = false;
    std::int64_t until_ms = 0;
  };
  using Heard = std::map<std::string, Newest>;

  static std::optional<std::size_t> all_failing(const Heard& heard, std::int64_t now_ms) {
    std::size_t count = 0;
    for (const auto& [name, newest] : heard) {
      if (newest.until_ms < now_ms) continue;
      if (newest.ok) return std::nullopt;
      ++count;
    }
    return count;
  }

  core::Partition own_;
  Heard controls_;
  Heard providers_;
};

Player::Player(const World& world, const Script& script, const Noise& noise, std::uint64_t seed)
    : world_(world),
      script_(script),
      network_(world, noise, seed, script.start_ms, script.end_ms(), script.trained_ms),
      runs_(Rng::named(seed, "runs")),
      fate_(Rng::named(seed, "fate")),
      companions_(Rng::named(seed, "companions")) {
  Rng phases = Rng::named(seed, "phases");
  for (std::size_t cell = 0; cell < world.cells(); ++cell) {
    phase_ms_.push_back(static_cast<std::int64_t>(phases.uniform() * static_cast<double>(script.round_ms)));
    Seen good;
    good.resolve = world.facts_of(cell).named ? 0 : -1;
    good.connect = 0;
    good.tls = world.facts_of(cell).tls ? 0 : -1;
    good.processing = good.transfer = world.facts_of(cell).http ? 0 : -1;
    good.http_status = world.facts_of(cell).http ? 200 : 0;
    good_.push_back(core::to_record(measurement_of(world.facts_of(cell), good), world.vantage_of(cell),
                                    world.target_of(cell), core::from_unix_ms(script.start_ms)));
    places_.push_back(places_in(good_.back()));
    cell_of_.emplace(std::pair{world.vantage_of(cell).name, world.target_of(cell).name}, cell);
  }
  for (std::size_t v = 0; v < world.vantages.size(); ++v) {
    std::vector<std::size_t>& cells = by_phase_.emplace_back(world.targets.size());
    std::iota(cells.begin(), cells.end(), world.cell(v, 0));
    std::ranges::sort(cells, {}, [this](std::size_t c) { return phase_ms_[c]; });
    doubts_.push_back(std::make_unique<SelfDoubt>(world.vantages[v].partition));
  }
}

Player::~Player() = default;

void Player::play(Audience& audience) {
  topology(script_.start_ms, audience);
  for (std::int64_t round = 0; round < script_.rounds; ++round) {
    play_round(round, audience);
    audience.round_over(script_.start_ms + (round + 1) * script_.round_ms);
    asks_ = audience.asks();
  }
}

void Player::topology(std::int64_t at_ms, Audience& audience) const {
  for (const core::Vantage& v : world_.vantages) audience.record(core::to_record(v, core::from_unix_ms(at_ms)));
  for (const core::Target& t : world_.targets) audience.record(core::to_record(t, core::from_unix_ms(at_ms)));
}

void Player::choose_active(std::int64_t from_ms, std::int64_t to_ms) {
  active_.clear();
  for (const Fault& f : script_.faults) {
    if (f.start_ms < to_ms && f.end_ms > from_ms) active_.push_back(&f);
  }
}

void Player::play_round(std::int64_t round, Audience& audience) {
  const std::int64_t begin = script_.start_ms + round * script_.round_ms;
  choose_active(begin, begin + script_.round_ms);
  for (const auto& cells : by_phase_) {
    for (const std::size_t cell : cells) play_cell(cell, begin + phase_ms_[cell], round, audience);
  }
  play_companions(begin, audience);
  std::erase_if(late_, [&](const Late& l) {
    if (l.round > round) return false;
    audience.record(l.record);
    return true;
  });
}

void Player::play_cell(std::size_t cell, std::int64_t at_ms, std::int64_t round, Audience& audience) {
  Seen seen = run_of(cell, at_ms, world_, network_, active_, runs_);
  const std::size_t v = cell / world_.targets.size();
  const core::Target& t = world_.target_of(cell);
  if (seen.suspect_why.empty() && doubts_[v]->uplink_lost(at_ms)) seen.suspect_why = "uplink";
  doubts_[v]->hear(t, seen.ok(), at_ms, 2 * script_.round_ms + 5000);
  if (network_.silent(v, at_ms) || fate_.chance(network_.noise().lost_results)) return;
  send(cell, at_ms + network_.skew_ms(v), seen, round, audience);
  audience.run(cell, at_ms, seen);
}

/// Each prober makes its own one after the other, 3 s apart; what does not fit into the round is not made.
void Player::play_companions(std::int64_t begin_ms, Audience& audience) {
  std::map<std::string_view, std::int64_t> at_ms;
  for (const core::CompanionAsk& ask : asks_) {
    const std::int64_t at = at_ms.try_emplace(ask.vantage, begin_ms).first->second += 3000;
    const std::size_t cell = cell_of_.at({ask.vantage, ask.target});
    const std::size_t v = cell / world_.targets.size();
    if (at >= begin_ms + script_.round_ms) continue;
    Seen seen = run_of(cell, at, world_, network_, active_, companions_, ask.kind);
    if (doubts_[v]->uplink_lost(at)) seen.suspect_why = "uplink";
    if (network_.silent(v, at) || companions_.chance(network_.noise().lost_results)) continue;
    core::Record r = core::to_record(measurement_of(world_.facts_of(cell), seen), world_.vantage_of(cell),
                                     world_.target_of(cell), core::from_unix_ms(at + network_.skew_ms(v)));
    r.measurement = core::kCompanionMeasurement;
    r.add_tag(core::kCompanionTag, core::name(ask.kind));
    audience.record(r);
  }
}

void Player::send(std::size_t cell, std::int64_t stamp_ms, const Seen& seen, std::int64_t round, Audience& audience) {
  const core::Record& r = record_of(cell, stamp_ms, seen);
  const double dice = fate_.uniform();
  if (dice < network_.noise().late_results) {
    late_.push_back({round + fate_.between(1, 4), r});
    return;
  }
  audience.record(r);
  if (dice > 1 - network_.noise().twice) audience.record(r);
}

const core::Record& Player::record_of(std::size_t cell, std::int64_t stamp_ms, const Seen& seen) {
  const bool plain = seen.status == core::Status::kOk && seen.suspect_why.empty();
  if (!plain) {
    other_ = core::to_record(measurement_of(world_.facts_of(cell), seen), world_.vantage_of(cell),
                             world_.target_of(cell), core::from_unix_ms(stamp_ms));
    return other_;
  }
  core::Record& r = good_[cell];
  r.time = core::from_unix_ms(stamp_ms);
  const std::array<double, 8> values{seen.duration,   seen.resolve,  seen.connect,    seen.tls,
                                     seen.processing, seen.transfer, seen.round_trip, seen.lag};
  const auto& places = places_[cell];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (places.at(i) != kNowhere) r.fields[places.at(i)].second = values.at(i);
  }
  r.fields[places.back()].second = std::int64_t{seen.retransmits};  // every good run has connected
  return r;
}

}  // namespace sonde::sim
