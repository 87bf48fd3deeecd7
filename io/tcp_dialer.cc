// Non-blocking connect with the kernel's own account of it.
#include "io/tcp_dialer.h"

#include <netinet/tcp.h>

#include <cerrno>
#include <system_error>

#include "io/sockaddr.h"

namespace sonde::io {
namespace {

DialError classify(int error) {
  switch (error) {
    case ECONNREFUSED:
      return DialError::kRefused;
    case ECONNRESET:
      return DialError::kReset;
    case EHOSTUNREACH:
    case EHOSTDOWN:
      return DialError::kUnreachable;
    case ETIMEDOUT:
      return DialError::kTimeout;
    case ENETUNREACH:
    case ENETDOWN:
    case EAFNOSUPPORT:
      return DialError::kNoRoute;
    case EACCES:
    case EPERM:
    case EINVAL:
      return DialError::kBlocked;  // EINVAL is what a blackhole route gives
    default:
      return DialError::kNoResource;  // EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM, EAGAIN
  }
}

/// Where the kernel may take local ports from at the lowest (ip_local_port_range is 32768 by default, 1024 at the
/// least).
constexpr int kEphemeralPortMin = 1024;

/// One connect in flight.
class Dial final : public Handle::Pending {
 public:
  Dial(Loop& loop, Callback<void(DialResult)> done) : loop_(loop), done_(std::move(done)) {}

  void start(const Endpoint& to, const DialerOptions& options) {
    started_ = loop_.precise_now();
    may_be_self_ = to.port >= kEphemeralPortMin && options.policy.is_allowed_exception(to.address);
    if (const std::string_view kind = options.policy.denied(to.address); !kind.empty()) {
      return settle(DialError::kPolicy, std::string{kind} + " address " + to_string(to.address));
    }
    fd_.reset(socket(socket_family(to.address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) return settle_errno(errno);
    if (options.source && options.source->family == to.address.family && !bind_source(*options.source)) return;
    const SocketAddress address = to_socket_address(to);
    started_ = loop_.precise_now();
    if (connect(fd_.get(), address.get(), address.length) == 0) return settle(DialError::kNone, {});
    if (errno != EINPROGRESS) return settle_errno(errno);
    writable_ = loop_.watch(fd_.get(), Interest::kWrite, [this] { on_writable(); });
  }

 private:
  bool bind_source(const IpAddress& source) {
    // Without this flag bind(2) would take a port at once and 28,000 of them would be all there are.
    const int on = 1;
    setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const SocketAddress local = to_socket_address({source, 0});
    if (bind(fd_.get(), local.get(), local.length) == 0) return true;
    const int error = errno;
    settle(error == EADDRNOTAVAIL ? DialError::kBadSource : classify(error), std::generic_category().message(error));
    return false;
  }

  void on_writable() {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    writable_.reset();
    if (error != 0) {
      result_ = {.error = classify(error), .detail = std::generic_category().message(error)};
    } else {
      result_.error = DialError::kNone;
    }
    finish();
  }

  void settle_errno(int error) { settle(classify(error), std::generic_category().message(error)); }

  /// For what is known at once: the callback still comes in a later turn.
  void settle(DialError error, std::string detail) {
    result_ = {.error = error, .detail = std::move(detail)};
    later_ = loop_.soon([this] { finish(); });
  }

  void finish() {
    result_.elapsed = loop_.precise_now() - started_;
    if (result_.error == DialError::kNone) {
      read_tcp_info();
      if (may_be_self_ && is_self_connected()) {
        result_.error = DialError::kSelfConnect;
        fd_.reset();
      }
      result_.fd = std::move(fd_);
    } else {
      fd_.reset();
    }
    auto done = std::move(done_);
    done(std::move(result_));  // may destroy this
  }

  void read_tcp_info() {
    tcp_info info{};
    socklen_t length = sizeof info;
    if (getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return;
    result_.rtt = std::chrono::microseconds{info.tcpi_rtt};
    result_.retransmits = info.tcpi_total_retrans;
  }

  /// A connect to a local port in the ephemeral range can meet itself (simultaneous open); that is no server.
  bool is_self_connected() const {
    sockaddr_storage local{};
    sockaddr_storage peer{};
    socklen_t local_length = sizeof local;
    socklen_t peer_length = sizeof peer;
    if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&local), &local_length) != 0) return false;
    if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &peer_length) != 0) return false;
    return local_length == peer_length && std::memcmp(&local, &peer, local_length) == 0;
  }

  Loop& loop_;
  Callback<void(DialResult)> done_;
  MonoTime started_{};
  bool may_be_self_ = false;
  DialResult result_;
  UniqueFd fd_;  // before the handles: they must go first
  Handle writable_;
  Handle later_;
};

}  // namespace

Handle TcpDialer::dial(const Endpoint& to, Callback<void(DialResult)> done) {
  auto dial = std::make_unique<Dial>(loop_, std::move(done));
  dial->start(to, options_);
  return Handle{std::move(dial)};
}

}  // namespace sonde::io
