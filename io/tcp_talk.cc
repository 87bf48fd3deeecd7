// The conversation's two buffers.
#include "io/tcp_talk.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace sonde::io {

TcpTalk::TcpTalk(Loop& loop, int fd, Callback<void()> changed) : loop_(loop), fd_(fd), changed_(std::move(changed)) {
  update_watches();
}

void TcpTalk::send(std::string_view bytes) {
  if (end_ != TalkEnd::kOpen) return;
  out_ += bytes;
  flush();
}

void TcpTalk::on_readable() {
  std::array<char, 16 * 1024> buffer;
  const std::size_t room = std::min(buffer.size(), kBytesMax - unread_.size());
  if (room == 0) return readable_.reset();
  const ssize_t n = recv(fd_, buffer.data(), room, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    close(n == 0 ? send_error_ : errno);
  } else {
    received_ += static_cast<std::size_t>(n);
    unread_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  changed_();  // may destroy this
}

void TcpTalk::flush() {
  const ssize_t n = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
  if (n > 0) {
    out_.erase(0, static_cast<std::size_t>(n));
  } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
    // What the peer said before it went may still wait to be read: the reading side ends the conversation.
    if (errno != EPIPE) send_error_ = errno;
    out_.clear();
  }
  update_watches();
}

void TcpTalk::stop() {
  readable_.reset();
  writable_.reset();
}

void TcpTalk::close(int error) {
  end_ = error == 0 ? TalkEnd::kClosed : error == ETIMEDOUT ? TalkEnd::kVanished : TalkEnd::kReset;
  stop();
}

void TcpTalk::update_watches() {
  if (end_ != TalkEnd::kOpen) return;
  if (!readable_ && unread_.size() < kBytesMax) {
    readable_ = loop_.watch(fd_, Interest::kRead, [this] { on_readable(); });
  }
  if (out_.empty()) {
    writable_.reset();
  } else if (!writable_) {
    writable_ = loop_.watch(fd_, Interest::kWrite, [this] { flush(); });
  }
}

std::optional<TcpState> tcp_state(int fd) {
  tcp_info info{};  // what an older kernel does not fill in stays zero
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  constexpr int kTcpEstablished = 1;        // tcpi_state, which linux/tcp.h does not name
  constexpr int kTimeoutsMin = 2;           // of one segment in a row: more than a packet lost by chance
  constexpr unsigned kSilenceMinMs = 1000;  // since we sent: a peer has sent its segment again at 200 and at 600 ms
  // The kernel counts the peer's FIN as a byte.
  const bool fin = info.tcpi_state != kTcpEstablished && info.tcpi_bytes_received > 0;
  TcpState out{.retransmits = info.tcpi_total_retrans,
               .unacked = info.tcpi_unacked,
               .bytes_received = info.tcpi_bytes_received - (fin ? 1 : 0)};
  out.large_ones_vanish =
      info.tcpi_sacked > 0 && info.tcpi_unacked > info.tcpi_sacked && info.tcpi_backoff >= kTimeoutsMin;
  out.peers_large_ones_vanish =
      info.tcpi_rcv_ooopack > 0 && info.tcpi_bytes_received == 0 && info.tcpi_last_data_sent >= kSilenceMinMs;
  return out;
}

}  // namespace sonde::io
