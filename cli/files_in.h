// What is built into this program: the catalogue and the page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/machine.h"
#include "hub/assets.h"
#include "prober/config.h"

namespace sonde::cli {

/// The catalogue that is built in, unpacked once.
class EmbeddedCatalogue final : public prober::CatalogueSource {
 public:
  EmbeddedCatalogue();
  [[nodiscard]] std::optional<std::string_view> find(std::string_view file_name) const override;
  [[nodiscard]] std::vector<std::string> names() const override;

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

/// The page that is built in.
class EmbeddedPage final : public hub::AssetSource {
 public:
  [[nodiscard]] std::optional<hub::Asset> find(std::string_view path) const override;
};

}  // namespace sonde::cli
