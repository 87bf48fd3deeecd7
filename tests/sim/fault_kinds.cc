// The kinds of faults: what each does to the steps of a run.
#include <algorithm>

#include "menus.h"

namespace sonde::sim {
namespace {

using core::Cause;
using core::Stage;

/// What a kind does before anything is perturbed.
struct Plan {
  Origin origin = Origin::kFar;
  Sight sight = Sight::kTcp;    // in which way it is mostly seen
  double low = 0.75, high = 1;  // severity
  std::array<double, kSteps> strength{};
  std::array<Menu, kSteps> menus;
  double slow_share = 0, connect_delay = 0, answer_delay = 0;
  OwnTrouble own = OwnTrouble::kNone;

  Plan& at(Step step, double s, std::vector<std::pair<Failure, double>> typical) {
    strength.at(static_cast<std::size_t>(step)) = s;
    for (const auto& [failure, weight] : typical) menus.at(static_cast<std::size_t>(step)).add(failure, weight);
    return *this;
  }
  Plan& between(double l, double h) {
    low = l;
    high = h;
    return *this;
  }
};

constexpr Failure kDnsSilent{Stage::kDns, Cause::kTimeout};
constexpr Failure kServfail{Stage::kDns, Cause::kServfail};
constexpr Failure kNodata{Stage::kDns, Cause::kNodata};
constexpr Failure kNxdomain{Stage::kDns, Cause::kNxdomain};
constexpr Failure kInjected{Stage::kDns, Cause::kInjected};
constexpr Failure kTcpTimeout{Stage::kTcp, Cause::kTimeout};
constexpr Failure kTcpRefused{Stage::kTcp, Cause::kRefused};
constexpr Failure kTcpReset{Stage::kTcp, Cause::kReset};
constexpr Failure kUnreachable{Stage::kTcp, Cause::kUnreachable};
constexpr Failure kNoRoute{Stage::kTcp, Cause::kNoRoute};
constexpr Failure kNoResolver{Stage::kDns, Cause::kNoResolver};
constexpr Failure kTlsTimeout{Stage::kTls, Cause::kTimeout};
constexpr Failure kTlsReset{Stage::kTls, Cause::kReset};
constexpr Failure kExpired{Stage::kTls, Cause::kExpired};
constexpr Failure kNotYetValid{Stage::kTls, Cause::kNotYetValid};
constexpr Failure kUntrusted{Stage::kTls, Cause::kUntrusted};
constexpr Failure kChainExpired{Stage::kTls, Cause::kChainExpired};
constexpr Failure kRevoked{Stage::kTls, Cause::kRevoked};
constexpr Failure kNameMismatch{Stage::kTls, Cause::kNameMismatch};
constexpr Failure kHttpTimeout{Stage::kHttp, Cause::kTimeout};
constexpr Failure kHttpReset{Stage::kHttp, Cause::kReset};
constexpr Failure k500{Stage::kHttp, Cause::kStatus, 500};
constexpr Failure k502{Stage::kHttp, Cause::kStatus, 502};
constexpr Failure k503{Stage::kHttp, Cause::kStatus, 503};

Plan answers_badly() {
  Plan p{.sight = Sight::kHttp};
  p.at(Step::kHttp, 1, {{k503, 3}, {k500, 2}, {k502, 1}}).at(Step::kTransfer, 0.1, {{kHttpTimeout, 1}});
  return p;
}

/// Nothing comes through at some place of the network or behind it.
Plan cut_off(Origin origin) {
  Plan p{.origin = origin, .sight = Sight::kTcp};
  p.at(Step::kTcp, 0.95, {{kTcpTimeout, 6}, {kUnreachable, 1}});
  p.at(Step::kTls, 0.3, {{kTlsTimeout, 3}, {kTlsReset, 1}});
  p.at(Step::kTransfer, 0.2, {{kHttpTimeout, 1}, {kHttpReset, 1}});
  return p;
}

Plan loses_packets(Origin origin) {
  Plan p{.origin = origin, .sight = Sight::kTcp};
  p.at(Step::kTcp, 0.5, {{kTcpTimeout, 1}}).at(Step::kTls, 0.5, {{kTlsTimeout, 4}, {kTlsReset, 1}});
  p.at(Step::kTransfer, 0.4, {{kHttpTimeout, 3}, {kHttpReset, 1}});
  p.slow_share = 0.6;
  p.connect_delay = 0.25;  // retransmissions
  return p.between(0.35, 0.7);
}

Plan no_names(Origin origin, std::vector<std::pair<Failure, double>> typical) {
  Plan p{.origin = origin, .sight = Sight::kDns};
  return p.at(Step::kDns, 1, std::move(typical));
}

Plan bad_certificate(Origin origin, std::vector<std::pair<Failure, double>> typical) {
  Plan p{.origin = origin, .sight = Sight::kCertificate};
  return p.at(Step::kTls, 1, std::move(typical)).between(0.9, 1);
}

Plan slow(Origin origin, Sight sight, double connect, double answer) {
  Plan p{.origin = origin, .sight = sight};
  p.slow_share = 0.9;
  p.connect_delay = connect;
  p.answer_delay = answer;
  p.at(Step::kTransfer, 0.05, {{kHttpTimeout, 1}});
  return p;
}

Plan far_plan(std::string_view kind) {
  if (kind == "app-5xx" || kind == "region-5xx" || kind == "service-5xx" || kind == "global-5xx" ||
      kind == "provider-503" || kind == "hidden-dependency") {
    return answers_badly();
  }
  if (kind == "app-30") return answers_badly().between(0.25, 0.4);
  if (kind == "app-refused") {
    Plan p{.sight = Sight::kTcp};
    return p.at(Step::kTcp, 1, {{kTcpRefused, 1}});
  }
  if (kind == "app-cert") return bad_certificate(Origin::kFar, {{kExpired, 3}, {kNameMismatch, 1}});
  if (kind == "app-slow") return slow(Origin::kFar, Sight::kAnswerSlow, 0, 2.5);
  if (kind == "region-30") return cut_off(Origin::kFar).between(0.25, 0.4);
  if (kind == "region-loss") return loses_packets(Origin::kFar);
  if (kind == "service-dns") return no_names(Origin::kFar, {{kNodata, 2}, {kNxdomain, 1}, {kServfail, 1}});
  if (kind == "zone") return no_names(Origin::kFar, {{kServfail, 3}, {kNxdomain, 2}, {kDnsSilent, 1}});
  if (kind == "dns-provider") return no_names(Origin::kFar, {{kServfail, 2}, {kDnsSilent, 3}});
  if (kind == "ca") return bad_certificate(Origin::kFar, {{kUntrusted, 1}, {kChainExpired, 2}, {kRevoked, 1}});
  if (kind == "edge-partial") return cut_off(Origin::kFar).between(0.3, 0.5);
  if (kind == "provider-wan") return loses_packets(Origin::kFar).between(0.5, 0.8);
  return cut_off(Origin::kFar);  // region-net, edge, az, pop
}

Plan path_plan(std::string_view kind) {
  if (kind == "border-reset" || kind == "sni-filter") {
    Plan p{.origin = Origin::kPath, .sight = Sight::kTls};
    p.at(Step::kTls, 0.95, {{kTlsReset, 5}, {{Stage::kTls, Cause::kClosed}, 1}});
    if (kind == "border-reset") p.at(Step::kTcp, 0.25, {{kTcpReset, 2}, {kTcpRefused, 1}});
    return p;
  }
  if (kind == "border-loss") return loses_packets(Origin::kPath);
  if (kind == "border-dns") return no_names(Origin::kPath, {{kInjected, 3}, {kDnsSilent, 1}}).between(0.7, 1);
  if (kind == "corridor-slow") return slow(Origin::kPath, Sight::kConnectSlow, 0.22, 0);
  if (kind == "anycast-shift") {
    Plan p = slow(Origin::kPath, Sight::kConnectSlow, 0.15, 0);
    return p.at(Step::kTcp, 0.15, {{kTcpTimeout, 1}});
  }
  Plan p = cut_off(Origin::kPath);
  // An ISP's trouble takes the way to its resolver along, in part.
  if (kind == "isp") p.at(Step::kDns, 0.3, {{kDnsSilent, 1}});
  return p;
}

Plan near_plan(std::string_view kind, Rng& rng) {
  if (kind == "resolver" || kind == "vantage-dns") {
    return no_names(Origin::kNear, {{kDnsSilent, 3}, {kServfail, 2}, {{Stage::kDns, Cause::kRefused}, 1}});
  }
  if (kind == "vantage-loss") {
    Plan p = loses_packets(Origin::kNear);
    return p.at(Step::kDns, 0.15, {{kDnsSilent, 1}});
  }
  // The trust store is out of date, or the clock that TLS looks at: stamps of results stay right.
  if (kind == "vantage-clock")
    return bad_certificate(Origin::kNear, {{rng.chance(0.5) ? kNotYetValid : kUntrusted, 1}});
  if (kind == "vantage-overload") {
    Plan p = slow(Origin::kNear, Sight::kConnectSlow, 0.3, 0.8);
    p.own = OwnTrouble::kLag;
    return p;
  }
  // vantage-all: the uplink is gone; where the interface is down, the kernel says so.
  Plan p{.origin = Origin::kNear, .sight = Sight::kNear};
  const bool down = rng.chance(0.35);
  p.at(Step::kDns, 1, {{down ? kNoResolver : kDnsSilent, 1}});
  p.at(Step::kTcp, 1, {{down ? kNoRoute : kTcpTimeout, 1}});
  return p.between(1, 1);
}

Plan plan_of(const FaultKind& kind, Rng& rng) {
  if (kind.component == "vantage" || kind.component == "resolver") return near_plan(kind.name, rng);
  static constexpr std::array<std::string_view, 6> kPaths{"isp", "corridor", "peering", "path", "border", "border-isp"};
  if (std::ranges::find(kPaths, kind.component) != kPaths.end()) return path_plan(kind.name);
  return far_plan(kind.name);
}

/// Generator and judge must not agree on how strongly each layer shows a fault.
void perturb(Fault& f, const Plan& plan, Rng& rng) {
  for (std::size_t i = 0; i < kSteps; ++i) {
    const auto step = static_cast<Step>(i);
    double strength = plan.strength.at(i) * rng.uniform(0.6, 1.2);
    const double left = i > 0 ? plan.strength.at(i - 1) : 0;
    const double right = i + 1 < kSteps ? plan.strength.at(i + 1) : 0;
    // Neighbouring layers see some of it, where that can be: names do not fail for what comes after them.
    const bool can = step != Step::kDns && (step != Step::kHttp || plan.origin == Origin::kFar);
    if (can && plan.sight != Sight::kDns && rng.chance(0.5)) strength += std::max(left, right) * rng.uniform(0, 0.12);
    const bool certificates = plan.sight == Sight::kCertificate && step == Step::kTls;
    const bool gone = plan.sight == Sight::kNear;  // an uplink that is gone is gone for everybody
    f.strength.at(i) = gone ? plan.strength.at(i) : std::min(1.0, strength);
    f.menus.at(i) = certificates || gone ? plan.menus.at(i) : mixed(plan.menus.at(i), step, plan.origin, rng);
  }
  f.slow_share = plan.slow_share;
  f.connect_delay = plan.connect_delay * rng.uniform(0.6, 1.4);
  f.answer_delay = plan.answer_delay * rng.uniform(0.6, 1.4);
  f.own = plan.own;
}

/// Cells that the fault touches: all of the component, but for some spared targets and cells; each vantage sees it in
/// its own measure.
void choose_cells(Fault& f, const std::vector<std::uint32_t>& cells, const World& world, Rng& rng) {
  f.share.assign(world.cells(), 0);
  std::vector<bool> spared(world.targets.size());
  std::vector<bool> counted(world.targets.size());
  std::size_t targets = 0;
  for (const std::uint32_t cell : cells) {
    if (counted[cell % world.targets.size()]) continue;
    counted[cell % world.targets.size()] = true;
    ++targets;
  }
  if (targets >= 4) {
    for (std::size_t t = 0; t < spared.size(); ++t) spared[t] = rng.chance(0.08);
  }
  std::vector<double> measure(world.vantages.size());
  for (double& m : measure) m = f.kind == "vantage-all" ? 1 : std::min(1.0, rng.uniform(0.5, 1.3));
  for (const std::uint32_t cell : cells) {
    if (spared[cell % world.targets.size()]) continue;
    if (cells.size() >= 10 && rng.chance(0.03)) continue;
    f.share[cell] = static_cast<float>(measure[cell / world.targets.size()]);
  }
}

/// Apps that need a service which fails answer 503, whoever asks.
void break_dependants(Fault& f, const std::string& key, const World& world, Rng& rng) {
  const std::string_view kind = kind_of(key);
  const std::string label = key.substr(kind.size() + 1);
  f.dependent.assign(world.cells(), 0);
  for (std::size_t t = 0; t < world.targets.size(); ++t) {
    for (const std::string& need : world.targets[t].depends_on) {
      const std::size_t slash = need.rfind('/');
      const std::string place = need.substr(0, slash);
      const std::string provider = place.substr(0, place.find('/'));
      const bool hit = (kind == "service-region" && label == need) || (kind == "region" && label == place) ||
                       (kind == "provider" && label == provider) ||
                       (kind == "service-global" && label == provider + need.substr(slash));
      if (!hit) continue;
      const double chance = world.facts[t].breaks_with_dependency * rng.uniform(0.7, 1);
      for (std::size_t v = 0; v < world.vantages.size(); ++v)
        f.dependent[world.cell(v, t)] = static_cast<float>(chance);
    }
  }
}

void schedule(Fault& f, std::int64_t start_ms, const Manner& m, Rng& rng) {
  const bool long_one = f.severity < 0.5 || f.slow_share > 0;
  const int rounds = rng.between(m.rounds_min, m.rounds_max) + (long_one ? 8 : 0);
  f.start_ms = start_ms;
  f.ramp_ms = rng.between(1, m.ramp_max) > 2 ? rng.between(1, m.ramp_max) * m.round_ms : 0;
  if (rng.chance(m.flapping)) {
    f.on_ms = rng.between(3, 7) * m.round_ms;
    f.off_ms = rng.between(2, 6) * m.round_ms;
  }
  f.end_ms = start_ms + (rounds + (f.off_ms > 0 ? 12 : 0)) * m.round_ms;
}

/// Share of the runs that fail or are slow because of it, over all cells of the component.
double percent_of(const Fault& f, const std::vector<std::uint32_t>& cells, const World& world) {
  double sum = 0;
  for (const std::uint32_t cell : cells) {
    const TargetFacts& facts = world.facts_of(cell);
    const double level = f.severity * f.share[cell];
    double fine = 1 - level * f.slow_share;
    if (facts.named) fine *= 1 - level * f.strength[0];
    fine *= 1 - level * f.strength[1];
    if (facts.tls) fine *= 1 - level * f.strength[2];
    if (facts.http) fine *= (1 - level * f.strength[3]) * (1 - level * f.strength[4]);
    sum += 1 - fine;
  }
  return cells.empty() ? 0 : 100 * sum / static_cast<double>(cells.size());
}

/// Of the places of an off-model fault, the part that really breaks; and what may be said of it.
std::vector<std::uint32_t> part_of(const FaultKind& kind, const std::string& key, std::vector<std::uint32_t> cells,
                                   const World& world, const Components& all, hub::judge::Truth& truth, Rng& rng) {
  if (kind.name == "az") {  // one of the zones of a region: half of its targets
    const auto half = static_cast<std::uint32_t>(rng.below(2));
    std::erase_if(cells, [&](std::uint32_t c) { return (c % world.targets.size()) % 2 != half; });
  } else if (kind.name == "pop") {  // one place of an edge: only some of the country's vantages go there
    const std::string_view label = std::string_view{key}.substr(kind_of(key).size() + 1);
    const std::string provider{label.substr(0, label.find('@'))};
    const std::uint64_t salt = rng.next();
    std::erase_if(cells, [&](std::uint32_t c) { return (c / world.targets.size() * 2654435761U + salt) % 3 == 0; });
    for (const std::uint32_t c : cells) truth.accept.push_back("peering:" + world.vantage_of(c).isp + ">" + provider);
  } else if (kind.name == "hidden-dependency") {  // a back end that several apps share and nobody declared
    std::vector<std::string> apps = all.of_kind("app");
    rng.shuffle(apps);
    apps.resize(std::min<std::size_t>(apps.size(), static_cast<std::size_t>(rng.between(3, 5))));
    cells.clear();
    for (const std::string& app : apps) std::ranges::copy(all.seeing(app, Sight::kHttp), std::back_inserter(cells));
    truth.component.clear();
  } else if (kind.name == "sni-filter") {  // one name, for all that leave the country
    std::vector<std::uint32_t> fitting = cells;
    if (!fitting.empty()) {
      const std::uint32_t t = rng.pick(fitting) % static_cast<std::uint32_t>(world.targets.size());
      std::erase_if(cells, [&](std::uint32_t c) { return c % world.targets.size() != t; });
      truth.accept = {"border:two-way", "corridor:CN>" + world.targets[t].country};
    }
  } else if (kind.name == "anycast-shift") {  // a country is sent to a far place of a provider
    const std::string_view label = std::string_view{key}.substr(kind_of(key).size() + 1);
    const std::string provider{label.substr(0, label.find('@'))};
    for (const std::uint32_t c : cells) {
      truth.accept.push_back("peering:" + world.vantage_of(c).isp + ">" + provider);
      truth.accept.push_back("corridor:" + world.vantage_of(c).country + ">" + world.target_of(c).country);
    }
  }
  std::ranges::sort(truth.accept);
  truth.accept.erase(std::unique(truth.accept.begin(), truth.accept.end()), truth.accept.end());
  return cells;
}

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds = {
      {"app-5xx", "app"},
      {"app-30", "app"},
      {"app-refused", "app"},
      {"app-cert", "app"},
      {"app-slow", "app"},
      {"region-net", "region"},
      {"region-30", "region"},
      {"region-5xx", "region"},
      {"region-loss", "region"},
      {"service-5xx", "service-region"},
      {"service-dns", "service-region"},
      {"global-5xx", "service-global"},
      {"provider-503", "provider"},
      {"provider-wan", "provider"},
      {"edge", "edge"},
      {"edge-partial", "edge"},
      {"zone", "zone"},
      {"dns-provider", "dns-provider"},
      {"resolver", "resolver"},
      {"border-reset", "border"},
      {"border-loss", "border"},
      {"border-dns", "border"},
      {"border-isp", "border-isp"},
      {"isp", "isp"},
      {"corridor-slow", "corridor"},
      {"peering", "peering"},
      {"path", "path"},
      {"vantage-all", "vantage"},
      {"vantage-loss", "vantage"},
      {"vantage-dns", "vantage"},
      {"vantage-clock", "vantage"},
      {"vantage-overload", "vantage"},
      {"ca", "ca"},
      {"az", "region", true},
      {"pop", "edge", true},
      {"hidden-dependency", "app", true},
      {"sni-filter", "border", true},
      {"anycast-shift", "edge", true},
  };
  return kinds;
}

const FaultKind* find_fault_kind(std::string_view name) {
  const auto it = std::ranges::find(fault_kinds(), name, &FaultKind::name);
  return it == fault_kinds().end() ? nullptr : &*it;
}

std::vector<std::string> places_for(const FaultKind& kind, const World& /*world*/, const Components& all) {
  Rng rng{1};  // the sight of a kind does not depend on what is drawn
  const Plan plan = plan_of(kind, rng);
  std::vector<std::string> keys = all.of_kind(kind.component);
  std::erase_if(keys, [&](const std::string& key) {
    if (kind.name == "sni-filter" && key != "border:domestic") return true;
    // What only one pair shows is no place for a fault of something wide.
    const std::size_t least = kind.component == "app" ? 1 : 2;
    return all.seeing(key, plan.sight).size() < std::min(least, all.cells(key).size());
  });
  std::erase_if(keys, [&](const std::string& key) { return all.seeing(key, plan.sight).empty(); });
  return keys;
}

Fault make_fault(const FaultKind& kind, const std::string& key, std::int64_t start_ms, const Manner& manner,
                 const World& world, const Components& all, Rng& rng) {
  const Plan plan = plan_of(kind, rng);
  Fault f;
  f.kind = kind.name;
  f.severity = rng.uniform(plan.low, plan.high);
  f.truth.kind = kind.name;
  f.truth.component = key;
  f.truth.off_model = kind.off_model;
  perturb(f, plan, rng);
  std::vector<std::uint32_t> cells = all.cells(key);
  if (kind.off_model) {
    cells = part_of(kind, key, std::move(cells), world, all, f.truth, rng);
  } else {
    f.truth.equivalent = all.equivalent(key, plan.sight);
  }
  // One crossing with three names (docs/verdicts.md).
  if (key == "border:two-way") f.truth.accept = {"border:domestic", "border:overseas"};
  choose_cells(f, cells, world, rng);
  if (plan.sight != Sight::kAnswerSlow) break_dependants(f, key, world, rng);
  schedule(f, start_ms, manner, rng);
  f.truth.start = core::from_unix_ms(f.start_ms);
  f.truth.end = core::from_unix_ms(f.end_ms);
  f.truth.percent = std::min(100.0, percent_of(f, cells, world));
  return f;
}

Fault make_burst(std::int64_t start_ms, const Manner& manner, const World& world, const Components& all, Rng& rng) {
  static const std::vector<std::string_view> names = {"path",         "path",         "path",        "peering",
                                                      "peering",      "isp",          "border-isp",  "corridor",
                                                      "vantage-loss", "vantage-loss", "region-loss", "app-5xx"};
  std::vector<std::string> keys;
  const FaultKind* kind = nullptr;
  while (keys.empty()) {
    // A corridor that loses packets, not one that is slow.
    const std::string_view name = rng.pick(names);
    kind = find_fault_kind(name == "corridor" ? "corridor-slow" : name);
    keys = places_for(*kind, world, all);
  }
  const Manner brief{.round_ms = manner.round_ms, .rounds_min = 1, .rounds_max = 2, .ramp_max = 1, .flapping = 0};
  Fault f = make_fault(*kind, rng.pick(keys), start_ms, brief, world, all, rng);
  if (kind->name == "corridor-slow") f.strength.at(static_cast<std::size_t>(Step::kTcp)) = 0.6;
  f.severity = rng.uniform(0.3, 1);
  f.end_ms = start_ms + static_cast<std::int64_t>(rng.uniform(0.7, 2) * static_cast<double>(manner.round_ms));
  f.truth.end = core::from_unix_ms(f.end_ms);
  f.truth.optional = true;
  f.dependent.clear();
  return f;
}

double Fault::level(std::int64_t at_ms) const {
  if (at_ms < start_ms || at_ms >= end_ms) return 0;
  if (on_ms > 0 && (at_ms - start_ms) % (on_ms + off_ms) >= on_ms) return 0;
  if (ramp_ms == 0 || at_ms >= start_ms + ramp_ms) return 1;
  return 0.2 + 0.8 * static_cast<double>(at_ms - start_ms) / static_cast<double>(ramp_ms);
}

}  // namespace sonde::sim
