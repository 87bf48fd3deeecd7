// One TLS context per policy, made again when a file has changed; and what a session's stream knows of arrivals.
#include "io/tls_context.h"

#include <gtest/gtest.h>

#include <poll.h>

#include <filesystem>
#include <future>

#include "io/system_loop.h"
#include "tests/support/run_loop.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/prober/test_certificates.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using io::TlsContexts;
using io::TlsPolicy;
using io::TlsStrictness;

constexpr io::MonoTime kStart{1h};

class TlsContextTest : public testing::Test {
 protected:
  TlsContextTest() { write_pem(TestAuthority::get().root.certificate.get(), dir_.file("ca.pem")); }

  TempDir dir_;
  TlsContexts contexts_{dir_.file("ca.pem")};
};

TEST_F(TlsContextTest, OnePolicyIsOneContext) {
  TlsPolicy other;
  other.min_version = io::TlsVersion::k13;
  const auto a = contexts_.get({}, TlsStrictness::kStrict, kStart);
  const auto b = contexts_.get(other, TlsStrictness::kStrict, kStart);
  ASSERT_TRUE(a.has_value() && b.has_value());
  EXPECT_NE(*a, *b);
  EXPECT_EQ(*contexts_.get({}, TlsStrictness::kStrict, kStart + 1h), *a);
  EXPECT_EQ(*contexts_.get(other, TlsStrictness::kStrict, kStart + 1h), *b);
  EXPECT_NE(*contexts_.get({}, TlsStrictness::kDiagnostic, kStart), *a);
}

TEST_F(TlsContextTest, AFileThatChangedIsReadAgainAfterASecond) {
  TlsPolicy policy;
  policy.cert_file = dir_.file("me.pem");
  EXPECT_FALSE(contexts_.get(policy, TlsStrictness::kStrict, kStart).has_value());
  const Identity me = make_certificate({.common_name = "me"}, nullptr);
  write_pem(me, policy.cert_file);
  const auto early = contexts_.get(policy, TlsStrictness::kStrict, kStart + 500ms);
  ASSERT_FALSE(early.has_value());
  EXPECT_NE(early.error().message.find("me.pem"), std::string::npos);
  const auto later = contexts_.get(policy, TlsStrictness::kStrict, kStart + 1s);
  ASSERT_TRUE(later.has_value()) << later.error().message;
  const X509* loaded = SSL_CTX_get0_certificate(*later);
  EXPECT_EQ(X509_cmp(loaded, me.certificate.get()), 0);
  const Identity renewed = make_certificate({.common_name = "me"}, nullptr);
  write_pem(renewed, dir_.file("new.pem"));
  std::filesystem::rename(dir_.file("new.pem"), policy.cert_file);
  const auto after = contexts_.get(policy, TlsStrictness::kStrict, kStart + 2s);
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(X509_cmp(SSL_CTX_get0_certificate(*after), renewed.certificate.get()), 0);
}

TEST_F(TlsContextTest, ASessionOutlivesTheContextItWasMadeFrom) {
  auto loop = io::make_system_loop();
  TlsPolicy policy;
  policy.ca_file = dir_.file("own.pem");
  write_pem(TestAuthority::get().root.certificate.get(), policy.ca_file);
  const auto first = contexts_.get(policy, TlsStrictness::kStrict, kStart);
  ASSERT_TRUE(first.has_value());
  SSL* ssl = SSL_new(*first);
  std::filesystem::remove(policy.ca_file);
  EXPECT_FALSE(contexts_.get(policy, TlsStrictness::kStrict, kStart + 1s).has_value());
  EXPECT_NE(SSL_get_SSL_CTX(ssl), nullptr);
  SSL_free(ssl);
}

TEST_F(TlsContextTest, TheFirstByteIsDatedByItsArrivalNotByOurLoop) {
  auto loop = io::make_system_loop();
  auto client = io::make_tls_client(*loop, {.ca_file = dir_.file("ca.pem")});
  ASSERT_TRUE(client.has_value());
  const Identity leaf = TestAuthority::get().leaf();
  std::promise<void> go;
  const TlsServer server{{.chain = {&leaf, &TestAuthority::get().intermediate},
                          .serve =
                              [&](SSL* ssl) {
                                go.get_future().wait();
                                SSL_write(ssl, "answer", 6);
                                char byte = 0;
                                SSL_read(ssl, &byte, 1);
                              },
                          .tune = [](SSL_CTX* c) { SSL_CTX_set_num_tickets(c, 0); }}};  // all that comes is the answer
  io::UniqueFd fd = bound_socket(SOCK_STREAM);
  const sockaddr_in to = loopback_address(server.port());
  (void)connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  const io::UniqueFd same{dup(fd.get())};
  auto session = (*client)->open(std::move(fd), {.host = "app.test"});
  std::optional<io::TlsResult> result;
  session->handshake([&result](io::TlsResult r) { result = std::move(r); });
  ASSERT_TRUE(run_loop_until(*loop, [&result] { return result.has_value(); }));
  ASSERT_EQ(result->cause, core::Cause::kNone) << result->detail;
  auto stream = session->open_stream();
  ASSERT_TRUE(stream.has_value());
  EXPECT_FALSE(session->first_byte_at().has_value());
  const auto before = loop->precise_now();
  go.set_value();
  pollfd arrival{.fd = same.get(), .events = POLLIN};
  ASSERT_EQ(poll(&arrival, 1, 10'000), 1);
  const auto arrived = loop->precise_now();
  while (loop->precise_now() < arrived + 300ms) {
  }  // a loop that is busy with something else
  ASSERT_TRUE(run_loop_until(*loop, [&session] { return session->first_byte_at().has_value(); }));
  EXPECT_GE(*session->first_byte_at(), before);
  EXPECT_LE(*session->first_byte_at(), arrived + 150ms);  // a busy machine may stop us between two clocks
}

}  // namespace
}  // namespace sonde::test
