// The http check against Debian's nginx: a real server's HTTP/2, gzip, redirects, passwords and client certificates.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/test_certificates.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;

constexpr char kNginx[] = "/usr/sbin/nginx";

void write_chain(const std::vector<const Identity*>& chain, const std::string& path) {
  std::FILE* f = std::fopen(path.c_str(), "w");
  for (const Identity* identity : chain) PEM_write_X509(f, identity->certificate.get());
  std::fclose(f);
}

void write_key(const Identity& identity, const std::string& path) {
  std::FILE* f = std::fopen(path.c_str(), "w");
  PEM_write_PrivateKey(f, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(f);
}

class Nginx : public testing::Test {
 protected:
  void SetUp() override {
    const TestAuthority& authority = TestAuthority::get();
    leaf_ = authority.leaf();
    client_ = authority.leaf({.common_name = "client"});
    write_pem(authority.root.certificate.get(), dir_.file("ca.pem"));
    write_chain({&leaf_, &authority.intermediate}, dir_.file("chain.pem"));
    write_key(leaf_, dir_.file("key.pem"));
    write_chain({&client_, &authority.intermediate}, dir_.file("client.pem"));
    write_key(client_, dir_.file("client-key.pem"));
    write_chain({&authority.intermediate, &authority.root}, dir_.file("issuers.pem"));
    std::ofstream{dir_.file("text")} << std::string(20'000, 'a') << "the end";
    std::ofstream{dir_.file("users")} << "probe:{PLAIN}geheim\n";
    plain_ = free_port();
    tls_ = free_port();
    write_configuration();
    bench_ = std::make_unique<CheckBench>(BenchOptions{.ca_file = dir_.file("ca.pem")});
    start();
  }

  void TearDown() override {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  void write_configuration() {
    const std::string d = dir_.file("");
    std::ofstream out{dir_.file("nginx.conf")};
    out << "daemon off; master_process off; pid " << d << "pid; error_log " << d << "error.log;\n"
        << "events {}\nhttp {\naccess_log off; default_type text/plain; gzip on; gzip_types text/plain;\n";
    for (const char* module : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      out << module << "_temp_path " << d << module << ";\n";
    }
    out << "server { listen 127.0.0.1:" << plain_ << "; location / { return 301 https://app.test:" << tls_
        << "$request_uri; } }\n"
        << "server { listen 127.0.0.1:" << tls_ << " ssl http2; server_name app.test;\n"
        << "ssl_certificate " << d << "chain.pem; ssl_certificate_key " << d << "key.pem;\n"
        << "ssl_client_certificate " << d << "issuers.pem; ssl_verify_client optional; ssl_verify_depth 2;\n"
        << "location /text { alias " << d << "text; }\n"
        << "location /hop { return 302 /text; }\n"
        << "location /closed { auth_basic x; auth_basic_user_file " << d << "users; alias " << d << "text; }\n"
        << "location /client { if ($ssl_client_verify != SUCCESS) { return 403; } return 200 ok; }\n"
        << "location /json { return 200 '{\"status\": \"up\", \"depth\": 3}'; } } }\n";
  }

  void start() {
    const std::string folder = dir_.file("");
    const std::string configuration = dir_.file("nginx.conf");
    std::string arguments[] = {kNginx, "-p", folder, "-c", configuration, "-e", folder + "error.log"};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    char* environment[] = {nullptr};
    ASSERT_EQ(::posix_spawn(&pid_, kNginx, nullptr, nullptr, argv.data(), environment), 0)
        << "nginx is missing: deploy/debian-packages.txt";
    io::Handle again;
    bool up = false;
    std::function<void()> look = [&] {
      const io::UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
      const sockaddr_in to = loopback_address(tls_);
      up = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
      if (!up) again = bench_->loop().after(10ms, [&] { look(); });
    };
    look();
    ASSERT_TRUE(run_loop_until(bench_->loop(), [&up] { return up; })) << "nginx does not start";
  }

  core::Measurement ask(const std::string& path, const std::string& yaml) {
    return bench_->run("https://app.test:" + std::to_string(tls_) + path, yaml);
  }

  TempDir dir_;
  Identity leaf_;
  Identity client_;
  int plain_ = 0;
  int tls_ = 0;
  pid_t pid_ = -1;
  std::unique_ptr<CheckBench> bench_;
};

TEST_F(Nginx, AnswersInBothVersionsPackedAndPlain) {
  for (const char* version : {"2", "1.1"}) {
    for (const char* compression : {"gzip", "none"}) {
      SCOPED_TRACE(std::string{version} + " " + compression);
      const auto m = ask("/text", std::string{"request: {version: "} + version + ", compression: " + compression +
                                      "}\nexpect: {version: '" + version + "', body: the end, body_matches: ['^a+t']}");
      EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
      EXPECT_EQ(integer_of(m, field::kHttpBodyBytes), 20'007);
      EXPECT_EQ(has(m, field::kHttpContentLength), std::string_view{compression} == "none");
      EXPECT_GT(integer_of(m, field::kHttpLastModified), 1'600'000'000);
      EXPECT_FALSE(has(m, field::kHttpDateSkewSeconds));
    }
  }
}

TEST_F(Nginx, RedirectsLeadFromPlainTextOverTlsToTheContent) {
  const auto m = bench_->run("http://app.test:" + std::to_string(plain_) + "/hop",
                             "request: {redirects: 3}\nexpect: {body: the end, tls: required}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kHttpRedirects), 2);
  EXPECT_EQ(text_of(m, field::kHttpVersion), "2");
}

TEST_F(Nginx, PasswordsAndClientCertificates) {
  EXPECT_EQ(summary(ask("/closed", "request: {basic_auth: {username: probe, password: '${SECRET}'}}")), "ok done none");
  EXPECT_EQ(summary(ask("/closed", "{}")), "fail http status");
  const std::string certificate =
      "tls: {cert_file: " + dir_.file("client.pem") + ", key_file: " + dir_.file("client-key.pem") + "}";
  EXPECT_EQ(summary(ask("/client", certificate)), "ok done none");
  EXPECT_EQ(summary(ask("/client", "{}")), "fail http status");
}

TEST_F(Nginx, JsonIsAsserted) {
  EXPECT_EQ(summary(ask("/json", "expect: {json: [{pointer: /status, equals: up}, {pointer: /depth, less: 4}]}")),
            "ok done none");
  EXPECT_EQ(summary(ask("/json", "expect: {json: [{pointer: /depth, greater: 3}]}")), "fail http content_mismatch");
}

}  // namespace
}  // namespace sonde::test
