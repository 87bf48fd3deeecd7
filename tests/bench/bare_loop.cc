// The bare loop.
#include "tests/bench/bare_loop.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "tests/unit/prober/servers.h"

namespace sonde::bench {
namespace {

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bare\r\nAccept: */*\r\n\r\n";

struct Connection {
  int fd = -1;
  SSL* ssl = nullptr;
  bool connected = false;
  bool shaken = false;
  bool asked = false;
  std::size_t got = 0;
  bool ok = false;
};

class Bare {
 public:
  Bare(Kind kind, int port, const std::string& ca_file) : kind_(kind), to_(test::loopback_address(port)) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (!has_tls(kind)) return;
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_load_verify_file(context_, ca_file.c_str());
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  }
  ~Bare() {
    close(epoll_);
    SSL_CTX_free(context_);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  std::size_t run(std::size_t checks, std::size_t in_flight) {
    std::vector<Connection> connections(in_flight);
    std::size_t started = 0;
    std::size_t ended = 0;
    std::size_t ok = 0;
    for (Connection& c : connections) {
      if (started++ < checks) open(c);
    }
    std::array<epoll_event, 64> events;
    while (ended < checks) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 5000);
      if (n <= 0) return ok;
      for (int i = 0; i < n; ++i) {
        auto& c = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (!step(c)) continue;
        ok += c.ok ? 1 : 0;
        ++ended;
        shut(c);
        if (started++ < checks) open(c);
      }
    }
    return ok;
  }

 private:
  void open(Connection& c) {
    c = {};
    c.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)connect(c.fd, reinterpret_cast<const sockaddr*>(&to_), sizeof to_);
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
  }

  void watch(Connection& c, int operation, unsigned events) {
    epoll_event e{};
    e.events = events;
    e.data.ptr = &c;
    epoll_ctl(epoll_, operation, c.fd, &e);
  }

  void shut(Connection& c) {
    if (c.ssl != nullptr) SSL_free(c.ssl);
    close(c.fd);
  }

  /// True when the check has ended.
  bool step(Connection& c) {
    if (!c.connected) {
      int error = 0;
      socklen_t length = sizeof error;
      getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error, &length);
      if (error != 0) return true;
      c.connected = true;
      if (kind_ == Kind::kTcp) return c.ok = true;
      if (has_tls(kind_)) {
        c.ssl = SSL_new(context_);
        SSL_set_fd(c.ssl, c.fd);
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c.ssl), "127.0.0.1");
      }
      watch(c, EPOLL_CTL_MOD, EPOLLIN);
    }
    return c.ssl != nullptr ? step_tls(c) : step_http(c);
  }

  bool step_http(Connection& c) {
    if (!c.asked) {
      c.asked = true;
      return send(c.fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0;
    }
    char buffer[2048];
    const ssize_t n = recv(c.fd, buffer, sizeof buffer, 0);
    if (n < 0) return errno != EAGAIN;
    c.ok = std::string_view{buffer, static_cast<std::size_t>(n)}.starts_with("HTTP/1.1 200");
    return true;
  }

  bool step_tls(Connection& c) {
    ERR_clear_error();
    if (!c.shaken) {
      const int rc = SSL_connect(c.ssl);
      if (rc != 1) return SSL_get_error(c.ssl, rc) != SSL_ERROR_WANT_READ;
      c.shaken = true;
      if (!has_http(kind_)) return c.ok = true;
      SSL_write(c.ssl, kRequest.data(), static_cast<int>(kRequest.size()));
    }
    char buffer[2048];
    const int n = SSL_read(c.ssl, buffer, sizeof buffer);
    if (n <= 0) return SSL_get_error(c.ssl, n) != SSL_ERROR_WANT_READ;
    c.ok = std::string_view{buffer, static_cast<std::size_t>(n)}.starts_with("HTTP/1.1 200");
    return true;
  }

  Kind kind_;
  sockaddr_in to_;
  int epoll_ = -1;
  SSL_CTX* context_ = nullptr;
};

/// One connected UDP socket, as many queries under way as asked for.
std::size_t run_bare_dns(int port, std::size_t checks, std::size_t in_flight) {
  core::dns::Message m;
  m.recursion_desired = true;
  m.questions.push_back({.name = "app.test"});
  auto query = test::wire(m).front();
  const io::UniqueFd fd = test::bound_socket(SOCK_DGRAM);
  const sockaddr_in to = test::loopback_address(port);
  (void)connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  const io::UniqueFd epoll{epoll_create1(EPOLL_CLOEXEC)};
  epoll_event e{};
  e.events = EPOLLIN;
  epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &e);
  std::size_t sent = 0;
  std::size_t got = 0;
  const auto ask = [&] {
    query[0] = static_cast<std::uint8_t>(sent >> 8);
    query[1] = static_cast<std::uint8_t>(sent);
    (void)!send(fd.get(), query.data(), query.size(), 0);
    ++sent;
  };
  while (sent < in_flight && sent < checks) ask();
  while (got < checks) {
    epoll_event event{};
    if (epoll_wait(epoll.get(), &event, 1, 5000) <= 0) break;
    std::uint8_t buffer[2048];
    while (recv(fd.get(), buffer, sizeof buffer, 0) > 0) {
      ++got;
      if (sent < checks) ask();
    }
  }
  return got;
}

}  // namespace

BareResult run_bare(const BareRun& run) {
  // The child's answer comes through memory that both share.
  void* memory = mmap(nullptr, sizeof(BareResult), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {};
  auto* shared = new (memory) BareResult{};
  {
    const Child child{[&] {
      if (run.decoding == KeyDecoding::kLegacy && !decode_keys_the_legacy_way()) return;
      const double before = own_cpu_seconds();
      shared->ok = run.kind == Kind::kDns ? run_bare_dns(run.port, run.checks, run.in_flight)
                                          : Bare{run.kind, run.port, run.ca_file}.run(run.checks, run.in_flight);
      shared->cpu_seconds = own_cpu_seconds() - before;
    }};
    child.wait();
  }
  const BareResult result = *shared;
  munmap(memory, sizeof(BareResult));
  return result;
}

}  // namespace sonde::bench
