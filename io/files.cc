// What every file system offers on top of the primitives: whole small files.
#include "io/files.h"

#include <algorithm>

namespace sonde::io {
namespace {

constexpr std::size_t kReadChunk = 64 * 1024;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> Files::read_all(const std::string& path, std::size_t bytes_max) {
  auto file = open(path, OpenMode::kReadOnly);
  if (!file) return file.error();
  // The size is not asked for: files below /proc and /sys say 0.
  std::string all;
  while (all.size() <= bytes_max) {
    auto part = (*file)->read_at(all.size(), std::min(kReadChunk, bytes_max + 1 - all.size()));
    if (!part) return part.error();
    if (part->empty()) return all;
    all += *part;
  }
  return core::Error{core::ErrorCode::kInvalid,
                     path + " is larger than the " + std::to_string(bytes_max) + " bytes allowed here"};
}

Result<void> Files::replace(const std::string& path, std::string_view bytes) {
  const std::string beside = path + ".new";
  const auto write = [&]() -> Result<void> {
    auto file = open(beside, OpenMode::kCreate);
    if (!file) return file.error();
    // A crash may have left an older one.
    if (auto cut = (*file)->truncate(0); !cut) return cut;
    if (auto written = (*file)->append(bytes); !written) return written;
    return (*file)->sync();
  };
  if (auto written = write(); !written) {
    (void)remove(beside);  // the first error is the one to tell
    return written;
  }
  if (auto renamed = rename(beside, path); !renamed) {
    (void)remove(beside);
    return renamed;
  }
  return sync_directory(directory_of(path));
}

}  // namespace sonde::io
