// Reading the fleet.
#include "fleet.h"

#include <algorithm>

#include "core/check.h"
#include "prober/config.h"
#include "prober/config_keys.h"
#include "prober_config.h"

namespace sonde::world {
namespace {

/// Worlds name all their targets themselves.
class NoCatalogue final : public prober::CatalogueSource {
 public:
  [[nodiscard]] std::optional<std::string_view> find(std::string_view) const override { return std::nullopt; }
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
};

core::Result<prober::ProberConfig> read_config(const std::string& text) {
  core::ConfigErrors errors;
  const core::ConfigNode root = core::parse_yaml(text, "world", nullptr, errors);
  const NoCatalogue catalogue;
  const auto files = io::make_system_files();
  prober::ProberConfig config;
  if (errors.empty()) {
    const core::TableReader map{root, prober::kProberTable, errors};
    config = prober::read_prober_config(
        map, {.catalogue = catalogue, .files = *files, .host_name = "world", .version = "headless"}, errors);
  }
  if (!errors.empty()) return core::Error{core::ErrorCode::kInvalid, errors.to_string()};
  return config;
}

}  // namespace

// Nothing here waits: who would set a timer on this clock would wait for ever.
io::Handle VirtualClock::soon(core::Callback<void()>) { SONDE_CHECK(false, "a virtual clock has no turns"); }
io::Handle VirtualClock::at(core::MonoTime, core::Callback<void()>) {
  SONDE_CHECK(false, "a virtual clock has no timers");
}
io::Handle VirtualClock::watch(int, io::Interest, core::Callback<void()>) {
  SONDE_CHECK(false, "a virtual clock has no descriptors");
}
io::Handle VirtualClock::at_turn_end(core::Callback<void()>) { SONDE_CHECK(false, "a virtual clock has no turns"); }
void VirtualClock::run() { SONDE_CHECK(false, "a virtual clock is moved by hand"); }
void VirtualClock::retire_pending(std::unique_ptr<io::Handle::Pending>) {}

core::Result<Fleet> Fleet::read(const World& world, const Plan& plan, core::WallTime start) {
  Fleet fleet;
  const std::string targets = targets_text(world, plan);
  std::vector<core::Target> found;
  for (std::size_t i = 0; i < world.vantages.size(); ++i) {
    // All vantages have the same targets: they are read once.
    const std::string text = prober_text(world, plan, i) + (i == 0 ? targets : "targets: []\n");
    auto config = read_config(text);
    if (!config) return config.error();
    const std::string& shared = world.vantages[i].resolver;
    config->vantage.resolver = shared.empty() ? config->resolver : shared;
    auto clock = std::make_unique<VirtualClock>(start);
    auto watch = std::make_unique<prober::SelfWatch>(*clock);
    fleet.probers.push_back({config->vantage, std::move(clock), std::move(watch)});
    for (auto& entry : config->targets) found.push_back(std::move(entry.target));
  }
  for (const Target& t : world.targets) {
    const auto it = std::ranges::find(found, t.name, &core::Target::name);
    SONDE_CHECK(it != found.end(), "every target of the world is in its configuration");
    fleet.targets.push_back(std::move(*it));
  }
  return fleet;
}

}  // namespace sonde::world
