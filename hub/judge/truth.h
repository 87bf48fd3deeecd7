// The truth file: what was broken when, and which component that is. Whoever scores a judge reads it; sonde-world and
// the generator of tests/sim write it. The format is in docs/verdicts.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "core/time.h"
#include "hub/judge/component.h"

namespace sonde::hub::judge {

/// One fault that really was.
struct Truth {
  std::string id;
  core::WallTime start{};
  core::WallTime end{};
  std::string component;                // its key; empty: no component is broken, so every conviction is wrong
  std::vector<std::string> equivalent;  // keys that no observation of this fleet can tell from it
  std::vector<std::string> accept;      // keys that are right as well, of whatever class
  std::string kind;                     // how it broke: free text, for tables
  double percent = 100;                 // share of the runs through it that fail
  bool off_model = false;               // its cause is none of the components that a judge can name
  bool optional = false;                // a short burst: to convict it is right, to be silent about it too
};

/// The kind that a key such as "region:cirrus/cn-east" begins with; nothing where there is none of that name.
[[nodiscard]] std::optional<Kind> kind_of_key(std::string_view key);
[[nodiscard]] std::optional<BlameClass> class_of_key(std::string_view key);

/// The truths of a file, or what is wrong with it: "line 3, column 7: …".
struct TruthFile {
  std::vector<Truth> truths;                // by start
  std::vector<core::BilingualText> errors;  // at most ten; with one of them, `truths` is not to be used
};
/// One JSON object per line; empty lines are skipped. Pure.
[[nodiscard]] TruthFile read_truths(std::string_view text);

/// The line of a truth, with its line break. What has its default is left out, except what the format demands.
[[nodiscard]] std::string to_json_line(const Truth& t);

}  // namespace sonde::hub::judge
