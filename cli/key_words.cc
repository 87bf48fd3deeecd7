// Words for the values of keys.
#include "cli/key_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "prober/checks/checks.h"

namespace sonde::cli {
namespace {

using core::Key;
using core::KeyKind;

std::string range_words(std::string_view what, const std::string& min, const std::string& max, bool chinese) {
  return chinese ? fmt::format("{}，{} 到 {}", what, min, max) : fmt::format("{}, {} to {}", what, min, max);
}

std::string duration_words(std::int64_t ms) { return core::format_duration(std::chrono::milliseconds{ms}); }

}  // namespace

std::string value_words(const Key& key, core::Language language) {
  const bool zh = language == core::Language::kChinese;
  switch (key.kind) {
    case KeyKind::kText:
      return zh ? "文本" : "text";
    case KeyKind::kPath:
      return zh ? "路径" : "path";
    case KeyKind::kBool:
      return zh ? "true 或 false" : "true or false";
    case KeyKind::kInteger:
      return range_words(zh ? "整数" : "whole number", fmt::format("{}", key.min), fmt::format("{}", key.max), zh);
    case KeyKind::kNumber:
      return range_words(zh ? "数字" : "number", fmt::format("{}", key.min), fmt::format("{}", key.max), zh);
    case KeyKind::kDuration:
      return range_words(zh ? "时长" : "duration", duration_words(key.min), duration_words(key.max), zh);
    case KeyKind::kBytes:
      return range_words(zh ? "大小" : "size", core::format_bytes(key.min), core::format_bytes(key.max), zh);
    case KeyKind::kChoice:
      return fmt::format("{}{}", zh ? "以下之一：" : "one of ", fmt::join(key.choices, ", "));
    case KeyKind::kTexts:
      if (!key.choices.empty()) {
        return fmt::format("{}{}", zh ? "以下之一或多个：" : "one or more of ", fmt::join(key.choices, ", "));
      }
      return zh ? "文本，或文本列表" : "text, or list of texts";
    case KeyKind::kTextMap:
      return zh ? "文本到文本的映射" : "map of texts";
    case KeyKind::kMap:
      if (!key.word.empty()) return fmt::format(fmt::runtime(zh ? "映射，或 {}" : "map, or {}"), key.word);
      [[fallthrough]];
    case KeyKind::kOfCheck:
      return zh ? "映射" : "map";
    case KeyKind::kList:
      return zh ? "映射的列表" : "list of maps";
    case KeyKind::kAny:
      return zh ? "见说明" : "see its meaning";
  }
  return {};
}

const core::KeyTable* table_of_check(std::string_view key, core::CheckKind check) {
  const prober::CheckType& type = prober::check_type(check);
  return key == "expect" ? type.expect : type.request;
}

}  // namespace sonde::cli
