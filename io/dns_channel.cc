// c-ares on our loop, with our own sockets so that errno, source address and whole datagrams are seen.
#include "io/dns_channel.h"

#include <ares.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <unordered_set>
#include <utility>

#include "io/sockaddr.h"

namespace sonde::io {
namespace {

constexpr int kReceiveBufferBytes = 4 * 1024 * 1024;  // 208 KiB lose replies from 512 queries in flight on
constexpr std::size_t kHeaderBytes = 12;

std::uint16_t id_of(std::span<const std::uint8_t> wire) { return static_cast<std::uint16_t>(wire[0] << 8 | wire[1]); }

class CaresChannel final : public DnsChannel {
 public:
  CaresChannel(Loop& loop, DnsChannelOptions options, Callback<void(DnsTransfer)> on_end)
      : loop_(loop), options_(options), on_end_(std::move(on_end)) {
    open();
  }

  ~CaresChannel() override {
    closing_ = true;  // c-ares ends every query on destruction: the callback then only frees
    if (channel_ != nullptr) ares_destroy(channel_);
    watches_.clear();
  }
  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;

  void send(std::vector<std::uint8_t> wire, std::uint64_t ticket) override {
    if (channel_ == nullptr || wire.size() < kHeaderBytes) {
      ended_.push_back({.ticket = ticket, .end = DnsTransfer::End::kNoResource, .wire = {}, .at = loop_.precise_now()});
      dispatch_soon();
      return;
    }
    const std::uint16_t id = free_id();
    wire[0] = static_cast<std::uint8_t>(id >> 8);
    wire[1] = static_cast<std::uint8_t>(id & 0xFF);
    in_flight_.insert(id);
    last_errno_ = 0;
    auto* query = new Query{this, ticket, id};  // freed in on_answer, which c-ares calls exactly once
    ares_send(channel_, wire.data(), static_cast<int>(wire.size()), &CaresChannel::on_answer, query);
    if (!ended_.empty()) dispatch_soon();
    arm_timer();
  }

  [[nodiscard]] bool idle() const override { return in_flight_.empty() && ended_.empty(); }

 private:
  struct Query {
    CaresChannel* channel;
    std::uint64_t ticket;
    std::uint16_t id;
  };
  struct Watches {
    Handle read;
    Handle write;
  };

  void open() {
    ares_options o{};
    // NOCHECKRESP: SERVFAIL and REFUSED are answers. IGNTC: truncation is ours to follow, so that a TCP fault shows.
    o.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN | ARES_FLAG_IGNTC | ARES_FLAG_NOSEARCH;
    if (options_.tcp) o.flags |= ARES_FLAG_USEVC;
    o.timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(options_.timeout).count());
    o.tries = 1;
    o.sock_state_cb = &CaresChannel::on_socket_state;
    o.sock_state_cb_data = this;
    const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (ares_init_options(&channel_, &o, mask) != ARES_SUCCESS) {
      channel_ = nullptr;
      return;
    }
    static const ares_socket_functions kSockets = {&CaresChannel::open_socket, &CaresChannel::close_socket,
                                                   &CaresChannel::connect_socket, &CaresChannel::receive,
                                                   &CaresChannel::transmit};
    ares_set_socket_functions(channel_, &kSockets, this);
    ares_addr_port_node server{};
    server.family = socket_family(options_.resolver.address);
    std::memcpy(&server.addr, options_.resolver.address.bytes.data(), server.family == AF_INET ? 4 : 16);
    server.udp_port = options_.resolver.port;
    server.tcp_port = options_.resolver.port;
    if (ares_set_servers_ports(channel_, &server) != ARES_SUCCESS) {
      ares_destroy(channel_);
      channel_ = nullptr;
    }
  }

  std::uint16_t free_id() {
    while (true) {  // ends: the caller's bound on runs is far below 65,536
      const auto id = static_cast<std::uint16_t>(arc4random() & 0xFFFF);
      if (!in_flight_.contains(id)) return id;
    }
  }

  // ---- called by c-ares: record only ----

  static void on_answer(void* arg, int status, int /*timeouts*/, unsigned char* abuf, int alen) {
    const std::unique_ptr<Query> query{static_cast<Query*>(arg)};
    CaresChannel& self = *query->channel;
    if (self.closing_) return;
    self.in_flight_.erase(query->id);
    DnsTransfer t{.ticket = query->ticket, .end = self.end_of(status), .wire = {}, .at = self.loop_.precise_now()};
    if (t.end == DnsTransfer::End::kAnswer && abuf != nullptr && alen > 0) {
      std::span<const std::uint8_t> wire{abuf, static_cast<std::size_t>(alen)};
      // c-ares cuts UDP answers to 512 bytes unless it writes EDNS itself; the datagram it just read is whole.
      const std::span<const std::uint8_t> datagram = self.last_datagram_;
      if (!self.options_.tcp && datagram.size() > wire.size() && id_of(datagram) == id_of(wire)) wire = datagram;
      t.wire.assign(wire.begin(), wire.end());
    }
    self.ended_.push_back(std::move(t));
  }

  [[nodiscard]] DnsTransfer::End end_of(int status) const {
    using End = DnsTransfer::End;
    switch (status) {
      case ARES_SUCCESS:
        return End::kAnswer;
      case ARES_ETIMEOUT:
        return End::kTimeout;
      case ARES_ENOMEM:
        return End::kNoResource;
      case ARES_ECONNREFUSED:
        break;
      default:
        return End::kMalformed;
    }
    switch (last_errno_) {
      case ECONNREFUSED:
        return options_.tcp ? End::kRefused : End::kUnreachable;
      case EHOSTUNREACH:
      case EHOSTDOWN:
        return End::kUnreachable;
      case ENETUNREACH:
      case ENETDOWN:
      case EADDRNOTAVAIL:
      case EAFNOSUPPORT:
      case EACCES:
      case EPERM:
      case EINVAL:
        return End::kNoRoute;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return End::kNoResource;
      case ETIMEDOUT:
        return End::kTimeout;
      default:
        return options_.tcp ? End::kShort : End::kUnreachable;  // closed or reset in the middle
    }
  }

