// sonde_bench: CPU per whole check (run, record, line protocol) beside the bare loop, in the same process and minute.
// Absolute figures are one machine's; the ratio is what holds. Usage: sonde_bench [KIND...] [checks=N] [flight=N]
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/line_protocol.h"
#include "io/asio_loop.h"
#include "prober/config.h"
#include "prober/runner.h"
#include "tests/bench/bare_loop.h"

namespace sonde::bench {
namespace {

constexpr int kRounds = 5;

struct Options {
  std::size_t checks = 0;  // 0: by kind
  std::size_t in_flight = 16;
  std::vector<std::string> kinds;
};

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Our checks, with all that a prober does for each.
class Ours {
 public:
  explicit Ours(const std::string& ca_file) : loop_(io::make_asio_loop()), http_(io::make_http_client(*loop_)) {
    io::DialerOptions dialer;
    dialer.policy.allow("127.0.0.0/8");
    dns_ = io::make_dns_client(*loop_, {});
    dialer_ = std::make_unique<io::TcpDialer>(*loop_, std::move(dialer));
    tls_ = std::move(*io::make_tls_client(*loop_, {.ca_file = ca_file}));
    watch_ = std::make_unique<prober::SelfWatch>(*loop_);
    watch_->start({});
    context_ = std::make_unique<prober::CheckContext>(
        prober::CheckContext{*loop_, *dns_, *dialer_, *tls_, *http_, std::nullopt, "sonde/bench"});
    vantage_.name = "bench";
  }

  std::size_t run(const std::string& url, std::size_t checks, std::size_t in_flight) {
    entry_ = std::move(*prober::target_from_url(url, std::chrono::seconds{10}));
    left_ = checks;
    running_ = 0;
    ok_ = 0;
    runs_.clear();
    runs_.resize(in_flight);
    for (std::size_t i = 0; i < in_flight && left_ > 0; ++i) begin(i);
    loop_->run();
    return ok_;
  }

 private:
  void begin(std::size_t i) {
    --left_;
    ++running_;
    runs_[i] = std::make_unique<prober::Run>(entry_, *context_, *watch_);
    runs_[i]->start([this, i](core::Measurement m) { on_ended(i, std::move(m)); });
  }

  void on_ended(std::size_t i, core::Measurement m) {
    const auto run = std::move(runs_[i]);
    ok_ += m.outcome.status == core::Status::kOk ? 1 : 0;
    line_.clear();
    core::encode_line(core::to_record(m, vantage_, entry_.target, loop_->wall_now()), line_);
    --running_;
    if (left_ > 0) return begin(i);
    if (running_ == 0) loop_->stop();
  }

  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::HttpClient> http_;
  std::unique_ptr<io::DnsClient> dns_;
  std::unique_ptr<io::TcpDialer> dialer_;
  std::unique_ptr<io::TlsClient> tls_;
  std::unique_ptr<prober::SelfWatch> watch_;
  std::unique_ptr<prober::CheckContext> context_;
  core::Vantage vantage_;
  prober::TargetEntry entry_;
  std::vector<std::unique_ptr<prober::Run>> runs_;
  std::size_t left_ = 0;
  std::size_t running_ = 0;
  std::size_t ok_ = 0;
  std::string line_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::size_t checks_of(Kind kind, const Options& options) {
  if (options.checks > 0) return options.checks;
  return kind == Kind::kDns ? 20'000 : has_tls(kind) ? 800 : 3'000;
}

bool run_kind(Kind kind, const ServerProcess& server, const Options& options) {
  const std::size_t checks = checks_of(kind, options);
  Ours ours{ca_file()};
  std::vector<double> our_times;
  std::vector<double> bare_times;
  bool all_ok = true;
  for (int round = 0; round <= kRounds; ++round) {  // the first one warms up
    const double t0 = cpu_seconds();
    all_ok &= run_bare(kind, server.port(), checks, options.in_flight, ca_file()) == checks;
    const double t1 = cpu_seconds();
    all_ok &= ours.run(server.url(), checks, options.in_flight) == checks;
    const double t2 = cpu_seconds();
    if (round == 0) continue;
    bare_times.push_back((t1 - t0) * 1e6 / static_cast<double>(checks));
    our_times.push_back((t2 - t1) * 1e6 / static_cast<double>(checks));
  }
  const double mine = median(our_times);
  const double bare = median(bare_times);
  std::printf("%-12s %9.1f %9.1f %7.2f%s\n", name(kind), mine, bare, mine / bare,
              all_ok ? "" : "   some checks failed");
  std::fflush(stdout);
  return all_ok;
}

bool read_number(std::string_view text, std::string_view key, std::size_t& out) {
  if (!text.starts_with(key)) return false;
  text.remove_prefix(key.size());
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{};
}

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (!read_number(arg, "checks=", options.checks) && !read_number(arg, "flight=", options.in_flight)) {
      options.kinds.emplace_back(arg);
    }
  }
  (void)ca_file();
  std::deque<std::pair<Kind, std::unique_ptr<ServerProcess>>> servers;  // all forks first
  for (const Kind kind : kKinds) {
    const bool wanted = options.kinds.empty() || std::ranges::any_of(options.kinds, [kind](const std::string& k) {
                          return std::string_view{name(kind)}.substr(0, k.size()) == k;
                        });
    if (wanted) servers.emplace_back(kind, std::make_unique<ServerProcess>(kind));
  }
  std::printf("CPU us per check (user+sys), %zu in flight, median of %d rounds\n", options.in_flight, kRounds);
  std::printf("%-12s %9s %9s %7s\n", "check", "sonde", "bare", "ratio");
  bool ok = true;
  for (const auto& [kind, server] : servers) ok &= run_kind(kind, *server, options);
  std::remove(ca_file().c_str());
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) { return sonde::bench::run(argc, argv); }
