// The dns check: one question to one server, over UDP, TCP or TLS; `dns:///NAME` asks the prober's own resolver.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/sanitize.h"
#include "io/dns_stream.h"
#include "prober/checks/checks.h"
#include "prober/checks/dns_compare.h"
#include "prober/checks/dns_spec.h"
#include "prober/stages/approach.h"
#include "prober/stages/resolve.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

class DnsCheck final : public Check {
 public:
  DnsCheck(const DnsSpec& spec, const NetSpec& net, CheckContext& context)
      : spec_(spec), net_(net), context_(context) {}

  void start(MonoTime deadline, Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    started_ = context_.loop.precise_now();
    for (const io::Endpoint& other : spec_.compare_with) {
      if (!may_ask(other)) return;
    }
    const Duration of_stage = net_.stage_timeouts[static_cast<std::size_t>(Stage::kDns)];
    latest_ = of_stage > Duration{} ? std::min<MonoTime>(deadline, started_ + of_stage) : deadline;
    const auto own = net_.resolver ? net_.resolver : context_.resolver;
    if (spec_.host.empty() && !own) {
      later_ = context_.loop.soon([this] { fail(Stage::kDns, Cause::kNoResolver, "no resolver is configured"); });
    } else if (spec_.transport != DnsTransport::kUdp) {
      approach(spec_.host.empty() ? to_string(own->address) : spec_.host);
    } else if (spec_.host.empty()) {
      ask(*own);
    } else if (spec_.server && !net_.pinned && net_.family == NetSpec::Family::kAny) {
      ask_if_allowed(*spec_.server);
    } else {
      resolve_.emplace(context_, net_, spec_.host, false);
      resolve_->start([this](const Resolved& r) { on_resolver(r); });
    }
  }

  core::Measurement give_up(Cause why) override {
    const bool connecting = approach_ && !asked_;
    if (comparing_) {
      note_disagreement();
      return std::move(m_);
    }
    if (lookup_) set_strays(lookup_->strays());
    set_late();
    if (spec_.expect.silence && lookup_ && why == Cause::kTimeout) {
      m_.outcome.detail = "nobody answered, as expected";
    } else if (connecting) {
      approach_->give_up(why);
    } else {
      const bool over_tcp = approach_ || (lookup_ && lookup_->over_tcp());
      const Cause cause = over_tcp && why == Cause::kTimeout ? Cause::kTcpTimeout : why;
      m_.outcome = core::failed(Stage::kDns, cause, lookup_ ? ignored(lookup_->stray()) : "");
    }
    return std::move(m_);
  }

 private:
  // ---- over UDP ----

  void on_resolver(const Resolved& r) {
    if (r.cause != Cause::kNone) return fail(Stage::kDns, r.cause, "resolver " + spec_.host + ": " + r.detail);
    m_.set(field::kAddresses, static_cast<std::int64_t>(r.offered));
    if (r.attempts > 1) m_.set(field::kDnsAttempts, std::int64_t{r.attempts});
    ask_if_allowed({r.addresses.front(), spec_.port});
  }

  void ask_if_allowed(const io::Endpoint& server) {
    if (may_ask(server)) ask(server);
  }

  /// False where the policy denies it: then the run is about to end.
  bool may_ask(const io::Endpoint& server) {
    const auto kind = context_.dialer.policy().denied(server.address);
    if (kind.empty()) return true;
    later_ = context_.loop.soon([this, server, kind] {
      fail(Stage::kDns, Cause::kPolicy,
           to_string(server.address) + " is a " + std::string{kind} + " address; policy.allow can permit it");
    });
    return false;
  }

  void ask(const io::Endpoint& server) {
    server_ = server;
    m_.set(field::kIp, spec_.server == server ? spec_.server_text : to_string(server.address));
    m_.family = family_name(server.address);
    io::DnsOptions options;
    options.source = net_.source;
    options.interface = net_.interface;
    options.latest = latest_;
    if (!spec_.compare_with.empty()) compare_.emplace(context_, spec_, options);
    options.explain = spec_.explain;
    options.linger = spec_.linger;
    lookup_ = context_.dns.query({&server_, 1}, *spec_.packet, options, [this](const io::DnsReply& r) { on_reply(r); });
  }

  // ---- over TCP and TLS ----

  void approach(std::string host) {
    std::optional<TlsSpec> tls = spec_.tls;
    if (tls && tls->host.empty()) tls->host = host;  // of the own resolver
    approach_ = std::make_unique<Approach>(
        context_, net_,
        ApproachPlan{.host = std::move(host), .port = spec_.port, .tls = std::move(tls), .hosts = false}, m_);
    approach_->start([this](bool ok) { on_approached(ok); });
  }

