// Incidents: matching findings of a round to what is open.
#include "hub/judge/life.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hub/judge/shadow.h"
#include "hub/judge/wording.h"

namespace sonde::hub::judge {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr double kConfidenceMin = 0.02;
constexpr double kConfidenceMax = 0.98;
constexpr double kConfidenceShared = 0.5;  // a cause outside the model: never surer than this
constexpr double kSeverityStep = 0.25;
constexpr double kConfidenceStep = 0.1;  // a change that is worth telling

std::uint32_t fingerprint(std::string_view text) {
  std::uint32_t h = 2166136261U;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
  return h;
}

// "i-20251124T095940Z-1a2b3c4d"; the round makes a reopening of the same fault another incident.
std::string make_id(const Finding& f, std::int64_t round_end_ms) {
  std::string time = core::format_utc(core::from_unix_ms(f.since_ms));
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("i-{}-{:08x}", time,
                     fingerprint(fmt::format("{} {} {}", f.component.key(), f.since_ms, round_end_ms)));
}

std::set<std::uint32_t> cells_of(const Finding& f) {
  std::set<std::uint32_t> cells{f.failing.begin(), f.failing.end()};
  cells.insert(f.affected.begin(), f.affected.end());
  return cells;
}

// Most of the incident's failing cells fail because of the finding.
bool overlaps(const Incident& incident, const Finding& f) {
  const std::set<std::uint32_t> cells = cells_of(f);
  const auto shared = std::ranges::count_if(incident.cells, [&](std::uint32_t c) { return cells.contains(c); });
  return shared > 0 && static_cast<std::size_t>(shared) * 2 >= incident.cells.size();
}

bool probed_now(const Scene& scene, const std::vector<Member>& members) {
  return std::ranges::any_of(members,
                             [&](const Member& m) { return !m.dependency && scene.cells[m.cell].age_rounds == 0; });
}

// Some of the incident's cells have recovered, and the finding rests on failures from before: what it accuses may have
// recovered too and was only not asked again yet.
bool is_stale(const Scene& scene, const Incident& incident, const Finding& f) {
  std::int64_t recovered = -1;
  for (const std::uint32_t c : incident.cells) {
    const Cell& cell = scene.cells[c];
    if (cell.last_good_ms <= cell.last_fail_ms || cell.recovered_ms < 0) continue;
    recovered = recovered < 0 ? cell.recovered_ms : std::min(recovered, cell.recovered_ms);
  }
  if (recovered < 0) return false;
  return std::ranges::none_of(
      f.failing, [&](std::uint32_t c) { return scene.cells[c].last_fail_ms >= recovered + scene.round_ms / 2; });
}

// How often a leaning names the right class, against what its posterior says: measured on the development topologies of
// the score card (docs/verdicts.md, "Limits"). Who only leans to an app has mostly seen a cause that is none of the
// components; who only leans to a resolver, a vantage whose names fail.
double leaning_factor(Kind kind) {
  switch (kind) {
    case Kind::kApp:
    case Kind::kEndpoint:
      return 0.15;
    case Kind::kResolver:
      return 0.3;
    case Kind::kVantage:
    case Kind::kHostRegion:
      return 0.45;
    case Kind::kPath:
    case Kind::kIsp:
      return 0.62;
    case Kind::kCa:
    case Kind::kServiceRegion:
    case Kind::kRegion:
    case Kind::kServiceGlobal:
    case Kind::kEdge:
    case Kind::kProvider:
    case Kind::kPeering:
      return 0.7;
    case Kind::kZone:
    case Kind::kDnsProvider:
      return 0.8;
    case Kind::kCorridor:
    case Kind::kBorderIsp:
    case Kind::kBorder:
      return 0.93;
  }
  return 0.5;
}

// The posterior, tempered by how many networks saw it and by how far the grade goes. The factors of the networks are
// guesses.
double confidence(const Scene& scene, const Finding& f, Grade grade) {
  const FailingSet failing = failing_set(scene, f.failing);
  const double witnesses = failing.isps.size() >= 3 ? 1.0 : failing.isps.size() == 2 ? 0.98 : 0.93;
  double c = f.component_posterior * witnesses;
  if (grade == Grade::kLeaning) c *= leaning_factor(f.component.kind);
  if (f.shadow_agrees == false) c *= kShadowDoubt;
  if (f.shared_cause) c = std::min(c, kConfidenceShared);
  return std::clamp(c, kConfidenceMin, kConfidenceMax);
}

std::optional<Side> common_side(const Scene& scene, const Finding& f) {
  const Side side = info(f.component.kind).side;
  const auto same = [side](const Component& c) { return info(c.kind).side == side; };
  if (!std::ranges::all_of(f.twins, same)) return std::nullopt;
  for (const Candidate& c : f.candidates) {
    if (c.confidence < 0.05) continue;
    const auto it = std::ranges::find(scene.topology.components, c.key, &Component::key);
    if (it != scene.topology.components.end() && !same(*it)) return std::nullopt;
  }
  return side;
}

std::vector<Candidate> candidates_with_twins(const Finding& f) {
  std::vector<Candidate> list = f.candidates;
  for (const Component& t : f.twins) {
    if (std::ranges::find(list, t.key(), &Candidate::key) == list.end()) list.push_back({t.key(), 0.01});
  }
  return list;
}

// A slowness that lasts is learned as usual (latency.h), which ends the incident without anybody having mended it.
core::BilingualText how_it_ended(const Incident& i, std::int64_t now_ms) {
  const bool slow = i.last.mode == info(Mode::kAnswerSlow).name || i.last.mode == info(Mode::kConnectSlow).name;
  if (slow && now_ms - core::to_unix_ms(i.last.since) >= kNewUsualMs) {
    return {"It has either ended or been slow for so long that this is now taken as usual.",
            "故障已结束，或已慢了足够久，现视为常态。"};
  }
  return {"It is over.", "故障已结束。"};
}

bool told_before(const VerdictEvent& a, const VerdictEvent& b) {
  return a.grade == b.grade && a.component_key == b.component_key && a.apps == b.apps && a.flapping == b.flapping &&
         std::abs(a.severity - b.severity) < kSeverityStep &&
         std::abs(a.confidence.value_or(0) - b.confidence.value_or(0)) < kConfidenceStep;
}

}  // namespace

