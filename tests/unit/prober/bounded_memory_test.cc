// P14: what a target sends costs a bounded amount of memory: 1 MiB of decoded body, 256 KiB of headers, 128 KiB of
// certificates, 64 KiB of DNS, 64 KiB of a banner. Each server here is a process of its own that never stops sending;
// blackbox_exporter 0.23 grew by 673 MB and 2.85 GB on the first two.
#include <gtest/gtest.h>
#include <malloc.h>
#include <zlib.h>

#include <array>

#include "tests/support/hostile_process.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/tls_fixture.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;

constexpr long kGrowthMaxKib = 2048;
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMemoryIsOurs = false;  // its allocator keeps what is freed: the outcome and the leaks are still checked
#else
constexpr bool kMemoryIsOurs = true;
#endif

/// `mib` MiB of zeros in gzip, without ever holding them.
std::string gzip_bomb(int mib) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string zeros(1 << 20, '0');
  std::string out(static_cast<std::size_t>(mib) * 2048 + 65536, '\0');
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  for (int i = 0; i < mib; ++i) {
    z.next_in = reinterpret_cast<Bytef*>(zeros.data());
    z.avail_in = static_cast<uInt>(zeros.size());
    EXPECT_EQ(deflate(&z, i + 1 == mib ? Z_FINISH : Z_NO_FLUSH), i + 1 == mib ? Z_STREAM_END : Z_OK);
  }
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// After the request: `head`, then `again` for ever.
std::function<void(int)> endless(std::string head, const std::string& again, std::string wait_for = "\r\n\r\n") {
  std::string many;
  while (many.size() < 64 * 1024) many += again;
  return [head = std::move(head), many = std::move(many), wait_for = std::move(wait_for)](int fd) {
    if (!wait_for.empty() && !receive_until(fd, wait_for)) return;
    bool there = send_all(fd, head);
    while (there) there = send_all(fd, many);
  };
}

/// A handshake up to a chain that says it has 16 MiB and never ends: RFC 5246 7.4.1.3 and 7.4.2, with the extension of
/// RFC 5746, without which OpenSSL 3 goes no further.
std::function<void(int)> endless_chain() {
  const auto u16 = [](std::size_t n) { return std::string{static_cast<char>(n >> 8), static_cast<char>(n & 0xFF)}; };
  const auto record = [&](const std::string& body) { return std::string{"\x16\x03\x03", 3} + u16(body.size()) + body; };
  std::string hello = std::string{"\x03\x03", 2} + std::string(32, 'r') + std::string{"\0\xC0\x2F\0", 4};
  hello += u16(5) + std::string{"\xFF\x01\0\x01\0", 5};
  hello = std::string{"\x02\0", 2} + u16(hello.size()) + hello;
  const std::string chain{"\x0B\xFF\xFF\xFF\xFF\xFF\xFC\0\x3F\xF0", 10};  // the first certificate has 16 368 bytes
  return endless(record(hello) + record(chain), record(std::string(16 * 1024, '\x30')), "");
}

/// An answer of 65,535 bytes whose id is wrong, and then one more for ever.
std::function<void(int)> endless_dns() {
  return endless("", std::string{"\xFF\xFF", 2} + std::string(65535, '\x05'), std::string(1, '\0'));
}

struct Case {
  std::string name;
  std::function<void(int)> serve;
  std::string url;  // before the port
  std::string path;
  std::string yaml;
  std::string ends_as;
  core::Duration timeout = 5s;
};

std::vector<Case> cases() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  const auto bomb = [ok](int fd) {
    static const std::string packed = gzip_bomb(200);
    if (!receive_until(fd, "\r\n\r\n")) return;
    send_all(fd,
             ok + "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) + "\r\n\r\n" + packed);
  };
  const std::string http = "http://127.0.0.1:";
  const std::string gz = "request: {compression: gzip}";
  return {
      {"HugeGzip", bomb, http, "/", gz, "fail http body_too_large"},
      {"EndlessBody", endless(ok + "\r\n", "x"), http, "/", "", "fail http body_too_large"},
      {"EndlessBodyUnderARegex", endless(ok + "\r\n", "x"), http, "/", "expect: {body_matches: ['never$']}",
       "fail http body_too_large"},
      {"EndlessChunks", endless(ok + "Transfer-Encoding: chunked\r\n\r\n", chunk), http, "/", "",
       "fail http body_too_large"},
      {"EndlessHeaders", endless(ok, "X-Y: z\r\n"), http, "/", "", "fail http header_too_large"},
      {"OneEndlessHeader", endless(ok + "X-Y: ", "z"), http, "/", "", "fail http header_too_large"},
      {"EndlessTrailer", endless(ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", "T: t\r\n"), http, "/", "",
       "fail http header_too_large"},
      {"EndlessChain", endless_chain(), "tls://app.test:", "", "", "fail tls cert_too_large"},
      {"EndlessDns", endless_dns(), "dns://127.0.0.1:", "/app.test?type=A", "request: {transport: tcp}",
       "fail dns malformed"},
      {"EndlessBanner", endless("", "x", ""), "tcp://127.0.0.1:", "", "expect: {steps: [{expect: '^ready$'}]}",
       "fail tcp expect_mismatch"},
  };
}

class BoundedMemory : public testing::TestWithParam<Case> {};

TEST_P(BoundedMemory, P14_GrowsByLessThanTwoMebibytes) {
  const Case& c = GetParam();
  const HostileProcess hostile{c.serve};
  const HostileProcess polite{[](int fd) {
    if (receive_until(fd, "\r\n\r\n")) send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  }};
  CheckBench bench;
  const std::string url = c.url + std::to_string(hostile.port()) + c.path;
  // What libraries allocate once for ever, a probe of something small has allocated.
  EXPECT_EQ(summary(bench.run("http://127.0.0.1:" + std::to_string(polite.port()) + "/")), "ok done none");
  malloc_trim(0);  // or freed memory of the warm-up would hide as much of what comes
  const MemoryPeak peak;
  const auto m = bench.run(url, c.yaml, c.timeout);
  const long grown = peak.growth_kib();
  EXPECT_EQ(summary(m), c.ends_as) << m.outcome.detail;
  RecordProperty("grown_kib", std::to_string(grown));
  std::printf("%s: %ld KiB\n", c.name.c_str(), grown);
  if (kMemoryIsOurs) {
    EXPECT_LT(grown, kGrowthMaxKib);
  }
}

INSTANTIATE_TEST_SUITE_P(Hostile, BoundedMemory, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case>& each) { return each.param.name; });

}  // namespace
}  // namespace sonde::test
