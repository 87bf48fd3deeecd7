// The dns check: one question to one resolver, `dns://RESOLVER[:PORT]/NAME?type=A`; `dns:///NAME` asks the own one.
#include <algorithm>
#include <array>
#include <utility>

#include "core/sanitize.h"
#include "prober/checks/checks.h"
#include "prober/checks/expect.h"
#include "prober/stages/dns_answer.h"
#include "prober/stages/resolve.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

struct DnsSpec final : CheckSpec {
  core::Url url;
  std::string name;
  core::dns::Type type = core::dns::Type::kA;
  CommonExpect common;
  std::optional<std::uint16_t> rcode;  // the healthy code where it is not NOERROR with an answer
  std::vector<std::string> answers;    // the exact set that must come, sorted; empty = any
};

class DnsCheck final : public Check {
 public:
  DnsCheck(const DnsSpec& spec, const NetSpec& net, CheckContext& context)
      : spec_(spec), context_(context), resolve_(context, net, spec.url.host) {}

  void start(MonoTime /*deadline*/, Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    started_ = context_.loop.precise_now();
    if (!spec_.url.host.empty()) {
      resolve_.start([this](const Resolved& r) { on_resolver(r); });
    } else if (context_.resolver) {
      ask(*context_.resolver);
    } else {
      later_ = context_.loop.soon([this] { fail(Cause::kNoResolver, "no resolver is configured"); });
    }
  }

  core::Measurement give_up(Cause why) override {
    m_.outcome = core::failed(Stage::kDns, why);
    return std::move(m_);
  }

 private:
  void on_resolver(const Resolved& r) {
    if (r.cause != Cause::kNone) return fail(r.cause, "resolver " + spec_.url.host + ": " + r.detail);
    const io::IpAddress& address = r.addresses.front();
    m_.set(field::kAddresses, static_cast<std::int64_t>(r.offered));
    if (const auto kind = context_.dialer.policy().denied(address); !kind.empty()) {
      return fail(Cause::kPolicy,
                  to_string(address) + " is a " + std::string{kind} + " address; policy.allow can permit it");
    }
    ask({address, spec_.url.port});
  }

  void ask(const io::Endpoint& resolver) {
    m_.set(field::kIp, to_string(resolver.address));
    m_.family = family_name(resolver.address);
    later_ = context_.dns.query(resolver, spec_.name, spec_.type, [this](const io::DnsReply& r) { on_reply(r); });
  }

  void on_reply(const io::DnsReply& reply) {
    m_.set_seconds(field::kResolveSeconds, reply.elapsed);
    DnsAnswer answer = read_answer(reply, spec_.name, spec_.type);
    if (reply.error == io::DnsError::kNone) set_facts(reply, answer);
    if (spec_.rcode && reply.error == io::DnsError::kNone) {
      if (reply.message.rcode == *spec_.rcode) {
        if (answer.cause != Cause::kCnameLoop) answer.cause = Cause::kNone;
      } else if (answer.cause == Cause::kNone) {
        answer.cause = Cause::kAnswerMismatch;
        answer.detail =
            core::dns::rcode_name(reply.message.rcode) + ", expected " + core::dns::rcode_name(*spec_.rcode);
      }
    }
    if (answer.cause != Cause::kNone) return fail(answer.cause, answer.detail);
    std::ranges::sort(answer.data);
    if (!spec_.answers.empty() && answer.data != spec_.answers)
      return fail(Cause::kAnswerMismatch, joined(answer.data));
    apply_blemishes(spec_.common, {.address = {}, .duration = context_.loop.precise_now() - started_}, m_);
    finish();
  }

  void set_facts(const io::DnsReply& reply, const DnsAnswer& answer) {
    m_.set(field::kDnsRcode, std::int64_t{reply.message.rcode});
    m_.set(field::kDnsAnswers, static_cast<std::int64_t>(answer.data.size()));
    if (answer.min_ttl) m_.set(field::kDnsMinTtl, std::int64_t{*answer.min_ttl});
    std::vector<std::string> sorted = answer.data;
    std::ranges::sort(sorted);
    if (!sorted.empty()) m_.set(field::kDnsAnswerSet, joined(sorted));
  }

