// Settings, stages, expectations and fields of one run in words.
#include "cli/explain.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/expectations.h"
#include "cli/facts.h"
#include "cli/hops.h"
#include "io/address.h"

namespace sonde::cli {
namespace {

using core::Stage;
namespace field = core::field;

constexpr int kLabelColumns = 14;

std::string_view family_word(prober::NetSpec::Family family, const Terminal& t) {
  using Family = prober::NetSpec::Family;
  switch (family) {
    case Family::kAny:
      return t.say("any: IPv4 where the name has one, else IPv6", "任意：有 IPv4 用 IPv4，否则用 IPv6");
    case Family::kPreferIp6:
      return t.say("any: IPv6 where the name has one, else IPv4", "任意：有 IPv6 用 IPv6，否则用 IPv4");
    case Family::kIp4:
      return t.say("IPv4 only", "只用 IPv4");
    case Family::kIp6:
      return t.say("IPv6 only", "只用 IPv6");
    case Family::kBoth:
      return t.say("both IPv4 and IPv6 must work", "IPv4 和 IPv6 都必须可用");
  }
  return "";
}

class Explainer {
 public:
  Explainer(const Explanation& e, const Terminal& t) : e_(e), t_(t) {
    if (auto url = core::parse_url(e.entry.target.url)) url_ = std::move(*url);
  }

  [[nodiscard]] std::string draw() const {
    return settings() + stages() + addresses() + expectations() + certificates() + record();
  }

 private:
  [[nodiscard]] const core::Measurement& m() const { return e_.result.measurement; }
  [[nodiscard]] std::string line(std::string_view label, std::string_view value) const {
    return setting(label, value, t_);
  }

  [[nodiscard]] std::string settings() const {
    std::string out = heading(t_.say("Settings in force", "生效的设置"), t_);
    out += draw_settings(e_.entry, false, t_);
    const std::string& resolver = e_.prober.vantage.resolver;
    const auto& own = e_.entry.net.resolver;
    out += line(t_.say("resolver", "解析服务器"), own                ? to_string(*own)
                                                  : resolver.empty() ? std::string{t_.say("none is known", "未知")}
                                                                     : resolver);
    out += line(t_.say("source", "源地址"),
                e_.prober.source.empty() ? std::string{t_.say("the system's choice", "由系统选择")} : e_.prober.source);
    out += line(t_.say("trust", "信任"), e_.prober.ca_file.empty()
                                             ? std::string{t_.say("the system's issuers", "系统自带的颁发者")}
                                             : shown(e_.prober.ca_file));
    out += line(t_.say("policy", "地址策略"),
                e_.prober.allow.empty() ? std::string{t_.say("public addresses only", "只允许公网地址")}
                                        : fmt::format("{} {}", t_.say("public addresses, and", "公网地址，以及"),
                                                      fmt::join(e_.prober.allow, ", ")));
    return out;
  }

  [[nodiscard]] std::string_view state_of(Stage stage, bool has_time) const {
    const core::Outcome& o = m().outcome;
    const bool bad = o.status == core::Status::kFail || o.status == core::Status::kUnknown;
    if (bad && o.stage == stage) return t_.say("failed here", "在此失败");
    if (bad && stage > o.stage) return t_.say("not reached", "未到达");
    if (!has_time) return t_.say("not needed", "不需要");
    return t_.say("done", "完成");
  }

  [[nodiscard]] std::string stage(Stage which, std::string_view label, std::string_view asked,
                                  const std::vector<std::string>& came, const std::vector<core::Field>& phases) const {
    double time = 0;
    bool has_time = false;
    for (const core::Field& phase : phases) {
      const auto seconds = number_of(m(), phase);
      has_time |= seconds.has_value();
      time += seconds.value_or(0);
    }
    const std::string_view state = state_of(which, has_time);
    std::string out = "  " + t_.paint(Color::kBold, pad(label, 6)) + std::string{state};
    if (has_time) out += fmt::format("{}{}", t_.say(", ", "，"), seconds_text(time));
    out += "\n" + line(t_.say("  asked", "  询问"), asked);
    if (!came.empty()) out += line(t_.say("  came", "  应答"), fmt::format("{}", fmt::join(came, " · ")));
    if (m().outcome.stage == which && m().outcome.cause != core::Cause::kNone) {
      const core::CauseInfo& info = core::info(m().outcome.cause);
      std::string what = fmt::format("{}: {}", info.name, t_.say(info.en, info.zh));
      if (!m().outcome.detail.empty()) what += " (" + shown(m().outcome.detail) + ")";
      out += line(t_.say("  found", "  发现"), what);
    }
    return out;
  }

