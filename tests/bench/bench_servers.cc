// Blocking servers, one child process each.
#include "tests/bench/bench_servers.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "tests/bench/certificates.h"
#include "tests/unit/prober/servers.h"

namespace sonde::bench {
namespace {

constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

void serve_dns(int fd) {
  std::uint8_t buffer[2048];
  sockaddr_in from{};
  while (true) {
    socklen_t length = sizeof from;
    const ssize_t n = recvfrom(fd, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (n <= 0) continue;
    const auto query = core::dns::decode({buffer, static_cast<std::size_t>(n)});
    if (!query) continue;
    const auto reply = test::wire(test::reply_to(*query, {test::record("app.test", core::dns::Type::kA, "192.0.2.1")}));
    (void)!sendto(fd, reply.front().data(), reply.front().size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
}

void serve_plain(Kind kind, int fd) {
  if (kind != Kind::kHttp) return;
  char buffer[2048];
  if (recv(fd, buffer, sizeof buffer, 0) > 0) (void)!send(fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL);
}

void serve_tls(Kind kind, SSL_CTX* context, int fd) {
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  char buffer[2048];
  if (SSL_accept(ssl) == 1 && SSL_read(ssl, buffer, sizeof buffer) > 0 && has_http(kind)) {
    SSL_write(ssl, kAnswer, sizeof kAnswer - 1);
    SSL_shutdown(ssl);
  }
  ERR_clear_error();
  SSL_free(ssl);
}

/// As serve_tls, but nothing is ever answered or closed.
void hold_tls(SSL_CTX* context, io::UniqueFd fd) {
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd.release());
  char buffer[2048];
  if (SSL_accept(ssl) == 1) (void)SSL_read(ssl, buffer, sizeof buffer);
  ERR_clear_error();
}

void serve_stream(Kind kind, ServerProcess::Manner manner, int listener, SSL_CTX* context) {
  while (true) {
    io::UniqueFd fd{accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
    if (!fd) continue;
    if (manner == ServerProcess::Manner::kNeverAnswer) {
      hold_tls(context, std::move(fd));
    } else if (context != nullptr) {
      serve_tls(kind, context, fd.get());
    } else {
      serve_plain(kind, fd.get());
    }
  }
}

}  // namespace

const char* name(Kind kind) {
  switch (kind) {
    case Kind::kDns:
      return "dns";
    case Kind::kTcp:
      return "tcp";
    case Kind::kTlsEcdsa:
      return "tls ecdsa";
    case Kind::kTlsRsa:
      return "tls rsa";
    case Kind::kHttp:
      return "http";
    case Kind::kHttpsEcdsa:
      return "https ecdsa";
    case Kind::kHttpsRsa:
      return "https rsa";
  }
  return "";
}

bool has_tls(Kind kind) { return kind != Kind::kDns && kind != Kind::kTcp && kind != Kind::kHttp; }
bool has_http(Kind kind) { return kind == Kind::kHttp || kind == Kind::kHttpsEcdsa || kind == Kind::kHttpsRsa; }

std::string url_of(Kind kind, int port) {
  const std::string at = "127.0.0.1:" + std::to_string(port);
  switch (kind) {
    case Kind::kDns:
      return "dns://" + at + "/app.test";
    case Kind::kTcp:
      return "tcp://" + at;
    case Kind::kTlsEcdsa:
    case Kind::kTlsRsa:
      return "tls://" + at;
    case Kind::kHttp:
      return "http://" + at + "/";
    case Kind::kHttpsEcdsa:
    case Kind::kHttpsRsa:
      return "https://" + at + "/";
  }
  return "";
}

ServerProcess::ServerProcess(Kind kind, Manner manner) : kind_(kind) {
  const bool dns = kind == Kind::kDns;
  const io::UniqueFd fd = test::bound_socket(dns ? SOCK_DGRAM : SOCK_STREAM);
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  const int room = 4 * 1024 * 1024;
  if (dns) setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (!dns) listen(fd.get(), 4096);
  port_ = test::bound_port(fd.get());
  const bool rsa = kind == Kind::kTlsRsa || kind == Kind::kHttpsRsa;
  SSL_CTX* context = has_tls(kind) ? server_context(rsa ? KeyKind::kRsa : KeyKind::kEcdsa) : nullptr;
  child_ = std::make_unique<Child>([&] {
    raise_descriptor_limit();
    if (dns) {
      serve_dns(fd.get());
    } else {
      serve_stream(kind, manner, fd.get(), context);
    }
  });
  SSL_CTX_free(context);
}

}  // namespace sonde::bench
