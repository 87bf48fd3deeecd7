// Preloaded into a process it moves its wall clock, and that alone, by as many nanoseconds as the file named by
// SONDE_TEST_CLOCK holds: a real process meets a step that a test makes, and the machine's clock is left alone.
// Source: ld.so(8) LD_PRELOAD, dlsym(3) RTLD_NEXT.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

using ClockGettime = int (*)(clockid_t, timespec*);

ClockGettime the_real_one() {
  static const auto f = reinterpret_cast<ClockGettime>(dlsym(RTLD_NEXT, "clock_gettime"));
  return f;
}

std::int64_t offset() {
  static const volatile std::int64_t* const place = []() -> const volatile std::int64_t* {
    const char* path = std::getenv("SONDE_TEST_CLOCK");
    const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* memory = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(memory);
  }
  ();
  return place == nullptr ? 0 : *place;
}

}  // namespace

extern "C" int clock_gettime(clockid_t id, timespec* t) {
  const int result = the_real_one()(id, t);
  if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return result;
  const std::int64_t moved = t->tv_sec * kSecond + t->tv_nsec + offset();
  t->tv_sec = moved / kSecond;
  t->tv_nsec = moved % kSecond;
  return 0;
}

extern "C" int gettimeofday(timeval* t, void* /*zone*/) {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return result;
}

extern "C" std::time_t time(std::time_t* t) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (t != nullptr) *t = now.tv_sec;
  return now.tv_sec;
}