  [[nodiscard]] std::string stages() const {
    std::string out = heading(t_.say("Stages", "阶段"), t_);
    const core::CheckKind kind = e_.entry.target.check;
    const bool literal = io::parse_address(url_.host).has_value();
    const std::string& resolver = e_.prober.vantage.resolver;
    if (kind == core::CheckKind::kDns) {
      const std::string server = url_.host.empty() ? resolver : fmt::format("{}:{}", url_.host, url_.port);
      const std::string asked =
          fmt::format("{} {}", shown(url_.path), fmt::format(fmt::runtime(t_.say("at {}", "向 {}")), server));
      return out +
             stage(Stage::kDns, "dns", asked, dns_facts(m(), t_), {field::kResolveSeconds, field::kProcessingSeconds});
    }
    const std::string dns =
        literal ? fmt::format(fmt::runtime(t_.say("nothing: {} is an address", "无需：{} 是地址")), url_.host)
                : fmt::format(fmt::runtime(t_.say("A and AAAA of {} at {}", "{} 的 A 和 AAAA，向 {}")),
                              shown(url_.host), resolver.empty() ? std::string{"?"} : resolver);
    out += stage(Stage::kDns, "dns", dns, literal ? std::vector<std::string>{} : dns_facts(m(), t_),
                 {field::kResolveSeconds});
    const std::string ip = text_of(m(), field::kIp);
    out += stage(Stage::kTcp, "tcp",
                 fmt::format(fmt::runtime(t_.say("a connection to {} port {}", "连接 {} 端口 {}")),
                             ip.empty() ? shown(url_.host) : ip, url_.port),
                 tcp_facts(m(), t_), {field::kConnectSeconds});
    const bool after_redirect = number_of(m(), field::kTlsSeconds).has_value();
    if (kind == core::CheckKind::kTls || url_.scheme == "https" || after_redirect) {
      out += stage(Stage::kTls, "tls",
                   fmt::format(fmt::runtime(t_.say("a handshake for {}, verified against the issuers above",
                                                   "为 {} 握手，用上面的颁发者验证")),
                               shown(url_.host)),
                   tls_facts(m(), t_), {field::kTlsSeconds});
    }
    if (kind == core::CheckKind::kHttp) {
      std::vector<std::string> came = http_facts(m(), t_);
      std::ranges::move(transfer_facts(m(), t_), std::back_inserter(came));
      out += stage(Stage::kHttp, "http", request_text(), came, {field::kProcessingSeconds, field::kTransferSeconds});
    }
    return out;
  }

  [[nodiscard]] std::string request_text() const {
    std::string method = "GET";
    std::string rest;
    for (const ExpectationRow& row : request_rows(e_.entry, t_)) {
      if (row.key == "method") {
        method = row.wanted;
      } else if (!row.standard) {
        rest += fmt::format("  {}: {}", row.key, row.wanted);
      }
    }
    return fmt::format("{} {}{}", method, url_.path.empty() ? "/" : shown(url_.path), rest);
  }

  [[nodiscard]] std::string addresses() const {
    if (e_.answers.empty()) return {};
    std::string out = heading(t_.say("Addresses (asked again beside the run)", "地址（另行查询）"), t_);
    const std::string used = text_of(m(), field::kIp);
    io::AddressPolicy policy;
    for (const std::string& range : e_.prober.allow) static_cast<void>(policy.allow(range));
    for (const ResolverAnswer& answer : e_.answers) {
      const core::Measurement& a = answer.measurement;
      std::string value = fmt::format("{}", fmt::join(dns_facts(a, t_), " · "));
      if (a.outcome.cause != core::Cause::kNone) {
        const core::CauseInfo& info = core::info(a.outcome.cause);
        value = fmt::format("{}: {}", info.name, t_.say(info.en, info.zh));
      }
      if (const auto time = number_of(a, field::kDurationSeconds)) value += " · " + seconds_text(*time);
      out += line(answer.type, value);
    }
    if (const auto address = io::parse_address(used)) {
      const std::string_view denied = policy.denied(*address);
      const std::string_view allowed =
          denied.empty() ? t_.say("allowed by the policy", "策略允许") : t_.say("denied by the policy", "策略禁止");
      out += line(t_.say("used", "使用"), fmt::format("{}, {}", used, allowed));
    }
    return out;
  }

  [[nodiscard]] std::string expectations() const {
    const auto rows = expectation_rows(e_.entry, &m().outcome, t_);
    if (rows.empty()) return {};
    return heading(t_.say("Expectations", "期望"), t_) + draw_expectations(rows, t_);
  }

