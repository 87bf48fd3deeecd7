// The museum: real outages as timelines, run headless and judged. The judge must convict who was at fault and nobody
// else; where it cannot do so today, the file says so, and this test fails as soon as that is no longer true.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/line_protocol.h"
#include "headless.h"
#include "hub/judge/judge.h"
#include "model.h"
#include "truth.h"

namespace sonde::world {
namespace {

namespace fs = std::filesystem;
using hub::judge::Grade;
using hub::judge::VerdictEvent;

constexpr core::WallTime kStart{std::chrono::hours{24 * 365 * 56}};
constexpr core::Duration kAfter = std::chrono::minutes{3};  // quiet at the end, for late verdicts

fs::path folder() { return fs::path{SONDE_SOURCE_DIR} / "tests/world/museum"; }

std::vector<std::string> exhibits() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder())) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".yaml" && name != "clouds") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

World read(const fs::path& path) {
  core::ConfigErrors errors;
  const core::ConfigNode root = read_world_file(path.string(), errors);
  World world;
  if (errors.empty()) world = read_world(root, errors);
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  return world;
}

/// When each component was convicted, and what else was said.
struct Replay {
  /// A component's time under conviction, after the start.
  struct Span {
    std::string key;
    core::Duration from{};
    core::Duration to = core::Duration::max();
  };
  std::vector<Span> convicted;
  std::map<std::string, std::vector<core::Duration>> doubted;  // candidates of weaker grades
  std::string words;                                           // for messages
};

void take(Replay& out, const VerdictEvent& e) {
  const core::Duration at = e.time - kStart;
  std::string candidates;
  for (const auto& c : e.candidates) candidates += fmt::format(" {}={:.2f}", c.key, c.confidence);
  out.words += fmt::format("{:>6}s {} {} {} {}{}\n", at / std::chrono::seconds{1}, name(e.event), name(e.grade), e.id,
                           e.component_key, candidates);
  if (e.event != hub::judge::EventKind::kClosed) {
    for (const auto& c : e.candidates) out.doubted[c.key].push_back(at);
    if (e.grade != Grade::kInsufficient) out.doubted[e.component_key].push_back(at);
  }
}

Replay judge(const World& world) {
  Replay out;
  hub::judge::Judge judge{{.round = world.round}};
  std::map<std::string, std::size_t> open;  // id of the incident → its span
  const auto hear = [&](const std::vector<VerdictEvent>& events) {
    for (const VerdictEvent& e : events) {
      take(out, e);
      const auto it = open.find(e.id);
      const bool holds = e.event != hub::judge::EventKind::kClosed && e.grade == Grade::kConvicted;
      if (it != open.end() && (!holds || out.convicted[it->second].key != e.component_key)) {
        out.convicted[it->second].to = e.time - kStart;
        open.erase(it);
      }
      if (holds && !open.contains(e.id)) {
        open[e.id] = out.convicted.size();
        out.convicted.push_back({e.component_key, e.time - kStart});
      }
    }
  };
  const core::Duration length = world.timeline_period - std::chrono::seconds{30} + kAfter;
  std::int64_t last_round = 0;
  const auto results = run_headless(world, Plan{}, {.start = kStart, .duration = length}, [&](std::string_view lines) {
    core::decode_lines(
        lines, core::Precision::kNanoseconds, {},
        [&](core::Record r) {
          const std::int64_t round = (r.time - kStart) / world.round;
          if (round > last_round) hear(judge.advance(r.time - world.round / 2));
          last_round = std::max(last_round, round);
          judge.observe(r);
        },
        [](const core::LineError& e) { ADD_FAILURE() << e.message; });
  });
  EXPECT_TRUE(results.has_value());
  hear(judge.advance(kStart + length + 3 * world.round));
  return out;
}

class Museum : public testing::TestWithParam<std::string> {};

/// A verdict may come a while after the stage it belongs to, and stay for a while.
bool belongs(const Replay::Span& span, const Story::Stage& stage, bool last) {
  return span.from >= stage.from && (last || span.from < stage.to + std::chrono::minutes{1});
}

bool holds(const std::vector<std::string>& keys, const std::string& key) {
  return std::ranges::find(keys, key) != keys.end();
}