  static void on_socket_state(void* arg, ares_socket_t fd, int readable, int writable) {
    auto& self = *static_cast<CaresChannel*>(arg);
    if (readable == 0 && writable == 0) {
      self.watches_.erase(fd);
      return;
    }
    Watches& w = self.watches_[fd];
    set_watch(self, w.read, readable != 0, fd, Interest::kRead);
    set_watch(self, w.write, writable != 0, fd, Interest::kWrite);
  }

  static void set_watch(CaresChannel& self, Handle& handle, bool wanted, int fd, Interest interest) {
    if (!wanted) {
      handle.reset();
    } else if (!handle) {
      handle = self.loop_.watch(fd, interest, [&self, fd, interest] { self.on_ready(fd, interest); });
    }
  }

  static ares_socket_t open_socket(int family, int type, int protocol, void* arg) {
    auto& self = *static_cast<CaresChannel*>(arg);
    const int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) return self.record_errno(-1);
    if (type == SOCK_DGRAM) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes, sizeof kReceiveBufferBytes);
    if (self.options_.source && socket_family(*self.options_.source) == family) {
      const SocketAddress local = to_socket_address({*self.options_.source, 0});
      if (bind(fd, local.get(), local.length) != 0) {
        self.record_errno(-1);
        close(fd);
        return -1;
      }
    }
    return fd;
  }
  static int close_socket(ares_socket_t fd, void* arg) {
    static_cast<CaresChannel*>(arg)->watches_.erase(fd);
    return close(fd);
  }
  static int connect_socket(ares_socket_t fd, const sockaddr* to, ares_socklen_t length, void* arg) {
    auto& self = *static_cast<CaresChannel*>(arg);
    const int rc = connect(fd, to, length);
    return rc != 0 && errno != EINPROGRESS ? self.record_errno(rc) : rc;
  }
  static ares_ssize_t receive(ares_socket_t fd, void* data, size_t size, int flags, sockaddr* from,
                              ares_socklen_t* from_length, void* arg) {
    auto& self = *static_cast<CaresChannel*>(arg);
    const ssize_t n = recvfrom(fd, data, size, flags, from, from_length);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return self.record_errno(n);
    if (n == 0 && self.options_.tcp) self.last_errno_ = ECONNRESET;
    self.last_datagram_ = {};
    if (n >= static_cast<ssize_t>(kHeaderBytes)) {
      self.last_datagram_ = {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(n)};
    }
    return n;
  }
  static ares_ssize_t transmit(ares_socket_t fd, const iovec* parts, int count, void* arg) {
    auto& self = *static_cast<CaresChannel*>(arg);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<std::size_t>(count);
    const ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
    return n < 0 && errno != EAGAIN ? self.record_errno(n) : n;
  }

  /// Keeps errno for end_of() and leaves it set for c-ares.
  template <typename T>
  T record_errno(T result) {
    last_errno_ = errno;
    return result;
  }

  // ---- called by the loop ----

  void on_ready(int fd, Interest interest) {
    const ares_socket_t read = interest == Interest::kRead ? fd : ARES_SOCKET_BAD;
    const ares_socket_t write = interest == Interest::kWrite ? fd : ARES_SOCKET_BAD;
    process(read, write);
  }

  void process(ares_socket_t read, ares_socket_t write) {
    ares_process_fd(channel_, read, write);
    last_datagram_ = {};
    arm_timer();
    dispatch();
  }

  /// One timer for all: their timeouts are equal, so the oldest query's is the first, and a timer that finds nothing
  /// due is cheaper than a new one for each query.
  void arm_timer() {
    if (timer_armed_ || in_flight_.empty()) return;
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) return;
    const MonoTime due = loop_.now() + std::chrono::seconds{left.tv_sec} + std::chrono::microseconds{left.tv_usec} +
                         std::chrono::milliseconds{1};  // its clock and ours differ by less than this
    timer_armed_ = true;
    timer_ = loop_.at(due, [this] { on_timer(); });
  }

  void on_timer() {
    timer_armed_ = false;
    process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }

  void dispatch_soon() {
    if (dispatch_queued_) return;
    dispatch_queued_ = true;
    soon_ = loop_.soon([this] { dispatch(); });
  }

  void dispatch() {
    dispatch_queued_ = false;
    for (DnsTransfer& t : std::exchange(ended_, {})) on_end_(std::move(t));
  }

  Loop& loop_;
  DnsChannelOptions options_;
  Callback<void(DnsTransfer)> on_end_;
  ares_channel channel_ = nullptr;
  bool closing_ = false;
  int last_errno_ = 0;
  std::span<const std::uint8_t> last_datagram_;  // only inside ares_process_fd
  std::unordered_set<std::uint16_t> in_flight_;
  std::vector<DnsTransfer> ended_;
  std::map<int, Watches> watches_;
  Handle timer_;
  bool timer_armed_ = false;
  Handle soon_;
  bool dispatch_queued_ = false;
};

}  // namespace

std::unique_ptr<DnsChannel> make_dns_channel(Loop& loop, DnsChannelOptions options,
                                             Callback<void(DnsTransfer)> on_end) {
  return std::make_unique<CaresChannel>(loop, options, std::move(on_end));
}

}  // namespace sonde::io
