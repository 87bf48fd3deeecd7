// From a measurement's fields to short phrases.
#include "cli/facts.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace sonde::cli {
namespace {

using core::Measurement;
namespace field = core::field;

template <typename T>
const T* held(const Measurement& m, const core::Field& field) {
  const core::FieldValue* value = m.get(field);
  return value == nullptr ? nullptr : std::get_if<T>(value);
}

void add(std::vector<std::string>& out, std::string text) {
  if (!text.empty()) out.push_back(std::move(text));
}

std::string with_word(std::string_view word, std::string_view text) {
  return text.empty() ? std::string{} : fmt::format("{} {}", word, text);
}

template <typename Number>
std::string counted(const Terminal& t, Number n, std::string_view one, std::string_view many, std::string_view zh) {
  return fmt::format(fmt::runtime(t.say(n == 1 ? one : many, zh)), n);
}

}  // namespace

std::optional<double> number_of(const Measurement& m, const core::Field& name) {
  const auto* value = held<double>(m, name);
  return value == nullptr ? std::nullopt : std::optional{*value};
}

std::optional<std::int64_t> integer_of(const Measurement& m, const core::Field& name) {
  const auto* value = held<std::int64_t>(m, name);
  return value == nullptr ? std::nullopt : std::optional{*value};
}

std::string text_of(const Measurement& m, const core::Field& name) {
  const auto* value = held<std::string>(m, name);
  return value == nullptr ? std::string{} : shown(*value);
}

std::optional<std::int64_t> body_bytes(const Measurement& m) { return integer_of(m, field::kHttpBodyBytes); }

std::string seconds_text(double seconds) { return core::human_duration(core::from_seconds(seconds)); }

