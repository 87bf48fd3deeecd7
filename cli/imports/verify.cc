// Reads one target as `sonde config check` would.
#include "cli/imports/verify.h"

#include <array>

#include "cli/imports/values.h"
#include "core/config_table.h"
#include "prober/config.h"
#include "prober/config_keys.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;

/// No target of an import names a cloud, so an empty catalogue is enough.
class NoCatalogue final : public prober::CatalogueSource {
 public:
  [[nodiscard]] std::optional<std::string_view> find(std::string_view /*name*/) const override { return std::nullopt; }
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
};

/// What comes from a file of the machine where Sonde will run counts as there.
ConfigNode without_files(const ConfigNode& node) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kFiles = {
      {{"password_file", "password"}, {"token_file", "token"}, {"body_file", "body"}}};
  ConfigNode out = node;
  for (auto& [key, value] : out.entries) {
    value = without_files(value);
    for (const auto& [file, direct] : kFiles) {
      if (key.scalar != file) continue;
      key.scalar = direct;
      value = variable(value, "FILE");
    }
  }
  for (ConfigNode& item : out.items) item = without_files(item);
  return out;
}

}  // namespace

core::ConfigErrors refusals(const ConfigNode& app, io::Files& files) {
  ConfigNode apps = core::list_node(app);
  apps.items.push_back(without_files(app));
  ConfigNode root = core::map_node(app);
  core::put(root, "targets", core::list_node(app));
  core::put(root, "apps", std::move(apps));
  core::ConfigErrors errors;
  const NoCatalogue catalogue;
  const core::TableReader map{root, prober::kProberTable, errors};
  (void)prober::read_prober_config(
      map, {.catalogue = catalogue, .files = files, .host_name = "import", .version = {}, .keep_written = false},
      errors);
  return errors;
}

}  // namespace sonde::cli::imports
