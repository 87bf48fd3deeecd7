// c-ares on our loop with sockets of ours. C callbacks only record; what they recorded is handed over after the library
// call has returned.
#include "io/dns_channel.h"

#include <ares.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "io/dns_late.h"
#include "io/dns_socket.h"

namespace sonde::io {
namespace {

constexpr int kRepeatAfterMs = 1000;
constexpr int kRepeatTries = 3;
constexpr int kForgottenAfterMs = 10'000;   // how long c-ares keeps a query that is sent once
constexpr std::size_t kRecentIds = 256;     // answers to these come late; they are no strays
constexpr std::size_t kAttributedMax = 64;  // with more queries under way a datagram with a wrong id is nobody's

using Bytes = std::span<const std::uint8_t>;

std::uint16_t id_of(Bytes wire) { return static_cast<std::uint16_t>(wire[0] << 8U | wire[1]); }

class CaresChannel final : public DnsChannel {
 public:
  CaresChannel(Loop& loop, DnsChannelOptions options) : loop_(loop), options_(std::move(options)) { open(); }

  ~CaresChannel() override {
    closing_ = true;  // c-ares ends every query on destruction
    if (channel_ != nullptr) ares_destroy(channel_);
  }
  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;

  std::uint16_t send(Bytes query, Waiter& waiter) override {
    const std::uint16_t id = free_id();
    Entry& e = entries_[id];
    e.channel = this;
    e.id = id;
    e.waiter = &waiter;
    e.sent = loop_.precise_now();
    e.query.assign(query.begin(), query.end());
    e.query[0] = static_cast<std::uint8_t>(id >> 8U);
    e.query[1] = static_cast<std::uint8_t>(id & 0xFFU);
    ++waiting_;
    if (channel_ == nullptr) {
      record({.entry = &e, .arrival = {.end = DnsArrival::End::kNoResource}});
    } else {
      last_errno_ = 0;
      e.held = true;  // until on_end, which c-ares calls exactly once
      ares_send(channel_, e.query.data(), static_cast<int>(e.query.size()), &CaresChannel::on_end, &e);
      arm_timer();
    }
    if (!arrived_.empty()) dispatch_soon();
    return id;
  }

  void forget(std::uint16_t id) override {
    Entry& e = entries_.at(id);
    e.waiter = nullptr;
    --waiting_;
    recent_[next_recent_++ % kRecentIds] = id;
    release(e);
  }

  [[nodiscard]] const DnsStrays& strays(std::uint16_t id) const override { return entries_.at(id).strays; }
  [[nodiscard]] int sendings(std::uint16_t id) const override { return entries_.at(id).sendings; }
  [[nodiscard]] std::optional<Duration> take_late(Bytes query) override { return late_.take(query); }
  [[nodiscard]] std::size_t waiting() const override { return waiting_; }

 private:
  /// One query, from send() until its waiter, c-ares and the queue of arrivals have let it go.
  struct Entry {
    CaresChannel* channel = nullptr;
    std::uint16_t id = 0;
    Waiter* waiter = nullptr;
    bool held = false;  // by c-ares
    int queued = 0;     // in arrived_
    int sendings = 0;
    MonoTime sent{};
    bool answered = false;
    std::vector<std::uint8_t> query;
    DnsStrays strays;
  };
  struct Arrived {
    Entry* entry;
    DnsArrival arrival;
  };
  struct Socket {
    int fd = -1;
    SocketAddress server;
    Handle readable;
  };

  void open() {
    ares_options o{};
    // NOCHECKRESP: SERVFAIL and REFUSED are answers. IGNTC: truncation is ours to follow, so that a TCP fault shows.
    o.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN | ARES_FLAG_IGNTC | ARES_FLAG_NOSEARCH;
    o.timeout = options_.repeat ? kRepeatAfterMs : kForgottenAfterMs;
    o.tries = options_.repeat ? kRepeatTries : 1;
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
    std::vector<ares_addr_port_node> servers(options_.servers.size());
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const Endpoint& e = options_.servers[i];
      servers[i].next = i + 1 < servers.size() ? &servers[i + 1] : nullptr;
      servers[i].family = socket_family(e.address);
      std::memcpy(&servers[i].addr, e.address.bytes.data(), servers[i].family == AF_INET ? 4 : 16);
      servers[i].udp_port = e.port;
    }
    if (ares_set_servers_ports(channel_, servers.data()) != ARES_SUCCESS) {
      ares_destroy(channel_);
      channel_ = nullptr;
    }
  }

