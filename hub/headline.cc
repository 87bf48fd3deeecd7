// Convicted incidents first, then what fails without a verdict, then what is missing, then the good news.
#include "hub/headline.h"

#include <fmt/format.h>

#include <algorithm>

namespace sonde::hub {
namespace {

// "1 target", "2 targets".
std::string many(std::size_t n, std::string_view thing) { return fmt::format("{} {}{}", n, thing, n == 1 ? "" : "s"); }

void add_sentence(core::BilingualText& text, const core::BilingualText& sentence) {
  if (!text.en.empty()) text.en += ' ';
  text.en += sentence.en;
  text.zh += sentence.zh;
}

// Said only when it is known: the fault is the app's, no incident of any grade touches a provider, and reference
// targets were seen and all answer.
bool clouds_are_fine(const HeadlineFacts& facts, const std::vector<const Incident*>& open) {
  const bool only_apps = std::ranges::all_of(open, [](const Incident* i) { return i->blame == "app"; });
  return only_apps && facts.references_fresh > 0 && facts.references_failing == 0;
}

Headline from_incidents(const HeadlineFacts& facts, const std::vector<const Incident*>& open) {
  const Incident& first = *open.front();
  const bool convicted = first.grade == "convicted";
  Headline h{.level = convicted ? "incident" : "attention", .text = first.summary};
  if (convicted && clouds_are_fine(facts, open)) {
    add_sentence(h.text, {.en = "Your clouds are fine.", .zh = "你的云没有问题。"});
  }
  if (open.size() > 1) {
    add_sentence(h.text, {.en = fmt::format("{} open.", many(open.size() - 1, "more incident")),
                          .zh = fmt::format("另有 {} 个事件未关闭。", open.size() - 1)});
  }
  return h;
}

Headline from_failures(const HeadlineFacts& facts) {
  const std::string& first = facts.failing.front();
  const std::size_t others = facts.failing.size() - 1;
  std::string who_en = first;
  std::string who_zh = first;
  if (others > 0) {
    who_en += fmt::format(" and {}", many(others, "other target"));
    who_zh += fmt::format(" 等 {} 个目标", others + 1);
  }
  return {.level = "attention",
          .text = {.en = fmt::format("{} {} from {} of {}; no verdict yet.", who_en, others > 0 ? "fail" : "fails",
                                     facts.failing_vantages, many(facts.counts.vantages, "vantage")),
                   .zh = fmt::format("{} 故障：{} 个观测点中有 {} 个看到，尚无结论。", who_zh, facts.counts.vantages,
                                     facts.failing_vantages)}};
}

Headline nothing_fresh(const HeadlineFacts& facts) {
  if (!facts.heard_before) {
    return {.level = "waiting", .text = {.en = "No results yet.", .zh = "还没有结果。"}};
  }
  return {.level = "attention",
          .text = {.en = "No vantage has reported lately; what follows is old.",
                   .zh = "最近没有任何观测点上报结果，以下内容已过时。"}};
}

Headline good_news(const Counts& c) {
  const std::size_t fresh = c.ok + c.degraded;
  Headline h{.level = "ok", .text = {}};
  if (fresh == c.cells()) {
    h.text = {.en = fmt::format("All {} answer from {}.", many(c.targets, "target"), many(c.vantages, "vantage")),
              .zh = fmt::format("{} 个观测点看到 {} 个目标全部正常。", c.vantages, c.targets)};
  } else {
    h.text = {.en = fmt::format("Nothing fails; {} of {} have no trusted fresh result.", c.none + c.unknown,
                                many(c.cells(), "pair")),
              .zh = fmt::format("没有故障；{} 组探测中有 {} 组没有可信的新结果。", c.cells(), c.none + c.unknown)};
  }
  if (c.degraded > 0) {
    add_sentence(h.text,
                 {.en = fmt::format("{} {} with a blemish.", c.degraded, c.degraded == 1 ? "answers" : "answer"),
                  .zh = fmt::format("其中 {} 组有小问题。", c.degraded)});
  }
  return h;
}

// Nothing else fails. Where nothing answers at all, somebody should look.
Headline never_worked(const Counts& c) {
  const bool some = c.ok + c.degraded > 0;
  return {.level = some ? "ok" : "attention",
          .text = {.en = fmt::format("{} never seen healthy from anywhere: no verdict comes of {}. {}",
                                     c.never_healthy == 1 ? "1 target was" : many(c.never_healthy, "target") + " were",
                                     c.never_healthy == 1 ? "it" : "them",
                                     some ? "Nothing else fails." : "Nothing answers at all."),
                   .zh = fmt::format("{} 个目标从未在任何地点正常过，不据此下结论。{}", c.never_healthy,
                                     some ? "其余没有故障。" : "目前没有任何应答。")}};
}

}  // namespace

Headline make_headline(const HeadlineFacts& facts, const std::vector<const Incident*>& open) {
  if (!open.empty()) return from_incidents(facts, open);
  const Counts& c = facts.counts;
  if (c.ok + c.degraded + c.fail + c.unknown == 0) return nothing_fresh(facts);
  if (!facts.failing.empty()) return from_failures(facts);
  if (c.never_healthy > 0) return never_worked(c);
  return good_news(c);
}

}  // namespace sonde::hub
