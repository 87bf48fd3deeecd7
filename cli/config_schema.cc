// Tables of keys to JSON Schema. Source: JSON Schema 2020-12, Core and Validation.
#include "cli/config_schema.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/configuration.h"
#include "cli/key_words.h"
#include "prober/config_keys.h"

namespace sonde::cli {
namespace {

using core::Key;
using core::KeyKind;
using core::KeyTable;
using Json = nlohmann::ordered_json;

constexpr const char* kDurationPattern = "^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d)$";
constexpr const char* kBytesPattern = "^[0-9]+(B|KiB|MiB|GiB|TiB)?$";

class SchemaWriter {
 public:
  explicit SchemaWriter(core::Language language) : language_(language) {
    // Any value may come from the environment of the machine that reads it.
    defs_["variable"] = {{"type", "string"}, {"pattern", R"(\$\{[A-Za-z0-9_]+\})"}};
  }

  std::string write(const KeyTable& root, const std::string& title) {
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
    const Json body = table(root);
    schema.update(body);
    schema["$defs"] = defs_;
    return schema.dump(2) + "\n";
  }

 private:
  // A map is described once, under $defs; its name is what messages call it, with a number where that is taken.
  Json reference(const KeyTable& of) {
    const auto known = names_.find(&of);
    if (known != names_.end()) return {{"$ref", "#/$defs/" + known->second}};
    std::string name = plain_name(of.what);
    for (int n = 2; !taken_.insert(name).second; ++n) name = fmt::format("{}-{}", plain_name(of.what), n);
    names_.emplace(&of, name);
    Json described = table(of);  // may add further names
    defs_[name] = std::move(described);
    return {{"$ref", "#/$defs/" + name}};
  }

  // Part of a URI.
  static std::string plain_name(std::string_view what) {
    std::string name{what};
    std::ranges::replace(name, ' ', '-');
    return name;
  }

  Json table(const KeyTable& of) {
    Json properties = Json::object();
    Json required = Json::array();
    bool of_check = false;
    for (const Key& key : of.keys) {
      Json property = value(key);
      property["description"] = description(key);
      if (!key.standard.empty()) property["default"] = standard(key);
      properties[std::string{key.name}] = std::move(property);
      if (key.required) required.push_back(key.name);
      of_check |= key.kind == KeyKind::kOfCheck;
    }
    Json out = {{"type", of.may_be_empty() ? Json{"object", "null"} : Json("object")},
                {"properties", std::move(properties)},
                {"additionalProperties", false}};
    if (!required.empty()) out["required"] = std::move(required);
    if (of.exactly_one) {
      out["minProperties"] = 1;
      out["maxProperties"] = 1;
    }
    if (of_check) out["allOf"] = by_scheme(of);
    return out;
  }

  // A list of maps: the form of an item shows in the key that only this form has.
  Json item(const KeyTable& of) {
    if (of.forms.empty()) return reference(of);
    const KeyTable plain{.what = of.what, .keys = of.keys};
    Json chain = table(plain);
    for (auto form = of.forms.rbegin(); form != of.forms.rend(); ++form) {
      chain = {{"if", {{"required", {(*form)->marker}}}}, {"then", reference(**form)}, {"else", std::move(chain)}};
    }
    return chain;
  }

  Json by_scheme(const KeyTable& of) {
    Json rules = Json::array();
    for (const SchemeOfCheck& scheme : kSchemes) {
      Json then = Json::object();
      for (const Key& key : of.keys) {
        if (key.kind != KeyKind::kOfCheck) continue;
        const KeyTable* chosen = table_of_check(key.name, scheme.check);
        then[std::string{key.name}] = chosen == nullptr ? Json(false) : check_reference(*chosen, key, scheme.check);
      }
      const Json condition = {{"properties", {{"url", {{"pattern", scheme.pattern}}}}}, {"required", {"url"}}};
      rules.push_back({{"if", condition}, {"then", {{"properties", std::move(then)}}}});
    }
    return rules;
  }

  Json check_reference(const KeyTable& of, const Key& key, core::CheckKind check) {
    const std::string name = fmt::format("{}-of-{}", key.name, core::name(check));
    if (taken_.insert(name).second) {
      Json described = table(of);
      defs_[name] = std::move(described);
    }
    return {{"$ref", "#/$defs/" + name}};
  }

