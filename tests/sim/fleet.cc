// Places, clouds and who lives where.
#include "fleet.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "random.h"

namespace sonde::sim {
namespace {

const std::vector<Spot> kDomestic = {{"Beijing", "CN", 39.9, 116.4},
                                     {"Shanghai", "CN", 31.2, 121.5},
                                     {"Guangzhou", "CN", 23.1, 113.3},
                                     {"Chengdu", "CN", 30.7, 104.1},
                                     {"Hangzhou", "CN", 30.3, 120.2}};
const std::vector<Spot> kOverseas = {
    {"Hong Kong", "HK", 22.3, 114.2},  {"Singapore", "SG", 1.35, 103.8}, {"Tokyo", "JP", 35.7, 139.7},
    {"Ashburn", "US", 39.0, -77.5},    {"San Jose", "US", 37.3, -121.9}, {"Frankfurt", "DE", 50.1, 8.7},
    {"London", "GB", 51.5, -0.1},      {"Mumbai", "IN", 19.1, 72.9},     {"Sydney", "AU", -33.9, 151.2},
    {"Sao Paulo", "BR", -23.5, -46.6}, {"Paris", "FR", 48.9, 2.4},       {"Seoul", "KR", 37.6, 127.0},
    {"Amsterdam", "NL", 52.4, 4.9},    {"Chicago", "US", 41.9, -87.6},   {"Berlin", "DE", 52.5, 13.4},
    {"Osaka", "JP", 34.7, 135.5},      {"Dallas", "US", 32.8, -96.8},    {"Manchester", "GB", 53.5, -2.2}};

const std::vector<std::string> kProviders = {"cirrus", "stratus", "nimbus",   "cumulus",
                                             "altus",  "fractus", "radiatus", "undulatus"};
const std::array<std::string, 4> kServices = {"object-storage", "compute-api", "database", "queue"};
const std::array<std::string, 24> kApps = {"checkout", "search",  "billing", "portal",  "media",   "chat",
                                           "orders",   "maps",    "login",   "reports", "ads",     "games",
                                           "backup",   "mail",    "video",   "wiki",    "travel",  "bank",
                                           "forum",    "tickets", "school",  "health",  "sensors", "builds"};

const Spot& spot(std::string_view city) {
  for (const auto* list : {&kDomestic, &kOverseas}) {
    for (const Spot& s : *list) {
      if (s.city == city) return s;
    }
  }
  return kOverseas.front();
}

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == ' ' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

/// One world while it is put together.
class Builder {
 public:
  Builder(const Shape& shape, core::Duration every)
      : shape_(shape), every_(every), rng_(Rng::named(0, shape.topology)) {
    world_.topology = shape.topology;
  }

  World build() {
    providers_.assign(kProviders.begin(), kProviders.begin() + std::clamp(shape_.providers, 2, 8));
    rng_.shuffle(providers_);
    place_regions();
    references();
    apps();
    controls();
    vantages();
    keep_some_vantages();
    return std::move(world_);
  }

 private:
  struct Region {
    std::string provider;
    std::string name;
    Spot at;
  };

  void place_regions() {
    std::set<std::string> taken;
    for (int i = 0; i < shape_.regions; ++i) {
      const std::string& provider = providers_[static_cast<std::size_t>(i) % providers_.size()];
      const bool first = static_cast<std::size_t>(i) < providers_.size();
      // Every provider is abroad; all but the last two have regions at home too.
      const bool at_home =
          !first && provider != providers_.back() && provider != providers_[providers_.size() - 2] && rng_.chance(0.45);
      // Of the places abroad, the first twelve have data centres.
      const Spot at = at_home ? rng_.pick(kDomestic) : kOverseas[rng_.below(12)];
      if (!taken.insert(provider + std::string{at.city}).second) {
        --i;
        continue;
      }
      regions_.push_back({provider, lower(at.country) + "-" + lower(at.city), at});
    }
  }

