// Closing of owned descriptors.
#include "io/unique_fd.h"

#include <unistd.h>

namespace sonde::io {

void UniqueFd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  // close(2): on Linux the descriptor is gone even after EINTR, so it is never called twice.
  if (old >= 0) ::close(old);
}

}  // namespace sonde::io
