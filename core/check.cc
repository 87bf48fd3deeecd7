// The end of the line for bugs.
#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace sonde::core {

void check_failed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "%s:%d: internal error: %s (%s)\n", file, line, why, condition);
  std::abort();
}

}  // namespace sonde::core
