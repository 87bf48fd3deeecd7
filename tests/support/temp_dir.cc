// Temporary directories.
#include "tests/support/temp_dir.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/check.h"

namespace sonde::test {

TempDir::TempDir() {
  path_ = (std::filesystem::temp_directory_path() / "sonde-test-XXXXXX").string();
  SONDE_CHECK(::mkdtemp(path_.data()) != nullptr, "no temporary directory");
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::file(std::string_view name) const { return path_ + "/" + std::string(name); }

}  // namespace sonde::test
