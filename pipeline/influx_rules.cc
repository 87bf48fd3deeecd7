// The table, and the answers that are not what their status says.
#include "pipeline/influx_rules.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "core/sanitize.h"

namespace sonde::pipeline {
namespace {

struct Rule {
  int first;
  int last;
  InfluxAction action;
  std::string_view reason;
};

// The first rule that fits. InfluxDB 1 stores the good lines of a 400, InfluxDB 2 none: bisecting serves both, because
// sending a line again is harmless.
constexpr std::array kRules{
    Rule{200, 299, InfluxAction::kTaken, ""},
    Rule{300, 399, InfluxAction::kRetry, "the server redirects, which is not followed: credentials stay here"},
    Rule{400, 400, InfluxAction::kBisect, "lines refused"},
    Rule{401, 401, InfluxAction::kBlocked, "not authorized: check token or password"},
    Rule{403, 403, InfluxAction::kBlocked, "forbidden: check the rights of the token"},
    Rule{404, 404, InfluxAction::kBlocked, "not found: check url, database, org and bucket"},
    Rule{408, 408, InfluxAction::kRetry, "the server gave up waiting"},
    Rule{413, 413, InfluxAction::kHalve, "batch too large"},
    Rule{422, 422, InfluxAction::kBisect, "lines refused"},
    Rule{425, 425, InfluxAction::kRetry, "too early"},
    Rule{429, 429, InfluxAction::kRetry, "the server asks us to slow down"},
    Rule{400, 499, InfluxAction::kBlocked, "the server refuses the request"},
    Rule{500, 599, InfluxAction::kRetry, "the server failed"},
};

std::string_view words(io::HttpError error) {
  switch (error) {
    case io::HttpError::kNone:
      return "";
    case io::HttpError::kResolve:
      return "the name has no address";
    case io::HttpError::kConnect:
      return "cannot connect";
    case io::HttpError::kTls:
      return "TLS failed";
    case io::HttpError::kTimeout:
      return "no answer in time";
    case io::HttpError::kEmpty:
      return "closed without an answer";
    case io::HttpError::kReset:
      return "connection reset";
    case io::HttpError::kMalformed:
      return "not HTTP";
    case io::HttpError::kTruncated:
      return "answer cut short";
    case io::HttpError::kEncoding:
      return "answer does not decode";
    case io::HttpError::kHeaderTooLarge:
      return "answer's headers too large";
    case io::HttpError::kBodyTooLarge:
      return "answer too large";
    case io::HttpError::kHttp2:
      return "HTTP/2 failed";
    case io::HttpError::kPolicy:
      return "address not allowed";
    case io::HttpError::kOwn:
      return "no resources of our own";
  }
  return "";
}

// Captive portals, proxies and web servers speak HTML; no line-protocol server does.
bool is_html(const io::HttpResponse& response) {
  if (response.header("content-type").find("html") != std::string_view::npos) return true;
  const std::size_t start = response.body.find_first_not_of(" \t\r\n");
  return start != std::string::npos && response.body[start] == '<';
}

// InfluxDB 1.6 says "points beyond retention policy dropped=N", InfluxDB 2.7 "dropped N points outside retention policy
// of duration …". Of a single line that is the whole answer.
bool is_expired(const io::HttpResponse& response) {
  return response.body.find("beyond retention policy") != std::string::npos ||
         response.body.find("outside retention policy") != std::string::npos;
}

InfluxVerdict verdict(InfluxAction action, std::string_view what, const io::HttpResponse& response) {
  std::string reason = response.status > 0 ? fmt::format("{} (HTTP {})", what, response.status) : std::string{what};
  const std::string said = core::sanitize(response.status > 0 ? response.body : response.error_text);
  if (!said.empty()) reason += ": " + said;
  return {.action = action, .reason = std::move(reason)};
}

}  // namespace

InfluxVerdict judge_reply(const io::HttpResponse& response) {
  // A refusal may echo all its lines and so pass our limit: its status is known, its body is not needed whole.
  const bool complete = response.error == io::HttpError::kNone ||
                        (response.error == io::HttpError::kBodyTooLarge && response.head_complete);
  if (!complete) return verdict(InfluxAction::kRetry, words(response.error), {.error_text = response.error_text});
  if (is_html(response)) return verdict(InfluxAction::kRetry, "this is a web page, not a database", response);
  const auto rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& r) {
    return response.status >= r.first && response.status <= r.last;
  });
  if (rule == kRules.end()) return verdict(InfluxAction::kRetry, "an answer with an impossible status", response);
  if (rule->action == InfluxAction::kBisect && is_expired(response)) {
    InfluxVerdict out = verdict(rule->action, "older than the database keeps", response);
    out.expired = true;
    return out;
  }
  if (rule->action != InfluxAction::kTaken) return verdict(rule->action, rule->reason, response);
  // Old InfluxDB versions answer 200 with an error inside, others with a page of their own.
  if (!response.body.empty()) return verdict(InfluxAction::kRetry, "an answer that no database gives", response);
  return {.action = InfluxAction::kTaken, .reason = {}};
}

}  // namespace sonde::pipeline
