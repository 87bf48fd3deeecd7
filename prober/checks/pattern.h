// A regular expression of RE2: linear time whatever the input (RELIABILITY H62). Unanchored.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/config_node.h"

namespace re2 {
class RE2;
}

namespace sonde::prober {

class Pattern {
 public:
  /// A text that is no regular expression is an error at `node`.
  [[nodiscard]] static std::optional<Pattern> read(const core::ConfigNode& node, core::ConfigErrors& errors);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  /// Matches anywhere in `text`, which may hold any bytes.
  [[nodiscard]] bool found_in(std::string_view text) const;
  [[nodiscard]] const std::string& text() const;

 private:
  explicit Pattern(std::unique_ptr<re2::RE2> regex);
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace sonde::prober
