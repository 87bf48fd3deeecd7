// From monitorList to targets.
#include "cli/imports/uptime_kuma.h"

#include <array>

#include "cli/imports/uptime_kuma_monitor.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;

constexpr std::string_view kOther = "only for kinds of monitor that are skipped";
constexpr std::string_view kOtherZh = "只用于会跳过的监控类型";

constexpr std::array kMonitor = {
    Row<Monitor>{"id", &Monitor::seen, "nothing: it numbers groups and proxies", "不需要：只用于分组和代理的编号"},
    Row<Monitor>{"name", &Monitor::name, "name", "name"},
    Row<Monitor>{"type", &Monitor::seen, "http, keyword, json-query, port and dns; others are skipped",
                 "http、keyword、json-query、port 和 dns；其余跳过"},
    Row<Monitor>{"active", &Monitor::seen, "false: the monitor is skipped", "false：跳过该监控"},
    Row<Monitor>{"upsideDown", &Monitor::seen, "true: the monitor is skipped", "true：跳过该监控"},
    Row<Monitor>{"interval", &Monitor::interval, "every", "every"},
    Row<Monitor>{"timeout", &Monitor::timeout, "timeout", "timeout"},
    Row<Monitor>{"tags", &Monitor::tags, "labels", "labels"},
    Row<Monitor>{"parent", &Monitor::parent, "labels.group", "labels.group"},
    Row<Monitor>{"url", &Monitor::seen, "url", "url"},
    Row<Monitor>{"hostname", &Monitor::seen, "url", "url"},
    Row<Monitor>{"port", &Monitor::seen, "url", "url"},
    Row<Monitor>{"method", &Monitor::method, "request.method", "request.method"},
    Row<Monitor>{"headers", &Monitor::headers, "request.headers", "request.headers"},
    Row<Monitor>{"body", &Monitor::body, "request.body", "request.body"},
    Row<Monitor>{"httpBodyEncoding", &Monitor::seen, "Content-Type in request.headers",
                 "request.headers 中的 Content-Type"},
    Row<Monitor>{"maxredirects", &Monitor::max_redirects, "request.redirects", "request.redirects"},
    Row<Monitor>{"accepted_statuscodes", &Monitor::status_codes, "expect.status", "expect.status"},
    Row<Monitor>{"keyword", &Monitor::keyword, "expect.body", "expect.body"},
    Row<Monitor>{"invertKeyword", &Monitor::seen, "expect.body_not_matches", "expect.body_not_matches"},
    Row<Monitor>{"jsonPath", &Monitor::json_path, "expect.json", "expect.json"},
    Row<Monitor>{"jsonPathOperator", &Monitor::seen, "expect.json", "expect.json"},
    Row<Monitor>{"expectedValue", &Monitor::seen, "expect.json", "expect.json"},
    Row<Monitor>{"ignoreTls", &Monitor::ignore_tls, "tls.verify: false", "tls.verify: false"},
    Row<Monitor>{"expiryNotification", &Monitor::expiry, "expect.cert_days: 21", "expect.cert_days: 21"},
    Row<Monitor>{"authMethod", &Monitor::auth_method, "basic is carried over", "basic 会带入"},
    Row<Monitor>{"basic_auth_user", &Monitor::user, "request.basic_auth", "request.basic_auth"},
    Row<Monitor>{"basic_auth_pass", &Monitor::seen, "request.basic_auth, as a variable",
                 "request.basic_auth，写作变量"},
    Row<Monitor>{"proxyId", &Monitor::proxy, "request.proxy", "request.proxy"},
    Row<Monitor>{"dns_resolve_type", &Monitor::seen, "?type= in url", "url 中的 ?type="},
    Row<Monitor>{"dns_resolve_server", &Monitor::seen, "url; a target for each server", "url；每个服务器成为一个目标"},
    Row<Monitor>{"ipFamily", &Monitor::ip_family, "family", "family"},
    Row<Monitor>{"maxretries", nullptr, "a run is not repeated: the hub judges by several runs",
                 "单次探测不重试：中心根据多次探测判断", "0"},
    Row<Monitor>{"notificationIDList", nullptr, "notifications are not Sonde's", "Sonde 不发送通知"},
    Row<Monitor>{"resendInterval", nullptr, "notifications are not Sonde's", "Sonde 不发送通知", "0"},
    Row<Monitor>{"domainExpiryNotification", nullptr, "the registration of names is not looked at",
                 "不查看域名注册信息", "false"},
    Row<Monitor>{"description", nullptr, "targets have no description", "目标没有描述"},
    Row<Monitor>{"cacheBust", nullptr, "the URL is asked for as it stands", "按原样请求 URL", "false"},
    Row<Monitor>{"conditions", nullptr, "write them as expect", "请写成 expect", "[]"},
    Row<Monitor>{"tlsCa", nullptr, "write it into a file, and its path into tls.ca_file",
                 "请存为文件，并在 tls.ca_file 中写出路径"},
    Row<Monitor>{"tlsCert", nullptr, "write it into a file, and its path into tls.cert_file",
                 "请存为文件，并在 tls.cert_file 中写出路径"},
    Row<Monitor>{"tlsKey", nullptr, "write it into a file, and its path into tls.key_file",
                 "请存为文件，并在 tls.key_file 中写出路径"},
    Row<Monitor>{"authDomain", &Monitor::seen, "see authMethod", "见 authMethod"},
    Row<Monitor>{"authWorkstation", &Monitor::seen, "see authMethod", "见 authMethod"},
    Row<Monitor>{"oauth_client_id", &Monitor::seen, "see authMethod", "见 authMethod"},
    Row<Monitor>{"oauth_client_secret", &Monitor::seen, "see authMethod", "见 authMethod"},
    Row<Monitor>{"oauth_token_url", &Monitor::seen, "see authMethod", "见 authMethod"},
    Row<Monitor>{"oauth_scopes", &Monitor::seen, "see authMethod", "见 authMethod"},
    Row<Monitor>{"oauth_auth_method", &Monitor::seen, "see authMethod", "见 authMethod"}};

