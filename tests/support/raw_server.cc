// Raw TCP peers for tests.
#include "tests/support/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/check.h"
#include "tests/support/raw_player.h"

namespace sonde::test {
namespace {

constexpr std::size_t kRepeatAhead = 256 * 1024;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

RawPlayer::RawPlayer(io::Loop& l, io::UniqueFd socket, const RawScript& s, std::string& sink)
    : loop(l), fd(std::move(socket)), script(s), received(sink), out(s.bytes) {
  watch_reading();
  if (script.wait_for.empty()) {
    started = true;
    write_watch = loop.watch(fd.get(), io::Interest::kWrite, [this] { play(); });
  }
}

void RawPlayer::watch_reading() {
  read_watch = loop.watch(fd.get(), io::Interest::kRead, [this] { on_readable(); });
}

void RawPlayer::on_readable() {
  std::array<char, 16384> bytes;
  const ssize_t n = ::recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    peer_ended = true;
    read_watch.reset();
    return;
  }
  received.append(bytes.data(), static_cast<std::size_t>(n));
  own_received.append(bytes.data(), static_cast<std::size_t>(n));
  if (started || own_received.find(script.wait_for) == std::string::npos) return;
  started = true;
  play();
}

void RawPlayer::more(std::string bytes) {
  out += bytes;
  if (!pause) play();
}

void RawPlayer::play() {
  if (!fd) return;
  while (true) {
    if (out.empty() && !script.repeat.empty()) {
      while (out.size() < kRepeatAhead) out += script.repeat;
    }
    if (out.empty()) break;
    const std::size_t size = script.chunk == 0 ? out.size() : std::min(script.chunk, out.size());
    const ssize_t n = ::send(fd.get(), out.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      if (!write_watch) write_watch = loop.watch(fd.get(), io::Interest::kWrite, [this] { play(); });
      return;
    }
    if (n <= 0) return write_watch.reset();
    out.erase(0, static_cast<std::size_t>(n));
    if (script.chunk != 0 && !out.empty()) {
      // One write per turn, so that the other side sees the pieces.
      write_watch.reset();
      auto go_on = [this] {
        pause.reset();
        play();
      };
      pause = script.gap > io::Duration::zero() ? loop.after(script.gap, go_on) : loop.soon(go_on);
      return;
    }
  }
  write_watch.reset();
  end_now();
}

void RawPlayer::end_now() {
  if (shut_when_sent) ::shutdown(fd.get(), SHUT_WR);
  if (script.end == RawScript::End::kHold) return;
  read_watch.reset();
  if (script.end == RawScript::End::kReset) {
    const linger none{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }
  fd.reset();
}

struct RawServer::Connection {
  Connection(io::Loop& loop, io::UniqueFd fd, const RawScript& script, std::string& sink)
      : player(loop, std::move(fd), script, sink) {}
  RawPlayer player;
};

RawServer::RawServer(io::Loop& loop, RawScript script) : loop_(loop), script_(std::move(script)) {
  listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address = loopback(0);
  SONDE_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  SONDE_CHECK(::listen(listener_.get(), 1024) == 0, "listen");
  socklen_t length = sizeof address;
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  accept_watch_ = loop_.watch(listener_.get(), io::Interest::kRead, [this] {
    io::UniqueFd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!fd) return;
    const int yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ++accepted_;
    connections_.push_back(std::make_unique<Connection>(loop_, std::move(fd), script_, received_));
  });
}

RawServer::~RawServer() = default;

int RawServer::open() const {
  return static_cast<int>(std::count_if(connections_.begin(), connections_.end(), [](const auto& connection) {
    return connection->player.fd && !connection->player.peer_ended;
  }));
}

RawStream::RawStream(io::Loop& loop, RawScript script) : script_(std::move(script)) {
  std::array<int, 2> ends{};
  SONDE_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0, "socketpair");
  peer_.reset(ends[0]);
  player_ = std::make_unique<RawPlayer>(loop, io::UniqueFd{ends[1]}, script_, received_);
}

RawStream::~RawStream() = default;

bool RawStream::closed() const { return player_->peer_ended; }

RawClient::RawClient(io::Loop& loop, int port, std::string bytes, std::size_t chunk) {
  io::UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const sockaddr_in address = loopback(port);
  SONDE_CHECK(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
  const int yes = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const RawScript script{
      .bytes = std::move(bytes), .end = RawScript::End::kHold, .wait_for = "", .chunk = chunk, .gap = {}, .repeat = {}};
  player_ = std::make_unique<RawPlayer>(loop, std::move(fd), script, received_);
}

RawClient::~RawClient() = default;

void RawClient::send(std::string bytes) { player_->more(std::move(bytes)); }

void RawClient::shut() {
  player_->shut_when_sent = true;
  player_->more("");
}

void RawClient::stop_reading() { player_->read_watch.reset(); }

void RawClient::close() {
  player_->read_watch.reset();
  player_->write_watch.reset();
  player_->pause.reset();
  player_->fd.reset();
}

bool RawClient::ended() const { return player_->peer_ended; }

}  // namespace sonde::test
