// Changes of catalogue files as a unified diff that a person reviews and `git apply` takes. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"

namespace sonde::cli {

/// The value at `status` becomes `statuses`. `status.file` is "targets/NAME".
struct StatusEdit {
  core::ConfigNode status;
  std::vector<int> statuses;
};

struct CataloguePatch {
  std::string diff;                  // empty where nothing changes
  std::size_t changed = 0;           // entries
  std::vector<std::string> by_hand;  // "FILE:LINE" of those that do not stand on one line, as all of ours do
};

/// `texts` are the files that are edited, by "targets/NAME". A file without a text is left to the reader's hands.
[[nodiscard]] CataloguePatch patch_of(const std::vector<StatusEdit>& edits,
                                      const std::map<std::string, std::string_view, std::less<>>& texts);

/// A unified diff with three lines of context of two texts that have the same number of lines. Empty when they are
/// equal.
[[nodiscard]] std::string unified_diff(std::string_view file, std::string_view before, std::string_view after);

}  // namespace sonde::cli
