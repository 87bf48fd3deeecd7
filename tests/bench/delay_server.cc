// One thread: epoll, a queue that is sorted because the delay is constant, and a spin of at most 60 us.
#include "tests/bench/delay_server.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <map>
#include <new>
#include <string>
#include <utility>

#include "tests/unit/prober/servers.h"

namespace sonde::bench {
namespace {

constexpr std::int64_t kSpinNs = 60'000;
constexpr std::int64_t kIdleNs = 100'000'000;
constexpr std::size_t kSamplesMax = 1 << 17;
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

std::int64_t wall_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

}  // namespace

struct DelayServer::Shared {
  std::atomic<bool> real_time = false;
  std::atomic<std::size_t> count = 0;
  std::array<std::int32_t, kSamplesMax> late_ns{};
};

namespace {

/// An answer and when it is due.
struct Due {
  std::int64_t at_ns = 0;
  int fd = -1;         // TCP: of the connection, closed after the answer
  sockaddr_in to{};    // UDP
  std::string answer;  // UDP
};

template <typename Shared>
class Server {
 public:
  Server(int listener, int udp, std::int64_t delay_ns, Shared& shared)
      : listener_(listener), udp_(udp), delay_ns_(delay_ns), shared_(shared), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    watch(listener_);
    watch(udp_);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 64> events;
    while (true) {
      const std::int64_t wait = queue_.empty() ? kIdleNs : queue_.front().at_ns - kSpinNs - wall_ns();
      const timespec timeout{0, static_cast<long>(std::clamp<std::int64_t>(wait, 0, kIdleNs))};
      const int n = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
      for (int i = 0; i < n; ++i) on_readable(events[static_cast<std::size_t>(i)].data.fd);
      answer_those_due();
    }
  }

 private:
  void watch(int fd) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e);
  }

  void on_readable(int fd) {
    if (fd == listener_) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (connection < 0) return;
      stamp(connection);
      return watch(connection);
    }
    Due due;
    std::array<char, 4096> bytes;
    const ssize_t n = receive(fd, bytes, due);
    if (fd == udp_) {
      if (n > 0) take_query({bytes.data(), static_cast<std::size_t>(n)}, std::move(due));
    } else if (n <= 0) {
      close(fd);
    } else {
      epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
      due.fd = fd;
      queue_.push_back(std::move(due));
    }
  }

  void stamp(int fd) {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  }

  ssize_t receive(int fd, std::array<char, 4096>& bytes, Due& due) {
    iovec piece{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, 256> control;
    msghdr message{};
    message.msg_name = &due.to;
    message.msg_namelen = sizeof due.to;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = recvmsg(fd, &message, 0);
    std::int64_t received = wall_ns();
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); n > 0 && c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec t{};
      std::memcpy(&t, CMSG_DATA(c), sizeof t);
      received = t.tv_sec * 1'000'000'000LL + t.tv_nsec;
    }
    due.at_ns = received + delay_ns_;
    return n;
  }

  void take_query(std::string_view bytes, Due due) {
    const auto query = core::dns::decode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    if (!query || query->questions.empty()) return;
    const auto reply = test::wire(
        test::reply_to(*query, {test::record(query->questions.front().name, core::dns::Type::kA, "192.0.2.1")}));
    due.answer.assign(reply.front().begin(), reply.front().end());
    queue_.push_back(std::move(due));
  }

  void answer_those_due() {
    while (!queue_.empty() && queue_.front().at_ns - wall_ns() <= kSpinNs) {
      const Due due = std::move(queue_.front());
      queue_.pop_front();
      while (wall_ns() < due.at_ns) {
      }
      const std::int64_t late = wall_ns() - due.at_ns;
      if (due.fd >= 0) {
        (void)!send(due.fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
        close(due.fd);
      } else {
        (void)!sendto(udp_, due.answer.data(), due.answer.size(), 0, reinterpret_cast<const sockaddr*>(&due.to),
                      sizeof due.to);
      }
      const std::size_t at = shared_.count.load();
      if (at < kSamplesMax) shared_.late_ns[at] = static_cast<std::int32_t>(std::min<std::int64_t>(late, INT32_MAX));
      shared_.count.store(std::min(at + 1, kSamplesMax));
    }
  }

  int listener_;
  int udp_;
  std::int64_t delay_ns_;
  Shared& shared_;
  int epoll_;
  std::deque<Due> queue_;
};

}  // namespace

DelayServer::DelayServer(core::Duration delay) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  shared_ = new (memory) Shared;
  io::UniqueFd udp;
  io::UniqueFd listener;
  do {  // both transports need the same number
    listener = test::bound_socket(SOCK_STREAM);
    udp = test::bound_socket(SOCK_DGRAM, test::bound_port(listener.get()));
  } while (!udp);
  listen(listener.get(), 4096);
  const int on = 1;
  const int room = 4 * 1024 * 1024;
  setsockopt(udp.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  setsockopt(udp.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  port_ = test::bound_port(listener.get());
  child_ = std::make_unique<Child>([&] {
    raise_descriptor_limit();
    const sched_param first{.sched_priority = 1};
    shared_->real_time = sched_setscheduler(0, SCHED_FIFO, &first) == 0;
    Server{listener.get(), udp.get(), delay.count(), *shared_}.run();
  });
}

DelayServer::~DelayServer() {
  child_.reset();
  munmap(shared_, sizeof(Shared));
}

bool DelayServer::real_time() const { return shared_->real_time; }

std::vector<double> DelayServer::take_lateness() {
  std::vector<double> out;
  const std::size_t count = shared_->count.exchange(0);
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<double>(shared_->late_ns[i]) * 1e-9);
  return out;
}

}  // namespace sonde::bench