  void on_approached(bool ok) {
    if (!ok) return finish();
    blemish_ = approach_->blemish();
    int fd = approach_->fd().get();
    if (io::TlsSession* session = approach_->session(); session != nullptr) {
      auto stream = session->open_stream();
      if (!stream) return fail(Stage::kDns, Cause::kNoFd, stream.error().message);
      stream_ = std::move(*stream);
      fd = stream_.get();
    }
    asked_ = true;
    later_ =
        io::ask_over_stream(context_.loop, fd, *spec_.packet, [this](const io::DnsReply& r) { on_stream_reply(r); });
  }

  void on_stream_reply(const io::DnsReply& reply) {
    const io::TlsSession* session = approach_->session();
    if (reply.error == io::DnsError::kTcpShort && session != nullptr && session->stream_cause() != Cause::kNone) {
      return fail(Stage::kTls, session->stream_cause(), reply.detail);
    }
    on_reply(reply);
  }

  // ---- the answer ----

  void on_reply(const io::DnsReply& reply) {
    const Duration duration = context_.loop.precise_now() - started_ - reply.lingered;
    if (reply.lingered > Duration{}) m_.set_seconds(field::kDurationSeconds, duration);
    if (spec_.expect.silence && reply.error == io::DnsError::kUnreachable) {
      m_.outcome.detail = "nobody is there, as expected";
      return finish();
    }
    m_.set_seconds(field::kResolveSeconds, reply.elapsed);
    set_strays(reply.strays);
    set_late();
    DnsAnswer answer = read_answer(reply, spec_.name, spec_.type, spec_.klass);
    std::ranges::sort(answer.data);
    if (reply.error == io::DnsError::kNone) {
      set_facts(reply, answer);
      if (compare_) compared_ = answer;
    }
    const DnsFault fault = judge(reply, answer);
    if (fault.cause != Cause::kNone) return fail(Stage::kDns, fault.cause, fault.detail);
    if (reply.other) {
      m_.outcome = core::degraded(Stage::kDns, Cause::kConflict, both_answers(reply, answer));
      return finish();
    }
    note_ways(reply);
    apply_blemishes(spec_.expect.common,
                    {.address = blemish_,
                     .cert_expiry = approach_ ? approach_->earliest_expiry() : std::nullopt,
                     .now = context_.loop.wall_now(),
                     .duration = duration},
                    m_);
    finish();
  }

  /// What is wrong with the reply; a second answer that differs explains whatever is.
  [[nodiscard]] DnsFault judge(const io::DnsReply& reply, const DnsAnswer& answer) const {
    if (spec_.expect.silence && reply.error == io::DnsError::kNone) {
      return {Cause::kInjected, "an answer where no server is: " + joined(answer.data)};
    }
    DnsFault fault{answer.cause, answer.detail};
    if (reply.error == io::DnsError::kNone) {
      judge_rcode(reply.message.rcode, fault);
      if (fault.cause == Cause::kNone) fault = fault_of(spec_.expect, reply.message, answer);
    }
    if (fault.cause != Cause::kNone && reply.other) return {Cause::kConflict, both_answers(reply, answer)};
    return fault;
  }

  /// A code that is expected excuses what follows from it: no answer with NOERROR, none with NXDOMAIN.
  void judge_rcode(std::uint16_t rcode, DnsFault& fault) const {
    const auto& healthy = spec_.expect.rcodes;
    if (healthy.empty()) return;
    if (std::ranges::find(healthy, rcode) != healthy.end()) {
      if (fault.cause != Cause::kCnameLoop && fault.cause != Cause::kCnameDepth) fault = {};
    } else if (fault.cause == Cause::kNone || fault.cause == Cause::kNodata) {
      std::vector<std::string> names;
      for (const std::uint16_t r : healthy) names.push_back(core::dns::rcode_name(r));
      fault = {Cause::kAnswerMismatch, core::dns::rcode_name(rcode) + ", expected " + joined(names)};
    }
  }

  [[nodiscard]] std::string both_answers(const io::DnsReply& reply, const DnsAnswer& first) const {
    const auto words = [](std::uint16_t rcode, const std::vector<std::string>& data) {
      return data.empty() ? core::dns::rcode_name(rcode) : joined(data);
    };
    io::DnsReply second;
    second.message = *reply.other;
    return "first " + words(reply.message.rcode, first.data) + ", then " +
           words(second.message.rcode, read_answer(second, spec_.name, spec_.type, spec_.klass).data);
  }

  /// Ways round a server's weaknesses that the answer needed: worth knowing, no fault.
  void note_ways(const io::DnsReply& reply) {
    std::string& detail = m_.outcome.detail;
    const auto note = [&detail](std::string_view text) { (detail += detail.empty() ? "" : "; ") += text; };
    if (reply.edns_broken) note("answers only without EDNS");
    if (reply.case_mangled) note("changes the case of the question");
  }

