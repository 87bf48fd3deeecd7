// What `sonde log` and `sonde doctor` take, in both languages.
#include <CLI/CLI.hpp>

#include "cli/command_options.h"

namespace sonde::cli {

void Definer::log_directory(CLI::App& app) {
  app.add_option(
         "directory", arguments_.log.directory,
         say("The log's directory, as `log.directory` in the configuration", "日志目录，即配置中的 log.directory"))
      ->required()
      ->type_name("DIR");
}

void Definer::log_filter(CLI::App& app) {
  LogVerbOptions& o = arguments_.log;
  each(app, "--class", o.classes,
       say("Only records of this class: a is state, b is results, c is the rest",
           "只看此类记录：a 为状态，b 为结果，c 为其他"),
       "")
      ->check(CLI::IsMember({"a", "b", "c"}));
  app.add_option("--from", o.from,
                 say("Only records from this time on: 2025-11-24T10:00:00Z, or 2h for two hours ago",
                     "只看此时刻起的记录：2025-11-24T10:00:00Z，或 2h 表示两小时前"))
      ->type_name("TIME");
  app.add_option("--to", o.to, say("Only records before this time", "只看此时刻之前的记录"))->type_name("TIME");
}

void Definer::log(CLI::App& app) {
  LogVerbOptions& o = arguments_.log;
  CLI::App* log = verb(
      app, "log", say("Look into a log on disk, take records out, repair it", "查看磁盘上的日志，取出记录，修复日志"),
      "sonde log ls /var/lib/sonde/log\n"
      "sonde log verify /var/lib/sonde/log\n"
      "sonde log cat /var/lib/sonde/log --class b --from 1h | sonde judge -",
      {});
  log->require_subcommand(1);
  CLI::App* ls = verb(*log, "ls",
                      say("Segments with records, bytes and times; readers with what waits for them",
                          "列出各段的记录数、字节数和时间，以及各读者尚待投递的记录"),
                      "sonde log ls /var/lib/sonde/log\nsonde log ls /var/lib/sonde/log --json",
                      [&o](const Context& c) { return log_ls_verb(o, c); });
  log_directory(*ls);
  ls->add_flag("--json", o.json, say("One JSON object", "一个 JSON 对象"));
  CLI::App* verify =
      verb(*log, "verify",
           say("Check every frame and what is in it; tell each damaged place; 1 when there is one",
               "检查每一帧及其内容，指出每处损坏；有损坏时退出码为 1"),
           "sonde log verify /var/lib/sonde/log", [&o](const Context& c) { return log_verify_verb(o, c); });
  log_directory(*verify);
  verify->add_flag("--json", o.json, say("One JSON object per finding and line", "每项发现一行 JSON"));
  CLI::App* cat = verb(*log, "cat", say("Print records as line protocol", "以行协议输出记录"),
                       "sonde log cat /var/lib/sonde/log --class a\n"
                       "sonde log cat /var/lib/sonde/log --from 2025-11-24T10:00:00Z --to 2025-11-24T11:00:00Z",
                       [&o](const Context& c) { return log_cat_verb(o, c); });
  log_directory(*cat);
  log_filter(*cat);
  CLI::App* out = verb(*log, "export", say("Write records to a file as line protocol", "把记录以行协议写入文件"),
                       "sonde log export /var/lib/sonde/log --out day.lp.zst --from 24h\n"
                       "sonde log export /var/lib/sonde/log --out all.lp.gz",
                       [&o](const Context& c) { return log_export_verb(o, c); });
  log_directory(*out);
  log_filter(*out);
  out->add_option("-o,--out", o.out,
                  say("File to make, which must not exist; .zst and .gz are packed",
                      "要新建的文件，不能已存在；.zst 和 .gz 会压缩"))
      ->required()
      ->type_name("FILE");
  CLI::App* repair =
      verb(*log, "repair",
           say("Do what opening does and say what that was: mark damage, cut an unfinished end, put the journal in",
               "执行打开日志时的修复并说明做了什么：标记损坏、截去未写完的末尾、并入日记"),
           "sonde log repair /var/lib/sonde/log", [&o](const Context& c) { return log_repair_verb(o, c); });
  log_directory(*repair);
}

void Definer::doctor(CLI::App& app) {
  DoctorOptions& o = arguments_.doctor;
  CLI::App* doctor =
      verb(app, "doctor",
           say("Examine clock, resolver, limits and the log, and what each sink really keeps: a canary (measurement "
               "sonde_canary) is written three times, read back and removed; 1 when something fails",
               "检查时钟、解析服务器、资源限制和日志，以及每个出口实际保存了什么：写入三次金丝雀（sonde_canary），"
               "读回并删除；有故障时退出码为 1"),
           "sonde doctor -c /etc/sonde/sonde.yaml\n"
           "sonde doctor -c sonde.yaml --json | jq 'select(.grade != \"ok\")'",
           [&o](const Context& c) { return doctor_verb(o, c); });
  doctor
      ->add_option("-c,--config", o.config,
                   say("Configuration file; without it: what `sonde run` does alone",
                       "配置文件；省略时为 `sonde run` 的默认行为"))
      ->type_name("FILE");
  doctor->add_flag("--json", o.json, say("One JSON object per finding and line", "每项发现一行 JSON"));
}

}  // namespace sonde::cli
