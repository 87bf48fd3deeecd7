// Files that are built into the binary: the page and the catalogue. Each stays gzipped; cmake/EmbedFiles.cmake makes
// the tables.
#pragma once

#include <span>
#include <string_view>

namespace sonde::cli::embedded {

struct EmbeddedFile {
  std::string_view path;  // relative, with '/'
  std::string_view hash;  // first 32 hex digits of the SHA-256 of the unpacked bytes
  const char* begin;      // gzip
  const char* end;

  [[nodiscard]] std::string_view gzip() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

/// The built-in page (dashboards/web).
[[nodiscard]] std::span<const EmbeddedFile> web();
/// The catalogue (targets/*.yaml).
[[nodiscard]] std::span<const EmbeddedFile> catalogue();

}  // namespace sonde::cli::embedded