  void set_facts(const io::DnsReply& reply, const DnsAnswer& answer) {
    const core::dns::Message& m = reply.message;
    const auto count = [this](const core::Field& f, std::size_t n) { m_.set(f, static_cast<std::int64_t>(n)); };
    m_.set(field::kDnsRcode, std::int64_t{m.rcode});
    count(field::kDnsAnswers, answer.data.size());
    if (answer.min_ttl) m_.set(field::kDnsMinTtl, std::int64_t{*answer.min_ttl});
    if (!answer.data.empty()) m_.set(field::kDnsAnswerSet, joined(answer.data));
    const bool udp = spec_.transport == DnsTransport::kUdp;
    m_.set(field::kDnsTransport, std::string{udp && reply.tcp ? "tcp" : name(spec_.transport)});
    count(field::kDnsAuthoritative, m.authoritative ? 1 : 0);
    if (m.answers.size() != answer.data.size()) count(field::kDnsAnswerRecords, m.answers.size());
    count(field::kDnsAuthority, m.authorities.size());
    count(field::kDnsAdditional, m.additionals.size());
    if (m.extended_error) m_.set(field::kDnsEde, std::int64_t{*m.extended_error});
    if (reply.duplicates > 0) m_.set(field::kDnsDuplicates, std::int64_t{reply.duplicates});
    if (spec_.type == core::dns::Type::kSoa && !answer.data.empty()) set_serial(answer.data.front());
  }

  /// The third word of a SOA record (RFC 1035 3.3.13).
  void set_serial(std::string_view soa) {
    for (int word = 0; word < 2; ++word) soa.remove_prefix(std::min(soa.find(' ') + 1, soa.size()));
    std::uint32_t serial = 0;
    if (std::from_chars(soa.data(), soa.data() + soa.size(), serial).ec != std::errc{}) return;
    m_.set(field::kDnsSerial, std::int64_t{serial});
  }

  void set_strays(int strays) {
    if (strays > 0) m_.set(field::kDnsSpoofed, std::int64_t{strays});
  }

  /// An earlier run's record was written at its deadline and cannot say when the answer came (RELIABILITY D50).
  void set_late() {
    if (!lookup_) return;
    if (const auto late = lookup_->take_late()) m_.set_seconds(field::kDnsLateSeconds, *late);
  }

  static std::string ignored(const std::string& stray) { return stray.empty() ? "" : "ignored: " + stray; }

  void fail(Stage stage, Cause cause, std::string_view detail) {
    m_.outcome = core::failed(stage, cause, detail);
    finish();
  }

  /// Others are still asked what they say; that is no part of the run's duration either.
  void compare() {
    comparing_ = true;
    if (m_.get(field::kDurationSeconds) == nullptr) {
      m_.set_seconds(field::kDurationSeconds, context_.loop.precise_now() - started_);
    }
    compare_->wait(latest_, [this] {
      note_disagreement();
      conclude();
    });
  }

  void note_disagreement() {
    const std::string others = compare_->who_disagrees_with(*compared_);
    if (others.empty()) return;
    if (m_.outcome.status == core::Status::kOk) {
      const std::string own = compared_->data.empty() ? "none" : joined(compared_->data);
      m_.outcome = core::degraded(Stage::kDns, Cause::kDisagree, own + ", but " + others);
    } else {
      m_.outcome.detail = core::sanitize(m_.outcome.detail + "; but " + others);
    }
  }

  void finish() {
    if (compared_) return compare();
    conclude();
  }

  void conclude() {
    auto done = std::move(done_);
    done(std::move(m_));  // may destroy this
  }

  const DnsSpec& spec_;
  const NetSpec& net_;
  CheckContext& context_;
  core::Measurement m_;
  MonoTime started_{};
  MonoTime latest_{};
  std::string blemish_;
  io::Endpoint server_;  // that is asked; before the look-up
  std::optional<Resolve> resolve_;
  std::unique_ptr<io::DnsLookup> lookup_;
  std::optional<DnsCompare> compare_;
  std::optional<DnsAnswer> compared_;  // the target's own answer, once others' are to be held beside it
  bool comparing_ = false;
  std::unique_ptr<Approach> approach_;
  io::UniqueFd stream_;  // before the handle that reads it
  bool asked_ = false;
  io::Handle later_;
  Callback<void(core::Measurement)> done_;
};

std::unique_ptr<Check> make(const CheckSpec& spec, const core::Target& /*target*/, const NetSpec& net,
                            CheckContext& context) {
  return std::make_unique<DnsCheck>(static_cast<const DnsSpec&>(spec), net, context);
}

constexpr auto kFields = approach_fields_and(std::array<const core::Field*, 14>{
    &field::kDnsRcode, &field::kDnsAnswers, &field::kDnsMinTtl, &field::kDnsAnswerSet, &field::kDnsTransport,
    &field::kDnsAuthoritative, &field::kDnsAnswerRecords, &field::kDnsAuthority, &field::kDnsAdditional,
    &field::kDnsSerial, &field::kDnsEde, &field::kDnsDuplicates, &field::kDnsSpoofed, &field::kDnsLateSeconds});

}  // namespace

const CheckType kDnsCheck = {core::CheckKind::kDns, kFields,         &kDnsExpectTable,
                             &kDnsRequestTable,     &parse_dns_spec, &make};

}  // namespace sonde::prober