  core::Target& add(std::string name, core::Role role, const Spot& at, TargetFacts facts) {
    core::Target& t = world_.targets.emplace_back();
    t.name = std::move(name);
    t.role = role;
    t.check = core::CheckKind::kHttp;
    t.country = at.country;
    t.city = at.city;
    t.lat = at.lat;
    t.lon = at.lon;
    t.partition = at.country == "CN" ? core::Partition::kDomestic : core::Partition::kOverseas;
    t.every = every_;
    t.timeout = std::chrono::seconds{5};
    t.issuer = fmt::format("Issuer {}", rng_.between(1, 3));
    facts.answer_seconds = 0.01 * std::exp(0.7 * rng_.normal());
    world_.facts.push_back(facts);
    return t;
  }

  void references() {
    for (const std::string& p : providers_) {
      dns_[p] = fmt::format("dns-{}", rng_.between(1, 5));
      issuer_[p] = fmt::format("Issuer {}", rng_.between(1, 3));
    }
    if (!shape_.references) return;
    for (const Region& r : regions_) {
      for (int i = 0; i < std::clamp(shape_.services, 1, 4); ++i) {
        const std::string& service = kServices.at(static_cast<std::size_t>(i));
        core::Target& t = add(r.provider + "/" + r.name + "/" + service, core::Role::kReference, r.at, {});
        t.provider = r.provider;
        t.region = r.name;
        t.service = service;
        t.zone = r.provider + ".example";
        t.dns_provider = dns_[r.provider];
        t.issuer = issuer_[r.provider];
        t.url = fmt::format("https://{}.{}.{}.example/", service, r.name, r.provider);
      }
    }
  }

  void apps() {
    for (int i = 0; i < std::clamp(shape_.apps, 1, 24); ++i) {
      const std::string& name = kApps.at(static_cast<std::size_t>(i));
      const Region& home = rng_.pick(regions_);
      const bool database = i % 9 == 8;  // a plain TCP service
      core::Target& t = add(name, core::Role::kApp, home.at, {.tls = !database, .http = !database});
      t.app = name;
      t.provider = home.provider;
      t.region = home.name;
      t.zone = name + ".example";
      t.dns_provider = fmt::format("dns-{}", rng_.between(1, 5));
      t.check = database ? core::CheckKind::kTcp : core::CheckKind::kHttp;
      t.url = database ? fmt::format("tcp://db.{}.example:5432", name) : fmt::format("https://www.{}.example/", name);
      if (database) t.issuer.clear();
      if (rng_.chance(0.5)) world_.facts.back().limit_seconds = 2;
      if (database || !rng_.chance(0.4)) continue;
      const Region& needed = rng_.chance(0.7) ? home : rng_.pick(regions_);
      const auto service = static_cast<std::size_t>(rng_.between(0, std::clamp(shape_.services, 1, 4) - 1));
      t.depends_on = {needed.provider + "/" + needed.name + "/" + kServices.at(service)};
      world_.facts.back().breaks_with_dependency = rng_.uniform(0.5, 1);
    }
  }

  void controls() {
    int number = 0;
    for (const std::string_view city : {"Beijing", "Shanghai", "Guangzhou", "Frankfurt", "Ashburn", "Singapore"}) {
      const bool by_address = number % 3 == 2;
      ++number;
      const std::string name = fmt::format("control-{}", number);
      core::Target& t =
          add(name, core::Role::kControl, spot(city), {.tls = !by_address, .http = !by_address, .named = !by_address});
      if (by_address) {
        t.url = fmt::format("tcp://203.0.113.{}:443", number);
        t.check = core::CheckKind::kTcp;
        t.issuer.clear();
      } else {
        t.url = fmt::format("https://{}.example/", name);
        t.zone = name + ".example";
        t.dns_provider = fmt::format("dns-{}", rng_.between(1, 5));
      }
    }
  }

  void add_vantage(const std::string& isp, const Spot& at) {
    core::Vantage& v = world_.vantages.emplace_back();
    v.name = isp + "-" + lower(at.city);
    v.isp = isp;
    v.country = at.country;
    v.city = at.city;
    v.lat = at.lat;
    v.lon = at.lon;
    v.partition = at.country == "CN" ? core::Partition::kDomestic : core::Partition::kOverseas;
    // Most ask their provider's resolver, some a public one, some one of their own.
    const double dice = rng_.uniform();
    if (dice < 0.6) {
      v.resolver = isp + "-dns";
    } else if (dice < 0.85) {
      v.resolver = at.country == "CN" ? "public-cn" : "public-world";
    } else {
      v.resolver = v.name + "-dns";
    }
  }

