// Help, completion and the manual page come from the parser itself: what one knows, all know.
#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "runs.h"

namespace sonde::cli {
namespace {

using core::Language;
using namespace sonde::cli::testing;

/// Every command with the words that lead to it, the program itself first.
void walk(const CommandInfo& command, std::vector<std::string> path,
          const std::function<void(const CommandInfo&, const std::vector<std::string>&)>& visit) {
  visit(command, path);
  for (const CommandInfo& below : command.commands) {
    path.push_back(below.name);
    walk(below, path, visit);
    path.pop_back();
  }
}

TEST(CommandTree, HasTheVerbsOfTheProgram) {
  const CommandInfo tree = CommandLine{Language::kEnglish}.tree();
  for (const char* verb :
       {"run", "check", "targets", "config", "judge", "watch", "log", "version", "completion", "man"}) {
    EXPECT_NE(tree.find(verb), nullptr) << verb;
  }
  const CommandInfo& check = *tree.find("check");
  const auto watch = std::ranges::find_if(
      check.options, [](const OptionInfo& o) { return std::ranges::find(o.names, "--watch") != o.names.end(); });
  ASSERT_NE(watch, check.options.end());
  EXPECT_EQ(option_title(*watch), "--watch[=INTERVAL]");
  const auto family = std::ranges::find_if(
      check.options, [](const OptionInfo& o) { return std::ranges::find(o.names, "--family") != o.names.end(); });
  ASSERT_NE(family, check.options.end());
  EXPECT_EQ(family->choices, (std::vector<std::string>{"any", "ip4", "ip6", "both"}));
}

TEST(CommandTree, BothLanguagesHaveTheSameCommandsAndOptionsAndEveryTextIsTranslated) {
  std::vector<std::string> en;
  std::vector<std::string> zh;
  const auto collect = [](std::vector<std::string>& names, bool chinese) {
    return [&names, chinese](const CommandInfo& c, const std::vector<std::string>& path) {
      std::string where = "sonde";
      for (const auto& word : path) where += " " + word;
      const auto check = [&](const std::string& what, const std::string& text) {
        names.push_back(what);
        const bool has_chinese = std::ranges::any_of(text, [](unsigned char b) { return b >= 0xE3; });
        EXPECT_EQ(has_chinese, chinese) << what << ": " << text;
        EXPECT_FALSE(text.empty()) << what;
      };
      check(where, c.summary);
      for (const OptionInfo& o : c.options) check(where + " " + option_title(o), o.help);
      for (const OptionInfo& a : c.arguments) check(where + " " + option_title(a), a.help);
      EXPECT_TRUE(!c.commands.empty() || !c.examples.empty()) << where << " has no example";
    };
  };
  walk(CommandLine{Language::kEnglish}.tree(), {}, collect(en, false));
  walk(CommandLine{Language::kChinese}.tree(), {}, collect(zh, true));
  EXPECT_EQ(en, zh);
}

TEST(Help, NamesEveryOptionOfEveryCommandInBothLanguages) {
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    const CommandInfo tree = CommandLine{language}.tree();
    walk(tree, {}, [&](const CommandInfo& c, const std::vector<std::string>& path) {
      const std::string help = help_text(tree, path, plain(language));
      for (const OptionInfo& o : c.options) EXPECT_NE(help.find(option_title(o)), help.npos) << option_title(o);
      for (const CommandInfo& below : c.commands) EXPECT_NE(help.find(below.name), help.npos);
      if (c.commands.empty()) {
        EXPECT_NE(help.find("130"), help.npos) << "exit codes are documented";
      }
    });
  }
}

TEST(Help, LinesFitTheTerminal) {
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    const CommandInfo tree = CommandLine{language}.tree();
    const std::string help = help_text(tree, std::vector<std::string>{"version"}, plain(language, 80));
    std::string_view rest = help;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      EXPECT_LE(core::display_width(rest.substr(0, end)), 81) << rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
}

TEST(Help, OfASmallCommandReadsLikeThis) {
  const CommandInfo tree = CommandLine{Language::kEnglish}.tree();
  const std::string help = help_text(tree, std::vector<std::string>{"run"}, plain(Language::kEnglish, 80));
  EXPECT_TRUE(help.starts_with(R"(Run what the configuration says: prober, hub or both, until a signal

Usage
  sonde run [OPTIONS]

Examples
  sonde run
  sonde run -c /etc/sonde/sonde.yaml
  sonde run -c sonde.yaml --once

Options
  -c, --config FILE  Configuration file; without it: the catalogue, hub and page
                     on loopback
  --once             Run every check once, deliver, and end
)")) << help;
  const CommandInfo zh = CommandLine{Language::kChinese}.tree();
  const std::string chinese = help_text(zh, std::vector<std::string>{"run"}, plain(Language::kChinese, 80));
  EXPECT_NE(chinese.find("用法\n  sonde run [选项]\n"), chinese.npos) << chinese;
  EXPECT_NE(chinese.find("--once             每个检查运行一次，投递后结束"), chinese.npos) << chinese;
}

TEST(Manual, HasEveryOptionAndNoLineThatRoffWouldTakeForARequest) {
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    const CommandInfo tree = CommandLine{language}.tree();
    const std::string page = manual_page(tree, "1.2.3", plain(language));
    walk(tree, {}, [&](const CommandInfo& c, const std::vector<std::string>&) {
      for (const OptionInfo& o : c.options) {
        std::string name = o.names.back();
        for (std::size_t at = 0; (at = name.find('-', at)) != name.npos; at += 2) name.insert(at, "\\");
        EXPECT_NE(page.find(name), page.npos) << name;
      }
    });
    EXPECT_NE(page.find(".SH"), page.npos);
  }
}

TEST(Completion, EveryShellKnowsEveryOptionAndChoice) {
  const CommandInfo tree = CommandLine{Language::kEnglish}.tree();
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(tree, shell);
    walk(tree, {}, [&](const CommandInfo& c, const std::vector<std::string>&) {
      EXPECT_NE(script.find(c.name), script.npos);
      for (const OptionInfo& o : c.options) {
        const std::string name = std::string_view{shell} == "fish" ? o.names.back().substr(2) : o.names.back();
        EXPECT_NE(script.find(name), script.npos) << shell << " " << name;
        for (const std::string& choice : o.choices) EXPECT_NE(script.find(choice), script.npos) << shell << choice;
      }
    });
  }
}

TEST(LanguageChoice, TheOptionComesBeforeTheEnvironment) {
  const char* separate[] = {"sonde", "--lang", "zh", "check"};
  EXPECT_EQ(language_of(4, separate), Language::kChinese);
  const char* joined[] = {"sonde", "check", "--lang=en"};
  EXPECT_EQ(language_of(3, joined), Language::kEnglish);
}

}  // namespace
}  // namespace sonde::cli
