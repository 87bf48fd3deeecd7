// A conversation over a connected stream socket: what is to be sent goes out, what arrived waits to be read; bounded.
// Source: recv(2), send(2), tcp(7) TCP_INFO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/loop.h"

namespace sonde::io {

/// How the other side stands. kVanished: what was sent was not acknowledged until the kernel gave up.
enum class TalkEnd { kOpen, kClosed, kReset, kVanished };

class TcpTalk {
 public:
  /// `fd` is the caller's and must outlive this. `changed` is called after bytes arrived or the other side ended; never
  /// from inside a call on this, and it may destroy this.
  TcpTalk(Loop& loop, int fd, Callback<void()> changed);
  TcpTalk(const TcpTalk&) = delete;
  TcpTalk& operator=(const TcpTalk&) = delete;

  /// Goes out at once as far as the kernel takes it; the rest follows.
  void send(std::string_view bytes);
  /// Leaves the socket alone from now on.
  void stop();
  /// What arrived and was not consumed; at most kBytesMax. Urgent data (out of band) is not among it.
  [[nodiscard]] std::string_view unread() const { return unread_; }
  void consume(std::size_t bytes) { unread_.erase(0, bytes); }
  /// All bytes that ever arrived. Reading stops while unread() is full.
  [[nodiscard]] std::size_t received() const { return received_; }
  /// Bytes that the kernel did not take yet.
  [[nodiscard]] std::size_t unsent() const { return out_.size(); }
  [[nodiscard]] TalkEnd end() const { return end_; }

  static constexpr std::size_t kBytesMax = 64 * 1024;  // RELIABILITY C13

 private:
  void on_readable();
  void flush();
  void close(int error);
  void update_watches();

  Loop& loop_;
  int fd_;
  Callback<void()> changed_;
  std::string out_;
  std::string unread_;
  std::size_t received_ = 0;
  TalkEnd end_ = TalkEnd::kOpen;
  int send_error_ = 0;  // told to us while sending, so that reading will only see an end
  Handle readable_;
  Handle writable_;
};

/// What the kernel knows of a TCP connection; nothing for another kind of socket.
struct TcpState {
  std::int64_t retransmits = 0;      // tcpi_total_retrans
  std::int64_t unacked = 0;          // segments sent and not acknowledged, tcpi_unacked
  std::uint64_t bytes_received = 0;  // in order, tcpi_bytes_received without the peer's FIN
  /// A later, shorter segment arrived (the peer acknowledged it selectively), while an earlier one did not, though the
  /// kernel sent it again and again: what a path does whose MTU is smaller than it says, and that drops the messages
  /// about it (RFC 2923 2.1). tcpi_sacked, tcpi_backoff.
  bool large_ones_vanish = false;
  /// The same the other way: for a second or more all that came from the peer is out of order, so what it sent first
  /// never arrives. Only before the first byte in order. tcpi_rcv_ooopack (Linux 5.4), tcpi_last_data_sent.
  bool peers_large_ones_vanish = false;
};
[[nodiscard]] std::optional<TcpState> tcp_state(int fd);

}  // namespace sonde::io
