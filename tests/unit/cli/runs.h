// Measurements and targets that the tests of the command line draw: fixed, so that their pictures are too.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "core/measurement.h"

namespace sonde::cli::testing {

namespace field = core::field;

/// 2025-11-24T10:00:00Z.
inline constexpr core::WallTime kNow = core::from_unix_ms(1'763'978'400'000);

inline Terminal plain(core::Language language = core::Language::kEnglish, int columns = 100) {
  Terminal t;
  t.columns = columns;
  t.language = language;
  return t;
}

inline core::Target target_of(const std::string& url, core::CheckKind check = core::CheckKind::kHttp) {
  core::Target t;
  t.name = url;
  t.url = url;
  t.check = check;
  t.every = std::chrono::seconds{20};
  t.timeout = std::chrono::seconds{10};
  return t;
}

/// An https run that went well: 100 ms, phases of 10, 20, 40, 20 and 10 ms.
inline core::Measurement good_run() {
  core::Measurement m;
  m.family = "ip4";
  m.set(field::kDurationSeconds, 0.1);
  m.set(field::kResolveSeconds, 0.01);
  m.set(field::kConnectSeconds, 0.02);
  m.set(field::kTlsSeconds, 0.04);
  m.set(field::kProcessingSeconds, 0.02);
  m.set(field::kTransferSeconds, 0.01);
  m.set(field::kAddresses, std::int64_t{2});
  m.set(field::kIp, std::string{"93.184.216.34"});
  m.set(field::kTcpRttSeconds, 0.0195);
  m.set(field::kTcpRetransmits, std::int64_t{1});
  m.set(field::kTlsVersion, std::string{"TLSv1.3"});
  m.set(field::kAlpn, std::string{"h2"});
  m.set(field::kSslEarliestCertExpiry, std::int64_t{1'763'978'400 + 62 * 86'400});
  m.set(field::kCertIssuer, std::string{"R11"});
  m.set(field::kCertNames, std::string{"example.org,*.example.com"});
  m.set(field::kCertChain, std::string{"2: www.example.com 2026-01-25; R11 2027-03-12"});
  m.set(field::kHttpStatusCode, std::int64_t{200});
  m.set(field::kHttpVersion, std::string{"2"});
  return m;
}

/// A run that was given up during the handshake, 5 s after it began.
inline core::Measurement stuck_run() {
  core::Measurement m;
  m.outcome = core::failed(core::Stage::kTls, core::Cause::kTimeout);
  m.set(field::kDurationSeconds, 5.0);
  m.set(field::kResolveSeconds, 0.5);
  m.set(field::kConnectSeconds, 0.5);
  m.set(field::kIp, std::string{"192.0.2.7"});
  return m;
}

}  // namespace sonde::cli::testing
