// One function per kind of component; docs/verdicts.md, "Minimum evidence".
#include "hub/judge/minimum.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "hub/judge/gates.h"
#include "hub/judge/minimum_case.h"

namespace sonde::hub::judge {
namespace {

constexpr std::ptrdiff_t kWayLeast = 3;  // cells of a way that only one vantage goes
constexpr std::size_t kElseLeast = 10;   // cells: fewer are no witness that all else works

using core::BilingualText;
using core::CompanionKind;
using core::Role;

// What an app depends on must be healthy, and not only here and there: an app breaks with a dependency that fails in
// part. Failures from before the app's own do not count.
void need_dependency(Case& c, const std::string& need) {
  const std::size_t last = need.rfind('/');
  if (last == std::string::npos) return;
  std::size_t healthy = 0;
  std::size_t failing = 0;
  for (std::uint32_t i = 0; i < c.scene.cells.size(); ++i) {
    const KnownTarget& t = c.scene.known(i);
    if (t.target.role != Role::kReference || t.place() != need.substr(0, last)) continue;
    if (t.target.service != need.substr(last + 1)) continue;
    healthy += c.contrast.healthy(i) ? 1 : 0;
    failing += fails_too(c, i) ? 1 : 0;
  }
  c.need(healthy > 0,
         fmt::format("Its dependency {} is not seen healthy; a reference target for it would settle it.", need),
         fmt::format("没有看到它依赖的 {} 正常；为其添加参考目标即可判定。", need));
  c.need(healthy == 0 || failing * kPartShare < healthy + failing,
         fmt::format("Its dependency {} fails too, in part: the app may only be a symptom.", need),
         fmt::format("它依赖的 {} 也有部分故障：应用可能只是受牵连。", need));
}

void check_app(Case& c) {
  const core::Target& t = c.first_target();
  if (t.role == Role::kControl) {
    c.need(false, "A neutral control target is nobody's app: nothing is convicted for it.",
           "中立的对照目标不属于任何应用，不对其定责。");
    return;
  }
  need_both_sides(c);
  const bool conclusive = is_conclusive(c);
  if (!conclusive) need_two_networks(c);
  const std::string place = c.scene.known(c.finding.failing.front()).place();
  if (place.empty()) {
    // Nobody said where it is hosted, so nothing can be acquitted but what answered for itself.
    c.need(conclusive, "It is not known where the app is hosted; set hosted_on and add a reference target there.",
           "未说明应用托管位置；请设置 hosted_on 并在该区域添加参考目标。");
  } else {
    const bool neighbour = c.contrast.any([&](std::uint32_t i) {
      return c.from_failing_vantage(i) && !c.to_failing_target(i) && c.scene.known(i).place() == place &&
             c.scene.target(i).role != Role::kControl;
    });
    const bool calm = mostly_healthy(c, [&](std::uint32_t i) {
      const core::Target& o = c.scene.target(i);
      return o.role == Role::kReference && o.provider == t.provider && o.region == t.region;
    });
    c.need(calm, fmt::format("Other targets in {} fail too: the app may only be one of them.", place),
           fmt::format("{} 中的其他目标也有故障：应用可能只是其中之一。", place));
    c.need(neighbour,
           fmt::format("It is the app or its region: no other target in {} is seen healthy; a reference target there "
                       "would settle it.",
                       place),
           fmt::format("可能是应用，也可能是其所在区域：没有看到 {} 中其他目标正常；在该区域添加参考目标即可判定。",
                       place));
  }
  for (const std::string& need : t.depends_on) need_dependency(c, need);
}

void check_service_region(Case& c) {
  need_both_sides(c);
  need_two_networks(c);
  need_outside_witness(c);
  const core::Target& t = c.first_target();
  const bool contrast = c.contrast.any([&](std::uint32_t i) {
    const core::Target& o = c.scene.target(i);
    if (!c.from_failing_vantage(i) || o.role != Role::kReference || o.provider != t.provider) return false;
    return (o.region == t.region) != (o.service == t.service);
  });
  c.need(contrast, "Neither another service of that region nor the same service elsewhere is seen healthy.",
         "没有看到该区域的其他服务或其他区域的同一服务正常。");
  const bool alone = mostly_healthy(c, [&](std::uint32_t i) {
    const core::Target& o = c.scene.target(i);
    return o.role == Role::kReference && o.provider == t.provider && o.service == t.service && o.region != t.region;
  });
  c.need(alone, "The same service fails in other regions too: it may be the service as a whole.",
         "其他区域的同一服务也有故障：可能是整个服务的问题。");
}

void check_region(Case& c) {
  need_two_networks(c);
  need_outside_witness(c);
  c.need(c.failing.targets.size() >= 2, "Only one target in the region fails.", "该区域只有一个目标故障。");
  const bool reference = std::ranges::any_of(
      c.failing.targets, [&](std::uint32_t t) { return c.scene.targets[t].target.role == Role::kReference; });
  c.need(reference, "None of the region's own services is seen failing; a reference target there would settle it.",
         "没有看到该区域的云服务本身故障；在该区域添加参考目标即可判定。");
  need_both_sides(c);
  const core::Target& t = c.first_target();
  const bool alone =
      most_regions_healthy(c, [&](const core::Target& o) { return o.provider == t.provider && o.region != t.region; });
  c.need(alone, "Other regions of that provider fail too: it may be the provider as a whole.",
         "该云的其他区域也有故障：可能是整个云的问题。");
  bool has_metro = false;
  bool metro = false;
  bool other_region = false;
  bool has_other_region = false;
  for (std::uint32_t i = 0; i < c.scene.cells.size(); ++i) {
    const core::Target& o = c.scene.target(i);
    if (!c.from_failing_vantage(i) || o.role == Role::kControl || o.provider.empty()) continue;
    const bool healthy = c.contrast.healthy(i);
    if (o.provider == t.provider && o.region != t.region) {
      has_other_region = true;
      other_region = other_region || healthy;
    }
    if (o.provider != t.provider && !t.city.empty() && o.city == t.city) {
      has_metro = true;
      metro = metro || healthy;
    }
  }
  c.need(other_region || !has_other_region, "No other region of that provider is seen healthy from the same vantages.",
         "同一批观测点没有看到该云的其他区域正常。");
  c.need(metro || !has_metro, "Other providers in the same city fail too: it may be the city or the way there.",
         "同城的其他云也有故障：可能是该城市或通往该城市的路径。");
  if (!has_metro) need_other_provider(c);
}

void check_edge(Case& c) {
  need_two_networks(c);
  c.need(c.failing.targets.size() >= 2, "Only one target behind this edge fails.", "该边缘节点后只有一个目标故障。");
  const bool elsewhere = c.contrast.any([&](std::uint32_t i) {
    return c.to_failing_target(i) && !c.failing.countries.contains(c.scene.vantage(i).country);
  });
  c.need(elsewhere, "The same targets are not seen healthy from elsewhere.", "没有从其他地区看到同样的目标正常。");
  need_other_provider(c);
  const bool crossing = crosses_border(c, c.finding.failing.front());
  const bool way = mostly_healthy(c, [&](std::uint32_t i) {
    const core::Target& o = c.scene.target(i);
    return c.from_failing_vantage(i) && o.role != Role::kControl && !o.provider.empty() &&
           !c.failing.providers.contains(o.provider) && crosses_border(c, i) == crossing;
  });
  c.need(way, "Other providers fail from there too: it may be the way there.",
         "从那里访问其他云也有故障：可能是途中的问题。");
}

void check_provider(Case& c) {
  need_outside_witness(c);
  c.need(c.failing.places.size() >= 2, "It fails in one region only.", "只有一个区域故障。");
  c.need(c.failing.countries.size() >= 2,
         "It is seen failing from one country only; a vantage elsewhere would settle it.",
         "只从一个国家观测到故障；在其他地区增加观测点即可判定。");
  const bool reference = std::ranges::any_of(
      c.failing.targets, [&](std::uint32_t t) { return c.scene.targets[t].target.role == Role::kReference; });
  c.need(reference, "None of the provider's own services is seen failing.", "没有看到该云自身的服务故障。");
  need_other_provider(c);
}

void check_zone(Case& c) {
  const bool authoritative =
      std::ranges::any_of(c.finding.failing, [&](std::uint32_t i) { return !c.scene.known(i).resolver.empty(); });
  // A second resolver that fails where one usually works is one more that sees it.
  const bool second = said_by_companions(c, CompanionKind::kSecondResolver).bad > 0;
  const std::size_t resolvers = c.failing.resolvers.size() + (second ? 1 : 0);
  c.need(resolvers >= 3 || (resolvers >= 2 && authoritative),
         "Too few independent resolvers see it: three are needed, or two and the zone's own servers asked directly.",
         "看到故障的独立解析服务不足：需要三个，或两个加上直接查询该域的权威服务器。");
  const bool other = c.contrast.any([&](std::uint32_t i) {
    const std::string& zone = c.scene.known(i).zone;
    return !zone.empty() && !c.failing.zones.contains(zone) && c.failing.resolvers.contains(resolver_of(c.scene, i));
  });
  c.need(other, "No other zone is seen to resolve through the same resolvers.",
         "没有看到其他域通过同样的解析服务正常解析。");
  const Said hosts = said_by_companions(c, CompanionKind::kLastAddress);
  c.need(hosts.bad < 2 || hosts.good >= hosts.bad,
         "Its hosts do not answer at their last addresses either: the names may only be a symptom.",
         "用最后可用的地址也连不上其主机：域名故障可能只是表象。");
}

void check_dns_provider(Case& c) {
  c.need(c.failing.zones.size() >= 2, "Only one zone on it fails.", "该 DNS 服务商只有一个域故障。");
  const bool other = c.contrast.any([&](std::uint32_t i) {
    const core::Target& t = c.scene.target(i);
    return !c.scene.known(i).zone.empty() && t.dns_provider != c.finding.component.label;
  });
  c.need(other, "No zone of another DNS provider is seen healthy.", "没有看到其他 DNS 服务商的域正常。");
}

constexpr double kSecondResolverMin = 3 * kCompanionMost;

// Another resolver answers where this one does not, more often than chance would have it if all names failed alike.
bool second_resolver_answers(const Case& c) {
  const Said said = said_by_companions(c, CompanionKind::kSecondResolver);
  const double each = c.finding.severity >= 1 ? kCompanionMost : -std::log1p(-c.finding.severity);
  const double nats = static_cast<double>(said.good) * std::min(kCompanionMost, each);
  return nats - static_cast<double>(said.bad) * kCompanionMost >= kSecondResolverMin;
}

void check_resolver(Case& c) {
  c.need(c.failing.zones.size() >= 2, "Only one zone fails through it.", "通过该解析服务只有一个域故障。");
  const bool second = c.contrast.any([&](std::uint32_t i) {
    return c.from_failing_vantage(i) && c.scene.known(i).layers.dns &&
           resolver_of(c.scene, i) != c.finding.component.label;
  });
  c.need(second || second_resolver_answers(c),
         "A second resolver, asked from the same vantage, would tell the resolver from the vantage.",
         "从同一观测点查询另一个解析服务，即可区分是解析服务还是观测点的问题。");
}

// From one country only one network: the provider's edge there looks the same as the way of that network to it.
void need_neighbour_isp(Case& c) {
  const auto through_neighbours = [&](std::uint32_t i) {
    return c.to_failing_target(i) && !c.failing.isps.contains(c.scene.isp(i)) &&
           c.failing.countries.contains(c.scene.vantage(i).country);
  };
  c.need(c.contrast.any(through_neighbours) && stands_out(c, share_failing(c, through_neighbours)),
         "No other ISP of that country is seen to reach the same targets: it may be the provider's edge there.",
         "没有看到同一国家的其他运营商能访问同样的目标：可能是该云在当地的边缘接入。");
}

// An edge that fails does so for all regions behind it.
bool other_regions_reached(const Case& c) {
  const core::Target& t = c.first_target();
  const auto there = [&](std::uint32_t i) {
    const core::Target& o = c.scene.target(i);
    return c.from_failing_vantage(i) && o.provider == t.provider && o.region != t.region && o.role == Role::kReference;
  };
  return c.contrast.any(there) && mostly_healthy(c, there);
}

// Failed in two of its last five rounds; to be slow is not enough.
bool fails_again(const Cell& cell) {
  constexpr std::array kHard{Channel::kDns, Channel::kTcp, Channel::kTls, Channel::kTransfer};
  const auto failed = [&](const RoundTrials& t) {
    return std::ranges::any_of(kHard, [&](Channel c) { return t.k[index(c)] >= 1; });
  };
  return cell.detail && std::ranges::count_if(cell.detail->recent, failed) >= 2;
}

// A machine, or its line, cannot break one way and leave all others: where nearly all of that way keeps failing and
// nearly all else works, one vantage is enough.
bool only_this_way(const Case& c) {
  const std::set<std::uint32_t> members = direct_members(c);
  const auto failing = std::ranges::count_if(members, [&](std::uint32_t i) { return fails_again(c.scene.cells[i]); });
  const Share others =
      share_failing(c, [&](std::uint32_t i) { return c.from_failing_vantage(i) && !members.contains(i); });
  return failing >= kWayLeast && static_cast<std::size_t>(failing) * 4 >= members.size() * 3 &&
         others.all >= kElseLeast && others.few();
}

void check_path(Case& c) {
  const Kind kind = c.finding.component.kind;
  c.need(c.failing.vantages.size() >= 2 || (kind != Kind::kIsp && only_this_way(c)),
         "Near side: one vantage cannot tell itself from its ISP; a second vantage on the same ISP would settle it.",
         "近端：单个观测点无法区分自身与其运营商；在同一运营商增加一个观测点即可判定。");
  c.need(c.failing.targets.size() >= 2, "Only one target fails on this path.", "该路径上只有一个目标故障。");
  const auto through_others = [&](std::uint32_t i) {
    return c.to_failing_target(i) && !c.failing.isps.contains(c.scene.isp(i));
  };
  c.need(c.contrast.any(through_others), "The same targets are not seen healthy through another ISP.",
         "没有通过其他运营商看到同样的目标正常。");
  c.need(stands_out(c, share_failing(c, through_others)), "The same targets fail through other ISPs too.",
         "同样的目标通过其他运营商访问也有故障。");
  if (kind == Kind::kIsp) return;
  if (kind == Kind::kPeering || (kind == Kind::kPath && !other_regions_reached(c))) need_neighbour_isp(c);
  c.need(kind != Kind::kPath || c.finding.hypothesis.mode != Mode::kConnectSlow,
         "One path that is only slower may be no more than a new route.", "单条路径只是变慢，可能只是路由变化。");
  const bool elsewhere = c.contrast.any([&](std::uint32_t i) { return c.from_failing_vantage(i); });
  c.need(elsewhere, "The same vantages see nothing else healthy.", "同一批观测点没有看到其他目标正常。");
}

void check_border(Case& c) {
  c.need(c.failing.isps.size() >= 2, "Only one ISP is seen to fail across the border.", "只有一个运营商出现跨境故障。");
  c.need(c.failing.providers.size() >= 2, "Only one provider fails across the border.", "只有一个云出现跨境故障。");
  // Inside each partition from which the crossing was tried, all must be well.
  std::set<core::Partition> wanted;
  for (const std::uint32_t v : c.failing.vantages) wanted.insert(c.scene.vantages[v].partition);
  for (const core::Partition p : wanted) {
    const bool inside = c.contrast.any([&](std::uint32_t i) {
      return c.from_failing_vantage(i) && c.scene.vantage(i).partition == p && partition_of(c.scene.target(i)) == p;
    });
    c.need(inside, fmt::format("Targets inside the {} side are not seen healthy from there.", name(p)),
           p == core::Partition::kDomestic ? "没有看到境内观测点访问境内目标正常。"
                                           : "没有看到境外观测点访问境外目标正常。");
  }
  const bool far_side = c.contrast.any([&](std::uint32_t i) {
    return c.to_failing_target(i) && partition_of(c.scene.target(i)) == c.scene.vantage(i).partition;
  });
  c.need(far_side, "The targets across the border are not seen healthy from their own side.",
         "没有从对侧看到这些目标正常。");
}

void check_vantage(Case& c) {
  std::size_t cells = 0;
  for (const Cell& cell : c.scene.cells) cells += c.failing.vantages.contains(cell.vantage) ? 1 : 0;
  const bool many =
      (c.failing.targets.size() >= 3 && c.failing.providers.size() >= 2) || c.finding.failing.size() * 2 > cells;
  c.need(many, "Too few of its targets fail to blame the vantage.", "故障目标太少，不足以归咎于观测点。");
  std::set<std::uint32_t> healthy_elsewhere;
  std::size_t sibling_cells = 0;
  std::size_t sibling_healthy = 0;
  for (std::uint32_t i = 0; i < c.scene.cells.size(); ++i) {
    if (c.from_failing_vantage(i)) continue;
    const bool healthy = c.contrast.healthy(i);
    if (healthy && c.to_failing_target(i)) healthy_elsewhere.insert(c.scene.cells[i].target);
    if (!c.failing.isps.contains(c.scene.isp(i))) continue;
    ++sibling_cells;
    sibling_healthy += healthy ? 1 : 0;
  }
  c.need(healthy_elsewhere.size() * 2 >= c.failing.targets.size(),
         "Its targets are not seen healthy from another vantage.", "没有从其他观测点看到这些目标正常。");
  c.need(sibling_cells > 0 && sibling_healthy * 2 >= sibling_cells,
         "Near side: the vantage or its ISP; a second vantage on the same ISP would settle it.",
         "近端：观测点或其运营商；在同一运营商增加一个观测点即可判定。");
  const Share siblings = share_failing(
      c, [&](std::uint32_t i) { return !c.from_failing_vantage(i) && c.failing.isps.contains(c.scene.isp(i)); });
  c.need(stands_out(c, siblings), "Other vantages on its ISP have troubles too: it may be the ISP.",
         "同一运营商的其他观测点也有问题：可能是运营商。");
}

void check_host_region(Case& c) {
  c.need(c.failing.vantages.size() >= 2, "Only one vantage in that region fails.", "该区域只有一个观测点故障。");
  const bool elsewhere =
      c.contrast.any([&](std::uint32_t i) { return c.to_failing_target(i) && !c.from_failing_vantage(i); });
  c.need(elsewhere, "Their targets are not seen healthy from elsewhere.", "没有从其他地方看到这些目标正常。");
}

void check_ca(Case& c) {
  std::set<std::string> owners;
  for (const std::uint32_t i : c.finding.failing) {
    const core::Target& t = c.scene.target(i);
    owners.insert(t.role == Role::kApp ? t.app : t.provider);
  }
  c.need(owners.size() >= 2, "Only one owner's certificates of this issuer fail.",
         "该颁发者只有一个所有者的证书故障。");
  const bool other = c.contrast.any([&](std::uint32_t i) {
    return c.from_failing_vantage(i) && c.scene.known(i).layers.tls &&
           c.scene.target(i).issuer != c.finding.component.label;
  });
  c.need(other, "No certificate of another issuer is seen healthy from the same vantages.",
         "同一批观测点没有看到其他颁发者的证书正常。");
}

}  // namespace

std::vector<BilingualText> missing_evidence(const Scene& scene, const Finding& finding) {
  if (finding.failing.empty()) {
    return {{"Nothing of its own is seen failing, only what depends on it; a reference target for it would settle it.",
             "没有看到它自身故障，只看到依赖它的目标故障；为其添加参考目标即可判定。"}};
  }
  Case c{scene, finding};
  switch (finding.component.kind) {
    case Kind::kApp:
    case Kind::kEndpoint:
      check_app(c);
      break;
    case Kind::kCa:
      check_ca(c);
      break;
    case Kind::kServiceRegion:
      check_service_region(c);
      break;
    case Kind::kRegion:
      check_region(c);
      break;
    case Kind::kEdge:
      check_edge(c);
      break;
    case Kind::kServiceGlobal:
    case Kind::kProvider:
      check_provider(c);
      break;
    case Kind::kZone:
      check_zone(c);
      break;
    case Kind::kDnsProvider:
      check_dns_provider(c);
      break;
    case Kind::kResolver:
      check_resolver(c);
      break;
    case Kind::kPath:
    case Kind::kPeering:
    case Kind::kCorridor:
    case Kind::kBorderIsp:
    case Kind::kIsp:
      check_path(c);
      break;
    case Kind::kBorder:
      check_border(c);
      break;
    case Kind::kVantage:
      check_vantage(c);
      break;
    case Kind::kHostRegion:
      check_host_region(c);
      break;
  }
  return std::move(c.missing);
}

}  // namespace sonde::hub::judge
