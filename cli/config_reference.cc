// Tables of keys to Markdown.
#include "cli/config_reference.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/configuration.h"
#include "cli/key_words.h"

namespace sonde::cli {
namespace {

using core::Key;
using core::KeyKind;
using core::KeyTable;

class ReferenceWriter {
 public:
  explicit ReferenceWriter(core::Language language) : language_(language) {}

  std::string write(const KeyTable& root) {
    section(say("The root of the file", "文件的最外层"), "", root);
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string say(std::string_view en, std::string_view zh) const {
    return std::string{language_ == core::Language::kChinese ? zh : en};
  }

  // `path` is what stands before the names of the keys, as in "apps[].".
  void section(const std::string& title, const std::string& path, const KeyTable& of) {
    out_ += fmt::format("### {}\n\n| {} | {} | {} | {} |\n|---|---|---|---|\n", title, say("key", "键"),
                        say("value", "值"), say("default", "默认值"), say("meaning", "含义"));
    for (const Key& key : of.keys) row(key);
    out_ += '\n';
    for (const Key& key : of.keys) below(path, key);
  }

  void row(const Key& key) {
    const std::string standard = key.required           ? say("**required**", "**必填**")
                                 : key.standard.empty() ? std::string{}
                                                        : fmt::format("`{}`", key.standard);
    out_ += fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(value_words(key, language_)), standard,
                        cell(meaning(key, language_)));
  }

  // The maps inside, each described once: a map that several kinds of target share stands with the first.
  void below(const std::string& path, const Key& key) {
    if (key.kind == KeyKind::kOfCheck) return checks(key);
    if (key.of == nullptr || std::ranges::find(done_, key.of) != done_.end()) return;
    done_.push_back(key.of);
    const std::string name = fmt::format("{}{}{}", path, key.name, key.kind == KeyKind::kList ? "[]" : "");
    if (key.of->forms.empty()) return section("`" + name + "`", name + ".", *key.of);
    for (const KeyTable* form : key.of->forms) {
      if (form->marker == "name") continue;  // an app: described under `apps`
      done_.push_back(form);
      section(fmt::format("`{}` {} `{}`", name, say("with", "含"), form->marker), name + ".", *form);
    }
    section(fmt::format("`{}` {} `url`", name, say("with", "含")), name + ".", *key.of);
  }

  void checks(const Key& key) {
    for (const SchemeOfCheck& scheme : kSchemes) {
      const KeyTable* of = table_of_check(key.name, scheme.check);
      if (of == nullptr || std::ranges::find(done_, of) != done_.end()) continue;
      done_.push_back(of);
      const std::string check{core::name(scheme.check)};
      const std::string title = language_ == core::Language::kChinese
                                    ? fmt::format("{} 检查的 `{}`", check, key.name)
                                    : fmt::format("`{}` of {} checks", key.name, check);
      section(title, std::string{key.name} + ".", *of);
    }
  }

  static std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '|' || c == '<' || c == '*') out += '\\';
      out += c;
    }
    return out;
  }

  core::Language language_;
  std::string out_;
  std::vector<const KeyTable*> done_;
};

}  // namespace

std::string config_reference(core::Language language) { return ReferenceWriter{language}.write(root_table()); }

}  // namespace sonde::cli