  Json value(const Key& key) {
    switch (key.kind) {
      case KeyKind::kText:
      case KeyKind::kPath:
        return text(key.pattern);
      case KeyKind::kBool:
        return or_variable({{"type", "boolean"}});
      case KeyKind::kInteger:
        return or_variable({{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}});
      case KeyKind::kNumber:
        return or_variable({{"type", "number"}, {"minimum", key.min}, {"maximum", key.max}});
      case KeyKind::kDuration:
        return or_variable({{"type", "string"}, {"pattern", kDurationPattern}});
      case KeyKind::kBytes:
        return or_variable({{"type", {"string", "integer"}}, {"pattern", kBytesPattern}, {"minimum", 0}});
      case KeyKind::kChoice:
        return or_variable({{"enum", choices(key)}});
      case KeyKind::kTexts:
        return key.choices.empty() ? text_or_list(text(key.pattern))
                                   : text_or_list(or_variable({{"enum", choices(key)}}));
      case KeyKind::kTextMap:
        return {{"type", "object"}, {"additionalProperties", text({})}};
      case KeyKind::kMap:
        if (key.word.empty()) return reference(*key.of);
        return {{"anyOf", {reference(*key.of), {{"const", key.word}}}}};
      case KeyKind::kOfCheck:
        return {{"type", {"object", "null"}}};
      case KeyKind::kList:
        return {{"type", "array"}, {"items", item(*key.of)}};
      case KeyKind::kAny:
        return any(key);
    }
    return {};
  }

  // A number or a word such as true is a text too where a text is wanted.
  static Json text(std::string_view pattern) {
    Json out = {{"type", {"string", "number", "boolean"}}};
    if (!pattern.empty()) out["anyOf"] = {{{"pattern", pattern}}, {{"$ref", "#/$defs/variable"}}};
    return out;
  }

  static Json text_or_list(const Json& item) { return {{"anyOf", {item, {{"type", "array"}, {"items", item}}}}}; }

  // A form of its own: one text or a list of them where there is a pattern, or a map where it has a table.
  Json any(const Key& key) {
    if (key.pattern.empty() && key.of == nullptr) return Json::object();
    Json out = text_or_list(text(key.pattern));
    if (key.of != nullptr) out["anyOf"].push_back(reference(*key.of));
    return out;
  }

  static Json or_variable(Json plain) { return {{"anyOf", {std::move(plain), {{"$ref", "#/$defs/variable"}}}}}; }

  // A choice such as true or 1.2 is not a string in YAML unless it stands in quotes.
  static Json choices(const Key& key) {
    Json out = Json::array();
    for (const std::string_view choice : key.choices) {
      out.push_back(choice);
      if (const Json typed = plain_value(choice); !typed.is_string()) out.push_back(typed);
    }
    return out;
  }

  static Json plain_value(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    const Json number = Json::parse(text, nullptr, false);
    return number.is_number() ? number : Json(text);
  }

  static Json standard(const Key& key) {
    const bool typed = key.kind == KeyKind::kBool || key.kind == KeyKind::kInteger || key.kind == KeyKind::kNumber;
    return typed ? plain_value(key.standard) : Json(key.standard);
  }

  std::string description(const Key& key) const {
    return language_ == core::Language::kChinese
               ? fmt::format("{}。（{}）", meaning(key, language_), value_words(key, language_))
               : fmt::format("{} ({})", meaning(key, language_), value_words(key, language_));
  }

  core::Language language_;
  Json defs_ = Json::object();
  std::map<const KeyTable*, std::string> names_;
  std::set<std::string> taken_{"variable"};
};

}  // namespace

std::string config_schema(SchemaOf of, core::Language language) {
  const bool zh = language == core::Language::kChinese;
  SchemaWriter writer{language};
  switch (of) {
    case SchemaOf::kConfiguration:
      return writer.write(root_table(), zh ? "Sonde 的配置" : "The configuration of Sonde");
    case SchemaOf::kTargets:
      return writer.write(prober::kTargetFileTable, zh ? "Sonde 的目标文件" : "A file of targets of Sonde");
  }
  return {};
}

}  // namespace sonde::cli
