// epoll, non-blocking sockets, read to the end of the connection.
#include "tests/bench/http_driver.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "tests/bench/processes.h"
#include "tests/unit/prober/servers.h"

namespace sonde::bench {
namespace {

struct Request {
  io::UniqueFd fd;
  std::string answer;
  bool sent = false;
};

class Driver {
 public:
  explicit Driver(const DriverPlan& plan)
      : plan_(plan),
        text_("GET " + plan.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"),
        to_(test::loopback_address(plan.port)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        requests_(plan.in_flight_max) {
    for (std::size_t i = 0; i < requests_.size(); ++i) free_.push_back(i);
  }

  std::size_t run() {
    const double begin = monotonic_seconds();
    std::array<epoll_event, 64> events;
    while (ended_ < plan_.requests) {
      const double elapsed = monotonic_seconds() - begin;
      if (elapsed > plan_.seconds_max) break;
      while (!free_.empty() && started_ < plan_.requests && started_ < due(elapsed)) open();
      const int n = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 1);
      for (int i = 0; i < n; ++i) step(events[static_cast<std::size_t>(i)].data.u64);
    }
    return ok_;
  }

 private:
  [[nodiscard]] std::size_t due(double elapsed) const {
    return plan_.per_second == 0 ? plan_.requests : static_cast<std::size_t>(elapsed * plan_.per_second) + 1;
  }

  void open() {
    const std::size_t at = free_.back();
    free_.pop_back();
    ++started_;
    Request& r = requests_[at];
    r = {};
    r.fd.reset(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)connect(r.fd.get(), reinterpret_cast<const sockaddr*>(&to_), sizeof to_);
    epoll_event e{};
    e.events = EPOLLOUT;
    e.data.u64 = at;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, r.fd.get(), &e);
  }

  void step(std::size_t at) {
    Request& r = requests_[at];
    if (!r.sent) {
      r.sent = true;
      if (send(r.fd.get(), text_.data(), text_.size(), MSG_NOSIGNAL) < 0) return end(at);
      epoll_event e{};
      e.events = EPOLLIN;
      e.data.u64 = at;
      epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, r.fd.get(), &e);
      return;
    }
    char buffer[16 * 1024];
    const ssize_t n = recv(r.fd.get(), buffer, sizeof buffer, 0);
    if (n > 0) {
      r.answer.append(buffer, static_cast<std::size_t>(n));
    } else if (n == 0 || errno != EAGAIN) {
      end(at);
    }
  }

  void end(std::size_t at) {
    Request& r = requests_[at];
    const std::size_t head = r.answer.find("\r\n\r\n");
    if (r.answer.starts_with("HTTP/1.1 200") && head != std::string::npos) {
      ++ok_;
      if (plan_.on_body) plan_.on_body(std::string_view{r.answer}.substr(head + 4));
    }
    r = {};
    ++ended_;
    free_.push_back(at);
  }

  const DriverPlan& plan_;
  std::string text_;
  sockaddr_in to_;
  io::UniqueFd epoll_;
  std::vector<Request> requests_;
  std::vector<std::size_t> free_;
  std::size_t started_ = 0;
  std::size_t ended_ = 0;
  std::size_t ok_ = 0;
};

}  // namespace

std::size_t drive(const DriverPlan& plan) { return Driver{plan}.run(); }

}  // namespace sonde::bench
