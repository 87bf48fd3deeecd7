// Inputs from this machine.
#include "cli/files_in.h"

#include <unistd.h>
#define ZLIB_CONST  // next_in takes const bytes
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "cli/embedded.h"
#include "core/check.h"

namespace sonde::cli {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string{value};
}

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

std::optional<std::string> EnvironmentVariables::find(std::string_view variable) const {
  return environment(std::string{variable});
}

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

std::string read_resolv_conf(io::Files& files) {
  core::Result<std::string> text = files.read_all("/etc/resolv.conf", 64 * 1024);
  return text ? std::move(*text) : std::string{};
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::string default_state_directory() {
  if (const auto systemd = environment("STATE_DIRECTORY")) return *systemd;
  if (const auto xdg = environment("XDG_STATE_HOME"); xdg && !xdg->empty()) return *xdg + "/sonde";
  return environment("HOME").value_or("/tmp") + "/.local/state/sonde";
}

}  // namespace sonde::cli
