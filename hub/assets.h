// The built-in page's files as the hub sees them: gzipped bytes by name. cli/ passes the embedded ones in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::hub {

/// One file. The bytes must live as long as the source.
struct Asset {
  std::string_view gzip;   // the content, gzipped
  std::string_view mime;   // "text/html; charset=utf-8"
  std::string etag;        // in quotes, as in the header
  bool immutable = false;  // the name holds a hash of the content, so it may be cached for ever
};

class AssetSource {
 public:
  virtual ~AssetSource() = default;
  /// The file of that name ("index.html", "app.2b86429abd.css"; no leading '/'), from a table in memory: what a request
  /// names never reaches the file system.
  [[nodiscard]] virtual std::optional<Asset> find(std::string_view path) const = 0;
};

/// An asset with MIME type and cacheability read off its name: `NAME.HASH.EXTENSION` with a HASH of at least eight
/// hex digits is immutable. `hash` identifies the content (hex); `gzip` is kept as a view.
[[nodiscard]] Asset make_asset(std::string_view path, std::string_view gzip, std::string_view hash);

/// A source without files, for a hub without a page.
class NoAssets final : public AssetSource {
 public:
  [[nodiscard]] std::optional<Asset> find(std::string_view) const override { return std::nullopt; }
};

}  // namespace sonde::hub
