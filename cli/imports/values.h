// Values on their way from another program's file into a target: texts, words of our own, variables, placeholders.
// Each is a node that stands where the original stands. `scalar` is what a reader here may judge (a variable counts as
// "1" there), `written` is what the targets file will hold where that differs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/imports/notes.h"
#include "core/config_build.h"

namespace sonde::cli::imports {

/// A text, written in quotes where it needs them.
[[nodiscard]] core::ConfigNode text(const core::ConfigNode& at, std::string_view value);
/// A number, a duration, a word of our own.
[[nodiscard]] core::ConfigNode word(const core::ConfigNode& at, std::string_view value);
/// ${NAME}, whatever it will hold.
[[nodiscard]] core::ConfigNode variable(const core::ConfigNode& at, std::string_view name);
/// "true", "1" or another number that is not 0.
[[nodiscard]] bool is_true(const core::ConfigNode& node);

/// How the other program writes variables of the environment.
enum class Variables {
  kNone,
  kGatus,     // ${NAME} and $NAME; $$ is one $
  kTelegraf,  // ${NAME}, ${NAME:-default}, and $NAME in capitals
};
/// The scalar with its variables as ${NAME}. What cannot be said here (a default) is noted.
[[nodiscard]] core::ConfigNode text_with_variables(const core::ConfigNode& node, Variables how, Notes& notes);
/// Whether a variable is in it.
[[nodiscard]] bool has_variable(const core::ConfigNode& node);

/// A name for a target that has none: its URL without scheme, variables by their names.
[[nodiscard]] std::string name_of(std::string_view url);

/// `text` for a pattern (RE2) that finds exactly it.
[[nodiscard]] std::string quote_pattern(std::string_view text);

}  // namespace sonde::cli::imports
