// Evidence as contrast: what fails, and for each rival the cells that acquit it.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "hub/judge/minimum_case.h"
#include "hub/judge/wording.h"

namespace sonde::hub::judge {
namespace {

using core::BilingualText;

constexpr std::size_t kCellsCited = 4;

EvidenceCell cite_failure(const Scene& scene, std::uint32_t cell) {
  const Cell& c = scene.cells[cell];
  return {scene.vantage(cell).name, scene.target(cell).name, std::string{core::name(c.fail_stage)},
          std::string{core::name(c.fail_cause)}};
}

EvidenceCell cite_success(const Scene& scene, std::uint32_t cell) {
  return {scene.vantage(cell).name, scene.target(cell).name, "done", "none"};
}

// The layers that the failing runs got past.
BilingualText passed_layers(const Finding& f, bool dns, bool tls) {
  std::vector<std::string_view> names;
  if (dns && f.dominant > Channel::kDns) names.push_back("DNS");
  if (f.dominant > Channel::kTcp) names.push_back("TCP");
  if (tls && f.dominant > Channel::kTls) names.push_back("TLS");
  if (names.empty() || f.dominant > Channel::kHttp) return {};
  std::string en;
  std::string zh;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) en += i + 1 == names.size() ? " and " : ", ";
    if (i > 0) zh += "、";
    en += names[i];
    zh += names[i];
  }
  return {en, zh};
}

Evidence what_fails(const Scene& scene, const Finding& f) {
  const std::vector<std::uint32_t>& cells = f.failing.empty() ? f.affected : f.failing;
  const FailingSet failing = failing_set(scene, cells);
  const BilingualText what = capitalised(symptom(scene, cells).text());
  const KnownTarget& first = scene.known(cells.front());
  const BilingualText passed = passed_layers(f, first.layers.dns, first.layers.tls);
  Evidence e;
  e.about = f.component.key();
  e.text.en = fmt::format("{} in {} of its cells, from {} vantage{} on {} network{}.", what.en, cells.size(),
                          failing.vantages.size(), failing.vantages.size() == 1 ? "" : "s", failing.isps.size(),
                          failing.isps.size() == 1 ? "" : "s");
  e.text.zh = fmt::format("{}：{} 个探测单元，来自 {} 个网络上的 {} 个观测点。", what.zh, cells.size(),
                          failing.isps.size(), failing.vantages.size());
  if (!passed.en.empty()) {
    e.text.en += fmt::format(" {} {} fine there.", passed.en, passed.en.find(' ') == std::string::npos ? "is" : "are");
    e.text.zh += fmt::format(" {} 正常。", passed.zh);
  }
  for (const std::uint32_t c : cells) {
    if (e.cells.size() < kCellsCited) e.cells.push_back(cite_failure(scene, c));
  }
  return e;
}

bool can_produce(Kind kind, Channel dominant) {
  return std::ranges::any_of(modes_of(kind), [&](Mode m) { return info(m).share[index(dominant)] > 0; });
}

// The failing runs got past what the rival can break.
Evidence acquitted_by_layer(const Scene& scene, const Finding& f, const Component& rival) {
  const KnownTarget& first = scene.known(f.failing.front());
  const BilingualText passed = passed_layers(f, first.layers.dns, first.layers.tls);
  const BilingualText who = words(rival);
  Evidence e;
  e.about = rival.key();
  e.text = {fmt::format("Not {}: the failing runs got past it ({} fine).", who.en, passed.en),
            fmt::format("不是{}：失败的探测已通过该层（{} 正常）。", who.zh, passed.zh)};
  for (const std::uint32_t c : f.failing) {
    if (e.cells.size() < kCellsCited) e.cells.push_back(cite_failure(scene, c));
  }
  return e;
}

// Other cells through the rival are healthy.
std::optional<Evidence> acquitted_by_contrast(const Scene& scene, const Finding& f, std::uint32_t rival,
                                              const Contrast& contrast) {
  const std::vector<Member>& own = scene.topology.members[f.hypothesis.component];
  std::set<std::uint32_t> guilty;
  for (const Member& m : own) guilty.insert(m.cell);
  std::vector<std::uint32_t> healthy;
  std::set<std::uint32_t> targets;
  std::set<std::uint32_t> vantages;
  for (const Member& m : scene.topology.members[rival]) {
    if (m.dependency || guilty.contains(m.cell) || !contrast.healthy(m.cell)) continue;
    healthy.push_back(m.cell);
    targets.insert(scene.cells[m.cell].target);
    vantages.insert(scene.cells[m.cell].vantage);
  }
  if (healthy.empty()) return std::nullopt;
  const Component& component = scene.topology.components[rival];
  const BilingualText who = words(component);
  const std::string& name = scene.target(healthy.front()).name;
  Evidence e;
  e.about = component.key();
  const bool one = targets.size() == 1;
  e.text.en = fmt::format("Not {}: {}{} through it {} fine, from {} vantage{}.", who.en, name,
                          one ? "" : fmt::format(" and {} more", targets.size() - 1), one ? "is" : "are",
                          vantages.size(), vantages.size() == 1 ? "" : "s");
  e.text.zh = fmt::format("不是{}：经过它的 {}{}正常（{} 个观测点）。", who.zh, name,
                          one ? " " : fmt::format(" 等 {} 个目标", targets.size()), vantages.size());
  for (const std::uint32_t c : healthy) {
    if (e.cells.size() < kCellsCited) e.cells.push_back(cite_success(scene, c));
  }
  return e;
}

