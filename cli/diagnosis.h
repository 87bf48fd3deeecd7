// What `sonde doctor` finds, as values: one line each, with what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "core/text.h"

namespace sonde::cli {

enum class Grade {
  kOk,
  kWarn,  // works, with a limit or a doubt
  kFail,  // results are lost, wrong or stuck
};

struct Diagnosis {
  Grade grade = Grade::kOk;
  std::string about;         // "machine", "log", "sink NAME"
  std::string_view check;    // stable name: "clock"
  std::string_view promise;  // of RELIABILITY: "P2"; empty where it is about none
  core::BilingualText text;
  core::BilingualText advice;  // what to do; empty where nothing is to be done
};

/// Both languages from one set of arguments.
template <typename... Args>
core::BilingualText both(std::string_view en, std::string_view zh, const Args&... args) {
  return {fmt::format(fmt::runtime(en), args...), fmt::format(fmt::runtime(zh), args...)};
}

/// Lines in columns, each finding on one line, and a last line that counts them.
[[nodiscard]] std::string diagnoses_text(const std::vector<Diagnosis>& all, const Terminal& t);
/// One JSON object per finding and line: about, check, promise, grade, text, advice.
[[nodiscard]] std::string diagnoses_json(const std::vector<Diagnosis>& all, core::Language language);

}  // namespace sonde::cli