  /// As many whole answers as fit a string field.
  static std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& p : parts) {
      if (out.size() + p.size() + 1 > core::kDetailBytesMax) break;
      out += (out.empty() ? "" : ",") + p;
    }
    return out;
  }

  void fail(Cause cause, std::string_view detail) {
    m_.outcome = core::failed(Stage::kDns, cause, detail);
    finish();
  }

  void finish() {
    auto done = std::move(done_);
    done(std::move(m_));  // may destroy this
  }

  const DnsSpec& spec_;
  CheckContext& context_;
  core::Measurement m_;
  Resolve resolve_;
  io::Handle later_;
  MonoTime started_{};
  Callback<void(core::Measurement)> done_;
};

constexpr std::array<std::string_view, 6> kRcodes = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

constexpr std::array kExpectKeys = {
    core::Key{.name = "rcode",
              .kind = core::KeyKind::kChoice,
              .choices = kRcodes,
              .standard = "NOERROR",
              .en = "the response code that is healthy; without it NOERROR with an answer",
              .zh = "视为正常的响应码；默认为带有应答的 NOERROR"},
    core::Key{.name = "answers",
              .kind = core::KeyKind::kTexts,
              .en = "the exact set of answers that must come",
              .zh = "必须恰好返回的应答集合"},
    kMaxDurationKey};
constexpr core::KeyTable kExpect{"expect", kExpectKeys};

void read_expect(const core::ConfigNode& node, DnsSpec& spec, core::ConfigErrors& errors) {
  const core::TableReader expect{node, kExpect, errors};
  spec.common = read_common(expect, kExpect);
  if (const auto text = expect.choice("rcode")) {
    spec.rcode = static_cast<std::uint16_t>(std::ranges::find(kRcodes, *text) - kRcodes.begin());
  }
  spec.answers = expect.texts("answers");
  std::ranges::sort(spec.answers);
}

/// The record type of `?type=`, A where there is none; nothing when it is not one.
std::optional<core::dns::Type> type_of(const std::string& query) {
  constexpr std::string_view kKey = "type=";
  if (query.empty()) return core::dns::Type::kA;
  if (!query.starts_with(kKey)) return std::nullopt;
  return core::dns::parse_type(std::string_view{query}.substr(kKey.size()));
}

std::unique_ptr<const CheckSpec> parse(const core::Target& target, const SpecNodes& nodes, core::ConfigErrors& errors) {
  auto spec = std::make_unique<DnsSpec>();
  if (auto url = core::parse_url(target.url)) spec->url = std::move(*url);
  std::string_view path = spec->url.path;
  path = path.substr(0, path.find('?'));
  if (path.starts_with('/')) path.remove_prefix(1);
  spec->name = path;
  if (const auto type = type_of(spec->url.query)) {
    spec->type = *type;
  } else {
    std::string message = "?" + spec->url.query +
                          " is no record type; use ?type=A, AAAA, CNAME, NS, MX, TXT, SOA, SRV, "
                          "PTR, CAA or HTTPS";
    errors.add(nodes.url != nullptr ? nodes.url->error(std::move(message))
                                    : core::ConfigError{{}, 0, 0, std::move(message)});
  }
  refuse_request(nodes, "dns", errors);
  refuse_tls(nodes, "dns", errors);
  if (nodes.expect != nullptr) read_expect(*nodes.expect, *spec, errors);
  return spec;
}

std::unique_ptr<Check> make(const CheckSpec& spec, const core::Target& /*target*/, const NetSpec& net,
                            CheckContext& context) {
  return std::make_unique<DnsCheck>(static_cast<const DnsSpec&>(spec), net, context);
}

constexpr std::array<const core::Field*, 7> kFields = {&field::kResolveSeconds, &field::kIp,         &field::kAddresses,
                                                       &field::kDnsRcode,       &field::kDnsAnswers, &field::kDnsMinTtl,
                                                       &field::kDnsAnswerSet};

}  // namespace

const CheckType kDnsCheck = {core::CheckKind::kDns, kFields, &kExpect, nullptr, &parse, &make};

}  // namespace sonde::prober
