// Regular expressions.
#include "prober/checks/pattern.h"

#include <re2/re2.h>

namespace sonde::prober {
namespace {
constexpr int kProgramBytesMax = 1024 * 1024;  // of a compiled expression, so that none costs more than it is worth
}

Pattern::Pattern(std::unique_ptr<re2::RE2> regex) : regex_(std::move(regex)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

std::optional<Pattern> Pattern::read(const core::ConfigNode& node, core::ConfigErrors& errors) {
  const auto text = core::read_string(node, errors);
  if (!text) return std::nullopt;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kProgramBytesMax);
  auto regex = std::make_unique<re2::RE2>(*text, options);
  if (!regex->ok()) {
    errors.add(
        node.error("not a regular expression (RE2): " + regex->error(), "不是正则表达式（RE2）：" + regex->error()));
    return std::nullopt;
  }
  return Pattern{std::move(regex)};
}

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, *regex_);
}

const std::string& Pattern::text() const { return regex_->pattern(); }

}  // namespace sonde::prober