std::string bytes_text(std::int64_t bytes) {
  static constexpr std::array kUnits{"KB", "MB", "GB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 10 ? 1 : 0, kUnits.at(unit));
}

std::int64_t days_left(std::int64_t expiry, core::WallTime now) {
  const auto left = std::chrono::seconds{expiry} - now.time_since_epoch();
  return std::chrono::floor<std::chrono::days>(left).count();
}

std::vector<std::string> lay_out(const std::vector<std::string>& facts, int columns, const Terminal& t) {
  const std::string between = t.unicode ? " · " : ", ";
  std::vector<std::string> lines;
  for (const std::string& fact : facts) {
    const bool fits = !lines.empty() && core::display_width(lines.back() + between + fact) <= columns;
    if (fits) {
      lines.back() += between + fact;
    } else {
      std::ranges::move(wrap(fact, columns), std::back_inserter(lines));
    }
  }
  return lines;
}

std::vector<std::string> dns_facts(const Measurement& m, const Terminal& t) {
  std::vector<std::string> out;
  if (std::string set = text_of(m, field::kDnsAnswerSet); !set.empty()) {
    out.push_back(std::move(set));
  } else if (const auto count = integer_of(m, field::kAddresses)) {
    out.push_back(counted(t, *count, "{} address", "{} addresses", "{} 个地址"));
  }
  if (const auto ttl = integer_of(m, field::kDnsMinTtl)) out.push_back(fmt::format("TTL {} s", *ttl));
  if (const auto rcode = integer_of(m, field::kDnsRcode); rcode && *rcode != 0) {
    out.push_back(fmt::format("rcode {}", *rcode));
  }
  if (const std::string how = text_of(m, field::kDnsTransport); !how.empty() && how != "udp") out.push_back(how);
  if (integer_of(m, field::kDnsAuthoritative).value_or(0) == 1) out.emplace_back(t.say("authoritative", "权威应答"));
  if (const auto ede = integer_of(m, field::kDnsEde)) out.push_back(fmt::format("EDE {}", *ede));
  if (const auto n = integer_of(m, field::kDnsAttempts); n && *n > 1) {
    out.push_back(fmt::format(fmt::runtime(t.say("{} queries", "查询 {} 次")), *n));
  }
  if (const auto n = integer_of(m, field::kDnsSpoofed); n && *n > 0) {
    out.push_back(fmt::format(fmt::runtime(t.say("{} forged datagrams", "{} 个伪造数据报")), *n));
  }
  return out;
}

std::vector<std::string> tcp_facts(const Measurement& m, const Terminal& t) {
  std::vector<std::string> out;
  add(out, text_of(m, field::kIp));
  if (const auto rtt = number_of(m, field::kTcpRttSeconds)) {
    out.push_back(with_word(t.say("kernel RTT", "内核 RTT"), seconds_text(*rtt)));
  }
  if (const auto again = integer_of(m, field::kTcpRetransmits); again && *again > 0) {
    out.push_back(counted(t, *again, "{} retransmit", "{} retransmits", "重传 {} 次"));
  }
  if (const auto failed = integer_of(m, field::kAddressesFailed); failed && *failed > 0) {
    out.push_back(counted(t, *failed, "{} address failed", "{} addresses failed", "{} 个地址失败"));
  }
  return out;
}

std::vector<std::string> tls_facts(const Measurement& m, const Terminal&) {
  std::vector<std::string> out;
  add(out, text_of(m, field::kTlsVersion));
  add(out, text_of(m, field::kTlsCipher));
  add(out, text_of(m, field::kTlsGroup));
  add(out, with_word("ALPN", text_of(m, field::kAlpn)));
  return out;
}

std::string covering_name(std::string_view names, std::string_view host) {
  const auto lower = [](std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
  };
  const std::string wanted = lower(host);
  const auto dot = wanted.find('.');
  while (!names.empty()) {
    const auto comma = std::min(names.find(','), names.size());
    const std::string name = lower(names.substr(0, comma));
    const bool wild = name.starts_with("*.") && dot != std::string::npos && wanted.substr(dot) == name.substr(1);
    if (name == wanted || wild) return name;
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return {};
}

std::vector<std::string> certificate_facts(const Measurement& m, std::string_view url, core::WallTime now,
                                           const Terminal& t) {
  std::vector<std::string> out;
  if (const auto expiry = integer_of(m, field::kSslEarliestCertExpiry)) {
    const std::int64_t days = days_left(*expiry, now);
    out.push_back(days >= 0 ? counted(t, days, "{} day left", "{} days left", "剩余 {} 天")
                            : counted(t, -days, "ended {} day ago", "ended {} days ago", "已过期 {} 天"));
  }
  const std::string names = text_of(m, field::kCertNames);
  if (const auto parsed = core::parse_url(url); parsed && !names.empty()) {
    const std::string covering = covering_name(names, parsed->host);
    out.push_back(covering.empty() ? with_word(t.say("for other names:", "用于其他域名："), cut(names, 60))
                                   : with_word(t.say("for", "用于"), covering));
  }
  add(out, with_word(t.say("issued by", "颁发者"), text_of(m, field::kCertIssuer)));
  add(out, text_of(m, field::kCertKey));
  // "2: leaf 2026-01-01; issuer 2030-01-01"
  const std::string chain = text_of(m, field::kCertChain);
  if (const auto colon = chain.find(':'); colon != std::string::npos && !chain.starts_with("1:")) {
    out.push_back(fmt::format(fmt::runtime(t.say("chain of {}", "证书链 {} 级")), chain.substr(0, colon)));
  }
  const std::string staple = text_of(m, field::kOcspStaple);
  if (!staple.empty() && staple != "none") out.push_back(with_word("OCSP", staple));
  return out;
}

std::vector<std::string> http_facts(const Measurement& m, const Terminal& t) {
  std::vector<std::string> out;
  if (const auto status = integer_of(m, field::kHttpStatusCode)) {
    const std::string version = text_of(m, field::kHttpVersion);
    out.push_back(fmt::format("HTTP{}{} {}", version.empty() ? "" : "/", version, *status));
  }
  if (const auto hops = integer_of(m, field::kHttpRedirects); hops && *hops > 0) {
    out.push_back(counted(t, *hops, "after {} redirect", "after {} redirects", "经过 {} 次重定向"));
  }
  return out;
}

std::vector<std::string> transfer_facts(const Measurement& m, const Terminal& t) {
  std::vector<std::string> out;
  if (const auto bytes = body_bytes(m)) out.push_back(bytes_text(*bytes));
  if (const auto skew = integer_of(m, field::kHttpDateSkewSeconds)) {
    out.push_back(fmt::format(fmt::runtime(t.say("its clock is {:+} s from ours", "其时钟与本机相差 {:+} 秒")), *skew));
  }
  add(out, text_of(m, field::kHttpNotes));
  return out;
}

std::string cause_text(const core::Outcome& outcome, const Terminal& t) {
  if (outcome.cause == core::Cause::kNone) return {};
  const core::CauseInfo& info = core::info(outcome.cause);
  std::string text = fmt::format("{}_{}: {}", name(outcome.stage), info.name, t.say(info.en, info.zh));
  if (!outcome.detail.empty()) text += " (" + shown(outcome.detail) + ")";
  return text;
}

}  // namespace sonde::cli