  void add_cloud_vantage(bool domestic) {
    std::vector<Region> fitting;
    std::ranges::copy_if(regions_, std::back_inserter(fitting),
                         [domestic](const Region& r) { return (r.at.country == "CN") == domestic; });
    if (fitting.empty()) fitting = regions_;
    const Region& home = rng_.pick(fitting);
    const std::string isp = home.provider + "-net";
    if (std::ranges::any_of(world_.vantages,
                            [&](const auto& v) { return v.name == isp + "-" + lower(home.at.city); })) {
      return add_vantage("edu-" + std::to_string(world_.vantages.size()), home.at);
    }
    add_vantage(isp, home.at);
    world_.vantages.back().provider = home.provider;
    world_.vantages.back().region = home.name;
  }

  void vantages() {
    for (const char* isp : {"ct", "cu", "cm"}) {
      for (std::size_t i = 0; i < 3; ++i) add_vantage(isp, kDomestic[i]);
    }
    add_cloud_vantage(true);
    add_cloud_vantage(true);
    add_vantage("hk-one", spot("Hong Kong"));
    add_vantage("hk-two", spot("Hong Kong"));
    add_vantage("sg-one", spot("Singapore"));
    add_cloud_vantage(false);
    // Twelve abroad on eight ISPs, four of which have two vantages.
    const std::vector<std::array<std::string_view, 2>> twice = {{"Ashburn", "San Jose"},
                                                                {"Chicago", "Dallas"},
                                                                {"Frankfurt", "Berlin"},
                                                                {"Tokyo", "Osaka"},
                                                                {"London", "Manchester"}};
    std::vector<std::size_t> order = {0, 1, 2, 3, 4};
    rng_.shuffle(order);
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string isp = lower(spot(twice[order[i]][0]).country) + "-" + std::to_string(order[i] + 1);
      for (const std::string_view city : twice[order[i]]) add_vantage(isp, spot(city));
    }
    std::vector<std::string_view> once = {"Mumbai", "Sydney", "Sao Paulo", "Paris", "Seoul", "Amsterdam"};
    rng_.shuffle(once);
    for (std::size_t i = 0; i < 4; ++i) add_vantage(lower(spot(once[i]).country) + "-9", spot(once[i]));
  }

  /// Both partitions in turn, each in a drawn order.
  void keep_some_vantages() {
    const auto wanted = static_cast<std::size_t>(std::max(1, shape_.vantages));
    if (wanted >= world_.vantages.size()) return;
    Rng rng = Rng::named(shape_.seed, "vantages " + shape_.topology);
    rng.shuffle(world_.vantages);
    std::vector<core::Vantage> home;
    std::vector<core::Vantage> abroad;
    for (core::Vantage& v : world_.vantages) {
      (v.partition == core::Partition::kDomestic ? home : abroad).push_back(std::move(v));
    }
    world_.vantages.clear();
    bool from_home = rng.chance(0.5);
    while (world_.vantages.size() < wanted) {
      auto& side = (from_home && !home.empty()) || abroad.empty() ? home : abroad;
      world_.vantages.push_back(std::move(side.back()));
      side.pop_back();
      from_home = !from_home;
    }
  }

  const Shape& shape_;
  core::Duration every_;
  Rng rng_;
  World world_;
  std::vector<std::string> providers_;
  std::vector<Region> regions_;
  std::map<std::string, std::string> dns_;
  std::map<std::string, std::string> issuer_;
};

}  // namespace

World make_world(const Shape& shape, core::Duration every) { return Builder{shape, every}.build(); }

const std::vector<std::string>& topology_names() {
  static const std::vector<std::string> names = {"dev-1",      "dev-2",      "dev-3",      "held-out-1",
                                                 "held-out-2", "held-out-3", "held-out-4", "held-out-5"};
  return names;
}

}  // namespace sonde::sim
