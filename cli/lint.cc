// The rules of `sonde targets lint`.
#include "cli/lint.h"

#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "cli/expectations.h"

namespace sonde::cli {
namespace {

using prober::TargetEntry;

constexpr double kPolitePerSecond = 1.0;

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool expects(const TargetEntry& entry, std::string_view key_begins) {
  const core::ConfigNode* expect = entry.written.find("expect");
  return expect != nullptr && std::ranges::any_of(expect->entries, [&](const core::ConfigEntry& e) {
           return e.key.scalar.starts_with(key_begins);
         });
}

std::string asked(const TargetEntry& entry) {
  std::string out = entry.target.url;
  for (const char* part : {"request", "expect", "tls"}) {
    if (const core::ConfigNode* node = entry.written.find(part)) out += "\n" + node_text(*node);
  }
  return out;
}

class Linter {
 public:
  std::vector<Finding> run(std::span<const TargetEntry* const> targets) {
    for (const TargetEntry* entry : targets) {
      same_url(*entry);
      similar_name(*entry);
      tight_timeout(*entry);
      if (entry->target.role == core::Role::kApp) app(*entry);
    }
    impolite(targets);
    return std::move(findings_);
  }

 private:
  void add(const TargetEntry& entry, std::string_view rule, std::string en, std::string zh) {
    findings_.push_back(
        {entry.target.name, rule, entry.written.file, entry.written.line, {std::move(en), std::move(zh)}});
  }

  void same_url(const TargetEntry& entry) {
    const auto [it, fresh] = urls_.emplace(asked(entry), entry.target.name);
    if (fresh) return;
    add(entry, "same-url", fmt::format("asks the same as {}: one of them is enough", it->second),
        fmt::format("与 {} 的检查完全相同：保留一个即可", it->second));
  }

  void similar_name(const TargetEntry& entry) {
    const auto [it, fresh] = names_.emplace(lower(entry.target.name), entry.target.name);
    if (fresh || it->second == entry.target.name) return;
    add(entry, "similar-name", fmt::format("differs from {} only by case", it->second),
        fmt::format("与 {} 仅大小写不同", it->second));
  }

  void tight_timeout(const TargetEntry& entry) {
    const core::Target& t = entry.target;
    if (t.timeout * 10 <= t.every * 9) return;
    add(entry, "tight-timeout",
        fmt::format("timeout {} is nearly every {}: a slow run leaves no room before the next slot",
                    core::format_duration(t.timeout), core::format_duration(t.every)),
        fmt::format("超时 {} 几乎等于间隔 {}：慢的一次会挤占下一个时间槽", core::format_duration(t.timeout),
                    core::format_duration(t.every)));
  }

  void app(const TargetEntry& entry) {
    const core::Target& t = entry.target;
    if (t.provider.empty()) {
      add(entry, "no-hosting", "has no hosted_on: when it fails, nobody can tell the app from its cloud",
          "没有 hosted_on：出问题时无法区分是应用还是云的问题");
    }
    const bool http = t.check == core::CheckKind::kHttp;
    if (http && !expects(entry, "body") && !expects(entry, "json")) {
      add(entry, "any-body", "accepts any body: an error page with a healthy status would pass (expect: {body: ...})",
          "接受任意响应内容：状态正常的错误页也会通过（expect: {body: ...}）");
    }
    if (t.url.starts_with("http://")) {
      add(entry, "plain-http", "is asked without TLS: what users see over https is not checked",
          "未使用 TLS：用户通过 https 看到的内容没有被检查");
    }
    const bool tls = t.check == core::CheckKind::kTls || t.url.starts_with("https://");
    if (tls && !expects(entry, "cert_days")) {
      add(entry, "no-cert-days", "has no cert_days: its certificate would run out without a warning",
          "没有 cert_days：证书过期前不会有预警");
    }
  }

  /// Hosts of apps are the user's own, who may ask as often as he likes.
  void impolite(std::span<const TargetEntry* const> targets) {
    std::map<std::string, double> rates;
    std::map<std::string, const TargetEntry*> first;
    for (const TargetEntry* entry : targets) {
      const auto url = core::parse_url(entry->target.url);
      if (!url || entry->target.role == core::Role::kApp || entry->target.every <= core::Duration::zero()) continue;
      rates[url->host] += 1.0 / core::to_seconds(entry->target.every);
      first.emplace(url->host, entry);
    }
    for (const auto& [host, rate] : rates) {
      if (rate <= kPolitePerSecond) continue;
      add(*first.at(host), "impolite",
          fmt::format(
              "{} gets {:.1f} requests a second from all targets together; be polite to hosts that are not yours", host,
              rate),
          fmt::format("所有目标合计每秒向 {} 发送 {:.1f} 个请求；对不属于自己的主机请放慢", host, rate));
    }
  }

  std::vector<Finding> findings_;
  std::map<std::string, std::string> urls_;   // what is asked -> name
  std::map<std::string, std::string> names_;  // lower case -> name
};

}  // namespace

std::vector<Finding> lint(std::span<const TargetEntry* const> targets) { return Linter{}.run(targets); }

}  // namespace sonde::cli