Evidence who_is_silent(const Scene& scene, const Finding& f) {
  const FailingSet silent = failing_set(scene, f.failing);
  std::set<std::string> reporting;
  for (std::uint32_t i = 0; i < scene.cells.size(); ++i) {
    if (!silent.vantages.contains(scene.cells[i].vantage) && !dropped_out(scene.cells[i])) {
      reporting.insert(scene.isp(i));
    }
  }
  std::string names;
  for (const std::uint32_t v : silent.vantages) names += (names.empty() ? "" : ", ") + scene.vantages[v].name;
  return {f.component.key(),
          {fmt::format("Nothing arrives from {}; vantages on {} other network{} report.", names, reporting.size(),
                       reporting.size() == 1 ? "" : "s"),
           fmt::format("{} 不再上报；另有 {} 个网络上的观测点正常上报。", names, reporting.size())},
          {}};
}

struct CompanionText {
  core::CompanionKind kind;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array<CompanionText, core::kCompanionKinds> kCompanionTexts{{
    {core::CompanionKind::kSecondResolver,
     "Asked beside the schedule: another resolver answers for {} of {} of its cells.",
     "额外探测：换一个解析服务后，{1} 个单元中有 {0} 个可以解析。"},
    {core::CompanionKind::kLastAddress,
     "Asked beside the schedule: at the last good address, {} of {} hosts take a connection.",
     "额外探测：用最后可用的地址，{1} 个单元中有 {0} 个可以连接。"},
    {core::CompanionKind::kPlainPort, "Asked beside the schedule: port 80 of {} of {} hosts takes a connection.",
     "额外探测：{1} 个单元中有 {0} 个主机的 80 端口可以连接。"},
}};

// What companions brought, one sentence for each kind that was asked.
void add_companions(const Scene& scene, const Finding& f, std::vector<Evidence>& all) {
  for (const CompanionText& t : kCompanionTexts) {
    const Said said = said_by_companions(scene, f, t.kind);
    if (said.good + said.bad == 0) continue;
    const std::size_t asked = said.good + said.bad;
    all.push_back(
        {f.component.key(),
         {fmt::format(fmt::runtime(t.en), said.good, asked), fmt::format(fmt::runtime(t.zh), said.good, asked)},
         {}});
  }
}

// One rival kind per class is enough for a reader; the parents of an accused child are named too.
constexpr std::array kRivals{Kind::kApp,  Kind::kServiceRegion, Kind::kRegion, Kind::kProvider, Kind::kZone,
                             Kind::kPath, Kind::kCorridor,      Kind::kBorder, Kind::kIsp,      Kind::kVantage};

// Components of the kind that failing cells run through, twins apart. The first one stands for all, but where nothing
// speaks for it the next one may have its contrast.
std::vector<std::uint32_t> rivals_of(const Scene& scene, const Finding& f, Kind kind) {
  constexpr std::size_t kTried = 8;
  constexpr std::size_t kCellsTried = 1000;
  std::vector<std::uint32_t> rivals;
  for (const std::uint32_t cell : std::span{f.failing}.first(std::min(f.failing.size(), kCellsTried))) {
    for (const std::uint32_t rival : scene.topology.of_cell[cell]) {
      const Component& component = scene.topology.components[rival];
      if (component.kind != kind || rival == f.hypothesis.component) continue;
      if (std::ranges::find(f.twins, component) != f.twins.end()) continue;
      if (std::ranges::find(rivals, rival) == rivals.end()) rivals.push_back(rival);
      if (rivals.size() == kTried) return rivals;
    }
  }
  return rivals;
}

}  // namespace

std::vector<Evidence> evidence(const Scene& scene, const Finding& f) {
  if (f.failing.empty() && f.affected.empty()) return {};
  if (f.hypothesis.mode == Mode::kSilent) return {who_is_silent(scene, f)};
  std::vector<Evidence> all{what_fails(scene, f)};
  if (f.failing.empty()) return all;
  add_companions(scene, f, all);
  const Contrast contrast{scene, f.since_ms};
  std::set<BlameClass> layer_done;
  for (const Kind kind : kRivals) {
    for (const std::uint32_t rival : rivals_of(scene, f, kind)) {
      const Component& component = scene.topology.components[rival];
      if (can_produce(kind, f.dominant)) {
        auto e = acquitted_by_contrast(scene, f, rival, contrast);
        if (!e) continue;
        all.push_back(std::move(*e));
      } else if (f.dominant != Channel::kOwn && layer_done.insert(info(kind).blame).second &&
                 !passed_layers(f, true, true).en.empty()) {
        all.push_back(acquitted_by_layer(scene, f, component));
      }
      break;
    }
  }
  return all;
}

}  // namespace sonde::hub::judge
