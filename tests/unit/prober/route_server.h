// An HTTP/1.1 server on the test's own loop whose answers depend on the request: for redirects, proxies and the like.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/prober/servers.h"

namespace sonde::test {

class RouteServer {
 public:
  /// Given a whole request (head and body), the bytes to answer with. The connection is closed after them.
  using Answer = std::function<std::string(const std::string& request)>;

  RouteServer(io::Loop& loop, Answer answer) : loop_(loop), answer_(std::move(answer)), fd_(bound_socket(SOCK_STREAM)) {
    listen(fd_.get(), 64);
    accept_ = loop_.watch(fd_.get(), io::Interest::kRead, [this] { on_connection(); });
  }

  [[nodiscard]] int port() const { return bound_port(fd_.get()); }
  [[nodiscard]] std::string url(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port()) + path;
  }
  /// All requests, in order.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

 private:
  struct Connection {
    io::UniqueFd fd;
    std::string got;
    std::string out;
    io::Handle read;
    io::Handle write;
  };

  void on_connection() {
    io::UniqueFd fd{accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd) return;
    connections_.push_back(std::make_unique<Connection>());
    Connection* c = connections_.back().get();
    c->fd = std::move(fd);
    c->read = loop_.watch(c->fd.get(), io::Interest::kRead, [this, c] { on_readable(*c); });
  }

  static std::size_t body_bytes(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }

  void on_readable(Connection& c) {
    char buffer[16384];
    const ssize_t n = recv(c.fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return c.read.reset();
    c.got.append(buffer, static_cast<std::size_t>(n));
    const auto head = c.got.find("\r\n\r\n");
    if (head == std::string::npos || c.got.size() < head + 4 + body_bytes(c.got.substr(0, head))) return;
    requests_.push_back(c.got);
    c.out = answer_(c.got);
    c.read.reset();
    send_more(c);
  }

  void send_more(Connection& c) {
    while (!c.out.empty()) {
      const ssize_t n = send(c.fd.get(), c.out.data(), c.out.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) {
        if (!c.write) c.write = loop_.watch(c.fd.get(), io::Interest::kWrite, [this, &c] { send_more(c); });
        return;
      }
      if (n <= 0) break;
      c.out.erase(0, static_cast<std::size_t>(n));
    }
    c.write.reset();
    c.fd.reset();
  }

  io::Loop& loop_;
  Answer answer_;
  io::UniqueFd fd_;
  io::Handle accept_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::string> requests_;
};

/// "HTTP/1.1 302 x", Location and an empty body.
inline std::string redirect_to(const std::string& location, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
}

inline std::string answer_with(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// "GET /path" of a request.
inline std::string request_line(const std::string& request) { return request.substr(0, request.find(" HTTP/")); }

}  // namespace sonde::test
