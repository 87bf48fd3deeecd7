// `sonde judge FILE|-…`: replays line protocol through the judge, and scores it against a truth file if there is one.
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "cli/replay_files.h"
#include "cli/score_text.h"
#include "cli/verbs.h"
#include "cli/verdict_text.h"
#include "hub/judge/judge.h"
#include "hub/judge/score.h"

namespace sonde::cli {
namespace {

std::string in_words(const core::Error& e, const Terminal& t) {
  return t.language == core::Language::kChinese && !e.zh.empty() ? e.zh : e.message;
}

void say(const std::vector<hub::judge::VerdictEvent>& events, const JudgeOptions& options, const Context& context) {
  for (const hub::judge::VerdictEvent& e : events) {
    const std::string line = options.json ? hub::judge::to_json(e) + "\n" : verdict_text(e, context.out);
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
}

/// The truths of a file; nothing, and what is wrong on stderr, where they cannot be used.
std::optional<std::vector<hub::judge::Truth>> read_truth_file(const std::string& path, const Context& context) {
  const core::Result<std::string> text = read_replay_file(path);
  if (!text) {
    fmt::print(stderr, "error: {}\n", in_words(text.error(), context.err));
    return std::nullopt;
  }
  hub::judge::TruthFile file = hub::judge::read_truths(*text);
  for (const core::BilingualText& e : file.errors) {
    fmt::print(stderr, "error: {}: {}\n", shown(path), e.in(context.err.language));
  }
  if (!file.errors.empty()) return std::nullopt;
  return std::move(file.truths);
}

}  // namespace

int judge_verb(const JudgeOptions& options, const Context& context) {
  std::optional<std::vector<hub::judge::Truth>> truths;
  if (!options.score.empty()) {
    truths = read_truth_file(options.score, context);
    if (!truths) return exit_code::kUsage;
  }
  const core::Result<std::vector<core::Record>> records = read_replay_records(options.files, context.err);
  if (!records) {
    fmt::print(stderr, "error: {}\n", in_words(records.error(), context.err));
    return exit_code::kUsage;
  }

  hub::judge::Judge judge{hub::judge::JudgeOptions{.round = options.round}};
  bool blamed = false;
  std::vector<hub::judge::VerdictEvent> all;
  const auto take = [&](std::vector<hub::judge::VerdictEvent> events) {
    // What lies before `from` has taught the judge what is normal, and is not told.
    std::erase_if(events, [&](const auto& e) { return options.from && e.time < *options.from; });
    if (truths) {
      std::ranges::move(events, std::back_inserter(all));
      return;
    }
    blamed |= std::ranges::any_of(events, [](const auto& e) { return e.grade == hub::judge::Grade::kConvicted; });
    say(events, options, context);
  };
  for (const core::Record& record : *records) {
    if (options.to && record.time > *options.to) break;
    take(judge.advance(record.time));
    judge.observe(record);
  }
  if (!records->empty()) {
    const core::WallTime last = options.to ? std::min(*options.to, records->back().time) : records->back().time;
    take(judge.advance(last + options.round * 3));
  }
  if (!truths) return blamed ? exit_code::kFailed : exit_code::kOk;

  hub::judge::ScoreOptions o{.round = options.round};
  if (!records->empty()) {
    o.from = records->front().time;
    o.to = records->back().time;
  }
  const hub::judge::Assessment assessment = hub::judge::assess(*truths, all, o);
  const hub::judge::Score score = hub::judge::summarize({&assessment, 1});
  const std::string text = options.json ? hub::judge::to_json(score) + "\n" : score_text(score, context.out);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_code::kOk;
}

}  // namespace sonde::cli
