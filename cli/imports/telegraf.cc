// From [[inputs.…]] to targets.
#include "cli/imports/telegraf.h"

#include <array>

#include <fmt/format.h>

#include "cli/imports/telegraf_plugin.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using namespace std::chrono_literals;

constexpr std::string_view kSpreadEn = "runs are spread by themselves";
constexpr std::string_view kSpreadZh = "探测会自动错开";
constexpr std::string_view kStampsEn = "stamps are whole milliseconds";
constexpr std::string_view kStampsZh = "时间戳精确到毫秒";
constexpr std::array kCommon = {
    Row<Plugin>{"interval", &Plugin::interval, "every", "every"},
    Row<Plugin>{"alias", &Plugin::alias, "name", "name"},
    Row<Plugin>{"tags", &Plugin::tags, "labels", "labels"},
    Row<Plugin>{"name_override", nullptr, "measurements have Sonde's names", "测量使用 Sonde 的名称"},
    Row<Plugin>{"name_prefix", nullptr, "measurements have Sonde's names", "测量使用 Sonde 的名称"},
    Row<Plugin>{"name_suffix", nullptr, "measurements have Sonde's names", "测量使用 Sonde 的名称"},
    Row<Plugin>{"collection_jitter", nullptr, kSpreadEn, kSpreadZh},
    Row<Plugin>{"collection_offset", nullptr, kSpreadEn, kSpreadZh},
    Row<Plugin>{"precision", nullptr, kStampsEn, kStampsZh},
    Row<Plugin>{"fieldinclude", nullptr, "records have all fields", "记录包含所有字段"},
    Row<Plugin>{"fieldexclude", nullptr, "records have all fields", "记录包含所有字段"},
    Row<Plugin>{"fieldpass", nullptr, "records have all fields", "记录包含所有字段"},
    Row<Plugin>{"fielddrop", nullptr, "records have all fields", "记录包含所有字段"},
    Row<Plugin>{"taginclude", nullptr, "records have all tags", "记录包含所有标签"},
    Row<Plugin>{"tagexclude", nullptr, "records have all tags", "记录包含所有标签"},
    Row<Plugin>{"tagpass", nullptr, "records are not filtered", "记录不做过滤"},
    Row<Plugin>{"tagdrop", nullptr, "records are not filtered", "记录不做过滤"},
    Row<Plugin>{"namepass", nullptr, "records are not filtered", "记录不做过滤"},
    Row<Plugin>{"namedrop", nullptr, "records are not filtered", "记录不做过滤"},
    Row<Plugin>{"metricpass", nullptr, "records are not filtered", "记录不做过滤"}};

