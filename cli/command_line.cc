// Parsing, and saying in both languages what is wrong with what was typed.
#include "cli/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include <fmt/format.h>

#include "cli/command_options.h"

namespace sonde::cli {
namespace {

std::vector<std::string> split_choices(std::string_view braces) {
  std::vector<std::string> out;
  while (!braces.empty()) {
    const auto comma = std::min(braces.find(','), braces.size());
    out.emplace_back(braces.substr(0, comma));
    braces.remove_prefix(std::min(comma + 1, braces.size()));
  }
  return out;
}

// CLI11 keeps a closed list only as the text ":{a,b,c}" behind the type.
void read_type(const std::string& type, OptionInfo& out) {
  const auto braces = type.find(":{");
  out.value = type.substr(0, braces);
  if (braces == std::string::npos || !type.ends_with('}')) return;
  out.choices = split_choices(std::string_view{type}.substr(braces + 2, type.size() - braces - 3));
}

OptionInfo describe(const CLI::Option& option) {
  OptionInfo out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  out.help = option.get_description();
  out.required = option.get_required();
  out.repeats = option.get_items_expected_max() > 1;
  const bool flag = option.get_items_expected_max() == 0;
  if (!flag) read_type(option.get_type_name(), out);
  if (flag && option.get_name(false, true).find('{') != std::string::npos) {
    out.value = "INTERVAL";
    out.value_optional = true;
  }
  return out;
}

CommandInfo describe(const CLI::App& app) {
  CommandInfo out;
  out.name = app.get_name();
  out.summary = app.get_description();
  out.examples = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    OptionInfo info = describe(*option);
    // Every command has --help; it is listed once, with the program's own options.
    if (app.get_parent() != nullptr && option == app.get_help_ptr()) continue;
    (info.names.empty() ? out.arguments : out.options).push_back(std::move(info));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    out.commands.push_back(describe(*command));
  }
  return out;
}

}  // namespace

struct CommandLine::Parser {
  explicit Parser(core::Language language) : definer(language, arguments) {
    terminal.language = language;
    app.require_subcommand(1);
    app.fallthrough();
    definer.program(app);
    definer.run(app);
    definer.check(app);
    definer.watch(app);
    definer.judge(app);
    definer.targets(app);
    definer.vantage(app);
    definer.config(app);
    definer.log(app);
    definer.doctor(app);
    definer.version(app);
    CLI::App* completion =
        definer.verb(app, "completion", definer.say("Print a completion script for a shell", "输出命令补全脚本"),
                     "source <(sonde completion bash)\nsonde completion zsh > ~/.zfunc/_sonde\n"
                     "sonde completion fish > ~/.config/fish/completions/sonde.fish",
                     [this](const Context&) { return print(completion_script(tree(), arguments.shell)); });
    completion->add_option("shell", arguments.shell, definer.say("The shell", "所用的 shell"))
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}))
        ->type_name("");
    definer.verb(app, "man", definer.say("Print the manual page (man format)", "输出手册页（man 格式）"),
                 "sonde man | man -l -\nsonde man --lang zh > sonde.zh.1",
                 [this](const Context& c) { return print(manual_page(tree(), SONDE_VERSION, c.out)); });
  }

  [[nodiscard]] CommandInfo tree() const { return describe(app); }
  static int print(std::string_view text) { return write_out(text) ? exit_code::kOk : exit_code::kUnknown; }

  [[nodiscard]] Context context() const {
    Context c{detect_terminal(STDOUT_FILENO, arguments.color, arguments.lang),
              detect_terminal(STDERR_FILENO, arguments.color, arguments.lang)};
    // As the texts of the options, also when parsing ended before --lang was read.
    c.out.language = terminal.language;
    c.err.language = terminal.language;
    return c;
  }

  /// The command that was given, from the program downwards.
  [[nodiscard]] std::vector<const CLI::App*> given() const {
    std::vector<const CLI::App*> path{&app};
    while (true) {
      const auto below = path.back()->get_subcommands();
      if (below.empty()) return path;
      path.push_back(below.front());
    }
  }
  [[nodiscard]] std::vector<std::string> given_names() const {
    std::vector<std::string> names;
    for (const CLI::App* command : given()) names.push_back(command->get_name());
    names.erase(names.begin());
    return names;
  }

  [[nodiscard]] std::string what_is_wrong(const CLI::ParseError& error) const;
  [[nodiscard]] std::string about_extra(const std::string& argument, const CLI::App& command) const;
  int complain(const CLI::ParseError& error, bool nagios) const;

  Arguments arguments;
  Terminal terminal;  // for the language
  Definer definer;    // its callbacks live in `app`
  CLI::App app{"", "sonde"};
};

