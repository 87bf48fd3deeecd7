// Reading and writing truth lines. Strict: a key that is misspelt would silently change a score.
#include "hub/judge/truth.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/sanitize.h"

namespace sonde::hub::judge {
namespace {

using Json = nlohmann::ordered_json;
using core::BilingualText;

constexpr std::size_t kErrorsMax = 10;
constexpr std::array<std::string_view, 10> kKeys{"id",     "start_ms", "end_ms",  "component", "equivalent",
                                                 "accept", "kind",     "percent", "off_model", "optional"};

std::string in_quotes(std::string_view text) { return '"' + core::sanitize(text, 80) + '"'; }

std::vector<std::string_view> kind_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kKinds; ++i) names.push_back(info(static_cast<Kind>(i)).name);
  return names;
}

class LineReader {
 public:
  LineReader(std::size_t line, TruthFile& out) : line_(line), out_(out) {}

  void read(std::string_view text) {
    Json json;
    try {
      json = Json::parse(text);
    } catch (const Json::parse_error& e) {
      const std::size_t column = std::max<std::size_t>(e.byte, 1);
      return error({fmt::format("line {}, column {}: this is not JSON; a line is one object", line_, column),
                    fmt::format("第 {} 行第 {} 列：不是 JSON；每行是一个对象", line_, column)});
    }
    if (!json.is_object()) return wrong("a line is one JSON object", "每行是一个 JSON 对象");
    look_at_names(json);
    Truth t;
    std::int64_t start = 0;
    std::int64_t end = 0;
    text_of(json, "id", t.id, true);
    whole(json, "start_ms", start);
    whole(json, "end_ms", end);
    text_of(json, "component", t.component, true);
    list(json, "equivalent", t.equivalent);
    list(json, "accept", t.accept);
    text_of(json, "kind", t.kind, false);
    share(json, t.percent);
    flag(json, "off_model", t.off_model);
    flag(json, "optional", t.optional);
    if (failed_) return;
    if (t.id.empty()) wrong("\"id\" is empty", "“id”为空");
    if (end < start) wrong("\"end_ms\" is before \"start_ms\"", "“end_ms”早于“start_ms”");
    key(t.component, true);
    for (const std::string& k : t.equivalent) key(k, false);
    for (const std::string& k : t.accept) key(k, false);
    if (failed_) return;
    t.start = core::from_unix_ms(start);
    t.end = core::from_unix_ms(end);
    out_.truths.push_back(std::move(t));
  }

  void wrong(const std::string& en, const std::string& zh) {
    error({fmt::format("line {}: {}", line_, en), fmt::format("第 {} 行：{}", line_, zh)});
  }

 private:
  void error(BilingualText text) {
    failed_ = true;
    if (out_.errors.size() < kErrorsMax) out_.errors.push_back(std::move(text));
  }

  void look_at_names(const Json& json) {
    for (const auto& [name, value] : json.items()) {
      if (std::ranges::find(kKeys, std::string_view{name}) != kKeys.end()) continue;
      const BilingualText meant = core::did_you_mean(name, kKeys);
      wrong(fmt::format("unknown key {}; allowed are {}{}", in_quotes(name), fmt::join(kKeys, " "), meant.en),
            fmt::format("未知的键 {}；允许的有 {}{}", in_quotes(name), fmt::join(kKeys, " "), meant.zh));
    }
  }

  const Json* find(const Json& json, const char* name, bool required) {
    const auto it = json.find(name);
    if (it != json.end()) return &*it;
    if (required) wrong(fmt::format("\"{}\" is missing", name), fmt::format("缺少“{}”", name));
    return nullptr;
  }

  void must_be(const char* name, const char* en, const char* zh) {
    wrong(fmt::format("\"{}\" must be {}", name, en), fmt::format("“{}”必须是{}", name, zh));
  }

  void text_of(const Json& json, const char* name, std::string& into, bool required) {
    const Json* value = find(json, name, required);
    if (value == nullptr) return;
    if (!value->is_string()) return must_be(name, "a text", "文本");
    into = value->get<std::string>();
  }

  void whole(const Json& json, const char* name, std::int64_t& into) {
    const Json* value = find(json, name, true);
    if (value == nullptr) return;
    if (!value->is_number_integer())
      return must_be(name, "a whole number of milliseconds since 1970", "自 1970 年起的整数毫秒");
    into = value->get<std::int64_t>();
  }

  void list(const Json& json, const char* name, std::vector<std::string>& into) {
    const Json* value = find(json, name, false);
    if (value == nullptr) return;
    const auto is_text = [](const Json& one) { return one.is_string(); };
    if (!value->is_array() || !std::ranges::all_of(*value, is_text))
      return must_be(name, "a list of texts", "文本列表");
    for (const Json& one : *value) into.push_back(one.get<std::string>());
  }

  void share(const Json& json, double& into) {
    const Json* value = find(json, "percent", false);
    if (value == nullptr) return;
    const double percent = value->is_number() ? value->get<double>() : -1;
    if (percent < 0 || percent > 100) return must_be("percent", "a number from 0 to 100", "介于 0 与 100 之间的数");
    into = percent;
  }

  void flag(const Json& json, const char* name, bool& into) {
    const Json* value = find(json, name, false);
    if (value == nullptr) return;
    if (!value->is_boolean()) return must_be(name, "true or false", "布尔值 true 或 false");
    into = value->get<bool>();
  }

  void key(const std::string& text, bool may_be_empty) {
    if (text.empty() && may_be_empty) return;
    if (kind_of_key(text)) return;
    const std::vector<std::string_view> names = kind_names();
    const BilingualText meant = core::did_you_mean(text.substr(0, text.find(':')), names);
    wrong(fmt::format("{} is no component key; a key is KIND:NAME with KIND one of {}{}", in_quotes(text),
                      fmt::join(names, " "), meant.en),
          fmt::format("{} 不是组件键；键写作 类型:名称，类型可为 {}{}", in_quotes(text), fmt::join(names, " "),
                      meant.zh));
  }

  std::size_t line_;
  TruthFile& out_;
  bool failed_ = false;
};

}  // namespace

std::optional<Kind> kind_of_key(std::string_view key) {
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos || colon + 1 == key.size()) return std::nullopt;
  for (std::size_t i = 0; i < kKinds; ++i) {
    if (info(static_cast<Kind>(i)).name == key.substr(0, colon)) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

std::optional<BlameClass> class_of_key(std::string_view key) {
  const auto kind = kind_of_key(key);
  return kind ? std::optional{info(*kind).blame} : std::nullopt;
}

TruthFile read_truths(std::string_view text) {
  TruthFile out;
  std::set<std::string> ids;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    LineReader reader{line, out};
    const std::size_t before = out.truths.size();
    reader.read(one);
    if (out.truths.size() > before && !ids.insert(out.truths.back().id).second) {
      const std::string id = in_quotes(out.truths.back().id);
      reader.wrong(fmt::format("the id {} stands twice in the file", id), fmt::format("文件中有两个 id {}", id));
    }
  }
  std::ranges::stable_sort(out.truths, {}, &Truth::start);
  return out;
}

std::string to_json_line(const Truth& t) {
  Json out = {{"id", t.id},
              {"start_ms", core::to_unix_ms(t.start)},
              {"end_ms", core::to_unix_ms(t.end)},
              {"component", t.component},
              {"equivalent", t.equivalent},
              {"kind", t.kind},
              {"percent", t.percent}};
  if (!t.accept.empty()) out["accept"] = t.accept;
  if (t.off_model) out["off_model"] = true;
  if (t.optional) out["optional"] = true;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace sonde::hub::judge
