// The errors of each step.
#include "menus.h"

#include <map>
#include <numeric>

namespace sonde::sim {
namespace {

using core::Cause;
using core::Stage;

std::vector<Failure> make(Step step, Origin origin) {
  const bool far = origin == Origin::kFar;
  switch (step) {
    case Step::kDns:
      return {{Stage::kDns, Cause::kTimeout},
              {Stage::kDns, Cause::kServfail},
              {Stage::kDns, Cause::kRefused},
              {Stage::kDns, Cause::kNxdomain},
              {Stage::kDns, Cause::kNodata}};
    case Step::kTcp:
      return {{Stage::kTcp, Cause::kTimeout},
              {Stage::kTcp, Cause::kRefused},
              {Stage::kTcp, Cause::kReset},
              {Stage::kTcp, Cause::kUnreachable}};
    case Step::kTls:
      if (far) {
        return {{Stage::kTls, Cause::kTimeout}, {Stage::kTls, Cause::kReset},  {Stage::kTls, Cause::kClosed},
                {Stage::kTls, Cause::kAlert},   {Stage::kTls, Cause::kNotTls}, {Stage::kTls, Cause::kNameMismatch}};
      }
      return {{Stage::kTls, Cause::kTimeout}, {Stage::kTls, Cause::kReset}, {Stage::kTls, Cause::kClosed}};
    case Step::kTransfer:
      return {{Stage::kHttp, Cause::kTimeout},
              {Stage::kHttp, Cause::kBodyTimeout},
              {Stage::kHttp, Cause::kReset},
              {Stage::kHttp, Cause::kEmpty},
              {Stage::kHttp, Cause::kTruncated}};
    case Step::kHttp:
      return {{Stage::kHttp, Cause::kStatus, 500},         {Stage::kHttp, Cause::kStatus, 502},
              {Stage::kHttp, Cause::kStatus, 503},         {Stage::kHttp, Cause::kStatus, 504},
              {Stage::kHttp, Cause::kStatus, 404},         {Stage::kHttp, Cause::kStatus, 403},
              {Stage::kHttp, Cause::kContentMismatch, 200}};
  }
  return {};
}

void add_scaled(Menu& into, const std::vector<Failure>& failures, const std::vector<double>& weights, double share) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i < failures.size() && sum > 0; ++i) into.add(failures[i], share * weights[i] / sum);
}

}  // namespace

const Failure& Menu::draw(Rng& rng) const {
  double left = rng.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i + 1 < failures.size(); ++i) {
    left -= weights[i];
    if (left < 0) return failures[i];
  }
  return failures.back();
}

const std::vector<Failure>& possible(Step step, Origin origin) {
  static const auto all = [] {
    std::map<std::pair<Step, Origin>, std::vector<Failure>> out;
    for (const Origin o : {Origin::kFar, Origin::kPath, Origin::kNear}) {
      for (std::size_t s = 0; s < kSteps; ++s) out[{static_cast<Step>(s), o}] = make(static_cast<Step>(s), o);
    }
    return out;
  }();
  return all.at({step, origin});
}

Menu mixed(const Menu& typical, Step step, Origin origin, Rng& rng) {
  Menu out;
  add_scaled(out, typical.failures, typical.weights, typical.failures.empty() ? 0 : 0.6);
  const std::vector<Failure>& others = possible(step, origin);
  std::vector<double> weights;
  // A few of them dominate, as in life.
  for (std::size_t i = 0; i < others.size(); ++i) weights.push_back(std::pow(rng.uniform(), 3));
  add_scaled(out, others, weights, typical.failures.empty() ? 1 : 0.4);
  return out;
}

}  // namespace sonde::sim
