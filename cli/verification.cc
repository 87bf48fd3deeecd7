// Comparing answers with the catalogue.
#include "cli/verification.h"

#include <algorithm>
#include <charconv>

#include "cli/facts.h"

namespace sonde::cli {
namespace {

using Kind = Verification::Kind;

constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;

/// The statuses of an entry's `status`, where all are plain numbers.
std::vector<int> statuses_of(const prober::CatalogueEndpoint& e) {
  const core::ConfigNode* status = e.expect.find("status");
  if (status == nullptr) return {};
  const bool list = status->kind == core::ConfigNode::Kind::kSequence;
  std::vector<int> out;
  for (const core::ConfigNode& item : list ? std::span{status->items} : std::span{status, 1}) {
    int number = 0;
    const std::string& text = item.scalar;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    out.push_back(number);
  }
  return out;
}

/// How a run went that cannot be told from a status.
Kind kind_of(const core::Outcome& o) {
  if (o.status == core::Status::kUnknown) return Kind::kUnknown;
  return core::is_success(o.status) ? Kind::kAsExpected : Kind::kNoAnswer;
}

}  // namespace

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::kAsExpected:
      return "as_expected";
    case Kind::kWider:
      return "wider";
    case Kind::kDiffers:
      return "differs";
    case Kind::kBusy:
      return "busy";
    case Kind::kNoAnswer:
      return "no_answer";
    case Kind::kUnknown:
      return "unknown";
  }
  return "";
}

std::map<std::string_view, const prober::CatalogueEndpoint*> endpoints_by_name(const prober::Catalogue& catalogue) {
  std::map<std::string_view, const prober::CatalogueEndpoint*> out;
  const auto add = [&out](const std::vector<prober::CatalogueEndpoint>& list) {
    for (const prober::CatalogueEndpoint& e : list) out.emplace(e.name, &e);
  };
  for (const prober::CatalogueProvider& p : catalogue.providers) {
    add(p.global);
    for (const prober::CatalogueRegion& r : p.regions) add(r.endpoints);
  }
  add(catalogue.controls);
  return out;
}

Verification verify(const prober::CatalogueEndpoint& endpoint, const core::Measurement& m) {
  Verification v;
  v.expected = statuses_of(endpoint);
  if (const auto status = integer_of(m, core::field::kHttpStatusCode)) v.seen = static_cast<int>(*status);
  v.kind = kind_of(m.outcome);
  if (v.kind == Kind::kUnknown || !v.seen || v.expected.empty()) return v;
  const bool named = std::ranges::find(v.expected, *v.seen) != v.expected.end();
  if (named) {
    // A run may fail after a status that is right: a body that breaks off, say. That is no answer.
    if (v.kind != Kind::kAsExpected || endpoint.sourced || v.expected.size() == 1) return v;
    v.kind = Kind::kWider;
    v.proposed = {*v.seen};
    return v;
  }
  if (*v.seen >= kServerError || *v.seen == kTooManyRequests) {
    v.kind = Kind::kBusy;
    return v;
  }
  if (m.outcome.cause != core::Cause::kStatus) return v;  // it broke off behind a status
  v.kind = Kind::kDiffers;
  v.proposed = {*v.seen};
  if (endpoint.sourced) v.proposed->insert(v.proposed->end(), v.expected.begin(), v.expected.end());
  std::ranges::sort(*v.proposed);
  return v;
}

bool shows_captive_portal(const prober::TargetEntry& entry, const Verification& v) {
  return entry.target.role == core::Role::kControl && entry.target.url.starts_with("http://") &&
         v.kind == Kind::kDiffers;
}

}  // namespace sonde::cli