std::string CommandLine::Parser::about_extra(const std::string& argument, const CLI::App& command) const {
  std::vector<std::string> names;
  const bool option = argument.starts_with('-') && argument != "-";
  const std::string word = option ? argument.substr(0, argument.find('=')) : argument;
  for (const CLI::App* a : {&command, &app}) {
    for (const CLI::Option* o : a->get_options()) {
      for (const std::string& name : o->get_lnames()) names.push_back("--" + name);
    }
  }
  if (!option) {
    names.clear();
    for (const CLI::App* c : command.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(c->get_name());
    }
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto close = core::nearest(word, views);
  const std::string_view form = option          ? terminal.say("there is no option \"{}\"", "没有选项“{}”")
                                : names.empty() ? terminal.say("\"{}\" is one argument too many", "多余的参数“{}”")
                                                : terminal.say("there is no command \"{}\"", "没有命令“{}”");
  std::string out = fmt::format(fmt::runtime(form), shown(word));
  if (close) out += fmt::format(fmt::runtime(terminal.say("; did you mean \"{}\"?", "；是否想用“{}”？")), *close);
  return out;
}

std::string CommandLine::Parser::what_is_wrong(const CLI::ParseError& error) const {
  const CLI::App& command = *given().back();
  if (const auto extras = app.remaining(true); !extras.empty()) return about_extra(extras.front(), command);
  const bool needs_command =
      !command.get_subcommands([](const CLI::App*) { return true; }).empty() && error.get_name() == "RequiredError";
  if (needs_command) {
    std::string all;
    for (const CommandInfo& c : describe(command).commands) all += (all.empty() ? "" : ", ") + c.name;
    return fmt::format(fmt::runtime(terminal.say("a command is needed: {}", "需要一个命令：{}")), all);
  }
  // The texts of the parser itself are English; what they are about is said in the reader's language.
  std::string_view head;
  if (error.get_name() == "RequiredError") head = terminal.say("", "缺少参数：");
  if (error.get_name() == "ArgumentMismatch") head = terminal.say("", "参数个数不对：");
  if (error.get_name() == "ConversionError") head = terminal.say("", "参数值无法识别：");
  if (error.get_name() == "ExcludesError") head = terminal.say("", "选项互相冲突：");
  if (error.get_name() == "RequiresError") head = terminal.say("", "缺少配套的选项：");
  return fmt::format("{}{}", head, shown(error.what()));
}

int CommandLine::Parser::complain(const CLI::ParseError& error, bool nagios) const {
  const Terminal t = context().err;
  std::string help = "sonde";
  for (const std::string& name : given_names()) help += " " + name;
  if (nagios) {
    // A plugin speaks on stdout, and its wrong use is UNKNOWN.
    const bool said = write_out(fmt::format("SONDE UNKNOWN - {}\n", what_is_wrong(error)));
    return said ? exit_code::kUnknown : exit_code::kUsage;
  }
  write_err(
      fmt::format("{}: {}\n{}\n", t.paint(Color::kRed, t.say("error", "错误")), what_is_wrong(error),
                  fmt::format(fmt::runtime(t.say("`{} --help` says what it takes.", "用法见 `{} --help`。")), help)));
  return exit_code::kUsage;
}

CommandLine::CommandLine(core::Language language) : parser_(std::make_unique<Parser>(language)) {}
CommandLine::~CommandLine() = default;

CommandInfo CommandLine::tree() const { return parser_->tree(); }

int CommandLine::run(int argc, const char* const* argv) {
  const bool nagios = std::any_of(argv + 1, argv + argc, [](std::string_view a) { return a == "--nagios"; });
  try {
    parser_->app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Parser::print(help_text(tree(), parser_->given_names(), parser_->context().out));
  } catch (const CLI::CallForVersion& version) {
    return Parser::print(std::string{version.what()} + "\n");
  } catch (const CLI::ParseError& error) {
    return parser_->complain(error, nagios);
  }
  return parser_->arguments.verb(parser_->context());
}

core::Language language_of(int argc, const char* const* argv) {
  static constexpr std::string_view kOption = "--lang";
  std::string_view lang;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == kOption && i + 1 < argc) lang = argv[i + 1];
    if (argument.starts_with("--lang=")) lang = argument.substr(kOption.size() + 1);
  }
  return detect_language(lang);
}

}  // namespace sonde::cli
