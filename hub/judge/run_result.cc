// From outcome to trials per layer.
#include "hub/judge/run_result.h"

#include <algorithm>

#include "core/schema.h"

namespace sonde::hub::judge {
namespace {

using core::Cause;
using core::Stage;
using core::Status;

Trust trust_of(const core::Record& r, Status status, Cause cause) {
  const bool suspect = r.integer(core::field::kSuspect.name).value_or(0) != 0;
  if (status == Status::kUnknown) {
    const bool network = cause == Cause::kNoRoute || cause == Cause::kNoResolver || cause == Cause::kCaptive;
    return network ? Trust::kOwnFault : Trust::kIgnored;
  }
  if (!suspect) return Trust::kTrusted;
  const bool uplink = r.text(core::field::kSuspectWhy.name).value_or("").find("uplink") != std::string_view::npos;
  return uplink && status == Status::kFail ? Trust::kOwnFault : Trust::kIgnored;
}

float seconds(const core::Record& r, std::string_view field) {
  return static_cast<float>(r.number(field).value_or(-1));
}

// The wait for the answer includes the way there and back, which is the path's and not the server's.
Durations durations_of(const core::Record& r) {
  Durations took;
  took.connect = seconds(r, core::field::kConnectSeconds.name);
  const float wait = seconds(r, core::field::kProcessingSeconds.name);
  if (wait >= 0) took.answer = std::max(0.0F, wait - std::max(0.0F, took.connect));
  return took;
}

void good(Trials& t, Channel c) { t.n[index(c)] += 1; }
void bad(Trials& t, Channel c, ErrorClass e) {
  t.n[index(c)] += 1;
  t.k[index(c)] += 1;
  t.by_class[index(e)] += 1;
}

// Turns half of a good connect into a failed one.
void half_lost(Trials& t) {
  t.k[index(Channel::kTcp)] += 0.5F;
  t.by_class[index(ErrorClass::kTcpTimeout)] += 0.5F;
}

// Good trials of all layers that come before `until`.
void pass(Trials& t, const Layers& layers, core::CheckKind check, Channel until) {
  if (layers.dns && until > Channel::kDns) good(t, Channel::kDns);
  if (check == core::CheckKind::kDns) return;
  if (until > Channel::kTcp) good(t, Channel::kTcp);
  if (layers.tls && until > Channel::kTls) good(t, Channel::kTls);
  if (check != core::CheckKind::kHttp) return;
  if (until > Channel::kTransfer) good(t, Channel::kTransfer);
  if (until > Channel::kHttp) good(t, Channel::kHttp);
}

std::optional<ErrorClass> dns_class(Cause c) {
  switch (c) {
    case Cause::kNxdomain:
    case Cause::kNodata:
      return ErrorClass::kDnsNegative;
    case Cause::kServfail:
    case Cause::kRefused:
    case Cause::kNotimp:
    case Cause::kFormerr:
    case Cause::kRcodeOther:
    case Cause::kTcpRefused:
    case Cause::kBadvers:
    case Cause::kBogus:
    case Cause::kLame:
      return ErrorClass::kDnsServfail;
    case Cause::kConflict:
    case Cause::kInjected:
    case Cause::kBogon:
    case Cause::kAnswerMismatch:
    case Cause::kCnameLoop:
    case Cause::kCnameDepth:
      return ErrorClass::kDnsWrong;
    default:
      return ErrorClass::kDnsTimeout;
  }
}

std::optional<ErrorClass> tcp_class(Cause c) {
  switch (c) {
    case Cause::kRefused:
      return ErrorClass::kTcpRefused;
    case Cause::kReset:
    case Cause::kClosed:
      return ErrorClass::kTcpReset;
    case Cause::kUnreachable:
    case Cause::kProhibited:
      return ErrorClass::kTcpUnreachable;
    default:
      return ErrorClass::kTcpTimeout;
  }
}

std::optional<ErrorClass> tls_class(Cause c) {
  if (c >= Cause::kExpired && c <= Cause::kWeakDh) return ErrorClass::kTlsCertificate;
  switch (c) {
    case Cause::kPinMismatch:
    case Cause::kCertTooLarge:
    case Cause::kCertMalformed:
      return ErrorClass::kTlsCertificate;
    case Cause::kReset:
    case Cause::kClosed:
      return ErrorClass::kTlsReset;
    case Cause::kTimeout:
      return ErrorClass::kTlsTimeout;
    default:
      return ErrorClass::kTlsOther;
  }
}

std::optional<ErrorClass> http_class(Cause c, std::int32_t http_status) {
  switch (c) {
    case Cause::kStatus:
      if (http_status == 429) return std::nullopt;
      return http_status >= 500 || http_status == 0 ? ErrorClass::kHttp5xx : ErrorClass::kHttp4xx;
    case Cause::kTimeout:
    case Cause::kHeaderTimeout:
    case Cause::kBodyTimeout:
      return ErrorClass::kTransferTimeout;
    case Cause::kReset:
    case Cause::kEmpty:
    case Cause::kTruncated:
    case Cause::kClosed:
      return ErrorClass::kTransferReset;
    default:
      return ErrorClass::kHttpContent;
  }
}

}  // namespace

std::optional<ErrorClass> error_class(Stage stage, Cause cause, std::int32_t http_status) {
  switch (stage) {
    case Stage::kDns:
      return dns_class(cause);
    case Stage::kTcp:
      return cause == Cause::kExpectMismatch ? ErrorClass::kHttpContent : tcp_class(cause);
    case Stage::kTls:
      return tls_class(cause);
    case Stage::kHttp:
      return http_class(cause, http_status);
    case Stage::kDone:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<RunResult> read_run(const core::Record& r) {
  RunResult run;
  const auto status = core::parse_status(r.text(core::field::kStatus.name).value_or(""));
  if (!status) return std::nullopt;
  run.status = *status;
  const bool succeeded = *status == Status::kOk || *status == Status::kDegraded;
  const auto stage = core::parse_stage(r.text(core::field::kStage.name).value_or(""));
  if (!stage && !succeeded) return std::nullopt;
  run.stage = stage.value_or(Stage::kDone);
  run.cause = core::parse_cause(r.text(core::field::kCause.name).value_or("")).value_or(Cause::kNone);
  run.trust = trust_of(r, run.status, run.cause);
  run.check = core::parse_check_kind(r.tag(core::tag::kCheck)).value_or(core::CheckKind::kHttp);
  run.ipv6 = r.tag(core::tag::kFamily) == "ip6";
  run.used_tls = r.field(core::field::kTlsSeconds.name) != nullptr;
  run.http_status = static_cast<std::int32_t>(r.integer(core::field::kHttpStatusCode.name).value_or(0));
  run.took = durations_of(r);
  run.time_ms = core::to_unix_ms(r.time);
  return run;
}

Slowness slow_by_limit(const RunResult& run) {
  if (run.status != Status::kDegraded || run.cause != Cause::kSlow) return {};
  return {.connect = run.stage <= Stage::kTcp, .answer = run.stage > Stage::kTcp};
}

void add_trials(const RunResult& run, const Layers& known, const Slowness& slow, Trials& out) {
  if (run.trust == Trust::kIgnored) return;
  if (run.trust == Trust::kOwnFault) return bad(out, Channel::kOwn, ErrorClass::kOwnFault);
  good(out, Channel::kOwn);
  Layers layers = known;
  layers.tls = known.tls || run.used_tls;
  if (run.status != Status::kFail) {
    pass(out, layers, run.check, Channel::kOwn);
    if (run.check == core::CheckKind::kDns) return;
    if (slow.repeated_syn) half_lost(out);
    if (slow.connect) {
      bad(out, Channel::kConnectSlow, ErrorClass::kSlow);
    } else {
      good(out, Channel::kConnectSlow);
    }
    if (slow.answer) {
      bad(out, Channel::kAnswerSlow, ErrorClass::kSlow);
    } else {
      good(out, Channel::kAnswerSlow);
    }
    return;
  }
  const std::optional<ErrorClass> error = error_class(run.stage, run.cause, run.http_status);
  const Channel at = error ? channel_of(*error) : Channel::kHttp;
  pass(out, layers, run.check, at);
  if (error) bad(out, at, *error);
}

}  // namespace sonde::hub::judge
