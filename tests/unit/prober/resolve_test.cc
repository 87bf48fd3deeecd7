// The resolve stage: families, own resolvers in turn, pinned addresses (RELIABILITY D43, D47, D51, D54).
#include "prober/stages/resolve.h"

#include <gtest/gtest.h>

#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/hostile_dns.h"

namespace sonde::test {
namespace {

using core::Cause;
using core::dns::Message;
using core::dns::Rcode;
using core::dns::Type;
using prober::NetSpec;
using prober::Resolved;
using namespace std::chrono_literals;

class ResolveTest : public testing::Test {
 protected:
  /// Resolves `host` by `servers`; nothing when it has not ended within `limit`.
  std::optional<Resolved> resolve(const std::vector<io::Endpoint>& servers, const NetSpec& net = {},
                                  const std::string& host = "app.test", core::Duration limit = 5s) {
    prober::CheckContext& context = bench_.context();
    context.resolver = servers.empty() ? std::nullopt : std::optional{servers.front()};
    context.more_resolvers.assign(servers.empty() ? servers.end() : servers.begin() + 1, servers.end());
    std::optional<Resolved> out;
    prober::Resolve stage{context, net, host};
    stage.start([&out](Resolved r) { out = std::move(r); });
    EXPECT_FALSE(out.has_value()) << "done was called from inside start";
    (void)run_loop_until(
        bench_.loop(), [&out] { return out.has_value(); }, limit);
    return out;
  }
  static std::string addresses(const Resolved& r) {
    std::string out;
    for (const io::IpAddress& a : r.addresses) out += (out.empty() ? "" : ",") + to_string(a);
    return out;
  }
  /// A port where nobody is.
  static io::Endpoint nobody() {
    const io::UniqueFd fd = bound_socket(SOCK_DGRAM);
    return *io::parse_endpoint("127.0.0.1:" + std::to_string(bound_port(fd.get())), 53);
  }