  std::uint16_t free_id() {
    while (true) {  // ends: the client bounds the queries of a channel far below 65,536
      if (next_id_ == ids_.size()) {
        arc4random_buf(ids_.data(), sizeof ids_);  // a system call each time: many at once
        next_id_ = 0;
      }
      const std::uint16_t id = ids_[next_id_++];
      if (!entries_.contains(id)) return id;
    }
  }

  void release(const Entry& e) {
    if (e.waiter == nullptr && !e.held && e.queued == 0) entries_.erase(std::uint16_t{e.id});
  }

  void record(Arrived a) {
    ++a.entry->queued;
    arrived_.push_back(std::move(a));
  }

  // ---- called by c-ares: record only ----

  /// The answer itself was recorded by receive(); here only failures are news.
  static void on_end(void* arg, int status, int /*timeouts*/, unsigned char* /*answer*/, int /*length*/) {
    auto& e = *static_cast<Entry*>(arg);
    CaresChannel& self = *e.channel;
    e.held = false;
    if (self.closing_) return;
    if (e.waiter == nullptr) return self.release(e);
    if (status == ARES_SUCCESS || status == ARES_ETIMEOUT) return;
    const auto end = status == ARES_ENOMEM ? DnsArrival::End::kNoResource : self.end_of_errno();
    self.record({.entry = &e, .arrival = {.end = end, .at = self.loop_.precise_now()}});
  }

  [[nodiscard]] DnsArrival::End end_of_errno() const {
    using End = DnsArrival::End;
    switch (last_errno_) {
      case ENETUNREACH:
      case ENETDOWN:
      case EAFNOSUPPORT:
      case EACCES:
      case EPERM:
      case EINVAL:
        return End::kNoRoute;
      case EADDRNOTAVAIL:
      case ENODEV:
        return End::kBadSource;
      case EAGAIN:
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return End::kNoResource;
      default:
        return End::kUnreachable;
    }
  }

  static void on_socket_state(void* arg, ares_socket_t fd, int readable, int /*writable: UDP never waits*/) {
    auto& self = *static_cast<CaresChannel*>(arg);
    Socket* s = self.find_socket(fd);
    if (s == nullptr) return;
    if (readable == 0) {
      s->readable.reset();
    } else if (!s->readable) {
      s->readable = self.loop_.watch(fd, Interest::kRead, [&self, fd] { self.process(fd); });
    }
  }

