// The hosts file in the resolve stage: it goes before the system's resolvers, and only before them.
#include <gtest/gtest.h>

#include <fstream>

#include "prober/stages/resolve.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/config_bench.h"
#include "tests/unit/prober/hostile_dns.h"

namespace sonde::test {
namespace {

using core::dns::Message;
using core::dns::Type;
using Family = prober::NetSpec::Family;
using namespace std::chrono_literals;
namespace field = core::field;

/// A bench whose hosts file has `text`, and whose resolver counts and knows every name as 127.0.0.1 (and has no AAAA).
class ResolveHosts : public testing::Test {
 protected:
  void hosts(const std::string& text) {
    std::ofstream{dir_.file("hosts")} << text;
    hosts_ = std::make_unique<io::HostsFile>(bench_.loop(), *files_, dir_.file("hosts"));
    bench_.context().hosts = hosts_.get();
    bench_.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(resolver_.port()), 53);
  }

  std::string resolve(const std::string& host, const prober::NetSpec& net = {}, bool with_hosts = true) {
    std::optional<prober::Resolved> out;
    prober::Resolve stage{bench_.context(), net, host, with_hosts};
    stage.start([&out](prober::Resolved r) { out = std::move(r); });
    EXPECT_FALSE(out.has_value()) << "done was called from inside start";
    EXPECT_TRUE(run_loop_until(bench_.loop(), [&out] { return out.has_value(); }));
    std::string text;
    for (const io::IpAddress& a : out->addresses) text += to_string(a) + " ";
    return text + (out->elapsed ? "asked" : "known");
  }

  TempDir dir_;
  std::unique_ptr<io::Files> files_ = io::make_system_files();
  CheckBench bench_;
  DnsServer resolver_{bench_.loop(), answer_loopback};
  std::unique_ptr<io::HostsFile> hosts_;
};

TEST_F(ResolveHosts, ANameOfTheFileIsNotAskedFor) {
  hosts("127.0.0.9 app.test\n127.0.0.8 app.test\n");
  EXPECT_EQ(resolve("App.test"), "127.0.0.9 127.0.0.8 known");
  EXPECT_EQ(resolver_.queries(), 0);
  EXPECT_EQ(resolve("other.test"), "127.0.0.1 asked");
}

TEST_F(ResolveHosts, AFamilyThatTheFileDoesNotHaveIsAskedFor) {
  hosts("2001:db8::9 app.test\n");
  EXPECT_EQ(resolve("app.test"), "2001:db8::9 known") << "as a name that has only AAAA";
  EXPECT_EQ(resolve("app.test", {.family = Family::kPreferIp6}), "2001:db8::9 known");
  EXPECT_EQ(resolve("app.test", {.family = Family::kIp4}), "127.0.0.1 asked");
}

TEST_F(ResolveHosts, AResolverOfTheTargetsOwnGoesBeforeIt) {
  hosts("127.0.0.9 app.test\n");
  prober::NetSpec net;
  net.resolver = bench_.context().resolver;
  EXPECT_EQ(resolve("app.test", net), "127.0.0.1 asked");
}

TEST_F(ResolveHosts, ATcpTargetGoesWhereTheFileSays) {
  hosts("127.0.0.1 only-here.test\n");
  bench_.context().resolver.reset();  // the file is enough
  ScriptedServer server{bench_.loop(), {}};
  const auto m = bench_.run("tcp://only-here.test:" + std::to_string(server.port()));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kIp), "127.0.0.1");
  EXPECT_EQ(integer_of(m, field::kAddresses), 1);
  EXPECT_FALSE(has(m, field::kResolveSeconds)) << "nobody was asked";
}

TEST_F(ResolveHosts, AForbiddenAddressOfTheFileIsOursAndNoBogon) {
  hosts("169.254.169.254 app.test\n");
  const auto m = bench_.run("tcp://app.test:80");
  EXPECT_EQ(summary(m), "unknown tcp policy");
  EXPECT_FALSE(has(m, field::kConnectSeconds));
}

TEST_F(ResolveHosts, ADnsTargetNeverUsesIt) {
  hosts("192.0.2.9 app.test\n127.0.0.77 ns.test\n");
  // The question goes out though the file has an answer, ...
  const auto own = bench_.run("dns:///app.test?type=A");
  EXPECT_EQ(summary(own), "ok done none") << own.outcome.detail;
  EXPECT_EQ(text_of(own, field::kDnsAnswerSet), "127.0.0.1");
  EXPECT_EQ(resolver_.queries(), 1);
  // ... and the server's name is looked up in DNS: 127.0.0.1, where it is, not 127.0.0.77.
  const std::string url = "dns://ns.test:" + std::to_string(resolver_.port()) + "/app.test?type=A";
  for (const char* yaml : {"", "addresses"}) {
    auto entry = CheckBench::make_entry(url, "", 2s);
    entry.net.all_addresses = *yaml != '\0';
    std::optional<core::Measurement> m;
    const prober::SelfWatch watch{bench_.loop()};
    prober::Run run{entry, bench_.context(), watch};
    run.start([&m](core::Measurement r) { m = std::move(r); });
    ASSERT_TRUE(run_loop_until(bench_.loop(), [&m] { return m.has_value(); }));
    EXPECT_EQ(summary(*m), "ok done none") << m->outcome.detail;
    EXPECT_EQ(text_of(*m, field::kIp), "127.0.0.1");
  }
}

using HostsConfig = ConfigTest;

TEST_F(HostsConfig, TheSystemsFileGoesWithTheSystemsResolvers) {
  EXPECT_EQ(read("targets: []\n").hosts_file, "/etc/hosts");
  EXPECT_EQ(read("targets: []\nresolver: 127.0.0.53\n").hosts_file, "");
  EXPECT_EQ(read("targets: []\nresolver: 127.0.0.53\nhosts_file: /x/hosts\n").hosts_file, "/x/hosts");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
}

}  // namespace
}  // namespace sonde::test