constexpr std::array kHttpResponse = {
    Row<Plugin>{"urls", &Plugin::urls, "url, a target each", "url，每个成为一个目标"},
    Row<Plugin>{"address", &Plugin::urls, "url", "url"},
    Row<Plugin>{"method", &Plugin::method, "request.method", "request.method"},
    Row<Plugin>{"headers", &Plugin::headers, "request.headers", "request.headers"},
    Row<Plugin>{"body", &Plugin::body, "request.body", "request.body"},
    Row<Plugin>{"body_form", nullptr, "write the form into request.body, with a Content-Type",
                "请把表单写入 request.body，并加上 Content-Type"},
    Row<Plugin>{"follow_redirects", &Plugin::follow_redirects, "request.redirects: 10", "request.redirects: 10"},
    Row<Plugin>{"response_timeout", &Plugin::timeout, "timeout (5s where left out)", "timeout（省略时为 5s）"},
    Row<Plugin>{"response_status_code", &Plugin::status, "expect.status; any status where left out, as there",
                "expect.status；省略时与原来一样接受任何状态码"},
    Row<Plugin>{"response_string_match", &Plugin::body_match, "expect.body_matches", "expect.body_matches"},
    Row<Plugin>{"response_body_max_size", &Plugin::body_size, "expect.body_bytes_max (32MiB where left out)",
                "expect.body_bytes_max（省略时为 32MiB）"},
    Row<Plugin>{"response_body_field", nullptr, "the body is not stored", "不存储响应体"},
    Row<Plugin>{"http_header_tags", nullptr, "nothing that a remote sends becomes a tag", "远端发送的内容不会成为标签"},
    Row<Plugin>{"username", &Plugin::username, "request.basic_auth.username", "request.basic_auth.username"},
    Row<Plugin>{"password", &Plugin::password, "request.basic_auth.password, as a variable",
                "request.basic_auth.password，写作变量"},
    Row<Plugin>{"bearer_token", &Plugin::bearer, "request.bearer.token_file", "request.bearer.token_file"},
    Row<Plugin>{"http_proxy", &Plugin::proxy, "request.proxy", "request.proxy"},
    Row<Plugin>{"use_system_proxy", nullptr, "proxies of the environment are never used: write request.proxy",
                "从不使用环境变量中的代理：请写 request.proxy", "false"},
    Row<Plugin>{"interface", &Plugin::interface, "interface", "interface"},
    Row<Plugin>{"tls_ca", &Plugin::tls_ca, "tls.ca_file", "tls.ca_file"},
    Row<Plugin>{"tls_cert", &Plugin::tls_cert, "tls.cert_file", "tls.cert_file"},
    Row<Plugin>{"tls_key", &Plugin::tls_key, "tls.key_file", "tls.key_file"},
    Row<Plugin>{"tls_key_pwd", nullptr, "the key must not be encrypted", "私钥不能加密"},
    Row<Plugin>{"tls_server_name", &Plugin::tls_server_name, "tls.server_name", "tls.server_name"},
    Row<Plugin>{"tls_min_version", &Plugin::tls_min_version, "tls.min_version", "tls.min_version"},
    Row<Plugin>{"tls_cipher_suites", nullptr, "ciphers are not chosen", "不选择加密套件"},
    Row<Plugin>{"tls_renegotiation_method", nullptr, "renegotiation is never done", "从不重新协商", "never"},
    Row<Plugin>{"tls_enable", nullptr, "the URL decides", "由 URL 决定", "true"},
    Row<Plugin>{"insecure_skip_verify", &Plugin::insecure, "tls.verify: false", "tls.verify: false"},
    Row<Plugin>{"cookie_auth_url", nullptr, "no log-in by cookie", "不支持通过 cookie 登录"},
    Row<Plugin>{"cookie_auth_method", nullptr, "no log-in by cookie", "不支持通过 cookie 登录"},
    Row<Plugin>{"cookie_auth_username", nullptr, "no log-in by cookie", "不支持通过 cookie 登录"},
    Row<Plugin>{"cookie_auth_password", nullptr, "no log-in by cookie", "不支持通过 cookie 登录"},
    Row<Plugin>{"cookie_auth_headers", nullptr, "no log-in by cookie", "不支持通过 cookie 登录"},
    Row<Plugin>{"cookie_auth_body", nullptr, "no log-in by cookie", "不支持通过 cookie 登录"},
    Row<Plugin>{"cookie_auth_renewal", nullptr, "no log-in by cookie", "不支持通过 cookie 登录"}};

constexpr std::array kDnsQuery = {
    Row<Plugin>{"servers", &Plugin::servers, "url, a target for each server and domain",
                "url，每个服务器与域名的组合成为一个目标"},
    Row<Plugin>{"domains", &Plugin::domains, "url (the root, where left out)", "url（省略时为根）"},
    Row<Plugin>{"record_type", &Plugin::record_type, "?type= in url (NS where left out)",
                "url 中的 ?type=（省略时为 NS）"},
    Row<Plugin>{"port", &Plugin::port, "url", "url"},
    Row<Plugin>{"network", &Plugin::network, "request.transport", "request.transport"},
    Row<Plugin>{"timeout", &Plugin::timeout, "timeout (2s where left out)", "timeout（省略时为 2s）"},
    Row<Plugin>{"include_fields", nullptr, "records have all fields", "记录包含所有字段"}};

