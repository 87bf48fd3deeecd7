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
  return out;
}

std::vector<std::string> tls_facts(const Measurement& m, const Terminal& t) {
  std::vector<std::string> out;
  add(out, text_of(m, field::kTlsVersion));
  add(out, text_of(m, field::kTlsCipher));
  add(out, with_word(t.say("ALPN", "ALPN"), text_of(m, field::kAlpn)));
  return out;
}

std::vector<std::string> certificate_facts(const Measurement& m, core::WallTime now, const Terminal& t) {
  std::vector<std::string> out;
  if (const auto expiry = integer_of(m, field::kSslEarliestCertExpiry)) {
    const std::int64_t days = days_left(*expiry, now);
    out.push_back(days >= 0 ? counted(t, days, "{} day left", "{} days left", "剩余 {} 天")
                            : counted(t, -days, "ended {} day ago", "ended {} days ago", "已过期 {} 天"));
  }
  add(out, with_word(t.say("issued by", "颁发者"), text_of(m, field::kCertIssuer)));
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

std::vector<std::string> transfer_facts(const Measurement& m, const Terminal&) {
  std::vector<std::string> out;
  if (const auto bytes = integer_of(m, field::kHttpContentLength)) out.push_back(bytes_text(*bytes));
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
