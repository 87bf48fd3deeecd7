// What the kernel says of this machine, against the kernel's other words for the same.
#include "io/host_facts.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/sim_files.h"
#include "tests/support/temp_dir.h"

namespace sonde::io {
namespace {

TEST(HostFacts, TheLimitOfFilesIsThisProcesss) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lower = before;
  lower.rlim_cur = before.rlim_cur - 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  EXPECT_EQ(file_limits().soft, before.rlim_cur - 1);
  EXPECT_EQ(file_limits().hard, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(HostFacts, MemoryIsBoundedByTheTightestGroupAbove) {
  test::SimFiles files;
  EXPECT_FALSE(available_memory(files));
  files.set_contents("/proc/meminfo", "MemTotal:  900 kB\nMemAvailable:     800 kB\n");
  EXPECT_EQ(available_memory(files), 800U * 1024);
  files.set_contents("/proc/self/cgroup", "1:cpu:/other\n0::/a/b\n");
  files.set_contents("/sys/fs/cgroup/a/b/memory.max", "max\n");
  files.set_contents("/sys/fs/cgroup/a/b/memory.current", "1000\n");
  EXPECT_EQ(available_memory(files), 800U * 1024) << "\"max\" is no limit";
  files.set_contents("/sys/fs/cgroup/a/memory.max", "300000\n");
  files.set_contents("/sys/fs/cgroup/a/memory.current", "100000\n");
  EXPECT_EQ(available_memory(files), 200'000U);
  files.set_contents("/sys/fs/cgroup/a/memory.current", "400000\n");
  EXPECT_EQ(available_memory(files), 0U) << "over its limit";
}

TEST(HostFacts, TheRealKernelSaysHowMuchMemoryIsLeft) {
  const auto files = make_system_files();
  const auto bytes = available_memory(*files);
  ASSERT_TRUE(bytes);
  EXPECT_GT(*bytes, 1024U * 1024);
}

TEST(HostFacts, LoopbackLeavesByItself) {
  const auto ip4 = source_towards(*parse_address("127.0.0.1"));
  ASSERT_TRUE(ip4) << ip4.error().message;
  EXPECT_EQ(to_string(*ip4), "127.0.0.1");
}

TEST(HostFacts, WhereNoFolderCanBeMadeIsToldApart) {
  const test::TempDir folder;
  EXPECT_TRUE(may_write_in(folder.path()));
  EXPECT_TRUE(may_write_in(folder.path() + "/a/b/c")) << "the nearest folder above counts";
  const auto files = make_system_files();
  ASSERT_TRUE(files->open(folder.file("file"), OpenMode::kCreate));
  EXPECT_FALSE(may_write_in(folder.file("file") + "/log"));
  EXPECT_EQ(::access((folder.path() + "/a").c_str(), F_OK), -1) << "nothing is made";
}

}  // namespace
}  // namespace sonde::io
