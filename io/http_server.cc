// The listening side of the HTTP server: accepts, owns the connections, hands requests to the handler.
#include "io/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "io/address.h"
#include "io/http_connection.h"
#include "io/sockaddr.h"
#include "io/unique_fd.h"

namespace sonde::io {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr int kAcceptsPerTurn = 64;
constexpr int kBacklog = 512;
constexpr Duration kAcceptPause = std::chrono::milliseconds{100};

std::string_view find_value(const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view name) {
  const auto it = std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == name; });
  return it == pairs.end() ? std::string_view{} : std::string_view{it->second};
}

std::string peer_text(const sockaddr_storage& from) {
  IpAddress address;
  if (from.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &from, sizeof in);
    std::memcpy(address.bytes.data(), &in.sin_addr, 4);
    return to_string(address);
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &from, sizeof in);
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
    std::memcpy(address.bytes.data(), in.sin6_addr.s6_addr + 12, 4);
  } else {
    address.family = IpAddress::Family::kIp6;
    std::memcpy(address.bytes.data(), &in.sin6_addr, 16);
  }
  return to_string(address);
}

void set_option(int fd, int level, int option, int value) {
  // Only used where the server works without it too.
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

/// Everything that lives; the public object only owns it, so that a handler may destroy its server.
class Core final : public HttpConnection::Host {
 public:
  Core(Loop& loop, HttpServerOptions options, UniqueFd listener, int port, HttpServer::Handler handler)
      : loop_(loop),
        options_(std::move(options)),
        listener_(std::move(listener)),
        port_(port),
        handler_(std::move(handler)) {
    watch_accept();
  }

  [[nodiscard]] int port() const { return port_; }

  void shut() {
    accept_watch_.reset();
    pause_.reset();
    listener_.reset();
    for (auto& [key, connection] : connections_) connection->shut();
  }

  void on_request(ServerRequest request, std::unique_ptr<Responder> responder) override {
    handler_(std::move(request), std::move(responder));
  }

  void on_closed(HttpConnection& connection) override {
    const auto it = connections_.find(&connection);
    if (it == connections_.end()) return;
    loop_.retire(std::move(it->second));  // it is on the stack just now
    connections_.erase(it);
  }

 private:
  void watch_accept() {
    accept_watch_ = loop_.watch(listener_.get(), Interest::kRead, [this] { on_acceptable(); });
  }

  void on_acceptable() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      UniqueFd fd{
          ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (!fd) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause();
        return;
      }
      if (connections_.size() >= options_.connections_max) continue;  // closed at once
      take(std::move(fd), peer_text(from));
    }
  }

  /// Out of descriptors, the waiting connection would wake the loop for ever.
  void pause() {
    accept_watch_.reset();
    pause_ = loop_.after(kAcceptPause, [this] { watch_accept(); });
  }

  void take(UniqueFd fd, std::string peer) {
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
    // A stream whose peer lost power must not fill its queue for the kernel's quarter of an hour.
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(options_.idle_timeout).count();
    set_option(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT,
               static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max())));
    auto connection = std::make_unique<HttpConnection>(*this, loop_, options_, std::move(fd), std::move(peer));
    HttpConnection& started = *connection;
    connections_.emplace(&started, std::move(connection));
    started.start();
  }

  Loop& loop_;
  const HttpServerOptions options_;
  UniqueFd listener_;
  int port_;
  HttpServer::Handler handler_;
  std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>> connections_;
  Handle accept_watch_;
  Handle pause_;
};

class Server final : public HttpServer {
 public:
  Server(Loop& loop, std::unique_ptr<Core> core) : loop_(loop), core_(std::move(core)) {}
  ~Server() override {
    core_->shut();
    loop_.retire(std::move(core_));
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] int port() const override { return core_->port(); }

 private:
  Loop& loop_;
  std::unique_ptr<Core> core_;
};

Error cannot_listen(const Endpoint& at, int error) {
  return {error == EADDRINUSE ? ErrorCode::kBusy : ErrorCode::kIo,
          "cannot listen on " + to_string(at) + ": " + std::generic_category().message(error)};
}

Result<UniqueFd> listen_at(const Endpoint& at) {
  UniqueFd fd{::socket(socket_family(at.address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return cannot_listen(at, errno);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // "::" serves both families, whatever the system's default is.
  if (at.address.family == IpAddress::Family::kIp6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  const SocketAddress address = to_socket_address(at);
  if (::bind(fd.get(), address.get(), address.length) != 0) return cannot_listen(at, errno);
  if (::listen(fd.get(), kBacklog) != 0) return cannot_listen(at, errno);
  return fd;
}

std::optional<int> port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return std::nullopt;
  sockaddr_in in{};  // the port stands at the same place in both families
  std::memcpy(&in, &bound, sizeof in);
  return ntohs(in.sin_port);
}

}  // namespace

std::string_view ServerRequest::header(std::string_view name) const { return find_value(headers, name); }

std::string_view ServerRequest::parameter(std::string_view name) const { return find_value(query, name); }

Result<std::unique_ptr<HttpServer>> listen_http(Loop& loop, HttpServerOptions options, HttpServer::Handler handler) {
  const auto address = parse_address(options.address);
  if (!address) {
    return Error{ErrorCode::kInvalid,
                 "the address to listen on must be an IP address, not \"" + options.address + "\""};
  }
  if (options.port < 0 || options.port > 65535) {
    return Error{ErrorCode::kInvalid, "the port to listen on must be between 0 and 65535"};
  }
  auto listener = listen_at({*address, options.port});
  if (!listener) return listener.error();
  const auto port = port_of(listener->get());
  if (!port) return cannot_listen({*address, options.port}, errno);
  auto core = std::make_unique<Core>(loop, std::move(options), std::move(*listener), *port, std::move(handler));
  return std::unique_ptr<HttpServer>(std::make_unique<Server>(loop, std::move(core)));
}

}  // namespace sonde::io
