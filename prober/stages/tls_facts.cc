// TLS facts as fields.
#include "prober/stages/tls_facts.h"

#include <string>
#include <string_view>

namespace sonde::prober {
namespace {

namespace field = core::field;

constexpr std::size_t kNamesBytesMax = 1024;

std::string_view word(io::StapleStatus s) {
  switch (s) {
    case io::StapleStatus::kNone:
      return "none";
    case io::StapleStatus::kGood:
      return "good";
    case io::StapleStatus::kRevoked:
      return "revoked";
    case io::StapleStatus::kUnknown:
      return "unknown";
    case io::StapleStatus::kBad:
      return "bad";
  }
  return "";
}

std::string names_text(const io::CertificateFacts& c) {
  std::string out;
  int shown = 0;
  for (const std::string& name : c.names) {
    if (out.size() + name.size() + 1 > kNamesBytesMax) break;
    out += (out.empty() ? "" : ",") + name;
    ++shown;
  }
  if (c.names_count > shown) out += (out.empty() ? "" : ",") + ("+" + std::to_string(c.names_count - shown));
  return out;
}

void set_text(const core::Field& f, std::string value, core::Measurement& m) {
  if (!value.empty()) m.set(f, std::move(value));
}

void set_time(const core::Field& f, const std::optional<core::WallTime>& time, core::Measurement& m) {
  if (time) m.set(f, std::int64_t{core::to_unix_ms(*time) / 1000});
}

void set_certificates(const io::CertificateFacts& c, core::Measurement& m) {
  set_text(field::kCertFingerprint, c.fingerprint, m);
  set_text(field::kCertIssuer, c.issuer, m);
  set_text(field::kCertSubject, c.subject, m);
  set_text(field::kCertNames, names_text(c), m);
  set_text(field::kCertSerial, c.serial, m);
  set_text(field::kCertKey, c.key, m);
  set_text(field::kCertSignature, c.signature, m);
  m.set(field::kCertChain, std::to_string(c.count) + ": " + c.chain);
  set_time(field::kSslEarliestCertExpiry, c.earliest_expiry, m);
}

void set_notes(const io::TlsFacts& facts, core::Measurement& m) {
  std::string out;
  const auto add = [&out](bool there, std::string_view word) {
    if (there) (out += out.empty() ? "" : ",") += word;
  };
  add(!facts.forward_secrecy, "no_forward_secrecy");
  add(facts.unusual_dh, "unusual_dh_group");
  if (facts.certificates != nullptr) {
    add(facts.certificates->out_of_order, "chain_out_of_order");
    add(!facts.certificates->sct, "no_sct");
  }
  set_text(field::kTlsNotes, std::move(out), m);
}

}  // namespace

void set_tls_facts(const io::TlsFacts& facts, core::Measurement& m) {
  set_text(field::kTlsVersion, facts.version, m);
  set_text(field::kTlsCipher, facts.cipher, m);
  set_text(field::kTlsGroup, facts.group, m);
  set_text(field::kAlpn, facts.alpn, m);
  if (facts.certificates != nullptr) set_certificates(*facts.certificates, m);
  set_time(field::kSslLastChainExpiry, facts.chain_expiry, m);
  if (facts.staple) m.set(field::kOcspStaple, std::string{word(*facts.staple)});
  set_notes(facts, m);
}

bool set_tls_result(const io::TlsResult& result, core::Measurement& m) {
  m.set_seconds(field::kTlsSeconds, result.elapsed);
  if (result.retransmits) m.set(field::kTcpRetransmits, *result.retransmits);
  set_tls_facts(result.facts, m);
  if (result.cause == core::Cause::kNone) return true;
  m.outcome = core::failed(core::Stage::kTls, result.cause, result.detail);
  return false;
}

void give_up_tls(const io::TlsSession& session, core::Cause why, core::Measurement& m) {
  const io::TlsResult known = session.known();
  if (known.cause != core::Cause::kNone) {
    set_tls_result(known, m);
    return;
  }
  set_tls_facts(known.facts, m);
  m.outcome = core::failed(core::Stage::kTls, why);
}

}  // namespace sonde::prober
