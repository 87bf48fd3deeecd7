// `sonde judge FILE|-…`: replays line protocol through the judge.
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/verbs.h"
#include "cli/verdict_text.h"
#include "core/line_protocol.h"
#include "hub/judge/judge.h"

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

}  // namespace

int judge_verb(const JudgeOptions& options, const Context& context) {
  std::vector<core::Record> records;
  std::size_t bad_lines = 0;
  for (const std::string& path : options.files) {
    const core::Result<std::string> text = read_input(path);
    if (!text) {
      fmt::print(stderr, "error: {}\n", text.error().message);
      return exit_code::kUsage;
    }
    core::decode_lines(
        *text, core::Precision::kNanoseconds, {}, [&records](core::Record r) { records.push_back(std::move(r)); },
        [&](const core::LineError& e) {
          if (bad_lines++ < 5) fmt::print(stderr, "{}:{}: {}\n", path, e.line, e.message);
        });
  }
  if (bad_lines > 0) fmt::print(stderr, "{} lines could not be read and were left out\n", bad_lines);

  // Exports are often ordered by series, not by time.
  std::ranges::stable_sort(records, {}, &core::Record::time);
  hub::judge::Judge judge{hub::judge::JudgeOptions{.round = options.round}};
  bool blamed = false;
  const auto take = [&](const std::vector<hub::judge::VerdictEvent>& events) {
    blamed |= std::ranges::any_of(events, [](const auto& e) { return e.grade == hub::judge::Grade::kConvicted; });
    say(events, options, context);
  };
  for (const core::Record& record : records) {
    take(judge.advance(record.time));
    judge.observe(record);
  }
  if (!records.empty()) take(judge.advance(records.back().time + options.round * 3));
  return blamed ? exit_code::kFailed : exit_code::kOk;
}

}  // namespace sonde::cli
