// What every verb takes, in both languages.
#include "cli/command_options.h"

#include <CLI/CLI.hpp>

#include <fmt/format.h>

namespace sonde::cli {

using namespace std::chrono_literals;

CLI::App* Definer::verb(CLI::App& app, const char* name, std::string summary, std::string examples,
                        std::function<int(const Context&)> run) {
  CLI::App* verb = app.add_subcommand(name, std::move(summary));
  verb->footer(std::move(examples));
  if (run) verb->callback([this, run = std::move(run)] { arguments_.verb = run; });
  return verb;
}

CLI::Option* Definer::duration(CLI::App& app, const char* names, std::string help, core::Duration min,
                               core::Duration max, std::function<void(core::Duration)> set) {
  const auto read = [this, names = std::string{names}, min, max, set = std::move(set)](const std::string& text) {
    set(read_duration(names, text, min, max));
  };
  return app.add_option_function<std::string>(names, read, std::move(help))->type_name("DURATION");
}

CLI::Option* Definer::each(CLI::App& app, const char* names, std::vector<std::string>& into, std::string help,
                           const char* value) {
  const auto append = [&into](const std::vector<std::string>& values) {
    into.insert(into.end(), values.begin(), values.end());
  };
  return app.add_option_function<std::vector<std::string>>(names, append, std::move(help))
      ->allow_extra_args(false)
      ->type_name(value);
}

core::Duration Definer::read_duration(std::string_view option, const std::string& text, core::Duration min,
                                      core::Duration max) const {
  const auto value = core::parse_duration(text);
  if (value && *value >= min && *value <= max) return *value;
  throw CLI::ValidationError(
      fmt::format(fmt::runtime(t_.say("{} needs a duration from {} to {} with its unit, such as 10s; got \"{}\"",
                                      "{} 需要 {} 到 {} 之间带单位的时长，例如 10s；得到的是“{}”")),
                  option, core::format_duration(min), core::format_duration(max), shown(text)));
}

void Definer::program(CLI::App& app) {
  app.description(say("Sonde probes clouds and apps from many places and says whose fault it is.",
                      "Sonde 从多个地点探测云和应用，并说明是谁的问题。"));
  app.footer(
      "sonde run -c sonde.yaml\n"
      "sonde check https://example.com tcp://db.example.com:5432 'dns://223.5.5.5/example.com?type=A'\n"
      "sonde targets show -c sonde.yaml checkout\n"
      "sonde judge --json results.lp.gz");
  app.set_help_flag("-h,--help", say("Say what a command takes, and end", "显示命令的用法并结束"));
  app.set_version_flag("--version", "sonde " SONDE_VERSION, say("Print the version and end", "显示版本并结束"));
  app.add_option("--lang", arguments_.lang,
                 say("Language of what a person reads (default: LC_ALL, LC_MESSAGES, LANG)",
                     "界面语言（默认取自 LC_ALL、LC_MESSAGES、LANG）"))
      ->check(CLI::IsMember({"en", "zh"}))
      ->type_name("");
  app.add_option("--color", arguments_.color,
                 say("When to colour (auto: on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE forces it)",
                     "何时使用颜色（auto：在终端上使用，除非设置了 NO_COLOR；CLICOLOR_FORCE 强制使用）"))
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("");
}

void Definer::run(CLI::App& app) {
  RunOptions& o = arguments_.run;
  CLI::App* run = verb(app, "run",
                       say("Run what the configuration says: prober, hub or both, until a signal",
                           "按配置运行：探针、中心或两者，直到收到信号"),
                       "sonde run\nsonde run -c /etc/sonde/sonde.yaml\nsonde run -c sonde.yaml --once",
                       [&o](const Context& c) { return run_verb(o, c); });
  run->add_option("-c,--config", o.config,
                  say("Configuration file; without it: the catalogue, hub and page on loopback",
                      "配置文件；省略时：目录中的云、中心和本机页面"))
      ->type_name("FILE");
  run->add_flag("--once", o.once, say("Run every check once, deliver, and end", "每个检查运行一次，投递后结束"));
}

// ---- check ----

void Definer::check(CLI::App& app) {
  CheckOptions& o = arguments_.check;
  CLI::App* check =
      verb(app, "check",
           say("One run now: a waterfall of the stages for each URL, with what failed and what to do next",
               "立即探测一次：为每个网址画出各阶段的瀑布图，说明哪里失败、下一步做什么"),
           "sonde check example.com\n"
           "sonde check https://example.com/healthz --expect-status 200 --expect body=ok\n"
           "sonde check tls://mail.example.com:993 'dns://1.1.1.1/example.com?type=MX'\n"
           "sonde check -c sonde.yaml checkout 'shop-*'\n"
           "sonde check --watch=5s --json https://example.com >> runs.jsonl\n"
           "sonde check --nagios --warning 500ms --critical 2s https://example.com\n"
           "sonde check --explain https://example.com\n"
           "cut -d, -f1 hosts.csv | sonde check --brief -",
           [&o](const Context& c) { return check_verb(o, c); });
  check->parse_complete_callback([this, &o] {
    if (!arguments_.watch_every.empty()) o.watch = read_duration("--watch", arguments_.watch_every, 100ms, 24h);
  });
  check_what(*check);
  check_how(*check);
  check_expectations(*check);
  check_output(*check);
}

void Definer::check_what(CLI::App& check) {
  CheckOptions& o = arguments_.check;
  check
      .add_option("targets", o.targets,
                  say("https:// http:// tls://HOST:PORT tcp://HOST:PORT dns://RESOLVER/NAME?type=A, a bare host name "
                      "(https), - for a list on stdin, or with -c a name or glob of targets",
                      "https:// http:// tls://主机:端口 tcp://主机:端口 dns://解析服务器/域名?type=A，或主机名（按 "
                      "https），- 表示从标准输入读列表，配合 -c 时可以是目标名或通配符"))
      ->type_name("URL");
  each(check, "-f,--file", o.files,
       say("Read URLs from a file, one a line, # begins a comment; - is stdin",
           "从文件读取网址，每行一个，# 开头为注释；- 表示标准输入"),
       "FILE");
  check
      .add_option("-c,--config", o.config,
                  say("Configuration in which targets are looked up by name: its expectations, resolver, source and "
                      "policy are then in force",
                      "按名称查找目标的配置文件：其中的期望、解析服务器、源地址和策略随之生效"))
      ->type_name("FILE");
}

void Definer::check_how(CLI::App& check) {
  CheckOptions& o = arguments_.check;
  using Family = prober::NetSpec::Family;
  check.add_flag_callback(
      "-4,--ipv4", [&o] { o.family = Family::kIp4; }, say("IPv4 only", "只用 IPv4"));
  check.add_flag_callback(
      "-6,--ipv6", [&o] { o.family = Family::kIp6; }, say("IPv6 only", "只用 IPv6"));
  const auto family = [&o](const std::string& text) {
    o.family = text == "ip4"    ? Family::kIp4
               : text == "ip6"  ? Family::kIp6
               : text == "both" ? Family::kBoth
                                : Family::kAny;
  };
  check
      .add_option_function<std::string>(
          "--family", family,
          say("Addresses to use; both: each family must work", "使用的地址类型；both：两种都必须可用"))
      ->check(CLI::IsMember({"any", "ip4", "ip6", "both"}))
      ->type_name("");
  check.add_flag("--all-addresses", o.all_addresses,
                 say("Every address of the name, not the first that answers", "检查域名的每个地址，而不只是第一个"));
  check
      .add_option("--resolver", o.resolver,
                  say("Resolver to ask (default: /etc/resolv.conf)", "使用的解析服务器（默认取自 /etc/resolv.conf）"))
      ->type_name("ADDRESS[:PORT]");
  check.add_option("--source", o.source, say("Local address to probe from", "探测使用的本机地址"))
      ->type_name("ADDRESS");
  check.add_option("--interface", o.interface, say("Network device to leave by", "探测使用的网络接口"))
      ->type_name("DEVICE");
  duration(check, "--timeout", say("Longest time for one run (default 10s)", "单次探测的最长时间（默认 10s）"), 10ms,
           1h, [&o](core::Duration d) { o.timeout = d; });
  check.add_option("--parallel", o.parallel, say("Runs at the same time (default 64)", "同时进行的探测数（默认 64）"))
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
}

void Definer::check_expectations(CLI::App& check) {
  CheckOptions& o = arguments_.check;
  check
      .add_option(
          "--ca-file", o.ca_file,
          say("PEM file of trusted issuers (default: the system's)", "受信任颁发者的 PEM 文件（默认为系统自带）"))
      ->type_name("FILE");
  const auto key = [](std::vector<std::string>& into, const char* name) {
    return [&into, name](const std::string& value) { into.push_back(std::string{name} + "=" + value); };
  };
  check
      .add_option_function<std::string>("--expect-status", key(o.expect, "status"),
                                        say("Healthy HTTP status: 200, 200-299, 2xx or [200, 404]",
                                            "视为正常的 HTTP 状态码：200、200-299、2xx 或 [200, 404]"))
      ->type_name("STATUS");
  each(check, "--expect", o.expect,
       say("An expectation as in a target's `expect`, value in YAML, such as body=ok or cert_days=14",
           "一项期望，写法同目标的 expect，值为 YAML，例如 body=ok 或 cert_days=14"),
       "KEY=VALUE");
  each(check, "--request", o.request,
       say("What to ask, as in a target's `request`, value in YAML", "请求内容，写法同目标的 request，值为 YAML"),
       "KEY=VALUE");
  each(check, "--tls", o.tls,
       say("A setting as in a target's `tls`, such as min_version=1.3",
           "一项 TLS 设置，写法同目标的 tls，例如 min_version=1.3"),
       "KEY=VALUE");
  check
      .add_option_function<std::string>("--method", key(o.request, "method"),
                                        say("HTTP request method (default GET)", "HTTP 请求方法（默认 GET）"))
      ->type_name("METHOD");
  check.add_flag_callback(
      "--http1.1", [&o] { o.request.emplace_back("version=1.1"); }, say("Speak HTTP/1.1 only", "只用 HTTP/1.1"));
  check.add_flag_callback(
      "--http2", [&o] { o.request.emplace_back("version=2"); }, say("Speak HTTP/2 only", "只用 HTTP/2"));
  check.add_flag_callback(
      "-L,--follow", [&o] { o.request.emplace_back("redirects=10"); },
      say("Follow up to 10 redirects, each with its own bars", "跟随最多 10 次重定向，逐跳画出"));
  each(check, "--header", o.headers,
       say("HTTP header to send, such as 'Accept: text/html'", "要发送的 HTTP 请求头，例如 'Accept: text/html'"),
       "NAME:VALUE");
}

void Definer::check_output(CLI::App& check) {
  CheckOptions& o = arguments_.check;
  CLI::Option* json = check.add_flag("--json", o.json,
                                     say("One JSON object per run and line, names as in docs/measurement.md",
                                         "每次探测一行 JSON，名称同 docs/measurement.md"));
  CLI::Option* explain = check.add_flag(
      "--explain", o.explain,
      say("Everything: what was asked and answered at each stage, how each expectation was judged, every field",
          "全部细节：每个阶段问了什么、答了什么，每项期望如何判断，以及每个字段的含义"));
  CLI::Option* brief =
      check.add_flag("--brief", o.brief, say("Only the table, one line per target", "只显示表格，每个目标一行"));
  check.add_flag(
      "--watch{1s}", arguments_.watch_every,
      say("Again and again until Ctrl-C, with smallest, median and largest time, loss and history (default every 1s)",
          "反复探测直到 Ctrl-C，显示最小、中位、最大耗时、丢失率和历史（默认间隔 1s）"));
  check
      .add_option(
          "--count", o.count,
          say("End after so many runs of each target (implies --watch)", "每个目标探测这么多次后结束（隐含 --watch）"))
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  CLI::Option* nagios =
      check.add_flag("--nagios", o.nagios,
                     say("Output and exit codes of a Nagios plugin, with every phase as performance data",
                         "按 Nagios 插件的格式输出和退出，各阶段耗时作为性能数据"));
  NagiosThresholds& n = o.thresholds;
  duration(check, "--warning", say("With --nagios: WARNING when a run takes longer", "配合 --nagios：超过此耗时为警告"),
           1ms, 1h, [&n](core::Duration d) { n.warning_duration = d; })
      ->needs(nagios);
  duration(check, "--critical",
           say("With --nagios: CRITICAL when a run takes longer", "配合 --nagios：超过此耗时为严重"), 1ms, 1h,
           [&n](core::Duration d) { n.critical_duration = d; })
      ->needs(nagios);
  check
      .add_option("--warning-days", n.warning_cert_days,
                  say("With --nagios: WARNING when a certificate has fewer days left",
                      "配合 --nagios：证书剩余天数少于此值为警告"))
      ->check(CLI::Range(0, 3650))
      ->needs(nagios)
      ->type_name("DAYS");
  check
      .add_option("--critical-days", n.critical_cert_days,
                  say("With --nagios: CRITICAL when a certificate has fewer days left",
                      "配合 --nagios：证书剩余天数少于此值为严重"))
      ->check(CLI::Range(0, 3650))
      ->needs(nagios)
      ->type_name("DAYS");
  json->excludes(nagios)->excludes(explain)->excludes(brief);
  nagios->excludes(explain)->excludes(brief);
}

// ---- the others ----

void Definer::targets_filter(CLI::App& app) {
  TargetsOptions& o = arguments_.targets;
  app.add_option("-c,--config", o.config,
                 say("Configuration file (default: the catalogue as `sonde run` takes it)",
                     "配置文件（默认：`sonde run` 使用的目录）"))
      ->type_name("FILE");
  app.add_option("--role", o.role, say("Only targets of this role", "只看此角色的目标"))
      ->check(CLI::IsMember({"app", "reference", "control"}))
      ->type_name("");
  app.add_option("--provider", o.provider,
                 say("Only targets on this provider: name, alias or glob", "只看此服务商的目标：名称、别名或通配符"))
      ->type_name("PROVIDER");
}

void Definer::targets(CLI::App& app) {
  TargetsOptions& o = arguments_.targets;
  CLI::App* targets = verb(app, "targets", say("Look at targets, or import them", "查看或导入目标"),
                           "sonde targets list --provider aws\n"
                           "sonde targets show -c sonde.yaml checkout\n"
                           "sonde targets lint -c sonde.yaml\n"
                           "sonde targets import gatus.yaml > targets.d/gatus.yaml",
                           {});
  targets->require_subcommand(1);
  const std::string names = say("Names or globs of targets", "目标名或通配符");
  CLI::App* list = verb(*targets, "list", say("What would be checked, and how often", "将检查什么，以及多久一次"),
                        "sonde targets list\nsonde targets list -c sonde.yaml --role app\n"
                        "sonde targets list 'aws/us-*' --json\n"
                        "sonde targets list --http-sd > /etc/prometheus/sonde.json",
                        [&o](const Context& c) { return targets_list_verb(o, c); });
  list->add_option("names", o.names, names)->type_name("NAME");
  targets_filter(*list);
  CLI::Option* json = list->add_flag("--json", o.json, say("One JSON object per target and line", "每个目标一行 JSON"));
  CLI::Option* yaml =
      list->add_flag("--yaml", o.yaml, say("A YAML list, one map per target", "YAML 列表，每个目标一个映射"));
  CLI::Option* http_sd =
      list->add_flag("--http-sd", o.http_sd,
                     say("JSON as Prometheus takes it by http_sd_configs and file_sd_configs: the URL, and labels",
                         "Prometheus 的 http_sd_configs 和 file_sd_configs 所用的 JSON：网址和标签"));
  json->excludes(yaml)->excludes(http_sd);
  yaml->excludes(http_sd);

  CLI::App* lint = verb(*targets, "lint",
                        say("What is allowed but probably not meant, each with its place; 1 when something was found",
                            "找出合法但多半并非本意的写法及其位置；有发现时退出码为 1"),
                        "sonde targets lint -c sonde.yaml", [&o](const Context& c) { return targets_lint_verb(o, c); });
  lint->add_option("names", o.names, names)->type_name("NAME");
  targets_filter(*lint);
  lint->add_flag("--json", o.json, say("One JSON object per finding and line", "每项发现一行 JSON"));

  CLI::App* show =
      verb(*targets, "show",
           say("Everything that is in force for a target: settings, slots, and what each expectation means",
               "目标的全部生效设置：参数、时间槽，以及每项期望的含义"),
           "sonde targets show control/xiaomi-204\nsonde targets show -c sonde.yaml checkout",
           [&o](const Context& c) { return targets_show_verb(o, c); });
  show->add_option("names", o.names, names)->required()->type_name("NAME");
  targets_filter(*show);
  show->add_flag("--json", o.json, say("One JSON object per target and line", "每个目标一行 JSON"));
  targets_verify(*targets);
  targets_import(*targets);
}

void Definer::targets_import(CLI::App& app) {
  ImportOptions& o = arguments_.imported;
  CLI::App* command = verb(
      app, "import",
      say("Turn files of other programs into a file of targets; on stderr, each with its place, what was not "
          "carried over. 0: all was; 1: something was said; 2: a file cannot be read",
          "把其他程序的文件转换为目标文件；未能带入的内容连同位置写到标准错误。0：全部带入；1：有需要查看的内容；2："
          "文件无法读取"),
      "sonde targets import blackbox.yml prometheus.yml > targets.d/probes.yaml\n"
      "sonde targets import gatus/config.yaml > targets.d/gatus.yaml\n"
      "sonde targets import --from uptime-kuma - < Uptime_Kuma_Backup.json > targets.d/kuma.yaml\n"
      "sonde targets import /etc/telegraf/telegraf.conf > targets.d/telegraf.yaml",
      [&o](const Context& c) { return targets_import_verb(o, c); });
  command
      ->add_option("files", o.files,
                   say("blackbox.yml with the prometheus.yml that uses it, Gatus's config.yaml, Uptime Kuma's export, "
                       "telegraf.conf; - is stdin",
                       "blackbox.yml 和使用它的 prometheus.yml、Gatus 的 config.yaml、Uptime Kuma 的导出文件、"
                       "telegraf.conf；- 表示标准输入"))
      ->type_name("FILE");
  command
      ->add_option(
          "--from", o.from,
          say("The program that all files are of (default: found out from each)", "所有文件所属的程序（默认逐个识别）"))
      ->check(CLI::IsMember({"blackbox", "prometheus", "gatus", "uptime-kuma", "telegraf"}))
      ->type_name("");
  command
      ->add_option("--fields", o.fields,
                   say("Print what becomes of each field of that program's files, and why of some nothing",
                       "打印该程序文件中每个字段变成什么，以及有些为何没有对应项"))
      ->check(CLI::IsMember({"blackbox", "prometheus", "gatus", "uptime-kuma", "telegraf"}))
      ->type_name("");
  command->parse_complete_callback([this, &o] {
    if (!o.files.empty() || !o.fields.empty()) return;
    throw CLI::ValidationError(say("FILE is needed (or --fields)", "需要 FILE（或 --fields）"));
  });
}

void Definer::config(CLI::App& app) {
  ConfigOptions& o = arguments_.config;
  CLI::App* config =
      verb(app, "config", say("Look at a configuration file", "查看配置文件"), "sonde config check sonde.yaml", {});
  config->require_subcommand(1);
  CLI::App* check =
      verb(*config, "check",
           say("Read the file strictly and report every mistake with its place", "严格读取文件，报告每处错误及其位置"),
           "sonde config check /etc/sonde/sonde.yaml", [&o](const Context& c) { return config_check_verb(o, c); });
  check->add_option("file", o.config, say("Configuration file", "配置文件"))->required()->type_name("FILE");
  CLI::App* print = verb(
      *config, "print",
      say("Print what is in force: every default written out, no secrets", "打印生效的配置：写出所有默认值，不含密钥"),
      "sonde config print -c sonde.yaml", [&o](const Context& c) { return config_print_verb(o, c); });
  print
      ->add_option("-c,--config", o.config,
                   say("Configuration file; without it: what `sonde run` does alone",
                       "配置文件；省略时为 `sonde run` 的默认行为"))
      ->type_name("FILE");
  CLI::App* schema =
      verb(*config, "schema", say("Print the JSON Schema, for editors", "打印 JSON Schema，供编辑器使用"),
           "sonde config schema > sonde.schema.json", [&o](const Context& c) { return config_schema_verb(o, c); });
  schema->add_flag("--targets", o.targets, say("Of a file of targets instead", "改为目标文件的"));
  verb(*config, "reference", say("Print all keys as Markdown", "以 Markdown 打印所有键"),
       "sonde config reference --lang zh", [](const Context& c) { return config_reference_verb(c); });
}

void Definer::judge(CLI::App& app) {
  JudgeOptions& o = arguments_.judge;
  CLI::App* judge = verb(app, "judge", say("Replay line protocol and print the verdicts", "重放行协议数据并给出结论"),
                         "sonde judge results.lp.gz\nsonde judge --from 2h --json results.lp.zst\n"
                         "sonde judge --score truth.jsonl results.lp",
                         [&o](const Context& c) { return judge_verb(o, c); });
  judge
      ->add_option("files", o.files,
                   say("Files of line protocol, plain, gzip or zstd; - is stdin",
                       "行协议文件，明文、gzip 或 zstd；- 表示标准输入"))
      ->required()
      ->type_name("FILE");
  judge->add_flag("--json", o.json, say("One JSON object per event and line", "每个事件一行 JSON"));
  duration(*judge, "--round", say("The usual interval of the targets (default 10s)", "目标通常的探测间隔（默认 10s）"),
           100ms, 1h, [&o](core::Duration d) { o.round = d; });
  const auto moment = [&](std::string option, std::string text, std::optional<core::WallTime>& into) {
    judge
        ->add_option_function<std::string>(
            option,
            [this, &into, option](const std::string& given) {
              into = parse_moment(given, core::WallTime{std::chrono::duration_cast<core::Duration>(
                                             std::chrono::system_clock::now().time_since_epoch())});
              if (into) return;
              throw CLI::ValidationError(option, say("a time such as 2025-11-24T10:00:00Z, or how long ago, such as 2h",
                                                     "需要时间（如 2025-11-24T10:00:00Z）或多久之前（如 2h）"));
            },
            std::move(text))
        ->type_name("TIME");
  };
  moment("--from",
         say("Tell only what was said since; earlier results are still learned from",
             "只输出此后的结论；更早的结果仍用于学习"),
         o.from);
  moment("--to", say("Leave out what came later", "忽略此后的数据"), o.to);
  judge
      ->add_option("--score", o.score,
                   say("Compare the verdicts with this file of what really was, and print how good they are",
                       "与记录真实故障的文件对比，并打印结论的质量"))
      ->type_name("TRUTH.jsonl");
}

void Definer::watch(CLI::App& app) {
  WatchOptions& o = arguments_.watch;
  CLI::App* watch =
      verb(app, "watch", say("Follow a hub's verdicts in the terminal", "在终端里跟踪中心的结论"),
           "sonde watch --hub http://127.0.0.1:8686", [&o](const Context& c) { return watch_verb(o, c); });
  watch
      ->add_option("--hub", o.hub,
                   say("URL of the hub (default http://127.0.0.1:8686)", "中心的网址（默认 http://127.0.0.1:8686）"))
      ->type_name("URL");
}

void Definer::version(CLI::App& app) {
  CLI::App* version =
      verb(app, "version", say("This program, its compiler and its libraries", "程序、编译器和库的版本"),
           "sonde version --json", [this](const Context& c) { return version_verb(arguments_.version_json, c); });
  version->add_flag("--json", arguments_.version_json, say("One JSON object", "一个 JSON 对象"));
}

}  // namespace sonde::cli
