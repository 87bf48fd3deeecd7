// From missing reports to findings.
#include "hub/judge/silence.h"

#include <algorithm>
#include <map>
#include <optional>

namespace sonde::hub::judge {
namespace {

constexpr std::uint32_t kEstablished = 10;  // rounds with results before silence means anything
constexpr std::int64_t kTogether = 2;       // rounds between two last results that count as one moment
constexpr std::int64_t kLasting = 10;       // rounds: a shorter silence is mostly a hiccup of what carries the results

enum class Voice : std::uint8_t { kUnknown, kReports, kSilent };

Voice voice(const Presence& p, std::int64_t round) {
  if (p.last_round < 0 || p.interval == 0 || p.rounds_seen < kEstablished) return Voice::kUnknown;
  const std::int64_t missing = round - p.last_round;
  if (missing >= 2 * std::int64_t{p.interval}) return Voice::kSilent;
  return missing < p.interval + 1 ? Voice::kReports : Voice::kUnknown;
}

// One component that vantages belong to, as far as its vantages are silent or report.
struct Group {
  std::vector<std::uint32_t> silent;
  std::size_t reporting = 0;
  std::int64_t first_last = 0;  // earliest and latest of the last results of the silent ones
  std::int64_t last_last = 0;
};

using Groups = std::map<std::uint32_t, Group>;  // by component

// Every vantage once for each near component of its cells.
Groups groups(const Scene& scene, std::span<const Presence> presences, std::int64_t round) {
  Groups all;
  for (const auto& [v, components] : scene.topology.near) {
    const Voice says = voice(presences[v], round);
    if (says == Voice::kUnknown) continue;
    for (const std::uint32_t c : components) {
      Group& g = all[c];
      if (says == Voice::kReports) {
        ++g.reporting;
        continue;
      }
      const std::int64_t last = presences[v].last_round;
      g.first_last = g.silent.empty() ? last : std::min(g.first_last, last);
      g.last_last = g.silent.empty() ? last : std::max(g.last_last, last);
      g.silent.push_back(v);
    }
  }
  return all;
}

bool wholly_silent(const Group& g) {
  return g.silent.size() >= 2 && g.reporting == 0 && g.last_last - g.first_last <= kTogether;
}

// Others that fell silent in the same moment: then it is not this network, rather what collects from all of them.
bool others_too(const Groups& all, const Topology& topology, const Group& g) {
  return std::ranges::any_of(all, [&](const auto& entry) {
    const Group& one = entry.second;
    return topology.components[entry.first].kind == Kind::kVantage && !one.silent.empty() &&
           std::ranges::find(g.silent, one.silent.front()) == g.silent.end() &&
           one.first_last >= g.first_last - kTogether && one.first_last <= g.last_last + kTogether;
  });
}

Finding finding(const Scene& scene, std::uint32_t component, const Group& g, Grade grade) {
  Finding f;
  f.hypothesis = {component, Mode::kSilent};
  f.component = scene.topology.components[component];
  f.grade = grade;
  f.reportable = true;
  f.severity = 1;
  f.since_ms = (g.first_last + 1) * scene.round_ms;
  f.dominant = Channel::kOwn;
  f.class_posterior = f.component_posterior = grade == Grade::kConvicted ? 0.95 : 0.6;
  f.candidates.push_back({f.component.key(), f.component_posterior});
  f.minimum_met = grade == Grade::kConvicted;
  for (std::uint32_t cell = 0; cell < scene.cells.size(); ++cell) {
    if (std::ranges::find(g.silent, scene.cells[cell].vantage) != g.silent.end()) f.failing.push_back(cell);
  }
  return f;
}

// Groups of another kind with the very same silent vantages: nobody can tell which it is.
std::vector<Component> same_silence(const Scene& scene, const Groups& all, std::uint32_t component, const Group& g) {
  std::vector<Component> twins;
  for (const auto& [other, group] : all) {
    if (other != component && wholly_silent(group) && group.silent == g.silent) {
      twins.push_back(scene.topology.components[other]);
    }
  }
  return twins;
}

}  // namespace

std::vector<Finding> silence_findings(const Scene& scene, std::span<const Presence> presences, std::int64_t round) {
  const Groups all = groups(scene, presences, round);
  const auto is_vantage = [&](std::uint32_t c) { return scene.topology.components[c].kind == Kind::kVantage; };
  const bool anybody = std::ranges::any_of(all, [](const auto& g) { return g.second.reporting > 0; });
  if (!anybody) return {};
  std::vector<Finding> found;
  std::map<std::uint32_t, bool> told;  // vantages that a wider finding covers
  for (const auto& [component, group] : all) {
    if (is_vantage(component) || !wholly_silent(group)) continue;
    const std::vector<Component> twins = same_silence(scene, all, component, group);
    const bool covered = std::ranges::all_of(group.silent, [&](std::uint32_t v) { return told.contains(v); });
    if (covered && !twins.empty()) continue;
    const bool alone = !others_too(all, scene.topology, group);
    Finding f = finding(scene, component, group, twins.empty() && alone ? Grade::kConvicted : Grade::kInsufficient);
    f.twins = twins;
    if (!alone) {
      f.missing.push_back(
          {"Vantages on other networks fell silent in the same moment: look at what collects from them.",
           "其他网络上的观测点同时无数据：请检查采集端。"});
    }
    for (const Component& twin : twins) f.candidates.push_back({twin.key(), 0.3});
    for (const std::uint32_t v : group.silent) told[v] = true;
    found.push_back(std::move(f));
  }
  for (const auto& [component, group] : all) {
    if (!is_vantage(component) || group.silent.empty() || told.contains(group.silent.front())) continue;
    const auto sibling = std::ranges::any_of(all, [&](const auto& other) {
      if (scene.topology.components[other.first].kind != Kind::kIsp || other.second.reporting == 0) return false;
      return std::ranges::find(other.second.silent, group.silent.front()) != other.second.silent.end();
    });
    Finding f = finding(scene, component, group,
                        sibling && round - group.first_last > kLasting ? Grade::kLeaning : Grade::kInsufficient);
    if (!sibling) {
      const std::string& isp = scene.vantages[group.silent.front()].isp;
      if (!isp.empty()) f.candidates.push_back({"isp:" + isp, 0.3});
    }
    f.missing.push_back(
        {"A vantage that is silent is one observation: look at the machine; a second vantage on the same "
         "ISP would tell the machine from its network.",
         "单个观测点无数据只是一条线索：请检查该主机；在同一运营商增加一个观测点即可区分主机与网络。"});
    found.push_back(std::move(f));
  }
  std::ranges::sort(found, {}, [](const Finding& f) { return f.hypothesis.component; });
  return found;
}

}  // namespace sonde::hub::judge
