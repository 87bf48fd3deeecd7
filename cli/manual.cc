// The manual page, from the tree of commands: groff's man(7) macros, UTF-8.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_tree.h"
#include "core/sanitize.h"

namespace sonde::cli {
namespace {

/// Between Chinese characters a line may break (\: is a break that shows nothing), but not before a closing mark.
/// groff 1.22 knows only spaces.
std::string with_breaks(std::string_view text) {
  std::string out;
  bool wide_before = false;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, std::max<std::size_t>(core::utf8_sequence(text), 1));
    const bool wide = core::display_width(character) == 2;
    const bool closing = std::string_view{"，。；：）、”！？"}.find(character) != std::string_view::npos;
    if (wide && wide_before && !closing) out += "\\:";
    out += character;
    wide_before = wide;
    text.remove_prefix(character.size());
  }
  return out;
}

/// Text for roff: escapes what it would act on. groff_char(7): a bare '-' is a hyphen, \- is what one types.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '`':
        out += "\\(ga";
        break;
      default:
        out += c;
    }
  }
  return out;
}

class Page {
 public:
  explicit Page(const Terminal& t) : t_(t) {}

  void title(std::string_view version) {
    out_ += "'\\\" -*- coding: utf-8 -*-\n";
    out_ += fmt::format(".TH SONDE 1 \"\" \"sonde {}\" \"{}\"\n", roff(version), t_.say("Sonde manual", "Sonde 手册"));
    out_ += ".nh\n.ad l\n";  // whoever copies a command from here wants it unbroken
  }
  void section(std::string_view name) { out_ += fmt::format(".SH {}\n", name); }
  void paragraph(std::string_view text) { out_ += fmt::format(".PP\n{}\n", with_breaks(roff(text))); }
  void item(std::string_view title, std::string_view text) {
    out_ += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(title), with_breaks(roff(text)));
  }
  void options(const std::vector<OptionInfo>& options) {
    for (const OptionInfo& o : options) item(option_title(o), o.help);
  }
  void code(std::string_view lines) { out_ += fmt::format(".PP\n.nf\n.RS 4\n{}\n.RE\n.fi\n", roff(lines)); }
  void command(const CommandInfo& command, const std::string& words) {
    if (command.commands.empty()) {
      out_ += fmt::format(".SS {}\n", roff(words));
      std::string synopsis = words;
      if (!command.options.empty()) synopsis += t_.say(" [OPTIONS]", " [选项]");
      for (const OptionInfo& a : command.arguments) {
        synopsis += a.required ? " " + option_title(a) : " [" + option_title(a) + "]";
      }
      paragraph(synopsis);
      paragraph(command.summary);
      options(command.arguments);
      options(command.options);
      if (!command.examples.empty()) code(command.examples);
    }
    for (const CommandInfo& below : command.commands) this->command(below, words + " " + below.name);
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  const Terminal& t_;
  std::string out_;
};

void environment(Page& page, const Terminal& t) {
  page.section(t.say("ENVIRONMENT", "环境变量"));
  page.item("LC_ALL, LC_MESSAGES, LANG", t.say("The language, in this order; zh for Chinese, all else English.",
                                               "界面语言，按此顺序；zh 为中文，其他为英文。"));
  page.item("NO_COLOR, CLICOLOR_FORCE, TERM=dumb",
            t.say("No colour; colour also in a pipe; no colour.", "不用颜色；管道中也用颜色；不用颜色。"));
  page.item("COLUMNS", t.say("Width where the output is no terminal.", "输出不是终端时的宽度。"));
  page.item("STATE_DIRECTORY, XDG_STATE_HOME",
            t.say("Where the log is kept when the configuration names no place.", "配置未指定时日志的存放位置。"));
}

void behaviour(Page& page, const Terminal& t) {
  page.section(t.say("OUTPUT", "输出"));
  page.paragraph(t.say("Data goes to stdout, talk to stderr. What a remote sent is shown without control characters.",
                       "数据写到标准输出，提示写到标准错误。远端发来的内容去除控制字符后才显示。"));
  page.paragraph(
      t.say("The exit code of check counts a failure before what is not known.", "check 的退出码中，失败优先于未知。"));
}

}  // namespace

std::string manual_page(const CommandInfo& root, std::string_view version, const Terminal& t) {
  Page page{t};
  page.title(version);
  page.section(t.say("NAME", "名称"));
  page.paragraph(fmt::format(
      "sonde - {}", t.say("probe clouds and apps, and say whose fault it is", "探测云和应用，并说明是谁的问题")));
  page.section(t.say("SYNOPSIS", "概要"));
  page.paragraph(fmt::format("sonde {}", t.say("COMMAND [OPTIONS] [ARGUMENTS]", "命令 [选项] [参数]")));
  page.section(t.say("DESCRIPTION", "描述"));
  page.paragraph(root.summary);
  page.section(t.say("COMMANDS", "命令"));
  for (const CommandInfo& command : root.commands) page.command(command, command.name);
  page.section(t.say("OPTIONS OF EVERY COMMAND", "所有命令共有的选项"));
  page.options(root.options);
  behaviour(page, t);
  page.section(t.say("EXIT STATUS", "退出码"));
  for (const ExitMeaning& e : exit_meanings(t)) page.item(e.code, e.meaning);
  environment(page, t);
  page.section(t.say("EXAMPLES", "示例"));
  page.code(root.examples);
  return page.take();
}

}  // namespace sonde::cli
