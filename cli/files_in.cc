// Unpacking what is built in.
#include "cli/files_in.h"

#define ZLIB_CONST  // next_in takes const bytes
#include <zlib.h>

#include <algorithm>

#include "cli/embedded.h"
#include "core/check.h"

namespace sonde::cli {
namespace {

// Embedded bytes come from our own build: a failure is a bug, not input.
std::string gunzip(std::string_view packed) {
  z_stream stream{};
  SONDE_CHECK(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK, "zlib cannot start");
  stream.next_in = reinterpret_cast<const Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  std::string buffer(1 << 16, '\0');
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer, 0, buffer.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  SONDE_CHECK(state == Z_STREAM_END, "an embedded file is damaged");
  return text;
}

}  // namespace

EmbeddedCatalogue::EmbeddedCatalogue() {
  for (const embedded::EmbeddedFile& file : embedded::catalogue()) files_.emplace(file.path, gunzip(file.gzip()));
}

std::optional<std::string_view> EmbeddedCatalogue::find(std::string_view file_name) const {
  const auto it = files_.find(file_name);
  if (it == files_.end()) return std::nullopt;
  return std::string_view{it->second};
}

std::vector<std::string> EmbeddedCatalogue::names() const {
  std::vector<std::string> names;
  for (const auto& [name, text] : files_) names.push_back(name);
  return names;
}

std::optional<hub::Asset> EmbeddedPage::find(std::string_view path) const {
  const auto files = embedded::web();
  const auto it = std::ranges::find(files, path, &embedded::EmbeddedFile::path);
  if (it == files.end()) return std::nullopt;
  return hub::make_asset(it->path, it->gzip(), it->hash);
}

}  // namespace sonde::cli
