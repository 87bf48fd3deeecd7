// Blocking servers, one child process each.
#include "tests/bench/bench_servers.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdlib>

#include "tests/unit/prober/test_certificates.h"

namespace sonde::bench {
namespace {

constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

const test::Identity& leaf() {
  static const test::Identity identity = test::TestAuthority::get().leaf({.alternative_names = "IP:127.0.0.1"});
  return identity;
}

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
  if (kind == Kind::kHttp) {
    char buffer[2048];
    if (recv(fd, buffer, sizeof buffer, 0) > 0) (void)!send(fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL);
  }
}

void serve_tls(Kind kind, SSL_CTX* context, int fd) {
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  char buffer[2048];
  if (SSL_accept(ssl) == 1 && SSL_read(ssl, buffer, sizeof buffer) > 0 && kind == Kind::kHttps) {
    SSL_write(ssl, kAnswer, sizeof kAnswer - 1);
    SSL_shutdown(ssl);
  }
  ERR_clear_error();
  SSL_free(ssl);
}

SSL_CTX* make_context() {
  SSL_CTX* c = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(c, leaf().certificate.get());
  SSL_CTX_use_PrivateKey(c, leaf().key.get());
  SSL_CTX_add1_chain_cert(c, test::TestAuthority::get().intermediate.certificate.get());
  SSL_CTX_set_num_tickets(c, 0);
  return c;
}

void serve_stream(Kind kind, int listener) {
  SSL_CTX* context = has_tls(kind) ? make_context() : nullptr;
  while (true) {
    const io::UniqueFd fd{accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
    if (!fd) continue;
    if (has_tls(kind)) {
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
    case Kind::kTls:
      return "tls ecdsa";
    case Kind::kHttp:
      return "http";
    case Kind::kHttps:
      return "https ecdsa";
  }
  return "";
}

ServerProcess::ServerProcess(Kind kind) : kind_(kind) {
  const io::UniqueFd fd = test::bound_socket(kind == Kind::kDns ? SOCK_DGRAM : SOCK_STREAM);
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  if (kind != Kind::kDns) listen(fd.get(), 1024);
  port_ = test::bound_port(fd.get());
  (void)leaf();
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  if (kind == Kind::kDns) {
    serve_dns(fd.get());
  } else {
    serve_stream(kind, fd.get());
  }
  _exit(0);
}

ServerProcess::~ServerProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string ServerProcess::url() const {
  const std::string at = "127.0.0.1:" + std::to_string(port_);
  switch (kind_) {
    case Kind::kDns:
      return "dns://" + at + "/app.test";
    case Kind::kTcp:
      return "tcp://" + at;
    case Kind::kTls:
      return "tls://" + at;
    case Kind::kHttp:
      return "http://" + at + "/";
    case Kind::kHttps:
      return "https://" + at + "/";
  }
  return "";
}

std::string ca_file() {
  static const std::string path = [] {
    char name_template[] = "/tmp/sonde-bench-ca-XXXXXX";
    const int fd = mkstemp(name_template);
    if (fd >= 0) close(fd);
    std::string made = name_template;
    test::write_pem(test::TestAuthority::get().root.certificate.get(), made);
    return made;
  }();
  return path;
}

}  // namespace sonde::bench
