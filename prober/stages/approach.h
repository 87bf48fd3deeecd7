// The way to a service that all checks share: resolve, connect, and TLS where it is wanted.
// Each stage writes its own time and facts into the run's measurement as soon as it has ended.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "prober/check.h"
#include "prober/stages/resolve.h"

namespace sonde::prober {

/// A step between connect and TLS, over the connected socket: a proxy's tunnel to the host that TLS is for.
class ApproachTunnel {
 public:
  virtual ~ApproachTunnel() = default;
  /// `fd` outlives the step. `done` gets an outcome that is ok, or what is wrong. Once, later, never from inside.
  virtual void start(io::Loop& loop, int fd, Callback<void(core::Outcome)> done) = 0;
};

struct ApproachPlan {
  std::string host;
  int port = 0;
  std::optional<io::TlsRequest> tls;            // nothing = the plain socket is wanted
  std::unique_ptr<ApproachTunnel> tunnel = {};  // null = none; only together with `tls`
  bool hosts = true;                            // as Resolve has it
};

/// What an Approach writes into a measurement: part of the field table of every check that takes this way.
inline constexpr std::array kApproachFields = {&core::field::kResolveSeconds,
                                               &core::field::kDnsAttempts,
                                               &core::field::kAddresses,
                                               &core::field::kIp,
                                               &core::field::kConnectSeconds,
                                               &core::field::kTcpRttSeconds,
                                               &core::field::kTcpRetransmits,
                                               &core::field::kTlsWaitSeconds,
                                               &core::field::kTlsSeconds,
                                               &core::field::kTlsVersion,
                                               &core::field::kTlsCipher,
                                               &core::field::kAlpn,
                                               &core::field::kSslEarliestCertExpiry,
                                               &core::field::kCertFingerprint,
                                               &core::field::kCertIssuer,
                                               &core::field::kTlsGroup,
                                               &core::field::kSslLastChainExpiry,
                                               &core::field::kCertSubject,
                                               &core::field::kCertNames,
                                               &core::field::kCertSerial,
                                               &core::field::kCertKey,
                                               &core::field::kCertSignature,
                                               &core::field::kCertChain,
                                               &core::field::kOcspStaple,
                                               &core::field::kTlsNotes};

/// These and a check's own.
template <std::size_t N>
constexpr std::array<const core::Field*, kApproachFields.size() + N> approach_fields_and(
    const std::array<const core::Field*, N>& own) {
  std::array<const core::Field*, kApproachFields.size() + N> all{};
  std::ranges::copy(own, std::ranges::copy(kApproachFields, all.begin()).out);
  return all;
}

class Approach {
 public:
  /// `into` is the run's measurement; it, `net` and `context` must outlive this.
  Approach(CheckContext& context, const NetSpec& net, ApproachPlan plan, core::Measurement& into)
      : context_(context), net_(net), plan_(std::move(plan)), m_(into) {}
  Approach(const Approach&) = delete;
  Approach& operator=(const Approach&) = delete;

  /// `done(true)`: all stages are through. `done(false)`: one failed and the measurement's outcome says how.
  /// Called once, later, never from inside; may destroy this.
  void start(Callback<void(bool)> done);

  /// After success without TLS: a handshake over the plain socket (STARTTLS), under the same cap and limit as one that
  /// start() makes. `done` as for start().
  void secure(const io::TlsRequest& request, Callback<void(bool)> done);

  /// The deadline came before `done`: writes the outcome of the stage reached and what is known so far into the
  /// measurement: `why`, unless a failure was certain already, or is our own (no route any more, no place among the
  /// handshakes).
  void give_up(core::Cause why, std::string_view detail = {});
  /// Where it is now.
  [[nodiscard]] core::Stage stage() const { return stage_; }
  /// How long it waited for a place of our own: not the target's time.
  [[nodiscard]] Duration waited() const { return waited_; }
  /// The connected socket, after success without TLS.
  [[nodiscard]] io::UniqueFd& fd() { return fd_; }
  /// The session, after success with TLS; null otherwise.
  [[nodiscard]] io::TlsSession* session() { return session_.get(); }
  /// When some addresses did not answer before one did: which and how. Else empty.
  [[nodiscard]] const std::string& blemish() const { return blemish_; }
  /// Of the chain that was verified, else of the certificates sent; nothing without TLS.
  [[nodiscard]] std::optional<WallTime> earliest_expiry() const { return tls_.facts.expiry(); }
  /// What the session found; meaningful after success with TLS.
  [[nodiscard]] const io::TlsResult& tls() const { return tls_; }

 private:
  void enter(core::Stage stage);
  void on_stage_timeout();
  void on_resolved(Resolved resolved);
  void connect_next();
  void on_dialed(io::DialResult result);
  void on_not_connected(const io::DialResult& result);
  void on_through(core::Outcome outcome);
  void enter_tls();
  void shake_hands();
  void on_shaken(io::TlsResult result);
  void fail(core::Stage stage, core::Cause cause, std::string_view detail);
  void finish(bool ok);
  [[nodiscard]] io::DialFrom way_out() const { return {.source = net_.source, .interface = net_.interface}; }

  CheckContext& context_;
  const NetSpec& net_;
  ApproachPlan plan_;
  core::Measurement& m_;
  std::optional<Resolve> resolve_;
  Callback<void(bool)> done_;
  core::Stage stage_ = core::Stage::kDns;
  std::vector<io::IpAddress> addresses_;
  std::size_t next_ = 0;
  std::string blemish_;
  io::UniqueFd fd_;
  std::unique_ptr<io::TlsSession> session_;
  int below_tls_ = -1;  // the socket, which is the session's: to ask the kernel about it while there is one
  io::TlsResult tls_;
  std::optional<MonoTime> waits_since_;  // for a place among the handshakes
  Duration waited_{};
  io::Handle place_;
  io::Handle pending_;      // the connect in flight
  io::Handle stage_timer_;  // only where the stage has a limit of its own
};

}  // namespace sonde::prober
