// Help for a terminal, from the tree of commands.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_tree.h"

namespace sonde::cli {
namespace {

constexpr int kTitleColumnsMax = 30;
constexpr int kColumnsMax = 110;

// Two columns: a title, and what it means, wrapped beside it; a long title has a line of its own.
class Columns {
 public:
  Columns(const Terminal& t, int title) : t_(t), title_(std::min(title, kTitleColumnsMax)) {}

  void add(std::string& out, std::string_view title, std::string_view meaning) const {
    const int width = std::max(std::min(t_.columns, kColumnsMax) - title_ - 4, 20);
    const std::string indent(static_cast<std::size_t>(title_) + 4, ' ');
    std::string head = "  " + t_.paint(Color::kCyan, title);
    if (const int missing = title_ - core::display_width(title); missing >= 0) {
      head += std::string(static_cast<std::size_t>(missing) + 2, ' ');
    } else {
      out += head + "\n";
      head = indent;
    }
    for (const std::string& line : wrap(meaning, width)) {
      out += head + line + "\n";
      head = indent;
    }
  }

 private:
  const Terminal& t_;
  int title_;
};

template <typename Items, typename Title, typename Meaning>
void section(std::string& out, const Terminal& t, std::string_view heading, const Items& items, Title title,
             Meaning meaning) {
  if (items.empty()) return;
  int widest = 0;
  for (const auto& item : items) widest = std::max(widest, core::display_width(title(item)));
  const Columns columns{t, widest};
  out += "\n" + t.paint(Color::kBold, heading) + "\n";
  for (const auto& item : items) columns.add(out, title(item), meaning(item));
}

std::string usage(const CommandInfo& command, std::string_view words, const Terminal& t) {
  std::string line{words};
  if (!command.commands.empty()) line += t.say(" COMMAND", " 命令");
  if (!command.options.empty()) line += t.say(" [OPTIONS]", " [选项]");
  for (const OptionInfo& a : command.arguments) {
    line += a.required ? " " + option_title(a) : " [" + option_title(a) + "]";
  }
  return line;
}

void options_section(std::string& out, const Terminal& t, std::string_view heading,
                     const std::vector<OptionInfo>& options) {
  section(out, t, heading, options, option_title, [](const OptionInfo& o) -> std::string_view { return o.help; });
}

}  // namespace

const CommandInfo* CommandInfo::find(std::string_view command) const {
  const auto it = std::ranges::find(commands, command, &CommandInfo::name);
  return it == commands.end() ? nullptr : &*it;
}

std::vector<ExitMeaning> exit_meanings(const Terminal& t) {
  return {
      {"0", t.say("everything is fine (degraded still counts as fine)", "一切正常（降级也算正常）")},
      {"1", t.say("a check failed, lint or doctor found something, a verdict was found, or a log is damaged",
                  "有检查失败、lint 或 doctor 有发现、有结论，或日志有损坏")},
      {"2", t.say("the arguments or the configuration are wrong", "参数或配置有错误")},
      {"3", t.say("not known: the fault is on this side (no route, no resolver, no descriptor, ...)",
                  "未知：故障在本机一侧（没有路由、解析服务器、描述符等）")},
      {"75", t.say("another process holds the log, or the port", "日志或端口正被另一个进程占用")},
      {"78",
       t.say("the log was written by a newer version; nothing was touched", "日志由更新的版本写成；未做任何改动")},
      {"130", t.say("ended by Ctrl-C before every result was there", "所有结果返回之前被 Ctrl-C 结束")},
      {"check --nagios", t.say("0 OK, 1 WARNING (degraded or over a --warning threshold), 2 CRITICAL, 3 UNKNOWN (also "
                               "for wrong arguments)",
                               "0 正常，1 警告（降级或超过 --warning 阈值），2 严重，3 未知（包括参数错误）")},
  };
}

std::string option_title(const OptionInfo& option) {
  const std::string value = option.choices.empty() ? option.value : fmt::format("{}", fmt::join(option.choices, "|"));
  if (option.names.empty()) return value + (option.repeats ? "..." : "");
  const std::string names = fmt::format("{}", fmt::join(option.names, ", "));
  if (value.empty()) return names;
  return option.value_optional ? names + "[=" + value + "]" : names + " " + value;
}

std::string help_text(const CommandInfo& root, std::span<const std::string> path, const Terminal& t) {
  const CommandInfo* command = &root;
  std::string words = root.name;
  for (const std::string& name : path) {
    const CommandInfo* next = command->find(name);
    if (next == nullptr) break;
    command = next;
    words += " " + name;
  }
  std::string out;
  for (const std::string& line : wrap(command->summary, std::min(t.columns, kColumnsMax))) out += line + "\n";
  out += "\n" + t.paint(Color::kBold, t.say("Usage", "用法")) + "\n  " + usage(*command, words, t) + "\n";
  if (!command->examples.empty()) {
    out += "\n" + t.paint(Color::kBold, t.say("Examples", "示例")) + "\n";
    for (const std::string& line : wrap(command->examples, 10'000)) out += "  " + line + "\n";
  }
  section(
      out, t, t.say("Commands", "命令"), command->commands, [](const CommandInfo& c) { return c.name; },
      [](const CommandInfo& c) -> std::string_view { return c.summary; });
  options_section(out, t, t.say("Arguments", "参数"), command->arguments);
  options_section(out, t, t.say("Options", "选项"), command->options);
  if (command != &root) options_section(out, t, t.say("Options of every command", "所有命令共有的选项"), root.options);
  const bool leaf = command->commands.empty();
  if (leaf || command == &root) {
    section(
        out, t, t.say("Exit codes", "退出码"), exit_meanings(t), [](const ExitMeaning& e) { return e.code; },
        [](const ExitMeaning& e) { return e.meaning; });
  }
  return out;
}

}  // namespace sonde::cli
