// Write the question, read the answer.
#include "io/dns_stream.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "io/receive_time.h"

namespace sonde::io {
namespace {

constexpr std::size_t kLengthBytes = 2;

class StreamQuery final : public Handle::Pending {
 public:
  StreamQuery(Loop& loop, int fd, const DnsPacket& packet, Callback<void(DnsReply)> done)
      : loop_(loop), fd_(fd), packet_(packet), done_(std::move(done)) {
    stamp_arrivals(fd);
  }

  void start() {
    started_ = loop_.precise_now();
    ask();
    readable_ = loop_.watch(fd_, Interest::kRead, [this] { on_readable(); });
  }

 private:
  void ask() {
    const auto wire = packet_.wire();
    out_.clear();
    out_.push_back(static_cast<std::uint8_t>(wire.size() >> 8U));
    out_.push_back(static_cast<std::uint8_t>(wire.size() & 0xFFU));
    out_.insert(out_.end(), wire.begin(), wire.end());
    id_ = arc4random();
    out_[kLengthBytes] = static_cast<std::uint8_t>(id_ >> 8U & 0xFFU);
    out_[kLengthBytes + 1] = static_cast<std::uint8_t>(id_ & 0xFFU);
    sent_ = 0;
    in_.clear();
    send_more();
  }

  /// A failed write is left to the read that follows it: it knows whether the peer closed or reset.
  void send_more() {
    const ssize_t n = send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) sent_ += static_cast<std::size_t>(n);
    const bool again = sent_ < out_.size() && (n > 0 || errno == EAGAIN || errno == EINTR);
    if (!again) return writable_.reset();
    if (!writable_) writable_ = loop_.watch(fd_, Interest::kWrite, [this] { send_more(); });
  }

  /// One read a turn: a peer that never stops sending cannot hold the loop.
  void on_readable() {
    const Duration age = age_of_arrival(fd_).value_or(Duration{});
    std::array<std::uint8_t, 16 * 1024> buffer;
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const MonoTime at = loop_.precise_now() - age;
    if (n <= 0)
      return finish_short(n == 0 ? "closed before the answer was whole" : std::generic_category().message(errno));
    in_.insert(in_.end(), buffer.begin(), buffer.begin() + n);
    if (in_.size() < kLengthBytes) return;
    const std::size_t length = static_cast<std::size_t>(in_[0] << 8U | in_[1]);
    if (in_.size() < kLengthBytes + length) return;
    on_answer(std::span<const std::uint8_t>{in_}.subspan(kLengthBytes, length), at);
  }

  void on_answer(std::span<const std::uint8_t> wire, MonoTime at) {
    DnsReply reply = read_dns_reply(wire, packet_);
    if (reply.error == DnsError::kNone && reply.message.id != (id_ & 0xFFFFU)) {
      reply.error = DnsError::kMalformed;
      reply.detail = "the answer has another id";
    }
    if (reply.error == DnsError::kNone && packet_.edns() && dislikes_edns(reply.message)) {
      disliked_ = true;
      packet_ = packet_.plain();
      return ask();
    }
    reply.edns_broken = disliked_ && reply.error == DnsError::kNone && !dislikes_edns(reply.message);
    reply.elapsed = at - started_;
    finish(std::move(reply));
  }

  void finish_short(std::string why) {
    DnsReply reply;
    reply.error = DnsError::kTcpShort;
    reply.detail = std::move(why);
    reply.elapsed = loop_.precise_now() - started_;
    finish(std::move(reply));
  }

  void finish(DnsReply reply) {
    reply.tcp = true;
    readable_.reset();
    writable_.reset();
    auto done = std::move(done_);
    done(std::move(reply));  // may destroy this
  }

  Loop& loop_;
  int fd_;
  DnsPacket packet_;
  Callback<void(DnsReply)> done_;
  MonoTime started_{};
  std::uint32_t id_ = 0;  // its low 16 bits
  bool disliked_ = false;
  std::vector<std::uint8_t> out_;
  std::size_t sent_ = 0;
  std::vector<std::uint8_t> in_;  // at most 2 + 65,535 bytes and one read
  Handle readable_;
  Handle writable_;
};

}  // namespace

Handle ask_over_stream(Loop& loop, int fd, const DnsPacket& packet, Callback<void(DnsReply)> done) {
  auto query = std::make_unique<StreamQuery>(loop, fd, packet, std::move(done));
  query->start();
  return Handle{std::move(query)};
}

}  // namespace sonde::io
