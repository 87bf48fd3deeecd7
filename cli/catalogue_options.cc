// What `sonde vantage` takes, in both languages.
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

}  // namespace sonde::cli
