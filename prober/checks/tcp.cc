// The tcp check: resolve and connect; with `send` or `banner` also a short talk.
#include <array>
#include <utility>

#include "io/tcp_talk.h"
#include "prober/checks/checks.h"
#include "prober/checks/expect.h"
#include "prober/stages/approach.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

constexpr std::size_t kBannerBytesMax = 64 * 1024;  // RELIABILITY C13

struct TcpSpec final : CheckSpec {
  core::Url url;
  CommonExpect common;
  std::string send;
  std::string banner;
};

class TcpCheck final : public Check {
 public:
  TcpCheck(const TcpSpec& spec, const NetSpec& net, CheckContext& context)
      : spec_(spec), context_(context), approach_(context, net, {.host = spec.url.host, .port = spec.url.port}, m_) {}

  void start(MonoTime /*deadline*/, Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    started_ = context_.loop.precise_now();
    approach_.start([this](bool ok) { on_connected(ok); });
  }

  core::Measurement give_up(Cause why) override {
    m_.outcome =
        core::failed(approach_.stage(), why, talking_ ? "connected, but the expected answer did not come" : "");
    return std::move(m_);
  }

 private:
  void on_connected(bool ok) {
    if (!ok) return finish();
    if (spec_.send.empty() && spec_.banner.empty()) return succeed();
    talking_ = true;
    talk_ = io::talk(context_.loop, approach_.fd().get(), spec_.send, spec_.banner, kBannerBytesMax,
                     [this](const io::TalkResult& r) { on_talked(r); });
  }

  void on_talked(const io::TalkResult& r) {
    switch (r.error) {
      case io::TalkError::kNone:
        return succeed();
      case io::TalkError::kReset:
        m_.outcome = core::failed(Stage::kTcp, Cause::kReset, "after the connection was made");
        break;
      case io::TalkError::kClosed:
        m_.outcome = r.received.empty() ? core::failed(Stage::kTcp, Cause::kClosed, "before it said anything")
                                        : core::failed(Stage::kTcp, Cause::kExpectMismatch, r.received);
        break;
      case io::TalkError::kTooLarge:
        m_.outcome = core::failed(Stage::kTcp, Cause::kExpectMismatch, "64 KiB without the expected text");
        break;
    }
    finish();
  }

  void succeed() {
    apply_blemishes(spec_.common, {.address = approach_.blemish(), .duration = context_.loop.precise_now() - started_},
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
  io::Handle talk_;
  MonoTime started_{};
  bool talking_ = false;
  Callback<void(core::Measurement)> done_;
};

constexpr std::array kExpectKeys = {
    core::Key{
        .name = "send", .kind = core::KeyKind::kText, .en = "text to send once connected", .zh = "连接后发送的文本"},
    core::Key{.name = "banner",
              .kind = core::KeyKind::kText,
              .en = "text that must occur in what the service says",
              .zh = "服务返回内容中必须出现的文本"},
    kMaxDurationKey};
constexpr core::KeyTable kExpect{"expect", kExpectKeys};

std::unique_ptr<const CheckSpec> parse(const core::Target& target, const SpecNodes& nodes, core::ConfigErrors& errors) {
  auto spec = std::make_unique<TcpSpec>();
  if (auto url = core::parse_url(target.url)) spec->url = std::move(*url);
  refuse_request(nodes, "tcp", errors);
  refuse_tls(nodes, "tcp", errors);
  if (nodes.expect == nullptr) return spec;
  const core::TableReader expect{*nodes.expect, kExpect, errors};
  spec->common = read_common(expect, kExpect);
  spec->send = expect.text("send").value_or("");
  spec->banner = expect.text("banner").value_or("");
  return spec;
}

std::unique_ptr<Check> make(const CheckSpec& spec, const core::Target& /*target*/, const NetSpec& net,
                            CheckContext& context) {
  return std::make_unique<TcpCheck>(static_cast<const TcpSpec&>(spec), net, context);
}

constexpr std::array<const core::Field*, 6> kFields = {
    &field::kResolveSeconds, &field::kAddresses,     &field::kIp,
    &field::kConnectSeconds, &field::kTcpRttSeconds, &field::kTcpRetransmits};

}  // namespace

const CheckType kTcpCheck = {core::CheckKind::kTcp, kFields, &kExpect, nullptr, &parse, &make};

}  // namespace sonde::prober
