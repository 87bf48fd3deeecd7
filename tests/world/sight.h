// What a prober writes down of what it sees: facts and outcomes of a certificate, an answer, a failure. Only the
// headless mode needs this; real probers have eyes of their own, and kinds.json holds both to the same outcomes.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "behaviour.h"
#include "core/measurement.h"

namespace sonde::world {

/// The host that wrong DNS answers lead to.
inline constexpr std::string_view kParkedHost = "parked.test";
inline constexpr std::string_view kParkedIssuer = "Open Trust Services";

/// A certificate as it is shown: for which name it was asked, and who shows it.
struct Shown {
  std::string asked;   // host of the target
  std::string host;    // whose certificate it is
  std::string issuer;  // who signed it, where it is not self-signed
  TlsReply reply = TlsReply::kGood;
};

/// Keeps the facts of certificates that were seen before. One thread.
class Sight {
 public:
  /// Certificates are issued at `start`, as the world's authority does.
  explicit Sight(core::WallTime start) : start_(start) {}

  /// The facts of a TLS handshake up to the certificate. False, with the outcome set, where it does not hold.
  bool certificate(const Shown& shown, core::Measurement& m);

  /// The facts of an HTTP answer, and the outcome by the expectations that targets_text() writes: a status in 200-299
  /// (references: 200) and, for apps, a body with "ok". `t` is null for the parked site; `role` is of the target asked.
  static void answer(const Target* t, core::Role role, const HttpStep& step, core::Measurement& m);

 private:
  using Facts = core::Measurement;
  [[nodiscard]] Facts look_at(const Shown& shown) const;
  void judge(const Shown& shown, core::Measurement& m) const;

  core::WallTime start_;
  std::map<std::string, Facts, std::less<>> known_;  // by host, issuer and reply
};

}  // namespace sonde::world
