// From a scrape to a target.
#include "cli/imports/blackbox.h"

#include <array>

#include <fmt/format.h>

#include "cli/imports/prometheus_job.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using prober::blackbox::Module;
using prober::blackbox::Modules;

constexpr std::array kJob = {
    Row<Job>{"job_name", &Job::seen, "labels.job", "labels.job"},
    Row<Job>{"params", &Job::seen, "the module", "模块"},
    Row<Job>{"metrics_path", &Job::seen, "/probe marks a job of blackbox_exporter",
             "/probe 表示 blackbox_exporter 的任务"},
    Row<Job>{"static_configs", &Job::static_configs, "targets, and labels", "目标和 labels"},
    Row<Job>{"file_sd_configs", &Job::file_sd_configs, "targets, as the files are now", "目标，取文件当前内容"},
    Row<Job>{"relabel_configs", &Job::seen, "run as Prometheus does; labels without __ become labels",
             "按 Prometheus 的方式执行；不以 __ 开头的标签成为 labels"},
    Row<Job>{"scrape_interval", &Job::seen, "every (1m where left out)", "every（省略时为 1m）"},
    Row<Job>{"scrape_timeout", &Job::seen, "timeout, less half a second (10s where left out)",
             "timeout，减去半秒（省略时为 10s）"},
    Row<Job>{"scheme", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"basic_auth", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"authorization", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"tls_config", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"proxy_url", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"follow_redirects", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"enable_http2", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"honor_labels", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"honor_timestamps", &Job::seen, "nothing: the way to the exporter", "不需要：只关系到导出器本身"},
    Row<Job>{"metric_relabel_configs", nullptr, "records are not relabelled", "记录不再改标签"},
    Row<Job>{"sample_limit", nullptr, "there are no such limits", "没有此类上限", "0"},
    Row<Job>{"label_limit", nullptr, "there are no such limits", "没有此类上限", "0"},
    Row<Job>{"http_sd_configs", nullptr,
             "what a server lists is not asked for: save its answer and use file_sd_configs",
             "不向服务器查询目标：请保存其应答并使用 file_sd_configs"},
    Row<Job>{"dns_sd_configs", nullptr, "what DNS lists is not asked for: write static_configs",
             "不向 DNS 查询目标：请写 static_configs"},
    Row<Job>{"kubernetes_sd_configs", nullptr, "what a cluster lists is not asked for: write static_configs",
             "不向集群查询目标：请写 static_configs"},
    Row<Job>{"consul_sd_configs", nullptr, "what Consul lists is not asked for: write static_configs",
             "不向 Consul 查询目标：请写 static_configs"},
    Row<Job>{"ec2_sd_configs", nullptr, "what a cloud lists is not asked for: write static_configs",
             "不向云查询目标：请写 static_configs"}};

class Prometheus {
 public:
  Prometheus(const Modules& modules, std::set<std::string>& used, Targets& targets)
      : modules_(modules), used_(used), targets_(targets) {}

  void global(const ConfigNode& node) { global_ = &node; }
  void configs(const ConfigNode& list) { configs_ = &list; }

  void import_jobs() {
    if (configs_ == nullptr) return;
    if (configs_->kind != ConfigNode::Kind::kSequence) {
      return targets_.notes().mistake(*configs_, "scrape_configs is a list", "scrape_configs 应为列表");
    }
    for (const ConfigNode& item : configs_->items) {
      Job job{item, global_, modules_, used_, targets_};
      if (job.asks_blackbox()) walk<Job>(item, kJob, job, targets_.notes());
    }
  }

 private:
  const Modules& modules_;
  std::set<std::string>& used_;
  Targets& targets_;
  const ConfigNode* global_ = nullptr;
  const ConfigNode* configs_ = nullptr;
};

constexpr std::array kRoot = {
    Row<Prometheus>{"global", &Prometheus::global, "scrape_interval and scrape_timeout of all jobs",
                    "所有任务的 scrape_interval 和 scrape_timeout"},
    Row<Prometheus>{"scrape_configs", &Prometheus::configs, "jobs of blackbox_exporter; others are skipped",
                    "blackbox_exporter 的任务；其余跳过"},
    Row<Prometheus>{"scrape_config_files", nullptr, "give these files to the import, too", "请把这些文件也交给导入"},
    Row<Prometheus>{"rule_files", nullptr, "alerts and rules stay with Prometheus", "告警和规则留在 Prometheus"},
    Row<Prometheus>{"alerting", nullptr, "alerts and rules stay with Prometheus", "告警和规则留在 Prometheus"},
    Row<Prometheus>{"remote_write", nullptr, "write sinks in sonde.yaml", "请在 sonde.yaml 中写 sinks"},
    Row<Prometheus>{"remote_read", nullptr, "write sinks in sonde.yaml", "请在 sonde.yaml 中写 sinks"},
    Row<Prometheus>{"storage", nullptr, "write log in sonde.yaml", "请在 sonde.yaml 中写 log"},
    Row<Prometheus>{"tracing", nullptr, "there is none", "没有对应项"}};

}  // namespace

void import_prometheus(const ConfigNode& root, const Modules& modules, std::set<std::string>& used, Targets& targets) {
  Prometheus file{modules, used, targets};
  walk<Prometheus>(root, kRoot, file, targets.notes());
  file.import_jobs();
}

void note_modules(const Modules& modules, const std::set<std::string>& used, Notes& notes) {
  using Family = prober::NetSpec::Family;
  for (const Module& module : modules.list) {
    if (!used.contains(module.name)) continue;
    for (const core::ConfigError& e : module.mistakes) notes.add(NoteKind::kLost, e);
    if (!module.served || module.net.family != Family::kPreferIp6) continue;
    notes.differs(
        module.written,
        fmt::format("module {}: where a name has both, IPv4 is taken here and IPv6 by blackbox_exporter "
                    "(family: both checks each)",
                    module.name),
        fmt::format("模块 {}：域名同时有两种地址时此处用 IPv4，blackbox_exporter 用 IPv6（family: both 两者都检查）",
                    module.name));
  }
}

std::vector<FieldTable> blackbox_tables() {
  return {describe<Prometheus>("prometheus.yml", kRoot), describe<Job>("scrape_configs[]", kJob)};
}

}  // namespace sonde::cli::imports