/// Fields that every monitor has in an export, whatever its type: they say nothing of the types that are ours.
constexpr std::array<std::string_view, 54> kNotOurs = {"weight",
                                                       "forceInactive",
                                                       "pathName",
                                                       "path",
                                                       "childrenIDs",
                                                       "retryInterval",
                                                       "retryOnlyOnStatusCodeFailure",
                                                       "packetSize",
                                                       "dns_last_result",
                                                       "docker_container",
                                                       "docker_host",
                                                       "maintenance",
                                                       "mqttTopic",
                                                       "mqttSuccessMessage",
                                                       "mqttCheckType",
                                                       "mqttUsername",
                                                       "mqttPassword",
                                                       "mqttWebsocketPath",
                                                       "databaseQuery",
                                                       "databaseConnectionString",
                                                       "grpcUrl",
                                                       "grpcProtobuf",
                                                       "grpcMethod",
                                                       "grpcServiceName",
                                                       "grpcEnableTls",
                                                       "grpcBody",
                                                       "grpcMetadata",
                                                       "radiusUsername",
                                                       "radiusPassword",
                                                       "radiusSecret",
                                                       "radiusCalledStationId",
                                                       "radiusCallingStationId",
                                                       "game",
                                                       "gamedigGivenPortOnly",
                                                       "kafkaProducerTopic",
                                                       "kafkaProducerBrokers",
                                                       "kafkaProducerSsl",
                                                       "kafkaProducerAllowAutoTopicCreation",
                                                       "kafkaProducerMessage",
                                                       "kafkaProducerSaslOptions",
                                                       "screenshot",
                                                       "pushToken",
                                                       "includeSensitiveData",
                                                       "remote_browser",
                                                       "rabbitmqNodes",
                                                       "rabbitmqUsername",
                                                       "rabbitmqPassword",
                                                       "snmpOid",
                                                       "snmpVersion",
                                                       "smtpSecurity",
                                                       "ping_count",
                                                       "ping_numeric",
                                                       "ping_per_request_timeout",
                                                       "manual_status"};

/// What of an entry is worth a look.
ConfigNode ours_of(const ConfigNode& monitor) {
  ConfigNode out = core::map_node(monitor);
  for (const auto& entry : monitor.entries) {
    if (std::ranges::find(kNotOurs, std::string_view{entry.key.scalar}) == kNotOurs.end()) out.entries.push_back(entry);
  }
  return out;
}

std::map<std::string, const ConfigNode*> by_id(const ConfigNode* list) {
  std::map<std::string, const ConfigNode*> out;
  if (list == nullptr) return out;
  const auto add = [&out](const ConfigNode& item) {
    if (const ConfigNode* id = item.find("id")) out.emplace(id->scalar, &item);
  };
  for (const ConfigNode& item : list->items) add(item);
  for (const auto& [key, item] : list->entries) add(item);
  return out;
}

class Export {
 public:
  Export(const ConfigNode& root, Targets& targets)
      : targets_(targets), lists_{by_id(root.find("monitorList")), by_id(root.find("proxyList"))} {}

  void seen(const ConfigNode& /*node*/) {}
  void monitors(const ConfigNode& list) {
    using Kind = ConfigNode::Kind;
    if (list.kind != Kind::kSequence && list.kind != Kind::kMap) {
      return targets_.notes().mistake(list, "monitorList is a list", "monitorList 应为列表");
    }
    lists_.monitors = by_id(&list);
    for (const ConfigNode& item : list.items) one(item);
    for (const auto& [id, item] : list.entries) one(item);  // as the program itself hands it to its page
  }

 private:
  void one(const ConfigNode& item) {
    Notes& notes = targets_.notes();
    if (item.kind != ConfigNode::Kind::kMap) return notes.mistake(item, "a monitor is an object", "监控应为对象");
    const ConfigNode ours = ours_of(item);
    Monitor monitor{ours, lists_, targets_};
    if (!monitor.is_ours()) return;
    walk<Monitor>(ours, kMonitor, monitor, notes);
    monitor.finish();
  }

  Targets& targets_;
  KumaLists lists_;
};

constexpr std::array kRoot = {
    Row<Export>{"version", &Export::seen, "nothing", "不需要"},
    Row<Export>{"monitorList", &Export::monitors, "targets", "目标"},
    Row<Export>{"proxyList", &Export::seen, "request.proxy of the monitors that use it",
                "使用它的监控的 request.proxy"},
    Row<Export>{"notificationList", nullptr, "notifications are not Sonde's", "Sonde 不发送通知"},
    Row<Export>{"statusPageList", nullptr, "the hub has a page of its own", "中心有自己的页面"},
    Row<Export>{"dockerHostList", nullptr, kOther, kOtherZh}};

}  // namespace

void import_uptime_kuma(const ConfigNode& root, Targets& targets) {
  Export file{root, targets};
  if (root.kind == ConfigNode::Kind::kSequence) return file.monitors(root);
  walk<Export>(root, kRoot, file, targets.notes());
}

std::vector<FieldTable> uptime_kuma_tables() {
  return {describe<Export>("the export", kRoot), describe<Monitor>("monitorList[]", kMonitor)};
}

}  // namespace sonde::cli::imports