constexpr std::array kNetResponse = {
    Row<Plugin>{"protocol", &Plugin::protocol, "tcp:// in url; udp is skipped", "url 中的 tcp://；udp 会跳过"},
    Row<Plugin>{"address", &Plugin::address, "url", "url"},
    Row<Plugin>{"timeout", &Plugin::timeout, "timeouts.tcp (1s where left out), and part of timeout",
                "timeouts.tcp（省略时为 1s），并计入 timeout"},
    Row<Plugin>{"read_timeout", &Plugin::read_timeout, "part of timeout", "计入 timeout"},
    Row<Plugin>{"send", &Plugin::send, "a step of expect.steps", "expect.steps 中的一个步骤"},
    Row<Plugin>{"expect", &Plugin::expect, "expect.steps", "expect.steps"}};

/// The tables of one plugin: its own fields and those of every plugin.
template <std::size_t N>
std::vector<Row<Plugin>> with_common(const std::array<Row<Plugin>, N>& own) {
  std::vector<Row<Plugin>> rows(own.begin(), own.end());
  rows.insert(rows.end(), kCommon.begin(), kCommon.end());
  return rows;
}

class Conf {
 public:
  explicit Conf(Targets& targets) : targets_(targets) {}

  void agent(const ConfigNode& node);
  void interval(const ConfigNode& node) { every_ = telegraf_duration(node, targets_.notes()).value_or(every_); }
  void inputs(const ConfigNode& node) { inputs_ = &node; }

  void import_inputs() {
    if (inputs_ == nullptr) return;
    for (const auto& [key, value] : inputs_->entries) {
      using Kind = Plugin::Kind;
      if (key.scalar == "http_response") {
        plugins(value, Kind::kHttp, with_common(kHttpResponse));
      } else if (key.scalar == "dns_query") {
        plugins(value, Kind::kDns, with_common(kDnsQuery));
      } else if (key.scalar == "net_response") {
        plugins(value, Kind::kNet, with_common(kNetResponse));
      } else {
        targets_.notes().skipped(key, fmt::format("inputs.{} is no check of Sonde's kinds", key.scalar),
                                 fmt::format("inputs.{} 不属于 Sonde 的检查种类", key.scalar));
      }
    }
  }

 private:
  void plugins(const ConfigNode& list, Plugin::Kind kind, const std::vector<Row<Plugin>>& rows) {
    const ConfigNode all = core::as_list(list);
    for (const ConfigNode& item : all.items) {
      Plugin plugin{kind, item, every_, targets_};
      walk<Plugin>(item, rows, plugin, targets_.notes());
      if (item.kind == ConfigNode::Kind::kMap) plugin.finish();
    }
  }

  Targets& targets_;
  const ConfigNode* inputs_ = nullptr;
  core::Duration every_ = 10s;  // [agent] interval where nothing is written
};

constexpr std::string_view kDeliveryEn = "batches and their delivery are set under log and sinks in sonde.yaml";
constexpr std::string_view kDeliveryZh = "批次与投递请在 sonde.yaml 的 log 和 sinks 中设置";
constexpr std::string_view kLogEn = "messages go to standard error: whatever starts sonde keeps and rotates them";
constexpr std::string_view kLogZh = "消息输出到标准错误：由启动 sonde 的程序保存和轮转";
constexpr std::string_view kTagsEn = "a record has the tags of its vantage and target";
constexpr std::string_view kTagsZh = "记录带有其观测点和目标的标签";

