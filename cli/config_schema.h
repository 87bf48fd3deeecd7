// The JSON Schema of the configuration, made from the tables that read it: for editors (yaml-language-server) and for
// checks before a file reaches the machine.
#pragma once

#include <string>

#include "core/text.h"

namespace sonde::cli {

enum class SchemaOf {
  kConfiguration,  // the file of `sonde run -c`
  kTargets,        // a file or document of targets
};

/// JSON Schema, draft 2020-12, pretty-printed, with a line break at the end. Meanings are in `language`.
/// It refuses unknown keys and values of a wrong kind; what needs more than one key to decide is left to
/// `sonde config check`.
[[nodiscard]] std::string config_schema(SchemaOf of, core::Language language);

}  // namespace sonde::cli
