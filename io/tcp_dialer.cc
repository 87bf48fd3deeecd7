// Non-blocking connect with the kernel's own account of it.
#include "io/tcp_dialer.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "io/sockaddr.h"

namespace sonde::io {
namespace {

/// What connect(2), socket(2) and bind(2) answer at once comes from this machine, but for a refusal over loopback.
DialError classify_own(int error) {
  switch (error) {
    case ECONNREFUSED:
      return DialError::kRefused;
    case EHOSTUNREACH:
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

/// What ends a connect on its way comes from the network. Source: Linux icmp_err_convert, icmpv6_err_convert.
DialError classify_remote(int error) {
  switch (error) {
    case ECONNREFUSED:
      return DialError::kRefused;
    case ECONNRESET:
      return DialError::kReset;
    case ETIMEDOUT:
      return DialError::kTimeout;
    case EACCES:
    case EPERM:
      return DialError::kProhibited;
    case ENETDOWN:
      return DialError::kNoRoute;
    case ENOBUFS:
    case ENOMEM:
      return DialError::kNoResource;
    default:
      return DialError::kUnreachable;  // EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENOPROTOOPT, EPROTO, ...
  }
}

std::string text_of(int error) { return std::generic_category().message(error); }

/// What one socket needs before it connects: where it goes out. `detail` says which setting did not work.
DialError set_way_out(int fd, const Endpoint& to, const DialFrom& from, std::string& detail) {
  if (!from.interface.empty()) {
    const auto length = static_cast<socklen_t>(from.interface.size());
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, from.interface.data(), length) != 0) {
      detail = "interface " + std::string{from.interface} + ": " + text_of(errno);
      return DialError::kBadSource;
    }
  }
  if (!from.source || from.source->family != to.address.family) return DialError::kNone;
  // Without this flag bind(2) would take a port at once and 28,000 of them would be all there are.
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const SocketAddress local = to_socket_address({*from.source, 0});
  if (bind(fd, local.get(), local.length) == 0) return DialError::kNone;
  const int error = errno;
  detail = "source " + to_string(*from.source) + ": " + text_of(error);
  return error == EADDRNOTAVAIL ? DialError::kBadSource : classify_own(error);
}

/// Where the kernel may take local ports from at the lowest (ip_local_port_range is 32768 by default, 1024 at the
/// least).
constexpr int kEphemeralPortMin = 1024;

/// One connect in flight.
class Dial final : public Handle::Pending {
 public:
  Dial(Loop& loop, Callback<void(DialResult)> done) : loop_(loop), done_(std::move(done)) {}

  void start(const Endpoint& to, const DialFrom& from, const AddressPolicy& policy) {
    started_ = loop_.precise_now();
    may_be_self_ = to.port >= kEphemeralPortMin && policy.is_allowed_exception(to.address);
    if (const std::string_view kind = policy.denied(to.address); !kind.empty()) {
      return settle(DialError::kPolicy, std::string{kind} + " address " + to_string(to.address));
    }
    fd_.reset(socket(socket_family(to.address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) return settle_errno(errno);
    std::string detail;
    const DialError way_out = set_way_out(fd_.get(), to, from, detail);
    if (way_out != DialError::kNone) return settle(way_out, std::move(detail));
    to_ = to_socket_address(to);
    started_ = loop_.precise_now();
    if (connect(fd_.get(), to_.get(), to_.length) == 0) return settle(DialError::kNone, {});
    if (errno != EINPROGRESS) return settle_errno(errno);
    writable_ = loop_.watch(fd_.get(), Interest::kWrite, [this] { on_writable(); });
  }

 private:
  void on_writable() {
    if (!read_tcp_info()) {
      int error = 0;
      socklen_t length = sizeof error;
      if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
      if (error == 0 && info_.tcpi_state == TCP_SYN_SENT) return;  // woken too early
      if (error == 0) error = ECONNRESET;
      result_ = {.error = classify_remote(error), .detail = text_of(error)};
    }
    writable_.reset();
    finish();
  }

  void settle_errno(int error) { settle(classify_own(error), text_of(error)); }

  /// For what is known at once: the callback still comes in a later turn.
  void settle(DialError error, std::string detail) {
    result_ = {.error = error, .detail = std::move(detail)};
    settled_ = loop_.precise_now();
    if (error == DialError::kNone && !read_tcp_info())
      result_ = {.error = DialError::kReset, .detail = text_of(ECONNRESET)};
    later_ = loop_.soon([this] { finish(); });
  }

  void finish() {
    const Duration by_clock = (settled_ != MonoTime{} ? settled_ : loop_.precise_now()) - started_;
    result_.elapsed = by_clock;
    if (result_.error == DialError::kNone) {
      result_.rtt = std::chrono::microseconds{info_.tcpi_rtt};
      result_.retransmits = info_.tcpi_total_retrans;
      if (info_.tcpi_rtt > 0 && info_.tcpi_total_retrans == 0) result_.elapsed = std::min(by_clock, *result_.rtt);
      if (may_be_self_ && is_self_connected()) {
        result_.error = DialError::kSelfConnect;
        result_.detail = "connected to itself: nobody listens there";
        fd_.reset();
      }
      result_.fd = std::move(fd_);
    } else {
      fd_.reset();
    }
    auto done = std::move(done_);
    done(std::move(result_));  // may destroy this
  }

  /// Reads the kernel's account into info_. True when the connection stands (the peer may have closed it already):
  /// then it needs no look at SO_ERROR.
  bool read_tcp_info() {
    socklen_t length = sizeof info_;
    if (getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info_, &length) != 0) return false;
    return info_.tcpi_state == TCP_ESTABLISHED || info_.tcpi_state == TCP_CLOSE_WAIT;
  }

  /// A connect to a local port in the ephemeral range can meet itself (simultaneous open); that is no server.
  bool is_self_connected() const {
    SocketAddress local{.storage = {}, .length = sizeof(sockaddr_storage)};
    if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&local.storage), &local.length) != 0) return false;
    return local.length == to_.length && std::memcmp(&local.storage, &to_.storage, local.length) == 0;
  }

  Loop& loop_;
  Callback<void(DialResult)> done_;
  MonoTime started_{};
  MonoTime settled_{};  // when connect(2) said at once how it ended; zero otherwise
  SocketAddress to_;
  bool may_be_self_ = false;
  tcp_info info_{};
  DialResult result_;
  UniqueFd fd_;  // before the handles: they must go first
  Handle writable_;
  Handle later_;
};

}  // namespace

DialFrom TcpDialer::way_out(const Endpoint& to, const DialFrom& from) const {
  const bool own_source = from.source && from.source->family == to.address.family;
  return {.source = own_source ? from.source : options_.source, .interface = from.interface};
}

Handle TcpDialer::dial(const Endpoint& to, const DialFrom& from, Callback<void(DialResult)> done) {
  auto dial = std::make_unique<Dial>(loop_, std::move(done));
  dial->start(to, way_out(to, from), options_.policy);
  return Handle{std::move(dial)};
}

DialError TcpDialer::own_fault(const Endpoint& to, const DialFrom& from) const {
  const UniqueFd fd{socket(socket_family(to.address), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return classify_own(errno);
  std::string detail;
  const DialError way = set_way_out(fd.get(), to, way_out(to, from), detail);
  if (way != DialError::kNone) return way;
  const SocketAddress address = to_socket_address(to);
  return connect(fd.get(), address.get(), address.length) == 0 ? DialError::kNone : classify_own(errno);
}

}  // namespace sonde::io
