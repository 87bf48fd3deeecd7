// From doubts to asks.
#include "hub/judge/asker.h"

#include <algorithm>
#include <tuple>

#include "hub/judge/gates.h"
#include "hub/judge/truth.h"

namespace sonde::hub::judge {
namespace {

using core::CompanionKind;

constexpr std::size_t kVantagesPerTarget = 5;
constexpr std::size_t kTargetsPerVantage = 6;
constexpr std::size_t kHostsPerVantage = 2;  // asked for at their last addresses
constexpr std::int64_t kQuietRounds = 60;  // between two tries of a vantage where a second resolver has not worked yet
constexpr std::int64_t kQuietMs = 6LL * 3600 * 1000;  // good for so long: it must be known before the trouble begins
constexpr std::int64_t kForgetRounds = 200;
constexpr int kPlainPort = 80;

// A check that names its own server is about that server: there is nothing else to ask in its place.
bool may_ask(const Scene& scene, std::uint32_t cell, CompanionKind kind) {
  const KnownTarget& t = scene.known(cell);
  if (!t.from_record || t.target.check == core::CheckKind::kDns || dropped_out(scene.cells[cell])) return false;
  if (kind != CompanionKind::kPlainPort) return t.layers.dns;
  const auto url = core::parse_url(t.target.url);
  return t.layers.tls && url && url->port != kPlainPort;
}

bool several_classes(const Finding& f) {
  if (!f.twins.empty()) return true;
  return std::ranges::any_of(f.candidates,
                             [&](const Candidate& c) { return class_of_key(c.key) != info(f.component.kind).blame; });
}

auto names_of(const Scene& scene, std::uint32_t cell) {
  return std::tie(scene.vantage(cell).name, scene.target(cell).name);
}

}  // namespace

struct Asker::Round {
  const Scene& scene;
  std::int64_t number;
  std::map<std::uint32_t, std::size_t> of_vantage;
  std::vector<std::pair<std::uint32_t, CompanionKind>> asks;
};

std::vector<core::CompanionAsk> Asker::ask(const Scene& scene, std::span<const Finding> findings, std::int64_t round) {
  std::erase_if(asked_, [&](const auto& entry) { return entry.second < round - kForgetRounds; });
  Round r{scene, round, {}, {}};
  for (const Finding& f : findings) {
    if (f.failing.empty() || f.evidence < kEvidenceMention || f.fresh_now <= 0) continue;
    if (f.dominant == Channel::kDns || f.dominant == Channel::kOwn) {
      ask_about(r, f, CompanionKind::kLastAddress, kHostsPerVantage);
      ask_about(r, f, CompanionKind::kSecondResolver, kTargetsPerVantage);
    } else if (f.grade != Grade::kConvicted && (f.dominant == Channel::kTcp || f.dominant == Channel::kTls) &&
               several_classes(f)) {
      ask_about(r, f, CompanionKind::kPlainPort, kTargetsPerVantage);
    }
  }
  ask_in_quiet(r);
  std::vector<core::CompanionAsk> asks;
  for (const auto& [cell, kind] : r.asks) asks.push_back({scene.vantage(cell).name, scene.target(cell).name, kind});
  std::ranges::sort(asks, [](const core::CompanionAsk& a, const core::CompanionAsk& b) {
    return std::tie(a.vantage, a.target, a.kind) < std::tie(b.vantage, b.target, b.kind);
  });
  return asks;
}

// A few vantages of each target and a few targets of each vantage, in the order of names.
void Asker::ask_about(Round& r, const Finding& f, CompanionKind kind, std::size_t targets_per_vantage) {
  std::vector<std::uint32_t> cells = f.failing;
  std::ranges::sort(cells,
                    [&](std::uint32_t a, std::uint32_t b) { return names_of(r.scene, a) < names_of(r.scene, b); });
  std::map<std::uint32_t, std::size_t> of_vantage;
  std::map<std::uint32_t, std::size_t> of_target;
  std::size_t asked = 0;
  for (const std::uint32_t cell : cells) {
    std::size_t& vantage = of_vantage[r.scene.cells[cell].vantage];
    std::size_t& target = of_target[r.scene.cells[cell].target];
    if (asked == kAsksPerDoubt) return;
    if (vantage == targets_per_vantage || target == kVantagesPerTarget || !may_ask(r.scene, cell, kind)) continue;
    if (!put(r, cell, kind)) continue;
    ++vantage;
    ++target;
    ++asked;
  }
}

// True also where it was asked lately and need not be asked again: it counts for the doubt all the same.
bool Asker::put(Round& r, std::uint32_t cell, CompanionKind kind) {
  const auto [it, fresh] = asked_.try_emplace({cell, kind}, r.number);
  const std::int64_t said_ms = r.scene.companions.latest_ms(cell, kind);
  const bool answered = said_ms >= r.scene.cells[cell].onset_ms && r.scene.cells[cell].onset_ms >= 0;
  if (!fresh && r.number - it->second < (answered ? 3 : 1) * kAskAgainRounds) return true;
  std::size_t& load = r.of_vantage[r.scene.cells[cell].vantage];
  if (load == kAsksPerVantage) {
    if (fresh) asked_.erase(it);
    return false;
  }
  ++load;
  it->second = r.number;
  r.asks.emplace_back(cell, kind);
  return true;
}

void Asker::ask_in_quiet(Round& r) {
  quiet_asked_.resize(r.scene.vantages.size(), r.number - kQuietRounds);
  const auto due = [&](std::size_t vantage) {
    return r.number - quiet_asked_[vantage] >= kQuietRounds &&
           r.scene.companions.worked_ms(static_cast<std::uint32_t>(vantage), CompanionKind::kSecondResolver) <
               r.scene.round_end_ms - kQuietMs;
  };
  std::vector<std::uint8_t> wanted(quiet_asked_.size());
  for (std::size_t v = 0; v < wanted.size(); ++v)
    wanted[v] = due(v) && !r.of_vantage.contains(static_cast<std::uint32_t>(v)) ? 1 : 0;
  if (std::ranges::find(wanted, 1) == wanted.end()) return;
  std::map<std::uint32_t, std::uint32_t> chosen;  // by vantage
  const auto rank = [&](std::uint32_t i) {
    return std::tuple{r.scene.target(i).role == core::Role::kApp, names_of(r.scene, i)};
  };
  for (std::uint32_t i = 0; i < r.scene.cells.size(); ++i) {
    const Cell& c = r.scene.cells[i];
    if (wanted[c.vantage] == 0) continue;
    if (c.last_fail_ms > c.last_good_ms || c.last_good_ms < 0) continue;
    if (!may_ask(r.scene, i, CompanionKind::kSecondResolver)) continue;
    const auto [it, added] = chosen.try_emplace(c.vantage, i);
    if (!added && rank(i) < rank(it->second)) it->second = i;
  }
  for (const auto& [vantage, cell] : chosen) {
    quiet_asked_[vantage] = r.number;
    r.asks.emplace_back(cell, CompanionKind::kSecondResolver);
  }
}

}  // namespace sonde::hub::judge
