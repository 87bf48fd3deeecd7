// How far what is reported is from what was. The server answers 5 ms after the kernel received the request.
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/benches.h"
#include "tests/bench/blackbox.h"
#include "tests/bench/certificates.h"
#include "tests/bench/delay_server.h"
#include "tests/bench/rigs.h"
#include "tests/support/temp_dir.h"

namespace sonde::bench {
namespace {

namespace field = core::field;

constexpr core::Duration kDelay = std::chrono::milliseconds{5};
constexpr double kMicro = 1e6;

std::vector<Figure> errors_of(std::vector<double>& us) {
  if (us.empty()) return {none("p50 us"), none("p99 us"), none("max us"), one("results", 0)};
  return {one("p50 us", percentile(us, 0.5)), one("p99 us", percentile(us, 0.99)), one("max us", percentile(us, 1)),
          one("results", static_cast<double>(us.size()))};
}

struct Measured {
  Kind kind;
  const core::Field* field;
  const char* what;
  double truth;  // seconds
};

class Fidelity {
 public:
  Fidelity(const Options& options, Report& report)
      : options_(options), report_(report), ca_file_(write_roots(files_.path())), server_(kDelay), tcp_(Kind::kTcp) {
    blackbox_ = Blackbox::start(files_.path(), ca_file_);
  }

  bool run() {
    const bool brief = options_.length == Length::kShort;
    const std::vector<std::size_t> rates =
        brief ? std::vector<std::size_t>{10, 200} : std::vector<std::size_t>{10, 1000, 5000};
    report_.say(std::string{"Reported minus true time in microseconds; the server's own lateness is part of it ("} +
                (server_.real_time() ? "it runs SCHED_FIFO" : "SCHED_FIFO was not permitted") + ").");
    for (const std::size_t rate : rates) {
      for (const Measured& m :
           {Measured{Kind::kHttp, &field::kProcessingSeconds, "http processing", core::to_seconds(kDelay)},
            Measured{Kind::kDns, &field::kResolveSeconds, "dns resolve", core::to_seconds(kDelay)},
            Measured{Kind::kTcp, &field::kConnectSeconds, "tcp connect", 0}}) {
        if (wanted(options_, m.kind)) ours(m, rate);
      }
    }
    if (!wanted(options_, Kind::kHttp)) return ok_;
    for (const std::size_t rate : brief ? std::vector<std::size_t>{50} : std::vector<std::size_t>{100, 1000}) {
      blackbox(rate);
    }
    return ok_;
  }

 private:
  [[nodiscard]] int seconds() const { return options_.length == Length::kShort ? 1 : 10; }

  void ours(const Measured& m, std::size_t rate) {
    const test::TempDir log;
    std::vector<double> us;
    (void)server_.take_lateness();
    const int port = m.kind == Kind::kTcp ? tcp_.port() : server_.port();
    const PacedResult result = run_paced({.url = url_of(m.kind, port),
                                          .ca_file = ca_file_,
                                          .log_directory = log.path(),
                                          .targets = rate,
                                          .seconds = seconds(),
                                          .on_result = [&](const core::ProbeResult& r) {
                                            const core::FieldValue* value = r.measurement.get(*m.field);
                                            if (value == nullptr) return;
                                            us.push_back((std::get<double>(*value) - m.truth) * kMicro);
                                          }});
    std::string note;
    if (result.ok != result.expected) {
      note = std::to_string(result.ok) + " ok of " + std::to_string(result.expected);
    }
    ok_ &= !us.empty();
    finish(std::string{m.what} + ", " + std::to_string(rate) + "/s", us, note, m.kind != Kind::kTcp);
  }

  void blackbox(std::size_t rate) {
    std::vector<double> us;
    const std::string what = "blackbox processing, " + std::to_string(rate) + "/s";
    if (!blackbox_) return finish(what, us, kNoBlackbox, false);
    (void)server_.take_lateness();
    DriverPlan plan = blackbox_->plan(Kind::kHttp, server_.port());
    plan.per_second = static_cast<double>(rate);
    plan.requests = rate * static_cast<std::size_t>(seconds());
    plan.in_flight_max = 512;
    plan.seconds_max = 3.0 * seconds();
    plan.on_body = [&](std::string_view body) {
      constexpr std::string_view kPhase = "probe_http_duration_seconds{phase=\"processing\"} ";
      const std::size_t at = body.find(kPhase);
      double value = 0;
      if (at == body.npos || body.find("\nprobe_success 1") == body.npos) return;
      const char* text = body.data() + at + kPhase.size();
      if (std::from_chars(text, body.data() + body.size(), value).ec != std::errc{}) return;
      us.push_back((value - core::to_seconds(kDelay)) * kMicro);
    };
    drive(plan);
    ok_ &= !us.empty();
    finish(what, us, "", true);
  }

  void finish(const std::string& what, std::vector<double>& us, const std::string& note, bool delayed) {
    std::vector<Figure> figures = errors_of(us);
    std::vector<double> late = delayed ? server_.take_lateness() : std::vector<double>{};
    if (late.empty()) {
      figures.push_back(none("server p50 us"));
      figures.push_back(none("server p99 us"));
    } else {
      figures.push_back(one("server p50 us", percentile(late, 0.5) * kMicro));
      figures.push_back(one("server p99 us", percentile(late, 0.99) * kMicro));
    }
    report_.row("fidelity", what, figures, note);
  }

  const Options& options_;
  Report& report_;
  test::TempDir files_;
  std::string ca_file_;
  DelayServer server_;
  ServerProcess tcp_;
  std::unique_ptr<Blackbox> blackbox_;
  bool ok_ = true;
};

}  // namespace

bool fidelity_bench(const Options& options, Report& report) { return Fidelity{options, report}.run(); }

}  // namespace sonde::bench