  [[nodiscard]] std::string certificates() const {
    const auto facts = certificate_facts(m(), final_url(e_.entry.target.url, m()), e_.result.started, t_);
    if (facts.empty()) return {};
    std::string out = heading(t_.say("Certificates", "证书"), t_);
    const auto fact = [&](std::string_view en, std::string_view zh, const std::string& value) {
      if (!value.empty()) out += line(t_.say(en, zh), value);
    };
    fact("in short", "概要", fmt::format("{}", fmt::join(facts, " · ")));
    // "2: leaf 2026-01-01; issuer 2030-01-01": one line each
    std::string chain = text_of(m(), field::kCertChain);
    chain.erase(0, std::min(chain.find(": ") == std::string::npos ? 0 : chain.find(": ") + 2, chain.size()));
    for (std::size_t i = 0; !chain.empty(); ++i) {
      const auto end = std::min(chain.find("; "), chain.size());
      fact("certificate", "证书", fmt::format("{} {}", i, chain.substr(0, end)));
      chain.erase(0, std::min(end + 2, chain.size()));
    }
    fact("subject", "主体", text_of(m(), field::kCertSubject));
    fact("names", "域名", text_of(m(), field::kCertNames));
    fact("serial", "序列号", text_of(m(), field::kCertSerial));
    fact("signed by", "签名算法", text_of(m(), field::kCertSignature));
    fact("SHA-256", "SHA-256", text_of(m(), field::kCertFingerprint));
    return out;
  }

  [[nodiscard]] std::string record() const {
    const core::Record r = core::to_record(m(), e_.prober.vantage, e_.entry.target, e_.result.started);
    std::string out = heading(t_.say("Record (the fields as they are stored)", "记录（存储的字段）"), t_);
    for (const auto& [key, value] : r.tags)
      out += meaning_line(key, shown(value) + t_.paint(Color::kGrey, t_.say("  tag", "  标签")));
    for (const auto& [key, value] : r.fields) {
      const std::string text = std::visit(
          [](const auto& held) {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string>) {
              return "\"" + shown(held) + "\"";
            } else {
              return fmt::format("{}", held);
            }
          },
          value);
      out += meaning_line(key, text);
    }
    return out;
  }

  [[nodiscard]] std::string meaning_line(const std::string& key, const std::string& text) const {
    const auto fields = core::probe_fields();
    const auto it = std::ranges::find(fields, key, &core::Field::name);
    std::string out = fmt::format("  {} {}", pad(key, 26), text);
    if (it == fields.end()) return out + "\n";
    if (!it->unit.empty()) out += fmt::format(" {}", it->unit);
    return out + "  " + t_.paint(Color::kGrey, fmt::format("{} [{}]", meaning_of(*it, t_), it->source)) + "\n";
  }

  const Explanation& e_;
  const Terminal& t_;
  core::Url url_;
};

}  // namespace

std::string heading(std::string_view text, const Terminal& t) { return "\n" + t.paint(Color::kBold, text) + "\n"; }

std::string setting(std::string_view label, std::string_view value, const Terminal&) {
  return fmt::format("  {} {}\n", pad(label, kLabelColumns), value);
}

std::string draw_explanation(const Explanation& e, const Terminal& t) { return Explainer{e, t}.draw(); }

std::string draw_settings(const prober::TargetEntry& entry, bool scheduled, const Terminal& t) {
  const core::Target& target = entry.target;
  std::string out;
  const auto line = [&](std::string_view en, std::string_view zh, const std::string& value) {
    if (!value.empty()) out += setting(t.say(en, zh), shown(value), t);
  };
  const core::ConfigNode& written = entry.written;
  line("name", "名称", target.name);
  line("url", "网址", target.url);
  line("check", "检查", std::string{name(target.check)});
  if (written.line > 0) line("written at", "位置", fmt::format("{}:{}", written.file, written.line));
  if (scheduled) {
    line("role", "角色", std::string{name(target.role)});
    line("every", "间隔", core::format_duration(target.every));
  }
  line("timeout", "超时", core::format_duration(target.timeout));
  line("family", "地址类型", std::string{family_word(entry.net.family, t)});
  line("addresses", "地址",
       std::string{entry.net.all_addresses ? t.say("all of them", "全部")
                                           : t.say("the first that answers", "第一个有应答的")});
  if (entry.net.source) line("source", "源地址", to_string(*entry.net.source));
  line("interface", "网络接口", entry.net.interface);
  if (entry.net.resolver) line("resolver", "解析服务器", to_string(*entry.net.resolver));
  for (std::size_t i = 0; i < entry.net.stage_timeouts.size(); ++i) {
    if (entry.net.stage_timeouts.at(i) > core::Duration::zero()) {
      line("at most", "最长",
           fmt::format("{} {}", name(static_cast<core::Stage>(i)),
                       core::format_duration(entry.net.stage_timeouts.at(i))));
    }
  }
  return out;
}

}  // namespace sonde::cli