  static ares_socket_t open_socket(int family, int type, int /*protocol*/, void* arg) {
    auto& self = *static_cast<CaresChannel*>(arg);
    if (type != SOCK_DGRAM) return -1;
    const int fd = open_datagram_socket(family, self.options_.source, self.options_.interface);
    if (fd < 0) {
      self.last_errno_ = errno;
      return -1;
    }
    self.sockets_.push_back({.fd = fd, .server = {}, .readable = {}});
    return fd;
  }
  static int close_socket(ares_socket_t fd, void* arg) {
    std::erase_if(static_cast<CaresChannel*>(arg)->sockets_, [fd](const Socket& s) { return s.fd == fd; });
    return close(fd);
  }
  /// Only remembers where to: see dns_socket.h for why the socket stays open to all.
  static int connect_socket(ares_socket_t fd, const sockaddr* to, ares_socklen_t length, void* arg) {
    Socket* s = static_cast<CaresChannel*>(arg)->find_socket(fd);
    if (s == nullptr) return -1;
    std::memcpy(&s->server.storage, to, length);
    s->server.length = length;
    return 0;
  }
  static ares_ssize_t transmit(ares_socket_t fd, const iovec* parts, int count, void* arg) {
    auto& self = *static_cast<CaresChannel*>(arg);
    const Socket* s = self.find_socket(fd);
    if (s == nullptr) return -1;
    const Bytes query{static_cast<const std::uint8_t*>(parts->iov_base), parts->iov_len};
    if (const auto it = self.entries_.find(id_of(query)); it != self.entries_.end()) ++it->second.sendings;
    msghdr message{};
    message.msg_name = const_cast<sockaddr*>(s->server.get());
    message.msg_namelen = s->server.length;
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<std::size_t>(count);
    ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
      // It may be the echo of an earlier query: read such errors away, then this one's own shows.
      self.read_icmp_errors(fd);
      n = sendmsg(fd, &message, MSG_NOSIGNAL);
    }
    if (n < 0) self.last_errno_ = errno;
    return n;
  }
  static ares_ssize_t receive(ares_socket_t fd, void* data, size_t size, int /*flags*/, sockaddr* from,
                              ares_socklen_t* from_length, void* arg) {
    auto& self = *static_cast<CaresChannel*>(arg);
    sockaddr_storage source{};
    socklen_t source_length = 0;
    const Datagram d = receive_datagram(fd, {static_cast<std::uint8_t*>(data), size}, source, source_length);
    if (d.bytes < 0) {
      if (errno == EAGAIN || errno == EINTR) return -1;
      self.last_errno_ = ECONNREFUSED;  // whatever it is, somebody out there said it
      self.read_icmp_errors(fd);
      // With another server to ask, c-ares shall go on to it. Alone, those that it struck have heard; the rest waits.
      errno = self.options_.servers.size() > 1 ? ECONNREFUSED : EAGAIN;
      return -1;
    }
    const Socket* s = self.find_socket(fd);
    const Bytes wire{static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(d.bytes)};
    if (s == nullptr || !self.take(*s, wire, source, d)) return 0;  // c-ares passes over empty datagrams
    std::memcpy(from, &source, std::min<std::size_t>(*from_length, source_length));
    *from_length = source_length;
    return d.bytes;
  }

  // ---- what came ----

  Socket* find_socket(int fd) {
    const auto it = std::ranges::find(sockets_, fd, &Socket::fd);
    return it == sockets_.end() ? nullptr : &*it;
  }

  /// True when it answers a query that c-ares still holds.
  bool take(const Socket& socket, Bytes wire, const sockaddr_storage& source, const Datagram& d) {
    const auto it = wire.size() < 2 ? entries_.end() : entries_.find(id_of(wire));
    Entry* e = it == entries_.end() ? nullptr : &it->second;
    const bool foreign = !same_address(socket.server.storage, source);
    if (e == nullptr && wire.size() >= kDnsHeaderBytes) e = owner_of_wrong_id(wire);
    if (e == nullptr) return false;
    if (e->waiter == nullptr) {  // too late for us; c-ares may let it go
      if (!foreign) note_late(*e, wire, d.age);
      return !foreign && e->held;
    }
    const auto stray = [e, &source](std::string_view what) {
      if (e->strays.count++ == 0) e->strays.first = std::string{what} + " from " + to_string(to_endpoint(source));
      return false;
    };
    if (foreign) return stray("an answer");
    if (it == entries_.end()) return stray("an answer with a wrong id");
    if (wire.size() < kDnsHeaderBytes) return stray("a datagram too short for an answer");
    if (DnsPacket::match_question(e->query, wire) == DnsPacket::Match::kNo) {
      return stray("an answer to another question");
    }
    e->answered = true;
    record({.entry = e,
            .arrival = {.end = DnsArrival::End::kAnswer,
                        .wire = {wire.begin(), wire.end()},
                        .cut = d.cut,
                        .server = to_endpoint(source),
                        .at = loop_.precise_now() - d.age}});
    return e->held;
  }

