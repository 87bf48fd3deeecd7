// What `sonde vantage` and `sonde targets verify` take, in both languages.
#include <CLI/CLI.hpp>

#include "cli/command_options.h"

namespace sonde::cli {

using namespace std::chrono_literals;

void Definer::vantage(CLI::App& app) {
  VantageOptions& o = arguments_.vantage;
  CLI::App* vantage = verb(app, "vantage", say("Where this machine is", "本机的位置"), "sonde vantage detect", {});
  vantage->require_subcommand(1);
  CLI::App* detect = verb(*vantage, "detect",
                          say("Ask the metadata services of the clouds for provider, region and zone, and print a "
                              "`vantage` to paste",
                              "向各云的元数据服务询问服务商、区域和可用区，并打印可粘贴的 vantage"),
                          "sonde vantage detect\nsonde vantage detect --json --timeout 500ms",
                          [&o](const Context& c) { return vantage_detect_verb(o, c); });
  detect->add_flag("--json", o.json,
                   say("One JSON object, with what each service answered", "一个 JSON 对象，含各服务的应答"));
  duration(*detect, "--timeout", say("Longest time for all together (default 2s)", "总时长上限（默认 2s）"), 10ms, 30s,
           [&o](core::Duration d) { o.timeout = d; });
  detect
      ->add_option("--metadata", o.address,
                   say("Ask this address in place of the services' own, such as a relay in a container",
                       "改为询问此地址，例如容器中的转发"))
      ->type_name("ADDRESS[:PORT]");
}

void Definer::targets_verify(CLI::App& targets) {
  VerifyOptions& o = arguments_.verify;
  CLI::App* verify =
      verb(targets, "verify",
           say("Ask every entry of the catalogue once from here, say which answers are not those that it expects, and "
               "write a patch for these",
               "从这里对目录中的每一项探测一次，指出哪些应答与目录的期望不同，并为其生成补丁"),
           "sonde targets verify --provider alibaba\n"
           "sonde targets verify 'aws/us-*' --patch verify.patch\n"
           "sonde targets verify --catalogue targets --patch - | git apply",
           [&o](const Context& c) { return targets_verify_verb(o, c); });
  verify
      ->add_option("names", o.names,
                   say("Names or globs of entries (default: all)", "目录项的名称或通配符（默认全部）"))
      ->type_name("NAME");
  verify
      ->add_option(
          "--provider", o.provider,
          say("Only entries of this provider: name, alias or glob", "只看此服务商的目录项：名称、别名或通配符"))
      ->type_name("PROVIDER");
  verify->add_option("--role", o.role, say("Only entries of this role", "只看此角色的目录项"))
      ->check(CLI::IsMember({"reference", "control"}))
      ->type_name("");
  verify
      ->add_option("-c,--config", o.config,
                   say("Configuration whose vantage, resolver, trust and policy are used (not its targets)",
                       "使用此配置中的观测点、解析服务器、信任和策略（不使用其目标）"))
      ->type_name("FILE");
  verify
      ->add_option(
          "--catalogue", o.catalogue,
          say("Folder of catalogue files in place of the catalogue that is built in", "用此目录文件夹代替内置的目录"))
      ->type_name("DIR");
  verify
      ->add_option(
          "--patch", o.patch,
          say("Write the patch into this file and not behind the report; - is stdout, with the report on stderr",
              "把补丁写入此文件，而不是附在报告之后；- 表示标准输出，此时报告写到标准错误"))
      ->type_name("FILE");
  duration(*verify, "--timeout", say("Longest time for one run (default 10s)", "单次探测的最长时间（默认 10s）"), 10ms,
           1min, [&o](core::Duration d) { o.timeout = d; });
  verify
      ->add_option("--parallel", o.parallel,
                   say("Runs at the same time, never two to one host (default 16)",
                       "同时进行的探测数，同一主机始终只有一个（默认 16）"))
      ->check(CLI::Range(1, 64))
      ->type_name("N");
  verify->add_flag("--json", o.json, say("One JSON object per entry and line", "每个目录项一行 JSON"));
}

}  // namespace sonde::cli