void check_stage(const Replay& replay, const Story::Stage& stage) {
  std::vector<std::string> seen;
  for (const std::string& key : stage.right) {
    const bool convicted = std::ranges::any_of(replay.convicted, [&](const Replay::Span& s) {
      return s.key == key && s.from < stage.to && s.to > stage.from;
    });
    if (convicted) seen.push_back(key);
  }
  const bool any_doubt = std::ranges::any_of(replay.doubted, [&](const auto& of) {
    return std::ranges::any_of(of.second, [&](core::Duration at) { return at >= stage.from && at < stage.to; });
  });
  std::string today = "convicts";
  if (seen.empty()) {
    today = any_doubt ? "insufficient" : "nothing";
  } else if (seen.size() < stage.right.size()) {
    today = "partly";
  }
  EXPECT_EQ(today, stage.today) << "right: " << fmt::format("{}", fmt::join(stage.right, " "))
                                << "\nconvicted: " << fmt::format("{}", fmt::join(seen, " "));
}

TEST_P(Museum, TheGuiltyAreConvictedAndNobodyElse) {
  const World world = read(folder() / (GetParam() + ".yaml"));
  ASSERT_TRUE(world.story.has_value()) << "a file of the museum tells its story";
  const auto& stages = world.story->stages;
  const Replay replay = judge(world);
  for (const Story::Stage& stage : stages) check_stage(replay, stage);
  std::set<std::string> wrong;
  for (const Replay::Span& span : replay.convicted) {
    bool right = false;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      right |= belongs(span, stages[i], i + 1 == stages.size()) &&
               (holds(stages[i].right, span.key) || holds(stages[i].also, span.key));
    }
    if (!right) wrong.insert(span.key);
  }
  std::set<std::string> known;
  for (const Story::Stage& stage : stages) known.insert(stage.wrong_today.begin(), stage.wrong_today.end());
  EXPECT_EQ(wrong, known) << "convictions that are wrong, and those that the file knows of";
  if (HasFailure() || std::getenv("MUSEUM_WORDS") != nullptr) fmt::print("{}\n{}", world.story->title, replay.words);
}

INSTANTIATE_TEST_SUITE_P(All, Museum, testing::ValuesIn(exhibits()), [](const auto& tested) {
  std::string name = tested.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(MuseumFolder, HoldsAtLeastTwentyOutages) { EXPECT_GE(exhibits().size(), 20U); }

// What a newcomer sees first: the demo's four faults, each convicted alone and within three rounds after its own.
TEST(DemoWorld, EachFaultOfItsTimelineIsConvictedAloneAndInTime) {
  const World world = read(fs::path{SONDE_SOURCE_DIR} / "tests/world/demo.yaml");
  std::set<std::string> providers;
  std::set<std::string> regions;
  for (const Target& t : world.targets) {
    if (t.role != core::Role::kReference) continue;
    providers.insert(t.provider);
    regions.insert(t.provider + '/' + t.region);
  }
  EXPECT_EQ(providers.size(), 6U);
  EXPECT_EQ(regions.size(), 20U);
  EXPECT_EQ(world.vantages.size(), 8U);
  EXPECT_EQ(std::ranges::count(world.targets, core::Role::kApp, &Target::role), 12);
  const Replay replay = judge(world);
  const auto truths = truth_of(world, Plan{}, {.start = kStart, .duration = world.timeline_period});
  ASSERT_EQ(truths.size(), world.timeline.size());
  std::size_t mine = 0;
  for (const hub::judge::Truth& t : truths) {
    const auto first = std::ranges::find_if(replay.convicted, [&](const Replay::Span& s) {
      return s.key == t.component && kStart + s.from > t.start && kStart + s.from < t.end;
    });
    ASSERT_NE(first, replay.convicted.end()) << t.component << "\n" << replay.words;
    // The round in which it begins, three more, and one that waits for late results.
    EXPECT_LE(kStart + first->from, t.start + 5 * world.round) << t.component << "\n" << replay.words;
    mine += static_cast<std::size_t>(std::ranges::count(replay.convicted, t.component, &Replay::Span::key));
  }
  EXPECT_EQ(mine, replay.convicted.size()) << "nobody else\n" << replay.words;
}

}  // namespace
}  // namespace sonde::world
