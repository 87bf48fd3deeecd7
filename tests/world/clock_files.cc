// Writing how far clocks are ahead.
#include "clock_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include <fmt/format.h>

namespace sonde::world {
namespace {

bool write_ahead(int file, core::Duration ahead) {
  const std::int64_t nanoseconds = ahead.count();
  return ::pwrite(file, &nanoseconds, sizeof nanoseconds, 0) == sizeof nanoseconds;
}

}  // namespace

std::string clock_file_name(const Vantage& v) { return "clock-" + v.name; }

ClockFiles::~ClockFiles() {
  for (const int file : files_) ::close(file);
}

core::Result<void> ClockFiles::create(const std::string& directory) {
  for (const Vantage& v : services_.world.vantages) {
    const std::string path = directory + '/' + clock_file_name(v);
    files_.push_back(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (files_.back() < 0 || !write_ahead(files_.back(), {})) {
      return core::Error{core::ErrorCode::kIo, "cannot write " + path};
    }
  }
  return {};
}

void ClockFiles::follow() {
  for (std::size_t v = 0; v < files_.size(); ++v) {
    const core::Duration ahead = services_.faults.clock(v);
    if (ahead == shown_[v]) continue;
    if (write_ahead(files_[v], ahead)) {
      shown_[v] = ahead;
    } else {
      fmt::print(stderr, "sonde-world: cannot move a clock\n");  // tried again in the next slot
    }
  }
}

}  // namespace sonde::world
