// One cause, several findings.
#include "hub/judge/symptoms.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "hub/judge/error_class.h"
#include "hub/judge/gates.h"
#include "hub/judge/wording.h"

namespace sonde::hub::judge {
namespace {

void lower(Finding& f, core::BilingualText why) {
  f.grade = Grade::kLeaning;
  f.minimum_met = false;
  f.missing.push_back(std::move(why));
}

bool began_together(const Scene& scene, std::int64_t a_ms, std::int64_t b_ms) {
  return std::abs(a_ms - b_ms) <= kTogether * scene.round_ms;
}

// The cloud's own finding that the app may stand behind, if any.
const Finding* stands_behind(const Scene& scene, const Finding& app, std::span<const Finding> findings) {
  const std::string& cloud = scene.target(app.failing.front()).provider;
  if (cloud.empty() || info(app.component.kind).blame != BlameClass::kApp) return nullptr;
  const Symptom error = symptom(scene, app.failing);
  const auto it = std::ranges::find_if(findings, [&](const Finding& o) {
    return info(o.component.kind).blame == BlameClass::kProvider && !o.failing.empty() &&
           scene.target(o.failing.front()).provider == cloud && began_together(scene, o.since_ms, app.since_ms) &&
           symptom(scene, o.failing) == error;
  });
  return it == findings.end() ? nullptr : &*it;
}

// Another app that began to fail in the same moment and in the same way: two apps rather have one cause, which is not
// among the components, than two.
const core::Target* fails_alike(const Scene& scene, const Finding& app) {
  if (info(app.component.kind).blame != BlameClass::kApp) return nullptr;
  const Symptom error = symptom(scene, app.failing);
  const std::string& own = scene.target(app.failing.front()).app;
  std::map<std::string, std::size_t> cells;
  for (std::uint32_t i = 0; i < scene.cells.size(); ++i) {
    const Cell& cell = scene.cells[i];
    const core::Target& t = scene.target(i);
    if (t.role != core::Role::kApp || t.app == own || !failed_lately(scene, i)) continue;
    if (Symptom{cell.fail_stage, cell.fail_cause, cell.fail_http_status} != error) continue;
    if (!began_together(scene, cell.onset_ms, app.since_ms)) continue;
    if (++cells[t.app] >= 2) return &t;
  }
  return nullptr;
}

// What does not get through may stop at any of these.
bool is_transport(Channel c) {
  return c == Channel::kTcp || c == Channel::kTls || c == Channel::kTransfer || c == Channel::kConnectSlow ||
         c == Channel::kAnswerSlow;
}

bool can_cause(const Scene& scene, Mode mode, const Finding& f) {
  const PerChannel& share = info(mode).share;
  if (share[index(f.dominant)] > 0) return true;
  const Symptom what = symptom(scene, f.failing);
  if (error_class(what.stage, what.cause, what.http_status) == ErrorClass::kTlsCertificate) return false;
  return is_transport(f.dominant) && share[index(Channel::kTcp)] + share[index(Channel::kTransfer)] > 0;
}

// Cells of the wider component beside those of the finding have failed lately: it is not what is left of it.
bool fails_beside(const Scene& scene, const Finding& f, const std::vector<Member>& wider) {
  return std::ranges::any_of(wider, [&](const Member& m) {
    return !m.dependency && failed_lately(scene, m.cell) && !std::ranges::binary_search(f.failing, m.cell);
  });
}

// All that fails because of the finding runs through the wider component, or depends on it where that counts.
bool is_nested(const Scene& scene, const Finding& f, std::uint32_t wider, bool or_depends) {
  if (wider == f.hypothesis.component || !fails_beside(scene, f, scene.topology.members[wider])) return false;
  const std::vector<Member>& members = scene.topology.members[wider];
  return members.size() > f.failing.size() && std::ranges::all_of(f.failing, [&](std::uint32_t cell) {
           const auto it = std::ranges::lower_bound(members, cell, {}, &Member::cell);
           return it != members.end() && it->cell == cell && (!it->dependency || or_depends);
         });
}

}  // namespace

void temper_symptoms(const Scene& scene, std::span<const Culprit> convicted, std::span<Finding> findings) {
  std::vector<Culprit> wide{convicted.begin(), convicted.end()};
  for (const Finding& f : findings) {
    if (f.grade == Grade::kConvicted) wide.push_back({f.hypothesis, f.since_ms});
  }
  for (Finding& f : findings) {
    if (f.grade != Grade::kConvicted || f.failing.empty()) continue;
    if (const Finding* o = stands_behind(scene, f, findings)) {
      const core::BilingualText who = words(o->component);
      lower(f, {fmt::format("It began together with {} and shows the same error: it may stand behind it.", who.en),
                fmt::format("它与{}同时开始故障，且错误相同：可能只是位于其后。", who.zh)});
      continue;
    }
    if (const core::Target* other = fails_alike(scene, f)) {
      f.shared_cause = true;
      lower(f, {fmt::format("App {} began to fail in the same moment and in the same way: they may share a cause.",
                            other->app),
                fmt::format("应用 {} 同时以相同方式开始故障：二者可能有共同原因。", other->app)});
      continue;
    }
    const auto around = std::ranges::find_if(wide, [&](const Culprit& w) {
      const bool together = began_together(scene, w.since_ms, f.since_ms);
      return is_nested(scene, f, w.hypothesis.component, together) &&
             (together || can_cause(scene, w.hypothesis.mode, f));
    });
    if (around == wide.end()) continue;
    const core::BilingualText who = words(scene.topology.components[around->hypothesis.component]);
    lower(f,
          {fmt::format("All of it runs through {}, which is failing: it may be no more than a part of that.", who.en),
           fmt::format("其全部探测都经过正在故障的{}：可能只是其中一部分。", who.zh)});
  }
}

}  // namespace sonde::hub::judge
