// Gatus's conditions ("[STATUS] == 200") as expectations. Internal to gatus*.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/imports/draft.h"
#include "cli/imports/field_table.h"

namespace sonde::cli::imports {

struct Condition {
  std::string left;   // the placeholder, as written
  std::string op;     // == != <= >= > <
  std::string right;  // the value, as written
  core::ConfigNode at;
};

/// Nothing where it is no condition. A placeholder on the right changes sides.
[[nodiscard]] std::optional<Condition> read_condition(const core::ConfigNode& node);

enum class ConditionsOf { kHttp, kStream, kDns };

/// Puts what the conditions ask for into `draft.expect`; what cannot be said there is noted. The draft's URL must be
/// set. For streams the answer is what came after `steps` of the draft.
void carry_conditions(const std::vector<Condition>& conditions, ConditionsOf kind, Draft& draft, Notes& notes);

/// The placeholders, for the documentation.
[[nodiscard]] FieldTable gatus_condition_table();

}  // namespace sonde::cli::imports
