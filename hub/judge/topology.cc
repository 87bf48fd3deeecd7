// From tags to components and their cells.
#include "hub/judge/topology.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

namespace sonde::hub::judge {
namespace {

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::string join(std::initializer_list<std::string_view> parts, std::string_view separator) {
  std::string result;
  for (const std::string_view part : parts) {
    if (!result.empty()) result += separator;
    result += part;
  }
  return result;
}

// Components of one cell, before equal ones are merged.
struct CellComponents {
  std::vector<std::pair<Component, bool>> list;  // with "only depends on it"
  void add(Kind kind, std::string label, bool dependency = false) {
    list.emplace_back(Component{kind, std::move(label)}, dependency);
  }
};

void add_near(CellComponents& out, const core::Vantage& v, const KnownTarget& t) {
  out.add(Kind::kVantage, v.name);
  if (!v.isp.empty()) out.add(Kind::kIsp, v.isp);
  if (!v.provider.empty() && !v.region.empty()) out.add(Kind::kHostRegion, join({v.provider, v.region}, "/"));
  if (!t.layers.dns && t.target.check != core::CheckKind::kDns) return;
  const std::string& resolver = t.resolver.empty() ? v.resolver : t.resolver;
  if (!resolver.empty()) out.add(Kind::kResolver, resolver);
}

void add_middle(CellComponents& out, const core::Vantage& v, const KnownTarget& known) {
  const core::Target& t = known.target;
  if (!v.country.empty() && !t.country.empty()) out.add(Kind::kCorridor, join({v.country, t.country}, ">"));
  const bool hosted = t.role != core::Role::kControl && !t.provider.empty();
  if (hosted && !v.isp.empty()) {
    out.add(Kind::kPeering, join({v.isp, t.provider}, ">"));
    if (!t.region.empty()) out.add(Kind::kPath, v.isp + ">" + known.place());
  }
  const std::optional<core::Partition> partition = partition_of(t);
  if (!partition || *partition == v.partition) return;
  out.add(Kind::kBorder, std::string{name(v.partition)});
  out.add(Kind::kBorder, "two-way");
  if (!v.isp.empty()) out.add(Kind::kBorderIsp, v.isp);
}

void add_dependencies(CellComponents& out, const KnownTarget& known) {
  for (const std::string& need : known.target.depends_on) {
    const std::size_t first = need.find('/');
    const std::size_t last = need.rfind('/');
    if (first == std::string::npos || last == first) continue;
    const std::string place = need.substr(0, last);
    out.add(Kind::kServiceRegion, need, true);
    out.add(Kind::kServiceGlobal, need.substr(0, first) + need.substr(last), true);
    if (place != known.place()) out.add(Kind::kRegion, place, true);
  }
}

void add_far(CellComponents& out, const core::Vantage& v, const KnownTarget& known) {
  const core::Target& t = known.target;
  if (!known.zone.empty()) out.add(Kind::kZone, known.zone);
  if (!t.dns_provider.empty()) out.add(Kind::kDnsProvider, t.dns_provider);
  if (!t.issuer.empty() && known.layers.tls) out.add(Kind::kCa, t.issuer);
  if (t.role != core::Role::kReference) out.add(Kind::kEndpoint, t.name);
  if (t.role == core::Role::kControl) return;
  if (t.role == core::Role::kApp) out.add(Kind::kApp, t.app.empty() ? t.name : t.app);
  add_dependencies(out, known);
  if (t.provider.empty()) return;
  out.add(Kind::kProvider, t.provider);
  if (!v.country.empty()) out.add(Kind::kEdge, t.provider + "@" + v.country);
  if (t.region.empty()) return;
  out.add(Kind::kRegion, known.place());
  if (t.role != core::Role::kReference) return;
  const std::string& service = t.service.empty() ? t.name : t.service;
  out.add(Kind::kServiceRegion, known.place() + "/" + service);
  out.add(Kind::kServiceGlobal, t.provider + "/" + service);
}

// Where only one service of one region uses a zone, the zone is that service's own name: its failure is the service's.
bool is_private_zone(const Component& c, const std::vector<Member>& members, std::span<const Cell> cells,
                     std::span<const KnownTarget> targets) {
  if (c.kind != Kind::kZone) return false;
  std::set<std::string> services;
  for (const Member& m : members) {
    const KnownTarget& t = targets[cells[m.cell].target];
    if (t.target.role != core::Role::kReference) return false;
    services.insert(t.place() + "/" + t.target.service);
  }
  return services.size() == 1;
}

using Gathered = std::map<Component, std::vector<Member>>;

Gathered gather(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets,
                std::span<const Cell> cells) {
  Gathered all;
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    CellComponents of;
    add_near(of, vantages[cells[i].vantage], targets[cells[i].target]);
    add_middle(of, vantages[cells[i].vantage], targets[cells[i].target]);
    add_far(of, vantages[cells[i].vantage], targets[cells[i].target]);
    for (auto& [component, dependency] : of.list) {
      std::vector<Member>& members = all[std::move(component)];
      // Two endpoints of one dependency, or an app that depends on its own region: the direct membership comes last.
      if (!members.empty() && members.back().cell == i) {
        members.back().dependency = members.back().dependency && dependency;
      } else {
        members.push_back(Member{i, dependency});
      }
    }
  }
  return all;
}

std::vector<NearComponents> near_components(const Topology& topology, std::span<const Cell> cells) {
  std::vector<NearComponents> near;
  std::set<std::uint32_t> seen;
  for (std::uint32_t cell = 0; cell < cells.size(); ++cell) {
    if (!seen.insert(cells[cell].vantage).second) continue;
    NearComponents& of = near.emplace_back();
    of.vantage = cells[cell].vantage;
    for (const std::uint32_t c : topology.of_cell[cell]) {
      const Kind kind = topology.components[c].kind;
      if (kind == Kind::kVantage || kind == Kind::kIsp || kind == Kind::kHostRegion) of.components.push_back(c);
    }
  }
  return near;
}

}  // namespace

