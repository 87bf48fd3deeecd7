// An operator new that fails when told to. It replaces the global one of the binary that links failing_new.cc; memory
// still comes from malloc(3), so sanitizers see all of it.
#pragma once

#include <cstdint>
#include <functional>

namespace sonde::test {

/// While one lives, allocations of this thread are counted, and number `n` (from 1) throws std::bad_alloc, once.
class FailingNew {
 public:
  /// `at_failure` is called before the throw; its own allocations neither count nor fail.
  explicit FailingNew(std::uint64_t n, std::function<void()> at_failure = {});
  ~FailingNew();
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;

  [[nodiscard]] std::uint64_t counted() const;
  [[nodiscard]] bool failed() const;
};

/// While one lives, allocations neither count nor fail: for what stands in for the outside world.
class OutsideWorld {
 public:
  OutsideWorld();
  ~OutsideWorld();
  OutsideWorld(const OutsideWorld&) = delete;
  OutsideWorld& operator=(const OutsideWorld&) = delete;
};

}  // namespace sonde::test
