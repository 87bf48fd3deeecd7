// `sonde judge FILE|-…`: replays line protocol through the judge, and scores it against a truth file if there is one.
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/score_text.h"
#include "cli/verbs.h"
#include "cli/verdict_text.h"
#include "core/line_protocol.h"
#include "hub/judge/judge.h"
#include "hub/judge/score.h"

namespace sonde::cli {
namespace {

struct GzClose {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

// The whole file, unpacked when it is gzip; "-" is stdin.
core::Result<std::string> read_input(const std::string& path) {
  const std::unique_ptr<gzFile_s, GzClose> file{path == "-" ? gzdopen(fileno(stdin), "rb")
                                                            : gzopen(path.c_str(), "rb")};
  if (!file) return core::Error{core::ErrorCode::kNotFound, fmt::format("{} cannot be read", path)};
  std::string text;
  std::string buffer(1 << 16, '\0');
  int got = 0;
  while ((got = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    text.append(buffer, 0, static_cast<std::size_t>(got));
  }
  if (got < 0) return core::Error{core::ErrorCode::kCorrupt, fmt::format("{} is damaged or cannot be read", path)};
  return text;
}

void say(const std::vector<hub::judge::VerdictEvent>& events, const JudgeOptions& options, const Context& context) {
  for (const hub::judge::VerdictEvent& e : events) {
    const std::string line = options.json ? hub::judge::to_json(e) + "\n" : verdict_text(e, context.out);
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
}

/// All records of the files, by time: exports are often ordered by series. Nothing where a file cannot be read.
std::optional<std::vector<core::Record>> read_records(const std::vector<std::string>& files) {
  std::vector<core::Record> records;
  std::size_t bad_lines = 0;
  for (const std::string& path : files) {
    const core::Result<std::string> text = read_input(path);
    if (!text) {
      fmt::print(stderr, "error: {}\n", text.error().message);
      return std::nullopt;
    }
    core::decode_lines(
        *text, core::Precision::kNanoseconds, {}, [&records](core::Record r) { records.push_back(std::move(r)); },
        [&](const core::LineError& e) {
          if (bad_lines++ < 5) fmt::print(stderr, "{}:{}: {}\n", path, e.line, e.message);
        });
  }
  if (bad_lines > 0) fmt::print(stderr, "{} lines could not be read and were left out\n", bad_lines);
  std::ranges::stable_sort(records, {}, &core::Record::time);
  return records;
}

/// The truths of a file; nothing, and what is wrong on stderr, where they cannot be used.
std::optional<std::vector<hub::judge::Truth>> read_truth_file(const std::string& path, const Context& context) {
  const core::Result<std::string> text = read_input(path);
  if (!text) {
    fmt::print(stderr, "error: {}\n", text.error().message);
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
  const std::optional<std::vector<core::Record>> records = read_records(options.files);
  if (!records) return exit_code::kUsage;

  hub::judge::Judge judge{hub::judge::JudgeOptions{.round = options.round}};
  bool blamed = false;
  std::vector<hub::judge::VerdictEvent> all;
  const auto take = [&](std::vector<hub::judge::VerdictEvent> events) {
    if (truths) {
      std::ranges::move(events, std::back_inserter(all));
      return;
    }
    blamed |= std::ranges::any_of(events, [](const auto& e) { return e.grade == hub::judge::Grade::kConvicted; });
    say(events, options, context);
  };
  for (const core::Record& record : *records) {
    take(judge.advance(record.time));
    judge.observe(record);
  }
  if (!records->empty()) take(judge.advance(records->back().time + options.round * 3));
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
