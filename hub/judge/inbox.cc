// Waiting rounds.
#include "hub/judge/inbox.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/schema.h"

namespace sonde::hub::judge {
namespace {

auto content(const core::Vantage& v) {
  return std::tie(v.provider, v.region, v.partition, v.isp, v.city, v.country, v.resolver, v.version);
}
auto content(const core::Target& t) {
  return std::tie(t.url, t.check, t.role, t.provider, t.region, t.service, t.partition, t.app, t.zone, t.dns_provider,
                  t.issuer, t.depends_on, t.country, t.city);
}

template <typename T>
void keep_newest(std::map<std::uint32_t, std::pair<std::int64_t, T>>& all, std::uint32_t id, std::int64_t time_ms,
                 T value) {
  const auto [it, added] = all.try_emplace(id, time_ms, value);
  if (added) return;
  auto& [have_ms, have] = it->second;
  if (time_ms > have_ms || (time_ms == have_ms && content(value) > content(have)))
    it->second = {time_ms, std::move(value)};
}

template <typename T>
void keep_greatest(std::map<std::uint32_t, T>& all, std::uint32_t id, T value) {
  const auto [it, added] = all.try_emplace(id, value);
  if (!added && content(value) > content(it->second)) it->second = std::move(value);
}

}  // namespace

std::uint32_t Names::id(std::string_view name) {
  const auto [it, added] = ids_.try_emplace(std::string{name}, static_cast<std::uint32_t>(names_.size()));
  if (added) names_.emplace_back(name);
  return it->second;
}

std::vector<std::uint32_t> Names::rank() const {
  std::vector<std::uint32_t> order(names_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [this](std::uint32_t i) -> const std::string& { return names_[i]; });
  std::vector<std::uint32_t> rank(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  return rank;
}

void PendingRound::add(std::uint32_t id, std::int64_t time_ms, core::Vantage v) {
  keep_newest(vantages, id, time_ms, std::move(v));
}

void PendingRound::add(std::uint32_t id, std::int64_t time_ms, core::Target t) {
  keep_newest(targets, id, time_ms, std::move(t));
}

void PendingRound::add_tags(const RunResult& run, const core::Record& r) {
  core::Vantage v;
  v.name = r.tag(core::tag::kVantage);
  v.provider = r.tag(core::tag::kVantageProvider);
  v.region = r.tag(core::tag::kVantageRegion);
  v.partition = core::parse_partition(r.tag(core::tag::kVantagePartition)).value_or(core::Partition::kOverseas);
  keep_greatest(tagged_vantages, run.vantage, std::move(v));
  core::Target t;
  t.name = r.tag(core::tag::kTarget);
  t.check = run.check;
  t.role = core::parse_role(r.tag(core::tag::kRole)).value_or(core::Role::kApp);
  t.provider = r.tag(core::tag::kProvider);
  t.region = r.tag(core::tag::kRegion);
  t.service = r.tag(core::tag::kService);
  t.partition = core::parse_partition(r.tag(core::tag::kPartition));
  keep_greatest(tagged_targets, run.target, std::move(t));
}

namespace {

template <typename Identity>
std::uint64_t sort_by(std::vector<RunResult>& runs, Identity identity) {
  std::ranges::sort(runs, [&](const RunResult& a, const RunResult& b) {
    return std::tuple{identity(a), b.content()} < std::tuple{identity(b), a.content()};
  });
  // Not ranges::unique: what it returns does not compile with clang 14.
  const auto twice = std::unique(runs.begin(), runs.end(),
                                 [&](const RunResult& a, const RunResult& b) { return identity(a) == identity(b); });
  const auto dropped = static_cast<std::uint64_t>(runs.end() - twice);
  runs.erase(twice, runs.end());
  return dropped;
}

}  // namespace

std::uint64_t sort_and_deduplicate(std::vector<RunResult>& runs, const Names& vantages, const Names& targets) {
  const std::vector<std::uint32_t> v = vantages.rank();
  const std::vector<std::uint32_t> t = targets.rank();
  return sort_by(runs, [&](const RunResult& r) { return std::tuple{v[r.vantage], t[r.target], r.identity()}; });
}

std::uint64_t sort_and_deduplicate(std::vector<RunResult>& runs_of_cell) {
  return sort_by(runs_of_cell, [](const RunResult& r) { return r.identity(); });
}

}  // namespace sonde::hub::judge
