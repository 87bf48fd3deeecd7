// What one record costs in line protocol, next to copying the finished line; and `repeat` for counting instructions.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/line_protocol.h"
#include "core/measurement.h"
#include "core/probe_line.h"
#include "tests/bench/benches.h"
#include "tests/bench/certificates.h"
#include "tests/bench/rigs.h"
#include "tests/support/temp_dir.h"

namespace sonde::bench {
namespace {

namespace field = core::field;

constexpr core::WallTime kSlot = core::from_unix_ms(1'764'000'000'123);

/// What an https run brings home.
core::Measurement https_run() {
  core::Measurement m;
  m.family = "ip4";
  std::int64_t ns = 1'234'567;
  for (const core::Field* f : {&field::kResolveSeconds, &field::kConnectSeconds, &field::kTlsSeconds,
                               &field::kProcessingSeconds, &field::kTransferSeconds, &field::kDurationSeconds,
                               &field::kTcpRttSeconds, &field::kLoopLagSeconds, &field::kLateSeconds}) {
    m.set_seconds(*f, core::Duration{ns});
    ns += 7'654'321;
  }
  m.set(field::kIp, std::string{"192.0.2.17"});
  m.set(field::kTlsVersion, std::string{"TLSv1.3"});
  m.set(field::kTlsCipher, std::string{"TLS_AES_256_GCM_SHA384"});
  m.set(field::kCertFingerprint, std::string(64, 'a'));
  m.set(field::kSslEarliestCertExpiry, std::int64_t{1'770'000'000});
  m.set(field::kHttpStatusCode, std::int64_t{200});
  m.set(field::kHttpContentLength, std::int64_t{51'234});
  m.set(field::kSeq, std::int64_t{123'456});
  m.set(field::kSuspect, std::int64_t{0});
  return m;
}

/// With the three of the outcome, 12 integers; with the vantage's and target's names alone, 5 tags.
core::Measurement twelve_integers() {
  core::Measurement m;
  std::int64_t n = 1'000;
  for (const core::Field* f :
       {&field::kTcpRetransmits, &field::kAddresses, &field::kDnsRcode, &field::kDnsAnswers, &field::kDnsMinTtl,
        &field::kHttpStatusCode, &field::kHttpContentLength, &field::kHttpRedirects, &field::kSeq}) {
    m.set(*f, n += 4321);
  }
  return m;
}

const core::Vantage kVantage{.name = "aliyun-hangzhou-1", .provider = "alibaba", .region = "cn-hangzhou"};
const core::Target kTarget{.name = "aws/us-east-1/object-storage",
                           .role = core::Role::kReference,
                           .provider = "aws",
                           .region = "us-east-1",
                           .service = "object-storage",
                           .partition = core::Partition::kOverseas};

struct Case {
  explicit Case(core::Measurement measurement, core::Vantage v = kVantage, core::Target t = kTarget)
      : vantage(std::move(v)), target(std::move(t)), m(std::move(measurement)) {
    encode();
  }
  void encode() {
    out.clear();
    core::encode_line({m, vantage, target, tags, kSlot}, out);
  }
  void by_record() {
    out.clear();
    core::encode_line(core::to_record(m, vantage, target, kSlot), out);
  }
  [[nodiscard]] bool parse() const {
    return core::decode_line(std::string_view{out}.substr(0, out.size() - 1), core::Precision::kNanoseconds, {})
        .has_value();
  }

  core::Vantage vantage;
  core::Target target;
  core::ProbeTags tags{vantage, target};
  core::Measurement m;
  std::string out;
};

void keep(const void* p) { asm volatile("" : : "g"(p) : "memory"); }

template <typename Work>
double ns_each(std::size_t count, Work work) {
  const double before = own_cpu_seconds();
  for (std::size_t i = 0; i < count; ++i) work();
  return (own_cpu_seconds() - before) * 1e9 / static_cast<double>(count);
}

void compare(Report& report, const std::string& what, Case line, int rounds, std::size_t count) {
  std::vector<double> encode;
  std::vector<double> record;
  std::vector<double> copy;
  std::vector<double> parse;
  std::string to(line.out.size(), '\0');
  for (int i = 0; i < rounds; ++i) {
    encode.push_back(ns_each(count, [&] {
      line.encode();
      keep(line.out.data());
    }));
    copy.push_back(ns_each(count, [&] {
      keep(line.out.data());
      std::memcpy(to.data(), line.out.data(), line.out.size());
      keep(to.data());
    }));
    record.push_back(ns_each(count / 8, [&] {
      line.by_record();
      keep(line.out.data());
    }));
    parse.push_back(ns_each(count / 8, [&] { (void)line.parse(); }));
  }
  const Spread encoded = spread_of(encode);
  const Spread copied = spread_of(copy);
  report.row("line-protocol", what,
             {one("bytes", static_cast<double>(line.out.size())),
              {"encode ns", encoded},
              {"copy ns", copied},
              one("encode/copy", encoded.median / copied.median),
              {"by way of a Record ns", spread_of(record)},
              {"decode ns", spread_of(parse)}});
}

bool repeat_checks(Kind kind, std::size_t count) {
  const test::TempDir files;
  const ServerProcess server{kind};
  // Making an RSA key takes another number of instructions each time.
  FlatOut rig{server.url(), write_roots(files.path(), {KeyKind::kEcdsa}), files.file("log"), std::chrono::hours{1}};
  return rig.run(count, 1).ok == count;
}

}  // namespace

bool line_bench(const Options& options, Report& report) {
  const bool brief = options.length == Length::kShort;
  report.say("CPU nanoseconds per line, median (min-max) of interleaved rounds; copy: memcpy of the finished line.");
  const int rounds = brief ? 3 : 9;
  const std::size_t count = brief ? 20'000 : 200'000;
  compare(report, "12 integers", Case{twelve_integers(), {.name = "hangzhou-1"}, {.name = "checkout"}}, rounds, count);
  compare(report, "an https run", Case{https_run()}, rounds, count);
  return Case{https_run()}.parse();
}

bool repeat(const std::string& what, std::size_t count) {
  if (what == "dns") return repeat_checks(Kind::kDns, count);
  if (what == "http") return repeat_checks(Kind::kHttp, count);
  Case line{https_run()};
  bool ok = true;
  for (std::size_t i = 0; i < count; ++i) {
    if (what == "encode") {
      line.encode();
      keep(line.out.data());
    } else {
      ok &= line.parse();
    }
  }
  return ok && (what == "encode" || what == "parse");
}

}  // namespace sonde::bench
