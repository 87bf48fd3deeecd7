// Reading a folder of catalogue files.
#include "prober/catalogue_folder.h"

#include <utility>

namespace sonde::prober {
namespace {

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;

class FolderCatalogue final : public CatalogueSource {
 public:
  explicit FolderCatalogue(std::map<std::string, std::string, std::less<>> files) : files_(std::move(files)) {}

  [[nodiscard]] std::optional<std::string_view> find(std::string_view file_name) const override {
    const auto it = files_.find(file_name);
    return it == files_.end() ? std::nullopt : std::optional<std::string_view>{it->second};
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, text] : files_) out.push_back(name);
    return out;
  }

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

}  // namespace

core::Result<std::unique_ptr<CatalogueSource>> open_catalogue(io::Files& files, const std::string& folder) {
  const auto names = files.list(folder);
  if (!names) return names.error();
  std::map<std::string, std::string, std::less<>> texts;
  for (const std::string& name : *names) {
    if (name.starts_with('.') || !name.ends_with(".yaml")) continue;
    auto text = files.read_all(folder + "/" + name, kFileBytesMax);
    if (!text) return text.error();
    texts.emplace(name, std::move(*text));
  }
  if (texts.empty()) {
    return core::Error{core::ErrorCode::kNotFound, "no *.yaml in " + folder, folder + " 中没有 *.yaml"};
  }
  return std::unique_ptr<CatalogueSource>{std::make_unique<FolderCatalogue>(std::move(texts))};
}

}  // namespace sonde::prober
