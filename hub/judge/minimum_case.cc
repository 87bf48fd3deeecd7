// The checks that several kinds of components share.
#include "hub/judge/minimum_case.h"

#include <set>

#include "hub/judge/error_class.h"
#include "hub/judge/run_result.h"

namespace sonde::hub::judge {

using core::Role;

void need_two_networks(Case& c) {
  c.need(c.failing.vantages.size() >= 2 && c.failing.isps.size() >= 2,
         "It is seen failing from one network only; a vantage on another ISP would settle it.",
         "目前只从一个网络观测到故障；增加一个位于其他运营商的观测点即可判定。");
}

void need_other_provider(Case& c) {
  const bool other = c.contrast.any([&](std::uint32_t i) {
    const core::Target& t = c.scene.target(i);
    return c.from_failing_vantage(i) && t.role != Role::kControl && !t.provider.empty() &&
           !c.failing.providers.contains(t.provider);
  });
  c.need(other, "No other provider is seen healthy from the same vantages.", "同一批观测点没有看到其他云正常。");
}

void need_both_sides(Case& c) {
  std::set<core::Partition> seeing;
  for (const std::uint32_t v : c.failing.vantages) seeing.insert(c.scene.vantages[v].partition);
  if (seeing.size() != 1) return;
  const core::Partition side = *seeing.begin();
  const bool crossing = std::ranges::all_of(c.finding.failing, [&](std::uint32_t i) { return crosses_border(c, i); });
  if (!crossing) return;
  std::set<std::uint32_t> fine;
  for (std::uint32_t i = 0; i < c.scene.cells.size(); ++i) {
    if (c.to_failing_target(i) && c.contrast.healthy(i) && c.scene.vantage(i).partition != side) {
      fine.insert(c.scene.cells[i].vantage);
    }
  }
  c.need(fine.size() < 2, "Only one side of the border sees it: something on the way may filter by name.",
         "只有边界一侧能观测到：途中可能存在按名称过滤。");
}

void need_outside_witness(Case& c) {
  const bool outside = std::ranges::any_of(
      c.failing.vantages, [&](std::uint32_t v) { return !c.failing.providers.contains(c.scene.vantages[v].provider); });
  c.need(outside, "All vantages that see it live in the same cloud; a vantage outside it would settle it.",
         "看到故障的观测点都在同一朵云里；增加一个云外的观测点即可判定。");
}

bool fails_too(const Case& c, std::uint32_t i) {
  const Cell& cell = c.scene.cells[i];
  return failed_lately(c.scene, i) && cell.last_fail_ms >= c.finding.since_ms - c.scene.round_ms;
}

bool crosses_border(const Case& c, std::uint32_t i) {
  const core::Partition side = c.scene.vantage(i).partition;
  return partition_of(c.scene.target(i)).value_or(side) != side;
}

std::set<std::uint32_t> direct_members(const Case& c) {
  std::set<std::uint32_t> members;
  for (const Member& m : c.scene.topology.members[c.finding.hypothesis.component]) {
    if (!m.dependency) members.insert(m.cell);
  }
  return members;
}

bool stands_out(const Case& c, const Share& others) {
  if (others.few()) return true;
  const std::set<std::uint32_t> members = direct_members(c);
  const Share own = share_failing(c, [&](std::uint32_t i) { return members.contains(i); });
  return others.failing * own.all * kAlone <= own.failing * others.all;
}

Said said_by_companions(const Scene& scene, const Finding& finding, core::CompanionKind kind) {
  Said said;
  for (const std::uint32_t i : finding.failing) {
    const CompanionWords::Word word = scene.companions.words(i, scene.cells[i])[kind];
    said.good += word == CompanionWords::Word::kGood ? 1 : 0;
    said.bad += word == CompanionWords::Word::kBad ? 1 : 0;
  }
  return said;
}

bool is_conclusive(const Case& c) {
  const auto conclusive = [&](std::uint32_t i) {
    const Cell& cell = c.scene.cells[i];
    const auto e = error_class(cell.fail_stage, cell.fail_cause, cell.fail_http_status);
    return e &&
           (*e == ErrorClass::kTcpRefused || *e == ErrorClass::kTlsCertificate || channel_of(*e) == Channel::kHttp);
  };
  const auto n = std::ranges::count_if(c.finding.failing, conclusive);
  return static_cast<std::size_t>(n) * 5 >= c.finding.failing.size() * 4;
}

}  // namespace sonde::hub::judge
