// Judgement over targets that the strict reader accepts: what is probably not meant. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "prober/config.h"

namespace sonde::cli {

struct Finding {
  std::string target;
  std::string_view rule;  // stable name: "duplicate-url"
  std::string file;
  int line = 0;  // 0 = not known
  core::BilingualText message;
};

/// All findings, in the order of the targets. Rules:
/// same-url: two targets ask the same in the same way. similar-name: names that differ only by case.
/// tight-timeout: a timeout of more than nine tenths of the interval. any-body: an http app that takes every body of a
/// healthy status. no-hosting: an app of which nobody knows where it is hosted. plain-http: an app over http without
/// TLS. impolite: more than one request a second to a host that is not the user's own. no-cert-days: an app with TLS
/// whose certificate may run out unsaid.
[[nodiscard]] std::vector<Finding> lint(std::span<const prober::TargetEntry* const> targets);

}  // namespace sonde::cli
