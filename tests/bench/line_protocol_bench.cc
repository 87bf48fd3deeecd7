// What one record costs in line protocol: encoding a probe result, decoding its line.
#include <benchmark/benchmark.h>

#include "core/line_protocol.h"
#include "core/measurement.h"
#include "core/probe_line.h"

namespace {

using namespace sonde;
namespace field = core::field;

core::Measurement measurement() {
  core::Measurement m;
  m.family = "ip4";
  for (const core::Field* f :
       {&field::kResolveSeconds, &field::kConnectSeconds, &field::kTlsSeconds, &field::kProcessingSeconds,
        &field::kTransferSeconds, &field::kDurationSeconds, &field::kTcpRttSeconds}) {
    m.set(*f, 0.001234567);
  }
  m.set(field::kIp, std::string{"192.0.2.17"});
  m.set(field::kHttpStatusCode, std::int64_t{200});
  m.set(field::kTlsVersion, std::string{"TLSv1.3"});
  m.set(field::kSeq, std::int64_t{123456});
  m.set(field::kSuspect, std::int64_t{0});
  return m;
}

core::Vantage vantage() {
  core::Vantage v;
  v.name = "aliyun-hangzhou-1";
  v.provider = "alibaba";
  v.region = "cn-hangzhou";
  return v;
}

core::Target target() {
  core::Target t;
  t.name = "aws/us-east-1/object-storage";
  t.role = core::Role::kReference;
  t.provider = "aws";
  t.region = "us-east-1";
  t.service = "object-storage";
  t.partition = core::Partition::kOverseas;
  return t;
}

void to_record(benchmark::State& state) {
  const auto m = measurement();
  const auto v = vantage();
  const auto t = target();
  for (auto _ : state) benchmark::DoNotOptimize(core::to_record(m, v, t, core::from_unix_ms(1'764'000'000'000)));
}
BENCHMARK(to_record);

void encode(benchmark::State& state) {
  const auto r = core::to_record(measurement(), vantage(), target(), core::from_unix_ms(1'764'000'000'000));
  std::string out;
  for (auto _ : state) {
    out.clear();
    core::encode_line(r, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(encode);

/// The line that docs/performance.md measures encoders with: 12 integers, 5 tags.
core::Measurement twelve_integers() {
  core::Measurement m;
  std::int64_t n = 1'000;
  for (const core::Field* f : {&field::kResolveSeconds, &field::kConnectSeconds, &field::kTlsSeconds,
                               &field::kProcessingSeconds, &field::kTransferSeconds, &field::kDurationSeconds,
                               &field::kTcpRttSeconds, &field::kHttpStatusCode, &field::kSeq}) {
    m.set(*f, n += 4321);
  }
  return m;
}

void line_of_twelve_integers(benchmark::State& state) {
  const auto m = twelve_integers();
  const core::Vantage v{.name = "aliyun-hangzhou-1"};
  const core::Target t{.name = "aws/us-east-1/object-storage"};
  const core::ProbeTags tags{v, t};
  std::string out;
  for (auto _ : state) {
    out.clear();
    core::encode_line({m, v, t, tags, core::from_unix_ms(1'764'000'000'000)}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(line_of_twelve_integers);

void probe_line(benchmark::State& state) {
  const auto m = measurement();
  const auto v = vantage();
  const auto t = target();
  const core::ProbeTags tags{v, t};
  std::string out;
  for (auto _ : state) {
    out.clear();
    core::encode_line({m, v, t, tags, core::from_unix_ms(1'764'000'000'000)}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(probe_line);

void decode(benchmark::State& state) {
  std::string line;
  core::encode_line(core::to_record(measurement(), vantage(), target(), core::from_unix_ms(1'764'000'000'000)), line);
  line.pop_back();
  for (auto _ : state) benchmark::DoNotOptimize(core::decode_line(line, core::Precision::kNanoseconds, {}));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(line.size()));
}
BENCHMARK(decode);

}  // namespace

BENCHMARK_MAIN();