struct Docket::Step {
  const Scene& scene;
  std::span<const Finding> findings;
  RecentEvidence& recent;
  std::vector<std::uint32_t>& released;
  std::vector<std::uint8_t> used;  // finding belongs to an incident
  std::set<std::string> matched;   // ids of incidents that have a finding in this round
  std::set<std::string> closed;
  std::vector<VerdictEvent> events;
};

std::vector<VerdictEvent> Docket::step(const Scene& scene, std::span<const Finding> findings, RecentEvidence& recent,
                                       std::vector<std::uint32_t>& released) {
  Step s{scene, findings, recent, released, std::vector<std::uint8_t>(findings.size(), 0), {}, {}, {}};
  close_quiet(s);
  match_same(s);
  match_moved(s);
  open_new(s);
  std::erase_if(incidents_, [&](const Incident& i) { return s.closed.contains(i.id); });
  std::ranges::sort(incidents_, {}, &Incident::id);
  held_.assign(scene.cells.size(), 0);
  for (const Incident& i : incidents_) {
    for (const std::uint32_t cell : i.cells) held_[cell] = 1;
  }
  const auto order = [](const VerdictEvent& e) {
    return std::tuple{e.event == EventKind::kClosed ? 0 : e.event == EventKind::kRevised ? 1 : 2, e.id};
  };
  std::ranges::sort(s.events, {}, order);
  return std::move(s.events);
}

void Docket::close_quiet(Step& s) {
  for (Incident& i : incidents_) {
    const std::size_t c = s.scene.topology.find(i.component);
    const std::optional<double> nats = c < s.scene.topology.size()
                                           ? fresh_evidence(s.scene, static_cast<std::uint32_t>(c), s.recent, 0, {})
                                           : std::nullopt;
    if (!nats) {
      if (++i.silent_rounds >= kSilentMax) {
        close(s, i, {"Nothing reports about it any more; how it ended is not known.", "已无相关探测数据，结果未知。"});
      }
      continue;
    }
    i.silent_rounds = 0;
    if (*nats > 0) i.quiet_rounds = 0;
    // Only rounds that brought something new count as quiet.
    if (*nats <= 0 && probed_now(s.scene, s.scene.topology.members[c])) ++i.quiet_rounds;
    if (i.quiet_rounds >= i.close_after) close(s, i, how_it_ended(i, s.scene.round_end_ms));
  }
}

void Docket::match_same(Step& s) {
  for (Incident& i : incidents_) {
    if (s.closed.contains(i.id)) continue;
    for (std::size_t f = 0; f < s.findings.size(); ++f) {
      if (s.used[f] != 0 || s.findings[f].component != i.component) continue;
      s.used[f] = 1;
      s.matched.insert(i.id);
      i.contender.reset();
      if (s.findings[f].hypothesis.mode == Mode::kSilent) i.silent_rounds = 0;  // silence is what is known about it
      if (i.quiet_rounds == 0) adopt(s, i, s.findings[f], EventKind::kRevised);
      break;
    }
  }
}

void Docket::match_moved(Step& s) {
  for (Incident& i : incidents_) {
    if (s.closed.contains(i.id) || s.matched.contains(i.id) || i.quiet_rounds > 0) continue;
    const Finding* winner = nullptr;
    std::size_t at = 0;
    for (std::size_t f = 0; f < s.findings.size() && winner == nullptr; ++f) {
      if (!s.findings[f].reportable || !overlaps(i, s.findings[f])) continue;
      if (i.grade == Grade::kConvicted && s.findings[f].grade != Grade::kConvicted) continue;
      if (is_stale(s.scene, i, s.findings[f])) continue;
      winner = &s.findings[f];
      at = f;
    }
    if (winner == nullptr) {
      i.contender.reset();
      continue;
    }
    i.contender_rounds = i.contender == winner->component ? i.contender_rounds + 1 : 1;
    i.contender = winner->component;
    const bool better = winner->grade > i.grade;
    if (!better && i.contender_rounds < kChangeOfMind) {
      if (s.used[at] == 0) s.used[at] = 1;  // not a second incident while the first one makes up its mind
      continue;
    }
    if (s.used[at] != 0) {
      close(s, i,
            {fmt::format("It turned out to be part of {}.", words(winner->component).en),
             fmt::format("经判定属于{}的一部分。", words(winner->component).zh)});
      continue;
    }
    s.used[at] = 1;
    s.matched.insert(i.id);
    i.component = winner->component;
    i.grade = winner->grade;
    i.shared_cause = false;
    i.contender.reset();
    adopt(s, i, *winner, EventKind::kRevised);
  }
}

