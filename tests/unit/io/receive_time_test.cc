// Kernel receive stamps over a loopback TCP connection and a UDP socket.
#include "io/receive_time.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <optional>

#include "io/unique_fd.h"

namespace sonde::io {
namespace {

sockaddr* raw(sockaddr_in& a) { return reinterpret_cast<sockaddr*>(&a); }

sockaddr_in bound_loopback(int fd) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(fd, raw(a), sizeof a), 0);
  socklen_t length = sizeof a;
  EXPECT_EQ(getsockname(fd, raw(a), &length), 0);
  return a;
}

TEST(ReceiveTime, TellsHowLongAByteOfTcpHasWaitedAndLeavesItThere) {
  const UniqueFd stamping = keep_stamping();
  const UniqueFd listener{socket(AF_INET, SOCK_STREAM, 0)};
  sockaddr_in a = bound_loopback(listener.get());
  ASSERT_EQ(listen(listener.get(), 1), 0);
  const UniqueFd client{socket(AF_INET, SOCK_STREAM, 0)};
  ASSERT_EQ(connect(client.get(), raw(a), sizeof a), 0);
  const UniqueFd server{accept(listener.get(), nullptr, nullptr)};
  ASSERT_TRUE(stamp_arrivals(client.get()));
  EXPECT_FALSE(age_of_arrival(client.get()).has_value()) << "nothing waits yet";

  std::array<char, 4> got{};
  std::optional<core::Duration> age;
  auto before = std::chrono::steady_clock::now();
  // What arrives before the kernel has switched its stamping on bears no stamp: then the next one will.
  for (const auto give_up = before + std::chrono::seconds{10}; !age && before < give_up;) {
    before = std::chrono::steady_clock::now();
    ASSERT_EQ(send(server.get(), "xy", 2, 0), 2);
    pollfd arrival{.fd = client.get(), .events = POLLIN};  // loopback delivers when the kernel finds the time
    ASSERT_EQ(poll(&arrival, 1, 10'000), 1);
    age = age_of_arrival(client.get());
    if (!age) {
      ASSERT_EQ(recv(client.get(), got.data(), got.size(), 0), 2);
    }
  }
  ASSERT_TRUE(age.has_value());
  EXPECT_LE(*age, std::chrono::steady_clock::now() - before) << "it cannot have waited longer than since it was sent";

  // The stamp is the arrival's, so the same byte asked for again has become older, not newer.
  EXPECT_GE(age_of_arrival(client.get()).value_or(core::Duration{-1}), *age);
  EXPECT_EQ(recv(client.get(), got.data(), got.size(), 0), 2);
}

TEST(ReceiveTime, TellsItForADatagram) {
  const UniqueFd receiver{socket(AF_INET, SOCK_DGRAM, 0)};
  sockaddr_in a = bound_loopback(receiver.get());
  ASSERT_TRUE(stamp_arrivals(receiver.get()));
  const UniqueFd sender{socket(AF_INET, SOCK_DGRAM, 0)};
  ASSERT_EQ(sendto(sender.get(), "x", 1, 0, raw(a), sizeof a), 1);
  pollfd arrival{.fd = receiver.get(), .events = POLLIN};
  ASSERT_EQ(poll(&arrival, 1, 10'000), 1);
  EXPECT_TRUE(age_of_arrival(receiver.get()).has_value());
}

TEST(ReceiveTime, WithoutStampsThereIsNoAge) {
  const UniqueFd receiver{socket(AF_INET, SOCK_DGRAM, 0)};
  sockaddr_in a = bound_loopback(receiver.get());
  const UniqueFd sender{socket(AF_INET, SOCK_DGRAM, 0)};
  ASSERT_EQ(sendto(sender.get(), "x", 1, 0, raw(a), sizeof a), 1);
  EXPECT_FALSE(age_of_arrival(receiver.get()).has_value());
}

}  // namespace
}  // namespace sonde::io
