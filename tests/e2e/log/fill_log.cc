// sonde-fill-log DIRECTORY READER...: puts the lines of stdin into a log as results, as a run would that could deliver
// nothing: each READER has them all before it. With `--rows N` in place of stdin: N results of a fleet, 20 ms apart,
// the last of them a minute ago. For tests and benches that need a backlog without waiting for it.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "io/files.h"
#include "io/system_loop.h"
#include "pipeline/lines.h"
#include "pipeline/log.h"

namespace sonde::test {
namespace {

constexpr std::size_t kChunkBytes = 128 * 1024;
constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;
constexpr std::int64_t kRowApartMs = 20;
constexpr std::uint64_t kTargets = 500;
constexpr std::int64_t kMsToNs = 1'000'000;

class Filler {
 public:
  explicit Filler(std::unique_ptr<pipeline::Log> log) : log_(std::move(log)) {}

  bool add(std::string_view line) {
    chunk_ += line;
    chunk_ += '\n';
    ++lines_;
    return chunk_.size() < kChunkBytes || write();
  }
  bool write() {
    if (lines_ == 0) return true;
    log_->append_lines(chunk_, lines_, pipeline::RecordClass::kB);
    total_ += lines_;
    chunk_.clear();
    lines_ = 0;
    const auto flushed = log_->flush();
    if (!flushed) std::fprintf(stderr, "%s\n", flushed.error().message.c_str());
    return flushed.has_value();
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  std::unique_ptr<pipeline::Log> log_;
  std::string chunk_;
  std::uint64_t lines_ = 0;
  std::uint64_t total_ = 0;
};

bool fill_with_rows(Filler& filler, std::uint64_t rows, core::WallTime now) {
  const std::int64_t last_ms = core::to_unix_ms(now) - 60'000;
  std::string line;
  for (std::uint64_t i = 0; i < rows; ++i) {
    const std::int64_t ms = last_ms - static_cast<std::int64_t>(rows - 1 - i) * kRowApartMs;
    const double seconds = 0.01 + static_cast<double>(i * 7919 % 10'007) * 1e-6;
    line.clear();
    fmt::format_to(
        std::back_inserter(line),
        "probe,check=http,family=ip4,partition=overseas,provider=aws,region=us-east-1,role=reference,service=s3,target="
        "backlog-{},vantage=here success=1i,status_code=0i,cause_code=0i,status=\"ok\",stage=\"done\",cause=\"none\","
        "suspect=0i,duration_seconds={},resolve_seconds=0.0012,connect_seconds={},tls_seconds={},processing_seconds={},"
        "http_status_code=200i,seq={}i {}",
        i % kTargets, seconds, seconds / 5, seconds / 3, seconds / 4, i / kTargets, ms * kMsToNs);
    if (!filler.add(line)) return false;
  }
  return true;
}

bool fill_from_stdin(Filler& filler) {
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!line.empty() && !filler.add(line)) return false;
  }
  return true;
}

int run(const std::vector<std::string>& arguments) {
  std::uint64_t rows = 0;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--rows" && i + 1 < arguments.size()) {
      rows = std::strtoull(arguments[++i].c_str(), nullptr, 10);
    } else {
      names.push_back(arguments[i]);
    }
  }
  if (names.size() < 2) {
    std::fputs("sonde-fill-log DIRECTORY READER... [--rows N]\n", stderr);
    return 2;
  }
  const auto loop = io::make_system_loop();
  const auto files = io::make_system_files();
  auto log = pipeline::open_log(*loop, *files,
                                {.directory = names.front(),
                                 .bytes_max = 64 * kGiB,
                                 .age_max = std::chrono::hours{24 * 365},
                                 .free_bytes_min = 0,
                                 .own_tags = {}});
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().message.c_str());
    return 1;
  }
  for (std::size_t i = 1; i < names.size(); ++i) (void)(*log)->cursor(names[i]);
  Filler filler{std::move(*log)};
  const bool filled = rows > 0 ? fill_with_rows(filler, rows, loop->wall_now()) : fill_from_stdin(filler);
  if (!filled || !filler.write()) return 1;
  std::printf("%llu\n", static_cast<unsigned long long>(filler.total()));
  return 0;
}

}  // namespace
}  // namespace sonde::test

int main(int argc, char** argv) { return sonde::test::run(std::vector<std::string>(argv + 1, argv + argc)); }