constexpr std::array kAgent = {
    Row<Conf>{"interval", &Conf::interval, "every of all targets (10s where left out)",
              "所有目标的 every（省略时为 10s）"},
    Row<Conf>{"round_interval", nullptr, kSpreadEn, kSpreadZh, "true"},
    Row<Conf>{"collection_jitter", nullptr, kSpreadEn, kSpreadZh, "0s"},
    Row<Conf>{"collection_offset", nullptr, kSpreadEn, kSpreadZh, "0s"},
    Row<Conf>{"metric_batch_size", nullptr, kDeliveryEn, kDeliveryZh},
    Row<Conf>{"metric_buffer_limit", nullptr, kDeliveryEn, kDeliveryZh},
    Row<Conf>{"flush_interval", nullptr, kDeliveryEn, kDeliveryZh},
    Row<Conf>{"flush_jitter", nullptr, kDeliveryEn, kDeliveryZh, "0s"},
    Row<Conf>{"buffer_strategy", nullptr, kDeliveryEn, kDeliveryZh},
    Row<Conf>{"buffer_directory", nullptr, kDeliveryEn, kDeliveryZh},
    Row<Conf>{"buffer_disk_sync", nullptr, kDeliveryEn, kDeliveryZh},
    Row<Conf>{"precision", nullptr, kStampsEn, kStampsZh, "0s"},
    Row<Conf>{"debug", nullptr, kLogEn, kLogZh, "false"},
    Row<Conf>{"quiet", nullptr, kLogEn, kLogZh, "false"},
    Row<Conf>{"logtarget", nullptr, kLogEn, kLogZh, "stderr"},
    Row<Conf>{"logfile", nullptr, kLogEn, kLogZh},
    Row<Conf>{"logformat", nullptr, kLogEn, kLogZh, "text"},
    Row<Conf>{"logfile_rotation_interval", nullptr, kLogEn, kLogZh, "0h|0d|0s"},
    Row<Conf>{"logfile_rotation_max_size", nullptr, kLogEn, kLogZh, "0|0MB"},
    Row<Conf>{"logfile_rotation_max_archives", nullptr, kLogEn, kLogZh},
    Row<Conf>{"log_with_timezone", nullptr, kLogEn, kLogZh},
    Row<Conf>{"structured_log_message_key", nullptr, kLogEn, kLogZh},
    Row<Conf>{"hostname", nullptr, "write vantage in sonde.yaml", "请在 sonde.yaml 中写 vantage"},
    Row<Conf>{"omit_hostname", nullptr, kTagsEn, kTagsZh, "false"},
    Row<Conf>{"always_include_local_tags", nullptr, kTagsEn, kTagsZh, "false"},
    Row<Conf>{"always_include_global_tags", nullptr, kTagsEn, kTagsZh, "false"},
    Row<Conf>{"skip_processors_after_aggregators", nullptr, "results are not processed further", "结果不再加工"},
    Row<Conf>{"snmp_translator", nullptr, "there is no SNMP", "没有 SNMP"},
    Row<Conf>{"statefile", nullptr, "what must outlive a restart is kept in the log's directory",
              "重启后仍需的内容保存在日志目录中"}};

void Conf::agent(const ConfigNode& node) { walk<Conf>(node, kAgent, *this, targets_.notes()); }

constexpr std::array kRoot = {
    Row<Conf>{"agent", &Conf::agent, "its fields: see the table below", "其字段见下表"},
    Row<Conf>{"inputs", &Conf::inputs, "http_response, dns_query and net_response; others are skipped",
              "http_response、dns_query 和 net_response；其余跳过"},
    Row<Conf>{"global_tags", nullptr, "they describe the place of the agent: write vantage in sonde.yaml",
              "它描述代理所在的位置：请在 sonde.yaml 中写 vantage"},
    Row<Conf>{"outputs", nullptr, "write sinks in sonde.yaml", "请在 sonde.yaml 中写 sinks"},
    Row<Conf>{"processors", nullptr, "results are not processed further", "结果不再加工"},
    Row<Conf>{"aggregators", nullptr, "results are not processed further", "结果不再加工"},
    Row<Conf>{"secretstores", nullptr, "use variables or files", "请使用变量或文件"}};

}  // namespace

void import_telegraf(const ConfigNode& root, Targets& targets) {
  Conf conf{targets};
  walk<Conf>(root, kRoot, conf, targets.notes());
  conf.import_inputs();
}

std::vector<FieldTable> telegraf_tables() {
  return {describe<Conf>("telegraf.conf", kRoot),
          describe<Conf>("[agent]", kAgent),
          describe<Plugin>("[[inputs.http_response]]", kHttpResponse),
          describe<Plugin>("[[inputs.dns_query]]", kDnsQuery),
          describe<Plugin>("[[inputs.net_response]]", kNetResponse),
          describe<Plugin>("each of them", kCommon)};
}

}  // namespace sonde::cli::imports
