// Reading and writing packets.
#include "tests/support/tun_peer.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sonde::test {
namespace {

constexpr std::uint8_t kFin = 1;
constexpr std::uint8_t kSyn = 2;
constexpr std::uint8_t kRst = 4;
constexpr std::uint8_t kAck = 16;
constexpr std::size_t kIpBytes = 20;
constexpr std::size_t kTcpBytes = 20;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint32_t kFirstSequence = 1000;

std::uint32_t read32(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24U | std::uint32_t{p[1]} << 16U | std::uint32_t{p[2]} << 8U | p[3];
}
std::string text16(std::size_t n) { return {static_cast<char>(n >> 8U & 0xFFU), static_cast<char>(n & 0xFFU)}; }
std::string text32(std::uint32_t n) { return text16(n >> 16U) + text16(n & 0xFFFFU); }

/// RFC 1071.
std::uint16_t checksum(const std::string& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto high = static_cast<std::uint8_t>(bytes[i]);
    const auto low = i + 1 < bytes.size() ? static_cast<std::uint8_t>(bytes[i + 1]) : std::uint8_t{0};
    sum += std::uint32_t{high} << 8U | low;
  }
  while (sum > 0xFFFFU) sum = (sum & 0xFFFFU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

struct TunPeer::Segment {
  std::string source;  // 4 bytes each
  std::string destination;
  std::string ports;  // source, destination
  std::uint32_t sequence = 0;
  std::uint8_t flags = 0;
  std::size_t payload = 0;
};

TunPeer::TunPeer(io::Loop& loop, Behaviour behaviour)
    : loop_(loop), behaviour_(std::move(behaviour)), fd_(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, "t0", IFNAMSIZ - 1);
  if (!fd_ || ioctl(fd_.get(), TUNSETIFF, &request) != 0) {
    fd_.reset();
    return;
  }
  // Brought up only now that somebody is attached: a device without a carrier loses the first SYN.
  constexpr const char* kUp = "ip addr add 10.9.0.1/24 dev t0 && ip link set t0 up";
  if (std::system(kUp) != 0) {  // NOLINT(concurrency-mt-unsafe): one thread
    fd_.reset();
    return;
  }
  readable_ = loop_.watch(fd_.get(), io::Interest::kRead, [this] { on_readable(); });
}

void TunPeer::on_readable() {
  std::array<std::uint8_t, 65536> packet;
  while (true) {
    const ssize_t n = read(fd_.get(), packet.data(), packet.size());
    if (n < static_cast<ssize_t>(kIpBytes + kTcpBytes)) return;
    if (packet[0] >> 4U != 4 || packet[9] != kTcp) continue;  // router solicitations and the like
    const std::size_t ip_bytes = (packet[0] & 0x0FU) * 4U;
    const std::uint8_t* tcp = packet.data() + ip_bytes;
    Segment s;
    s.source.assign(packet.begin() + 12, packet.begin() + 16);
    s.destination.assign(packet.begin() + 16, packet.begin() + 20);
    s.ports.assign(tcp, tcp + 4);
    s.sequence = read32(tcp + 4);
    s.flags = tcp[13];
    s.payload = static_cast<std::size_t>(n) - ip_bytes - (tcp[12] >> 4U) * 4U;
    on_segment(s);
  }
}

void TunPeer::on_segment(const Segment& s) {
  if ((s.flags & kRst) != 0) return;
  if ((s.flags & kSyn) != 0) {
    next_ = s.sequence + 1;
    sending_ = kFirstSequence;
    // MSS 1460, SACK permitted, two bytes of padding
    reply(s, kSyn | kAck, std::string{"\x02\x04\x05\xb4\x04\x02\x01\x01", 8}, "");
    ++sending_;
    return;
  }
  if (s.payload > behaviour_.largest || !behaviour_.answers_data) {
    if (s.payload > 0) ++dropped_;
    return;
  }
  if (s.payload > 0) return on_data(s);
  if ((s.flags & kFin) != 0) reply(s, kRst | kAck, "", "");
}

void TunPeer::on_data(const Segment& s) {
  if (behaviour_.resets_data) return reply(s, kRst | kAck, "", "");
  if (s.sequence == next_) {
    next_ += static_cast<std::uint32_t>(s.payload);
    received_ += s.payload;
    const std::string say = std::exchange(behaviour_.says, "");
    const std::size_t lost = std::min(behaviour_.lost_of_answer, say.size());
    sending_ += static_cast<std::uint32_t>(lost);
    reply(s, kAck, "", say.substr(lost));
    sending_ += static_cast<std::uint32_t>(say.size() - lost);
  } else if (s.sequence > next_) {
    const auto end = s.sequence + static_cast<std::uint32_t>(s.payload);
    reply(s, kAck, std::string{"\x01\x01\x05\x0a", 4} + text32(s.sequence) + text32(end), "");
  } else {
    reply(s, kAck, "", "");
  }
}

void TunPeer::reply(const Segment& to, std::uint8_t flags, const std::string& options, const std::string& payload) {
  const std::string addresses = to.destination + to.source;
  std::string tcp = to.ports.substr(2) + to.ports.substr(0, 2) + text32(sending_) + text32(next_);
  tcp += static_cast<char>((kTcpBytes + options.size()) / 4 << 4U);
  tcp += static_cast<char>(flags);
  tcp += text16(65535) + text16(0) + text16(0) + options + payload;
  const std::string pseudo = addresses + std::string{'\0', static_cast<char>(kTcp)} + text16(tcp.size());
  tcp.replace(16, 2, text16(checksum(pseudo + tcp)));
  const std::uint8_t ttl = (flags & kRst) != 0 ? behaviour_.ttl_of_reset : 64;
  std::string ip = std::string{"\x45\0", 2} + text16(kIpBytes + tcp.size()) + text32(0);
  ip += static_cast<char>(ttl);
  ip += static_cast<char>(kTcp);
  ip += text16(0) + addresses;
  ip.replace(10, 2, text16(checksum(ip)));
  const std::string packet = ip + tcp;
  (void)!write(fd_.get(), packet.data(), packet.size());
}

}  // namespace sonde::test