  CheckBench bench_;
};

using Resolve = ResolveTest;

/// Knows both families.
void both_families(const Message& q, const Bytes&, const HostileDns::Back& back) {
  const bool ip4 = q.questions[0].type == Type::kA;
  back.send(reply_to(q, {record("app.test", q.questions[0].type, ip4 ? "192.0.2.1" : "2001:db8::1")}));
}

void only_ip6(const Message& q, const Bytes& raw, const HostileDns::Back& back) {
  if (q.questions[0].type == Type::kA) return back.send(reply_to(q, {}));
  both_families(q, raw, back);
}

TEST_F(Resolve, TheFamilyDecidesWhatIsAskedFor) {
  HostileDns server{bench_.loop(), both_families};
  const auto found = [&](NetSpec::Family family) {
    NetSpec net;
    net.family = family;
    return addresses(*resolve({server.endpoint()}, net));
  };
  EXPECT_EQ(found(NetSpec::Family::kAny), "192.0.2.1");
  EXPECT_EQ(found(NetSpec::Family::kIp4), "192.0.2.1");
  EXPECT_EQ(found(NetSpec::Family::kIp6), "2001:db8::1");
  EXPECT_EQ(found(NetSpec::Family::kPreferIp6), "2001:db8::1");
  EXPECT_EQ(server.queries().size(), 4U) << "one question each";
}

TEST_F(Resolve, D43_OnlyAaaaIsFoundUnlessIpv4IsWanted) {
  HostileDns server{bench_.loop(), only_ip6};
  EXPECT_EQ(addresses(*resolve({server.endpoint()})), "2001:db8::1");
  NetSpec net;
  net.family = NetSpec::Family::kIp4;
  EXPECT_EQ(resolve({server.endpoint()}, net)->cause, Cause::kNodata);
}

TEST_F(Resolve, APreferredFamilyGivesWayToTheOther) {
  HostileDns server{bench_.loop(), [](const Message& q, const Bytes& raw, const HostileDns::Back& back) {
                      if (q.questions[0].type == Type::kAaaa) return back.send(reply_to(q, {}));
                      both_families(q, raw, back);
                    }};
  NetSpec net;
  net.family = NetSpec::Family::kPreferIp6;
  EXPECT_EQ(addresses(*resolve({server.endpoint()}, net)), "192.0.2.1");
  EXPECT_EQ(server.queries().size(), 2U);
}

TEST_F(Resolve, APinnedAddressNeedsNoResolver) {
  NetSpec net;
  net.pinned = io::parse_address("192.0.2.7");
  const auto r = resolve({}, net);
  EXPECT_EQ(addresses(*r), "192.0.2.7");
  EXPECT_FALSE(r->elapsed.has_value());
}

TEST_F(Resolve, AnAddressOfTheWrongFamilyIsAMistakeOfTheConfiguration) {
  NetSpec net;
  net.family = NetSpec::Family::kIp6;
  EXPECT_EQ(resolve({}, net, "192.0.2.1")->cause, Cause::kConfig);
  net.family = NetSpec::Family::kIp4;
  EXPECT_EQ(resolve({}, net, "2001:db8::1")->cause, Cause::kConfig);
}

TEST_F(Resolve, TheTargetsResolverComesBeforeTheOwn) {
  HostileDns own{bench_.loop(), both_families};
  HostileDns of_target{bench_.loop(), both_families};
  NetSpec net;
  net.resolver = of_target.endpoint();
  EXPECT_EQ(addresses(*resolve({own.endpoint()}, net)), "192.0.2.1");
  EXPECT_EQ(own.queries().size(), 0U);
  EXPECT_EQ(of_target.queries().size(), 1U);
}

TEST_F(Resolve, AnUnreachableResolverGivesWayToTheNext) {
  HostileDns server{bench_.loop(), both_families};
  const auto r = resolve({nobody(), server.endpoint()});
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->cause, Cause::kNone);
  EXPECT_EQ(addresses(*r), "192.0.2.1");
  EXPECT_EQ(r->attempts, 2);
}

TEST_F(Resolve, D51_ALostQueryIsSentAgainAndItsTimeCounts) {
  int dropped = 0;
  HostileDns server{bench_.loop(), [&dropped](const Message& q, const Bytes& raw, const HostileDns::Back& back) {
                      if (dropped++ == 0) return;
                      both_families(q, raw, back);
                    }};
  const auto r = resolve({server.endpoint()});
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(addresses(*r), "192.0.2.1");
  EXPECT_EQ(r->attempts, 2);
  EXPECT_GE(*r->elapsed, 1s) << "the loss is part of the time";
}

TEST_F(Resolve, AllResolversUnreachableIsOurOwnFault) {
  const auto r = resolve({nobody(), nobody()});
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->cause, Cause::kNoResolver);
  EXPECT_EQ(resolve({nobody()})->cause, Cause::kNoResolver);
}

TEST_F(Resolve, D54_NoResolverAtAllIsOurOwnFault) { EXPECT_EQ(resolve({})->cause, Cause::kNoResolver); }

TEST_F(Resolve, D47_ABogusZoneIsTold) {
  HostileDns server{bench_.loop(), [](const Message& q, const Bytes& raw, const HostileDns::Back& back) {
                      if (!q.checking_disabled) return back.send(reply_to(q, {}, Rcode::kServFail));
                      both_families(q, raw, back);
                    }};
  EXPECT_EQ(resolve({server.endpoint()})->cause, Cause::kBogus);
}

TEST_F(Resolve, ANameThatNoQueryCanHoldIsAMistakeOfTheConfiguration) {
  EXPECT_EQ(resolve({nobody()}, {}, std::string(64, 'a') + ".test")->cause, Cause::kConfig);
}

TEST_F(Resolve, ASourceThatIsNotOursIsAMistakeOfTheConfiguration) {
  HostileDns server{bench_.loop(), both_families};
  NetSpec net;
  net.source = io::parse_address("192.0.2.77");
  const auto r = resolve({server.endpoint()}, net);
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->cause, Cause::kConfig);
}

}  // namespace
}  // namespace sonde::test
