// The hosts file: what its lines mean (hosts(5)), and that a change is seen.
#include "io/hosts_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/sim_loop.h"
#include "tests/support/temp_dir.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using Family = io::IpAddress::Family;

std::string joined(const std::vector<io::IpAddress>& addresses) {
  std::string out;
  for (const io::IpAddress& a : addresses) out += (out.empty() ? "" : ",") + to_string(a);
  return out;
}

TEST(HostsFile, ReadsNamesAliasesCommentsAndBothFamilies) {
  const io::HostAddresses hosts = io::parse_hosts(
      "# a comment\n"
      "127.0.0.1\tlocalhost   # this machine\r\n"
      "  192.0.2.7  App.Test app  www.app.test.\n"
      "2001:db8::7 app.test\n"
      "192.0.2.8 app.test\n"
      "192.0.2.7 app.test\n"  // once is enough
      "fe80::1%eth0 zone.test\n"
      "999.0.2.1 wrong.test\n"
      "192.0.2.9\n"
      "nonsense\n"
      "\n"
      "192.0.2.10 last.test");
  EXPECT_EQ(hosts.size(), 5U);
  EXPECT_EQ(joined(hosts.at("localhost")), "127.0.0.1");
  EXPECT_EQ(joined(hosts.at("app.test")), "192.0.2.7,2001:db8::7,192.0.2.8");
  EXPECT_EQ(joined(hosts.at("app")), "192.0.2.7");
  EXPECT_EQ(joined(hosts.at("www.app.test")), "192.0.2.7");
  EXPECT_EQ(joined(hosts.at("last.test")), "192.0.2.10");
}

TEST(HostsFile, IsAskedByFamilyWithoutCaseAndFinalDot) {
  const TempDir dir;
  std::ofstream{dir.file("hosts")} << "192.0.2.7 app.test\n2001:db8::7 app.test\n";
  SimLoop loop;
  const auto files = io::make_system_files();
  io::HostsFile hosts{loop, *files, dir.file("hosts")};
  EXPECT_EQ(joined(hosts.find("APP.test.", Family::kIp4)), "192.0.2.7");
  EXPECT_EQ(joined(hosts.find("app.test", Family::kIp6)), "2001:db8::7");
  EXPECT_EQ(joined(hosts.find("pp.test", Family::kIp4)), "");
}

TEST(HostsFile, AChangeIsSeenASecondLaterAndNotBefore) {
  const TempDir dir;
  SimLoop loop;
  const auto files = io::make_system_files();
  io::HostsFile hosts{loop, *files, dir.file("hosts")};
  EXPECT_EQ(joined(hosts.find("app.test", Family::kIp4)), "") << "it is not there yet";
  std::ofstream{dir.file("hosts")} << "192.0.2.7 app.test\n";
  EXPECT_EQ(joined(hosts.find("app.test", Family::kIp4)), "");
  loop.run_for(1s);
  EXPECT_EQ(joined(hosts.find("app.test", Family::kIp4)), "192.0.2.7");
  std::ofstream{dir.file("new")} << "192.0.2.88 app.test\n";
  std::filesystem::rename(dir.file("new"), dir.file("hosts"));
  loop.run_for(1s);
  EXPECT_EQ(joined(hosts.find("app.test", Family::kIp4)), "192.0.2.88");
  std::filesystem::remove(dir.file("hosts"));
  loop.run_for(1s);
  EXPECT_EQ(joined(hosts.find("app.test", Family::kIp4)), "");
}

TEST(HostsFile, OneThatIsTooLargeIsNotRead) {
  const TempDir dir;
  std::ofstream{dir.file("hosts")} << "192.0.2.7 app.test\n" << std::string(1024 * 1024, '#');
  SimLoop loop;
  const auto files = io::make_system_files();
  io::HostsFile hosts{loop, *files, dir.file("hosts")};
  EXPECT_EQ(joined(hosts.find("app.test", Family::kIp4)), "");
}

}  // namespace
}  // namespace sonde::test
