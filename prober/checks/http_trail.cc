// The trail of hops.
#include "prober/checks/http_trail.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/sanitize.h"

namespace sonde::prober {
namespace {

namespace field = core::field;

constexpr std::size_t kUrlBytesMax = 160;

struct Phase {
  const core::Field* field;
  const char* name;
};
constexpr std::array<Phase, 5> kPhases = {{{&field::kResolveSeconds, "resolve"},
                                           {&field::kConnectSeconds, "connect"},
                                           {&field::kTlsSeconds, "tls"},
                                           {&field::kProcessingSeconds, "processing"},
                                           {&field::kTransferSeconds, "transfer"}}};
constexpr double kMicro = 1e6;

/// Whole microseconds: JSON of a double would print all digits of its binary form.
double rounded(double seconds) { return std::round(seconds * kMicro) / kMicro; }

}  // namespace

void HttpTrail::add(const std::string& url, const core::Measurement& hop) {
  Hop h;
  const std::size_t query = url.find('?');  // may hold tokens
  h.url = core::sanitize(url.substr(0, query), kUrlBytesMax) + (query == std::string::npos ? "" : "?");
  if (const auto* status = hop.get(field::kHttpStatusCode)) h.status = std::get<std::int64_t>(*status);
  for (const Phase& phase : kPhases) {
    const auto* value = hop.get(*phase.field);
    h.seconds.push_back(value == nullptr ? -1 : std::get<double>(*value));
  }
  hops_.push_back(std::move(h));
}

void HttpTrail::write(core::Measurement& last) const {
  if (hops_.size() < 2) return;
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    double sum = -1;
    for (const Hop& hop : hops_) {
      if (hop.seconds[i] >= 0) sum = std::max(sum, 0.0) + hop.seconds[i];
    }
    if (sum >= 0) last.set(*kPhases.at(i).field, sum);
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Hop& hop : hops_) {
    nlohmann::ordered_json item = {{"url", hop.url}};
    if (hop.status != 0) item["status"] = hop.status;
    for (std::size_t i = 0; i < kPhases.size(); ++i) {
      if (hop.seconds[i] >= 0) item[kPhases.at(i).name] = rounded(hop.seconds[i]);
    }
    list.push_back(std::move(item));
  }
  last.set(field::kHttpHops, list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace sonde::prober
