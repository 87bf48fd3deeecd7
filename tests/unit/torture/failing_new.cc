// The global operator new and delete of this binary.
#include "tests/unit/torture/failing_new.h"

#include <cstdlib>
#include <new>

namespace sonde::test {
namespace {

struct State {
  bool armed = false;
  bool failed = false;
  int outside = 0;
  std::uint64_t counted = 0;
  std::uint64_t fails_at = 0;
  std::function<void()> at_failure;
};

State& state() {
  static State s;
  return s;
}

// Plain, so that looking at it before main() has begun constructs nothing.
bool watching = false;

void count_one() {
  if (!watching) return;
  State& s = state();
  if (!s.armed || s.outside > 0 || ++s.counted != s.fails_at) return;
  s.failed = true;
  if (s.at_failure) {
    const OutsideWorld quiet;
    s.at_failure();
  }
  throw std::bad_alloc();
}

}  // namespace

FailingNew::FailingNew(std::uint64_t n, std::function<void()> at_failure) {
  State& s = state();
  s = {.armed = true, .fails_at = n, .at_failure = std::move(at_failure)};
  watching = true;
}
FailingNew::~FailingNew() {
  watching = false;
  state() = {};
}
std::uint64_t FailingNew::counted() const { return state().counted; }
bool FailingNew::failed() const { return state().failed; }

OutsideWorld::OutsideWorld() { ++state().outside; }
OutsideWorld::~OutsideWorld() { --state().outside; }

}  // namespace sonde::test

void* operator new(std::size_t size) {
  sonde::test::count_one();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
