// Facts as the prober's own code writes them (io/tls_facts.cc, prober/checks/http.cc).
#include "sight.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "answers.h"
#include "core/text.h"

namespace sonde::world {
namespace {

namespace field = core::field;
using core::Cause;
using core::Stage;
using std::chrono::hours;

constexpr auto kDay = hours{24};

// A fixed number for a fixed text (FNV-1a, then the finaliser of splitmix64): certificates look the same in every run.
std::uint64_t number_of(std::string_view text, std::uint64_t salt) {
  std::uint64_t h = 0xcbf29ce484222325U ^ salt;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  h = (h ^ (h >> 30U)) * 0xBF58476D1CE4E5B9U;
  h = (h ^ (h >> 27U)) * 0x94D049BB133111EBU;
  return h ^ (h >> 31U);
}

std::string day_of(core::WallTime t) { return core::format_utc(t).substr(0, 10); }

std::int64_t seconds_of(core::WallTime t) { return core::to_unix_ms(t) / 1000; }

core::WallTime expiry(core::WallTime start, TlsReply reply) {
  return reply == TlsReply::kExpired ? start - kDay : start + 90 * kDay;
}

// Bytes of the body, and whether "ok" is in it.
struct Body {
  std::optional<std::int64_t> announced;
  std::int64_t received = 0;
  bool ok = false;
};

Body body_of(std::string_view bytes) {
  static constexpr std::string_view kLength = "Content-Length: ";
  Body out;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (const std::size_t at = bytes.find(kLength); at < end) {
    std::int64_t n = 0;
    std::from_chars(bytes.data() + at + kLength.size(), bytes.data() + end, n);
    out.announced = n;
  }
  const std::string_view body = bytes.substr(end + 4);
  out.received = static_cast<std::int64_t>(body.size());
  out.ok = body.find("ok") != std::string_view::npos;
  return out;
}

}  // namespace

bool Sight::certificate(const Shown& shown, core::Measurement& m) {
  const std::string key = fmt::format("{} {} {}", shown.host, shown.issuer, static_cast<int>(shown.reply));
  auto it = known_.find(key);
  if (it == known_.end()) it = known_.emplace(key, look_at(shown)).first;
  for (const core::Field& f : core::probe_fields()) {
    if (const core::FieldValue* value = it->second.get(f)) m.set(f, *value);
  }
  judge(shown, m);
  if (m.outcome.status != core::Status::kOk) return false;
  m.set(field::kSslLastChainExpiry, seconds_of(start_ + 90 * kDay));
  return true;
}

Sight::Facts Sight::look_at(const Shown& shown) const {
  const bool own = shown.reply == TlsReply::kSelfSigned;
  const std::string name = shown.reply == TlsReply::kWrongName ? "elsewhere.test" : shown.host;
  const std::string& issuer = own ? name : shown.issuer;
  const core::WallTime end = expiry(start_, shown.reply);
  const std::string salted = shown.host + ' ' + std::to_string(static_cast<int>(shown.reply));
  std::string fingerprint;
  for (std::uint64_t i = 0; i < 4; ++i) fingerprint += fmt::format("{:016x}", number_of(salted, i));
  Facts m;
  m.set(field::kTlsVersion, std::string{"TLSv1.3"});
  m.set(field::kTlsCipher, std::string{"TLS_AES_256_GCM_SHA384"});
  m.set(field::kTlsGroup, std::string{"X25519"});
  m.set(field::kSslEarliestCertExpiry, seconds_of(end));
  m.set(field::kCertFingerprint, fingerprint);
  m.set(field::kCertIssuer, issuer);
  m.set(field::kCertSubject, "CN=" + name + ",O=Sonde World");
  m.set(field::kCertNames, name);
  m.set(field::kCertSerial, fmt::format("{:016x}", number_of(salted, 4) >> 1U));
  m.set(field::kCertKey, std::string{"EC 256"});
  m.set(field::kCertSignature, std::string{"ecdsa-with-SHA256"});
  const std::string leaf = name + ' ' + day_of(end);
  m.set(field::kCertChain, own ? "1: " + leaf : fmt::format("2: {}; {} {}", leaf, issuer, day_of(start_ + 90 * kDay)));
  m.set(field::kOcspStaple, std::string{"none"});
  m.set(field::kTlsNotes, std::string{"no_sct"});  // as of every private issuer
  return m;
}

void Sight::judge(const Shown& shown, core::Measurement& m) const {
  const auto fail = [&m](Cause cause, const std::string& detail) {
    m.outcome = core::failed(Stage::kTls, cause, detail);
  };
  switch (shown.reply) {
    case TlsReply::kExpired:
      return fail(Cause::kExpired,
                  "since " + core::format_utc(expiry(start_, shown.reply)) + ": certificate has expired");
    case TlsReply::kSelfSigned:
      return fail(Cause::kSelfSigned, "self-signed certificate");
    case TlsReply::kWrongName:
      return fail(Cause::kNameMismatch, "for elsewhere.test, not " + shown.asked);
    case TlsReply::kGood:
      if (shown.host != shown.asked) fail(Cause::kNameMismatch, "for " + shown.host + ", not " + shown.asked);
      return;
    case TlsReply::kReset:
      return;  // nothing is shown
  }
}

void Sight::answer(const Target* t, core::Role role, const HttpStep& step, core::Measurement& m) {
  const std::string bytes = make_answer(t, step);
  const Body body = body_of(bytes);
  int status = 0;  // "HTTP/1.1 200 OK"
  std::from_chars(bytes.data() + 9, bytes.data() + 12, status);
  m.set(field::kHttpStatusCode, std::int64_t{status});
  m.set(field::kHttpVersion, std::string{"1.1"});
  if (body.announced) m.set(field::kHttpContentLength, *body.announced);
  m.set(field::kHttpBodyBytes, body.received);
  m.set(field::kHttpRedirects, std::int64_t{0});
  if (step.reply == HttpReply::kStall) return;  // more may come
  if (step.reply == HttpReply::kTruncated) {
    m.outcome = core::failed(
        Stage::kHttp, Cause::kTruncated,
        fmt::format("transfer closed with {} bytes remaining to read", body.announced.value_or(0) - body.received));
    return;
  }
  const bool expected = role == core::Role::kReference ? status == 200 : status >= 200 && status <= 299;
  if (!expected) {
    m.outcome = core::failed(Stage::kHttp, Cause::kStatus, fmt::format("HTTP {}", status));
  } else if (role == core::Role::kApp && !body.ok) {
    m.outcome = core::failed(Stage::kHttp, Cause::kContentMismatch, "the body does not contain \"ok\"");
  }
}

}  // namespace sonde::world
