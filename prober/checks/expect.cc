// Shared expectations.
#include "prober/checks/expect.h"

#include "core/text.h"

namespace sonde::prober {

CommonExpect read_common(const core::TableReader& expect, const core::KeyTable& table) {
  CommonExpect out;
  if (table.find(kMaxDurationKey.name) != nullptr) out.max_duration = expect.duration(kMaxDurationKey.name);
  if (table.find(kCertDaysKey.name) != nullptr) {
    if (const auto days = expect.integer(kCertDaysKey.name)) out.cert_days = static_cast<int>(*days);
  }
  return out;
}

void apply_blemishes(const CommonExpect& expect, const Blemishes& seen, core::Measurement& m) {
  using core::Cause;
  using core::Stage;
  if (!seen.address.empty()) {
    m.outcome = core::degraded(Stage::kTcp, Cause::kSomeAddresses, seen.address);
    return;
  }
  if (seen.tls != nullptr && seen.tls->blemish != Cause::kNone) {
    m.outcome = core::degraded(Stage::kTls, seen.tls->blemish, seen.tls->blemish_detail);
    return;
  }
  if (expect.cert_days && seen.cert_expiry) {
    const auto left = *seen.cert_expiry - seen.now;
    if (left < std::chrono::days{*expect.cert_days}) {
      m.outcome = core::degraded(Stage::kTls, Cause::kExpiring, "ends " + core::format_utc(*seen.cert_expiry));
      return;
    }
  }
  if (expect.max_duration && seen.duration > *expect.max_duration) {
    const std::string text =
        core::human_duration(seen.duration) + ", allowed " + core::format_duration(*expect.max_duration);
    m.outcome = core::degraded(Stage::kDone, Cause::kSlow, text);
  }
}

void refuse_request(const SpecNodes& nodes, std::string_view check, core::ConfigErrors& errors) {
  if (nodes.request != nullptr) {
    errors.add(nodes.request->error(
        "request: is for http, https and dns targets; a " + std::string{check} + " check has nothing to choose",
        "request：只用于 http、https 和 dns 目标；" + std::string{check} + " 检查没有可选择的内容"));
  }
}

void refuse_tls(const SpecNodes& nodes, std::string_view check, core::ConfigErrors& errors) {
  if (nodes.tls != nullptr) {
    errors.add(nodes.tls->error("tls: is for targets that speak TLS; this " + std::string{check} + " check does not",
                                "tls：只用于使用 TLS 的目标；此 " + std::string{check} + " 检查不使用 TLS"));
  }
}

}  // namespace sonde::prober
