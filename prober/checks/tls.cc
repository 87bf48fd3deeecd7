// The tls check: resolve, connect, handshake; the certificate is judged, nothing is sent.
#include <array>
#include <utility>

#include "prober/checks/checks.h"
#include "prober/checks/expect.h"
#include "prober/stages/approach.h"
#include "prober/tls_spec.h"

namespace sonde::prober {
namespace {

using core::Cause;
namespace field = core::field;

struct TlsCheckSpec final : CheckSpec {
  core::Url url;
  CommonExpect common;
  TlsSpec tls;
};

class TlsCheck final : public Check {
 public:
  TlsCheck(const TlsCheckSpec& spec, const NetSpec& net, CheckContext& context)
      : spec_(spec),
        context_(context),
        approach_(context, net, {.host = spec.url.host, .port = spec.url.port, .tls = spec.tls}, m_) {}

  void start(MonoTime /*deadline*/, Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    started_ = context_.loop.precise_now();
    approach_.start([this](bool ok) { on_done(ok); });
  }

  core::Measurement give_up(Cause why) override {
    approach_.give_up(why);
    return std::move(m_);
  }

 private:
  void on_done(bool ok) {
    if (ok) {
      apply_blemishes(spec_.common,
                      {.address = approach_.blemish(),
                       .tls = approach_.session() != nullptr ? &approach_.tls() : nullptr,
                       .cert_expiry = approach_.earliest_expiry(),
                       .now = context_.loop.wall_now(),
                       .duration = context_.loop.precise_now() - started_ - approach_.waited()},
                      m_);
    }
    auto done = std::move(done_);
    done(std::move(m_));  // may destroy this
  }

  const TlsCheckSpec& spec_;
  CheckContext& context_;
  core::Measurement m_;
  Approach approach_;
  MonoTime started_{};
  Callback<void(core::Measurement)> done_;
};

constexpr std::array kExpectKeys = {kCertDaysKey, kMaxDurationKey};
constexpr core::KeyTable kExpect{"expect", kExpectKeys};

std::unique_ptr<const CheckSpec> parse(const core::Target& target, const SpecNodes& nodes, core::ConfigErrors& errors) {
  auto spec = std::make_unique<TlsCheckSpec>();
  if (auto url = core::parse_url(target.url)) spec->url = std::move(*url);
  refuse_request(nodes, "tls", errors);
  spec->tls = read_tls_spec(nodes.tls, spec->url.host, errors);
  if (nodes.expect == nullptr) return spec;
  const core::TableReader expect{*nodes.expect, kExpect, errors};
  spec->common = read_common(expect, kExpect);
  return spec;
}

std::unique_ptr<Check> make(const CheckSpec& spec, const core::Target& /*target*/, const NetSpec& net,
                            CheckContext& context) {
  return std::make_unique<TlsCheck>(static_cast<const TlsCheckSpec&>(spec), net, context);
}

}  // namespace

const CheckType kTlsCheck = {core::CheckKind::kTls, kApproachFields, &kExpect, nullptr, &parse, &make};

}  // namespace sonde::prober
