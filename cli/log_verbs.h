// What the files of `sonde log` share.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "cli/verbs.h"
#include "core/result.h"

namespace sonde::cli {

/// Says what is wrong and returns the exit code for it.
int log_failure(const core::Error& error, const Terminal& t);

[[nodiscard]] inline int written(bool whole) { return whole ? exit_code::kOk : exit_code::kUnknown; }

/// The English or Chinese form with its arguments put in.
template <typename... Args>
std::string words(const Terminal& t, std::string_view en, std::string_view zh, const Args&... args) {
  return fmt::format(fmt::runtime(t.say(en, zh)), args...);
}

}  // namespace sonde::cli
