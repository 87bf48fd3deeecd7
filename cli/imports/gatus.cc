// From endpoints to targets.
#include "cli/imports/gatus.h"

#include <array>

#include "cli/imports/gatus_endpoint.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;

constexpr std::array kEndpoint = {
    Row<Endpoint>{"enabled", &Endpoint::seen, "false: the endpoint is skipped", "false：跳过该端点"},
    Row<Endpoint>{"name", &Endpoint::name, "name, behind its group", "name，前面加上分组"},
    Row<Endpoint>{"group", &Endpoint::seen, "name and labels.group", "name 和 labels.group"},
    Row<Endpoint>{"url", &Endpoint::seen, "url: http, https, tcp, tls, starttls (as smtp), and the server of dns",
                  "url：http、https、tcp、tls、starttls（按 smtp），以及 dns 的服务器"},
    Row<Endpoint>{"method", &Endpoint::method, "request.method", "request.method"},
    Row<Endpoint>{"body", &Endpoint::seen, "request.body; of tcp and tls a step of expect.steps",
                  "request.body；tcp 和 tls 为 expect.steps 中的一个步骤"},
    Row<Endpoint>{"graphql", &Endpoint::seen, "request.body as {\"query\": …}", "request.body 写作 {\"query\": …}"},
    Row<Endpoint>{"headers", &Endpoint::headers, "request.headers", "request.headers"},
    Row<Endpoint>{"interval", &Endpoint::interval, "every (60s where left out)", "every（省略时为 60s）"},
    Row<Endpoint>{"conditions", &Endpoint::conditions, "expect: see below", "expect：见下"},
    Row<Endpoint>{"dns", &Endpoint::dns, "url: dns://SERVER/NAME?type=TYPE", "url：dns://服务器/域名?type=类型"},
    Row<Endpoint>{"client", &Endpoint::client, "see below", "见下"},
    Row<Endpoint>{"extra-labels", &Endpoint::extra_labels, "labels", "labels"},
    Row<Endpoint>{"alerts", nullptr, "alerts are not Sonde's", "Sonde 不发送告警"},
    Row<Endpoint>{"maintenance-windows", nullptr, "targets have no windows of maintenance", "目标没有维护时段"},
    Row<Endpoint>{"ssh", nullptr, "no SSH log-in", "不支持 SSH 登录"},
    Row<Endpoint>{"ui", nullptr, "the hub's page shows all", "中心的页面显示全部内容"},
    Row<Endpoint>{"store", nullptr, "no suites", "不支持 suites"},
    Row<Endpoint>{"always-run", nullptr, "no suites", "不支持 suites"}};

class File {
 public:
  explicit File(Targets& targets) : targets_(targets) {}

  void endpoints(const ConfigNode& list) {
    Notes& notes = targets_.notes();
    if (list.kind == ConfigNode::Kind::kNull) return;
    if (list.kind != ConfigNode::Kind::kSequence)
      return notes.mistake(list, "endpoints is a list", "endpoints 应为列表");
    for (const ConfigNode& item : list.items) {
      if (item.kind != ConfigNode::Kind::kMap) {
        notes.mistake(item, "an endpoint is a map", "端点应为映射");
        continue;
      }
      Endpoint endpoint{item, targets_};
      if (!endpoint.is_ours()) continue;
      walk<Endpoint>(item, kEndpoint, endpoint, notes);
      endpoint.finish();
    }
  }

 private:
  Targets& targets_;
};

constexpr std::array kRoot = {
    Row<File>{"endpoints", &File::endpoints, "targets", "目标"},
    Row<File>{"services", &File::endpoints, "targets (the older name)", "目标（旧名称）"},
    Row<File>{"external-endpoints", nullptr, "Sonde probes and waits for no results of others",
              "Sonde 主动探测，不等待他人的结果"},
    Row<File>{"suites", nullptr, "no suites: each endpoint is checked by itself", "不支持 suites：每个端点独立检查"},
    Row<File>{"alerting", nullptr, "alerts are not Sonde's", "Sonde 不发送告警"},
    Row<File>{"announcements", nullptr, "the hub's page has none", "中心的页面没有公告"},
    Row<File>{"concurrency", nullptr, "write runs_in_flight in sonde.yaml", "请在 sonde.yaml 中写 runs_in_flight"},
    Row<File>{"disable-monitoring-lock", nullptr, "checks never wait for each other", "检查之间从不互相等待"},
    Row<File>{"connectivity", nullptr, "write controls", "请写 controls"},
    Row<File>{"debug", nullptr, "nothing like it", "没有对应项", "false"},
    Row<File>{"maintenance", nullptr, "targets have no windows of maintenance", "目标没有维护时段"},
    Row<File>{"metrics", nullptr, "write metrics in sonde.yaml", "请在 sonde.yaml 中写 metrics", "false"},
    Row<File>{"remote", nullptr, "write sinks in sonde.yaml", "请在 sonde.yaml 中写 sinks"},
    Row<File>{"security", nullptr, "write hub.token_file in sonde.yaml", "请在 sonde.yaml 中写 hub.token_file"},
    Row<File>{"skip-invalid-config-update", nullptr, "a bad file always leaves the old one in force",
              "错误的文件总是让旧配置继续生效", "false|true"},
    Row<File>{"storage", nullptr, "write hub or sinks in sonde.yaml", "请在 sonde.yaml 中写 hub 或 sinks"},
    Row<File>{"tunneling", nullptr, "no tunnels", "不支持隧道"},
    Row<File>{"ui", nullptr, "the hub has a page of its own", "中心有自己的页面"},
    Row<File>{"web", nullptr, "write hub.listen in sonde.yaml", "请在 sonde.yaml 中写 hub.listen"}};

}  // namespace

void import_gatus(const ConfigNode& root, Targets& targets) {
  File file{targets};
  walk<File>(root, kRoot, file, targets.notes());
}

std::vector<FieldTable> gatus_tables() {
  return {describe<File>("config.yaml", kRoot), describe<Endpoint>("endpoints[]", kEndpoint),
          describe<Endpoint>("endpoints[].client", gatus_client_rows()), gatus_condition_table()};
}

}  // namespace sonde::cli::imports
