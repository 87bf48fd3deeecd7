// Runs one check against loopback servers with the real clients: what a test of a check needs around it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "io/system_loop.h"
#include "prober/checks/checks.h"
#include "prober/runner.h"
#include "tests/support/run_loop.h"
#include "tests/unit/prober/servers.h"

namespace sonde::test {

struct BenchOptions {
  std::string ca_file;
  std::string source;
  bool allow_loopback = true;
  bool with_resolver = true;
  std::string allow;  // a further range that the policy lets through
};

class CheckBench {
 public:
  explicit CheckBench(const BenchOptions& options = {}) : loop_(io::make_system_loop()) {
    io::DialerOptions dialer;
    if (options.allow_loopback) dialer.policy.allow("127.0.0.0/8");
    if (!options.allow.empty()) dialer.policy.allow(options.allow);
    if (!options.source.empty()) dialer.source = io::parse_address(options.source);
    http_ = io::make_http_client(*loop_);
    dns_ = io::make_dns_client(*loop_, {.source = dialer.source});
    dialer_ = std::make_unique<io::TcpDialer>(*loop_, std::move(dialer));
    auto tls = io::make_tls_client(*loop_, {.ca_file = options.ca_file});
    EXPECT_TRUE(tls.has_value());
    tls_ = std::move(*tls);
    resolver_ = std::make_unique<DnsServer>(*loop_, answer_loopback);
    watch_ = std::make_unique<prober::SelfWatch>(*loop_);
    context_ = std::make_unique<prober::CheckContext>(
        prober::CheckContext{*loop_, *dns_, *dialer_, *tls_, *http_, std::nullopt, "sonde/test (+health probe)"});
    if (options.with_resolver)
      context_->resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(resolver_->port()), 53);
  }

  [[nodiscard]] io::Loop& loop() { return *loop_; }
  [[nodiscard]] prober::CheckContext& context() { return *context_; }

  /// Runs one check to its end. `yaml` may hold the maps `expect`, `request` and `tls`.
  core::Measurement run(const std::string& url, const std::string& yaml = "",
                        core::Duration timeout = std::chrono::seconds{5}) {
    const prober::TargetEntry entry = make_entry(url, yaml, timeout);
    std::optional<core::Measurement> result;
    prober::Run run{entry, *context_, *watch_};
    run.start([&result](core::Measurement m) { result = std::move(m); });
    EXPECT_FALSE(result.has_value()) << "done was called from inside start";
    EXPECT_TRUE(run_loop_until(*loop_, [&result] { return result.has_value(); }));
    return result ? std::move(*result) : core::Measurement{};
  }

  static prober::TargetEntry make_entry(const std::string& url, const std::string& yaml, core::Duration timeout) {
    core::ConfigErrors errors;
    prober::TargetEntry entry;
    entry.target.name = "t";
    entry.target.url = url;
    entry.target.timeout = timeout;
    entry.target.every = 2 * timeout;
    const auto parsed = core::parse_url(url);
    EXPECT_TRUE(parsed.has_value()) << url;
    entry.target.check = core::check_kind(*parsed);
    entry.type = &prober::check_type(entry.target.check);
    const Variables variables;
    static const std::unique_ptr<io::Files> files = io::make_system_files();
    const core::ConfigNode node = core::parse_yaml(yaml.empty() ? "{}" : yaml, "test.yaml", &variables, errors);
    const prober::SpecNodes nodes{
        .expect = node.find("expect"), .request = node.find("request"), .tls = node.find("tls"), .files = files.get()};
    entry.spec = entry.type->parse(entry.target, nodes, errors);
    EXPECT_TRUE(errors.empty()) << errors.to_string();
    return entry;
  }

 private:
  /// ${SECRET} is "geheim"; nothing else is set.
  struct Variables final : core::VariableLookup {
    [[nodiscard]] std::optional<std::string> find(std::string_view variable) const override {
      return variable == "SECRET" ? std::optional<std::string>{"geheim"} : std::nullopt;
    }
  };
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::HttpClient> http_;
  std::unique_ptr<io::DnsClient> dns_;
  std::unique_ptr<io::TcpDialer> dialer_;
  std::unique_ptr<io::TlsClient> tls_;
  std::unique_ptr<DnsServer> resolver_;
  std::unique_ptr<prober::SelfWatch> watch_;
  std::unique_ptr<prober::CheckContext> context_;
};

/// "fail tls expired": the outcome in one text, so that a mismatch shows all of it.
inline std::string summary(const core::Measurement& m) {
  const core::Outcome& o = m.outcome;
  return std::string{name(o.status)} + " " + std::string{name(o.stage)} + " " + std::string{name(o.cause)};
}

inline bool has(const core::Measurement& m, const core::Field& f) { return m.get(f) != nullptr; }

inline std::string text_of(const core::Measurement& m, const core::Field& f) {
  const auto* value = m.get(f);
  if (value == nullptr || !std::holds_alternative<std::string>(*value)) return "";
  return std::get<std::string>(*value);
}

inline std::int64_t integer_of(const core::Measurement& m, const core::Field& f) {
  const auto* value = m.get(f);
  if (value == nullptr || !std::holds_alternative<std::int64_t>(*value)) return -1;
  return std::get<std::int64_t>(*value);
}

inline double seconds_of(const core::Measurement& m, const core::Field& f) {
  const auto* value = m.get(f);
  if (value == nullptr || !std::holds_alternative<double>(*value)) return -1;
  return std::get<double>(*value);
}

}  // namespace sonde::test
