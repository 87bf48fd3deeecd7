// The tcp check: resolve and connect; where it expects something, a dialogue, which may come to TLS on the way.
#include <array>
#include <utility>

#include "core/sanitize.h"
#include "io/tcp_talk.h"
#include "prober/checks/checks.h"
#include "prober/checks/tcp_spec.h"
#include "prober/stages/approach.h"
#include "prober/stages/path_mtu.h"
#include "prober/stages/tls_facts.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

class TcpCheck final : public Check {
 public:
  TcpCheck(const TcpSpec& spec, const NetSpec& net, CheckContext& context)
      : spec_(spec),
        context_(context),
        approach_(context, net, {.host = spec.url.host, .port = spec.url.port}, m_),
        dialogue_(context.loop, spec.steps) {}

  void start(MonoTime /*deadline*/, Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    started_ = context_.loop.precise_now();
    approach_.start([this](bool ok) { on_connected(ok); });
  }

  core::Measurement give_up(Cause why) override {
    if (talking_) {
      give_up_talk(why);
    } else {
      approach_.give_up(why);
    }
    return std::move(m_);
  }

 private:
  void on_connected(bool ok) {
    if (!ok) return finish();
    if (spec_.steps.empty()) return succeed();
    go_on(approach_.fd().get());
  }

  void go_on(int fd) {
    talking_ = true;
    dialogue_.go_on(fd, [this](Dialogue::Event e) { on_event(e); });
  }

  void on_event(Dialogue::Event event) {
    set_tcp_state();
    switch (event) {
      case Dialogue::Event::kDone:
        if (!dialogue_.matched().empty()) m_.set(field::kExpectMatch, core::sanitize(dialogue_.matched()));
        return succeed();
      case Dialogue::Event::kFailed:
        m_.outcome = outcome_of_failure();
        return finish();
      case Dialogue::Event::kStartTls:
        return start_tls();
    }
  }

  void start_tls() {
    talking_ = false;
    approach_.secure(*spec_.tls, [this](bool ok) { on_secured(ok); });
  }

  void on_secured(bool ok) {
    if (!ok) return finish();
    auto stream = approach_.session()->open_stream();
    if (!stream) {
      m_.outcome = core::failed(Stage::kTls, Cause::kNoFd, stream.error().message);
      return finish();
    }
    stream_ = std::move(*stream);
    go_on(stream_.get());
  }

  /// How the stream below ended tells more than what came out of it.
  core::Outcome outcome_of_failure() {
    const io::TlsSession* session = approach_.session();
    if (session != nullptr && session->stream_cause() != Cause::kNone) {
      return core::failed(Stage::kTls, session->stream_cause(), "after the handshake");
    }
    if (session != nullptr && session->stream_end() == io::TlsStreamEnd::kReset) {
      return core::failed(Stage::kTcp, Cause::kReset, dialogue_.detail());
    }
    return core::failed(Stage::kTcp, dialogue_.cause(), dialogue_.detail());
  }

  void give_up_talk(Cause why) {
    set_tcp_state();
    const auto state = io::tcp_state(approach_.fd().get());
    std::string detail = dialogue_.waiting_for();
    if (state && state->unacked > 0) detail = "what was sent was never acknowledged: the peer may be gone";
    m_.outcome = core::failed(Stage::kTcp, why, detail);
    if (why != Cause::kTimeout) return;
    if (auto fault = path_mtu_fault(approach_.fd().get())) m_.outcome = std::move(*fault);
  }

  void set_tcp_state() {
    if (const auto state = io::tcp_state(approach_.fd().get())) m_.set(field::kTcpRetransmits, state->retransmits);
  }

  void succeed() {
    apply_blemishes(spec_.common,
                    {.address = approach_.blemish(),
                     .tls = approach_.session() != nullptr ? &approach_.tls() : nullptr,
                     .cert_expiry = approach_.earliest_expiry(),
                     .now = context_.loop.wall_now(),
                     .duration = context_.loop.precise_now() - started_},
                    m_);
    finish();
  }

  void finish() {
    auto done = std::move(done_);
    done(std::move(m_));  // may destroy this
  }

  const TcpSpec& spec_;
  CheckContext& context_;
  core::Measurement m_;
  Approach approach_;
  io::UniqueFd stream_;  // before what reads it
  Dialogue dialogue_;
  MonoTime started_{};
  bool talking_ = false;
  Callback<void(core::Measurement)> done_;
};

std::unique_ptr<Check> make(const CheckSpec& spec, const core::Target& /*target*/, const NetSpec& net,
                            CheckContext& context) {
  return std::make_unique<TcpCheck>(static_cast<const TcpSpec&>(spec), net, context);
}

constexpr auto kFields = approach_fields_and(std::array<const core::Field*, 1>{&field::kExpectMatch});

}  // namespace

const CheckType kTcpCheck = {core::CheckKind::kTcp, kFields, &kTcpExpect, nullptr, &parse_tcp_spec, &make};

}  // namespace sonde::prober