void Docket::open_new(Step& s) {
  for (std::size_t f = 0; f < s.findings.size(); ++f) {
    const Finding& finding = s.findings[f];
    if (s.used[f] != 0 || !finding.reportable) continue;
    const bool known = std::ranges::any_of(incidents_, [&](const Incident& i) {
      if (s.closed.contains(i.id) || !overlaps(i, finding)) return false;
      return is_stale(s.scene, i, finding) || (i.grade >= finding.grade && i.quiet_rounds == 0);
    });
    if (known) continue;
    std::vector<std::int64_t>& before = openings_[finding.component.key()];
    std::erase_if(before, [&](std::int64_t t) { return t < s.scene.round_end_ms - kHourMs; });
    Incident i;
    i.id = make_id(finding, s.scene.round_end_ms);
    i.component = finding.component;
    i.grade = finding.grade;
    i.opened_ms = s.scene.round_end_ms;
    const int again = static_cast<int>(before.size()) - kReopenings;
    i.flapping = again >= 0;
    if (i.flapping) i.close_after = std::min(kCloseAfterMax, kCloseAfter << std::min(again + 1, 4));
    before.push_back(s.scene.round_end_ms);
    adopt(s, i, finding, EventKind::kOpened);
    incidents_.push_back(std::move(i));
  }
}

void Docket::adopt(Step& s, Incident& i, const Finding& f, EventKind event) {
  // An issuer is of the class app, too, but is itself what others share.
  const bool app = f.component.kind == Kind::kApp || f.component.kind == Kind::kEndpoint;
  i.shared_cause = i.shared_cause || (app && f.shared_cause && i.grade != Grade::kConvicted);
  const Grade most = i.shared_cause ? Grade::kLeaning : Grade::kConvicted;
  i.grade = std::max(i.grade, f.reportable ? std::min(f.grade, most) : i.grade);
  const std::vector<std::uint32_t>& cells = f.failing.empty() ? f.affected : f.failing;
  if (cells.empty()) return;
  i.cells = cells_of(f);
  i.mode = f.hypothesis.mode;
  const Symptom what = symptom(s.scene, cells);
  VerdictEvent e;
  e.event = event;
  e.id = i.id;
  e.time = core::from_unix_ms(s.scene.round_end_ms);
  e.since = event == EventKind::kOpened ? core::from_unix_ms(f.since_ms) : i.last.since;
  e.grade = i.grade;
  e.severity = f.severity;
  e.mode = info(f.hypothesis.mode).name;
  if (f.hypothesis.mode != Mode::kSilent) {
    e.stage = core::name(what.stage);
    e.cause = core::name(what.cause);
  }
  e.flapping = i.flapping;
  if (i.grade == Grade::kInsufficient) {
    e.side = common_side(s.scene, f);
  } else {
    e.blame = info(f.component.kind).blame;
    e.component_kind = info(f.component.kind).name;
    e.component_key = f.component.key();
    e.confidence = confidence(s.scene, f, i.grade);
    e.side = info(f.component.kind).side;
  }
  e.apps = touched_apps(s.scene, f);
  e.acquitted = healthy_apps(s.scene, f);
  e.evidence = evidence(s.scene, f);
  e.candidates = candidates_with_twins(f);
  e.would_settle = would_settle(f, i.grade);
  e.next = advice(f, i.grade);
  e.summary = summary(s.scene, f, i.grade);
  if (i.flapping) {
    e.summary.en += " It keeps coming back.";
    e.summary.zh += " 该故障反复出现。";
  }
  if (event == EventKind::kRevised && told_before(i.last, e)) return;
  i.last = e;
  s.events.push_back(std::move(e));
}

void Docket::close(Step& s, Incident& i, const core::BilingualText& why) {
  VerdictEvent e = i.last;
  e.event = EventKind::kClosed;
  e.time = core::from_unix_ms(s.scene.round_end_ms);
  e.summary = {why.en + " " + i.last.summary.en, why.zh + i.last.summary.zh};
  s.closed.insert(i.id);
  s.released.insert(s.released.end(), i.cells.begin(), i.cells.end());
  const std::size_t c = s.scene.topology.find(i.component);
  if (c < s.scene.topology.size()) {
    for (const Member& m : s.scene.topology.members[c]) s.released.push_back(m.cell);
  }
  s.events.push_back(std::move(e));
}

}  // namespace sonde::hub::judge
