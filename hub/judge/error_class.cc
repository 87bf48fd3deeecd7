// Tables q of error classes by kind of component.
#include "hub/judge/error_class.h"

#include <array>
#include <cmath>

namespace sonde::hub::judge {
namespace {

using Table = std::array<double, kErrorClasses>;

// dns: timeout servfail negative wrong | tcp: timeout refused reset unreachable | tls: certificate reset timeout other
// | transfer: timeout reset | http: 5xx 4xx content | slow | own. Each group adds up to 1.
constexpr Table kAnything{.40, .25, .25, .10, .60, .20, .12, .08, .35, .30, .25, .10, .60, .40, .65, .15, .20, 1, 1};
constexpr Table kOfApp{.40, .25, .25, .10, .35, .50, .10, .05, .60, .15, .15, .10, .55, .45, .55, .18, .27, 1, 1};
constexpr Table kOfCa{.40, .25, .25, .10, .60, .20, .12, .08, .95, .01, .02, .02, .60, .40, .65, .15, .20, 1, 1};
constexpr Table kOfService{.10, .20, .60, .10, .55, .30, .10, .05, .40, .20, .30, .10, .65, .35, .80, .08, .12, 1, 1};
constexpr Table kOfRegion{.40, .25, .25, .10, .85, .05, .05, .05, .20, .30, .40, .10, .65, .35, .90, .03, .07, 1, 1};
constexpr Table kOfEdge{.40, .25, .25, .10, .75, .08, .12, .05, .30, .30, .30, .10, .60, .40, .85, .07, .08, 1, 1};
constexpr Table kOfZone{.15, .30, .40, .15, .60, .20, .12, .08, .35, .30, .25, .10, .60, .40, .65, .15, .20, 1, 1};
constexpr Table kOfDnsProvider{.40, .40, .15, .05, .60, .20, .12, .08, .35, .30,
                               .25, .10, .60, .40, .65, .15, .20, 1,   1};
constexpr Table kOfResolver{.50, .40, .05, .05, .60, .20, .12, .08, .35, .30, .25, .10, .60, .40, .65, .15, .20, 1, 1};
constexpr Table kOfPath{.80, .05, .05, .10, .70, .02, .20, .08, .03, .50, .42, .05, .60, .40, .65, .15, .20, 1, 1};
constexpr Table kOfBorder{.20, .05, .15, .60, .60, .02, .35, .03, .02, .60, .35, .03, .55, .45, .65, .15, .20, 1, 1};
constexpr Table kOfVantage{.80, .10, .05, .05, .70, .03, .05, .22, .60, .15, .20, .05, .60, .40, .65, .15, .20, 1, 1};

const Table& table_of(Kind k) {
  switch (k) {
    case Kind::kApp:
    case Kind::kEndpoint:
      return kOfApp;
    case Kind::kCa:
      return kOfCa;
    case Kind::kServiceRegion:
    case Kind::kServiceGlobal:
      return kOfService;
    case Kind::kRegion:
    case Kind::kProvider:
      return kOfRegion;
    case Kind::kEdge:
      return kOfEdge;
    case Kind::kZone:
      return kOfZone;
    case Kind::kDnsProvider:
      return kOfDnsProvider;
    case Kind::kResolver:
      return kOfResolver;
    case Kind::kPath:
    case Kind::kPeering:
    case Kind::kCorridor:
    case Kind::kBorderIsp:
    case Kind::kIsp:
      return kOfPath;
    case Kind::kBorder:
      return kOfBorder;
    case Kind::kVantage:
    case Kind::kHostRegion:
      return kOfVantage;
  }
  return kAnything;
}

constexpr double kCap = 6;

// ln(q_kind / q_0), computed once.
struct LogRatios {
  std::array<std::array<double, kErrorClasses>, kKinds> of;
  LogRatios() {
    for (std::size_t k = 0; k < kKinds; ++k) {
      for (std::size_t e = 0; e < kErrorClasses; ++e) {
        of[k][e] = std::log(table_of(static_cast<Kind>(k))[e] / kAnything[e]);
      }
    }
  }
};

const LogRatios& ratios() {
  static const LogRatios table;
  return table;
}

}  // namespace

ErrorCounts error_counts(const PerClass& failures) {
  ErrorCounts counts;
  for (std::size_t e = 0; e < kErrorClasses; ++e) {
    if (failures[e] > 0) counts.push_back({static_cast<ErrorClass>(e), failures[e]});
  }
  return counts;
}

double class_evidence(Kind kind, Mode mode, const ErrorCounts& failures) {
  const auto& ratio = ratios().of[static_cast<std::size_t>(kind)];
  const PerChannel& share = info(mode).share;
  double sum = 0;
  for (const ErrorCount& f : failures) {
    if (share[index(channel_of(f.error))] > 0) sum += static_cast<double>(f.weight) * ratio[index(f.error)];
  }
  return sum;
}

double cap_class_evidence(double sum) { return kCap * std::tanh(sum / (2 * kCap)); }

}  // namespace sonde::hub::judge