  void note_late(Entry& e, Bytes wire, Duration age) {
    if (e.answered || wire.size() < kDnsHeaderBytes) return;
    if (DnsPacket::match_question(e.query, wire) == DnsPacket::Match::kNo) return;
    e.answered = true;
    late_.note(e.query, loop_.precise_now() - age - e.sent);
  }

  /// The query that a datagram with an unknown id pretends to answer, by its question.
  Entry* owner_of_wrong_id(Bytes wire) {
    if (entries_.size() > kAttributedMax || std::ranges::find(recent_, id_of(wire)) != recent_.end()) return nullptr;
    for (auto& [id, e] : entries_) {
      if (e.waiter != nullptr && DnsPacket::match_question(e.query, wire) != DnsPacket::Match::kNo) return &e;
    }
    return nullptr;
  }

  static bool same_address(const sockaddr_storage& a, const sockaddr_storage& b) {
    return a.ss_family == b.ss_family && to_endpoint(a) == to_endpoint(b);
  }

  /// Ends the queries that ICMP errors are about: each gives back the datagram that it struck, or at least its head.
  void read_icmp_errors(int fd) {
    std::array<std::uint8_t, 512> returned{};
    while (const auto error = next_icmp_error(fd, returned)) {  // ends: it only takes away
      if (options_.servers.size() > 1) continue;
      for (auto& [id, e] : entries_) {
        if (e.waiter == nullptr || (error->bytes >= 2 && id != id_of(returned))) continue;
        record({.entry = &e, .arrival = {.end = DnsArrival::End::kUnreachable, .at = loop_.precise_now()}});
      }
    }
  }

  // ---- called by the loop ----

  void process(ares_socket_t readable) {
    ares_process_fd(channel_, readable, ARES_SOCKET_BAD);
    arm_timer();
    dispatch();
  }

  /// One timer for all: their timeouts are equal, so the oldest query's is the first, and a timer that finds nothing
  /// due is cheaper than a new one for each query.
  void arm_timer() {
    if (timer_armed_) return;
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) return;
    const MonoTime due = loop_.now() + std::chrono::seconds{left.tv_sec} + std::chrono::microseconds{left.tv_usec} +
                         std::chrono::milliseconds{1};  // its clock and ours differ by less than this
    timer_armed_ = true;
    timer_ = loop_.at(due, [this] { on_timer(); });
  }

  void on_timer() {
    timer_armed_ = false;
    process(ARES_SOCKET_BAD);
  }

  void dispatch_soon() {
    if (dispatch_queued_) return;
    dispatch_queued_ = true;
    soon_ = loop_.soon([this] {
      dispatch_queued_ = false;
      dispatch();
    });
  }

  void dispatch() {
    std::swap(arrived_, delivered_);
    for (Arrived& a : delivered_) {
      Entry& e = *a.entry;
      if (e.waiter != nullptr) e.waiter->on_arrival(std::move(a.arrival));  // may forget this and any other
      --e.queued;
      release(e);
    }
    delivered_.clear();
  }

  Loop& loop_;
  DnsChannelOptions options_;
  ares_channel channel_ = nullptr;
  bool closing_ = false;
  int last_errno_ = 0;
  std::unordered_map<std::uint16_t, Entry> entries_;  // node-based: c-ares holds pointers to entries
  std::size_t waiting_ = 0;
  std::array<std::uint16_t, 128> ids_{};  // random, to be used from next_id_ on
  std::size_t next_id_ = ids_.size();
  std::array<std::uint16_t, kRecentIds> recent_{};
  std::size_t next_recent_ = 0;
  DnsLate late_;
  std::vector<Arrived> arrived_;
  std::vector<Arrived> delivered_;  // empty between dispatches; kept for its memory
  std::vector<Socket> sockets_;
  Handle timer_;
  bool timer_armed_ = false;
  Handle soon_;
  bool dispatch_queued_ = false;
};

}  // namespace

std::unique_ptr<DnsChannel> make_dns_channel(Loop& loop, DnsChannelOptions options) {
  return std::make_unique<CaresChannel>(loop, std::move(options));
}

}  // namespace sonde::io