std::string KnownTarget::place() const {
  if (target.provider.empty() || target.region.empty()) return {};
  return target.provider + "/" + target.region;
}

std::string registrable_zone(std::string_view host) {
  if (host.empty() || is_address(host)) return {};
  constexpr std::array<std::string_view, 7> kRegistry{"com", "net", "org", "gov", "edu", "ac", "co"};
  const std::size_t last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return {};
  std::size_t start = host.rfind('.', last - 1);
  if (start == std::string_view::npos) return std::string{host};
  const std::string_view second = host.substr(start + 1, last - start - 1);
  if (host.size() - last == 3 && std::ranges::find(kRegistry, second) != kRegistry.end()) {
    if (start == 0) return std::string{host};
    start = host.rfind('.', start - 1);
    if (start == std::string_view::npos) return std::string{host};
  }
  return std::string{host.substr(start + 1)};
}

KnownTarget known_target(core::Target t, bool from_record) {
  KnownTarget known;
  known.from_record = from_record;
  known.zone = t.zone;
  known.layers.tls = t.check == core::CheckKind::kTls;
  if (const auto url = core::parse_url(t.url)) {
    std::string host = url->host;
    if (url->scheme == "dns") {
      known.resolver = host;
      host = url->path.substr(1, url->path.find('?') - 1);
      if (host.ends_with('.')) host.pop_back();
    }
    known.layers.tls = url->scheme == "https" || url->scheme == "tls";
    known.layers.dns = url->scheme == "dns" || !is_address(host);
    if (known.zone.empty()) known.zone = registrable_zone(host);
  }
  known.target = std::move(t);
  return known;
}

std::optional<core::Partition> partition_of(const core::Target& t) {
  if (t.partition) return t.partition;
  if (t.country.empty()) return std::nullopt;
  return t.country == "CN" ? core::Partition::kDomestic : core::Partition::kOverseas;
}

std::size_t Topology::find(const Component& c) const {
  const auto it = std::ranges::lower_bound(components, c);
  return it != components.end() && *it == c ? static_cast<std::size_t>(it - components.begin()) : components.size();
}

Topology build_topology(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets,
                        std::span<const Cell> cells) {
  Topology topology;
  topology.of_cell.resize(cells.size());
  // The map is ordered by kind, and kinds from specific to wide: the first of several equal components stays.
  std::map<std::pair<BlameClass, std::size_t>, std::vector<std::uint32_t>> by_shape;
  for (auto& [component, members] : gather(vantages, targets, cells)) {
    if (is_private_zone(component, members, cells, targets)) continue;
    std::size_t shape = members.size();
    for (const Member& m : members) shape = shape * 1099511628211ULL + m.cell * 2 + (m.dependency ? 1 : 0);
    auto& same = by_shape[{info(component.kind).blame, shape}];
    const auto equal = [&wanted = members, &topology](std::uint32_t other) {
      return topology.members[other] == wanted;
    };
    if (std::ranges::any_of(same, equal)) continue;
    const auto id = static_cast<std::uint32_t>(topology.components.size());
    same.push_back(id);
    for (const Member& m : members) topology.of_cell[m.cell].push_back(id);
    topology.components.push_back(component);
    members.shrink_to_fit();
    topology.members.push_back(std::move(members));
  }
  topology.bundles = make_bundles(topology);
  topology.near = near_components(topology, cells);
  return topology;
}

}  // namespace sonde::hub::judge
