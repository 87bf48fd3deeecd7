// A kind of check that takes a given time and ends as told, and a prober on a simulated loop that runs it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "prober/prober.h"
#include "prober/runner.h"
#include "tests/support/sim_loop.h"

namespace sonde::test {

class NoHttp final : public io::HttpClient {
 public:
  [[nodiscard]] io::Handle fetch(io::HttpRequest, io::Callback<void(io::HttpResponse)>) override { return {}; }
};

/// Takes `takes`, then ends as told; gives up like a real one.
struct FakeSpec final : prober::CheckSpec {
  core::Duration takes = std::chrono::milliseconds{100};
  core::Outcome outcome;
};

class FakeCheck final : public prober::Check {
 public:
  FakeCheck(const FakeSpec& spec, prober::CheckContext& context) : spec_(spec), context_(context) {}
  void start(core::MonoTime, core::Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    timer_ = context_.loop.after(spec_.takes, [this] { finish(); });
  }
  core::Measurement give_up(core::Cause why) override {
    core::Measurement m;
    m.outcome = core::failed(core::Stage::kTcp, why);
    return m;
  }

 private:
  void finish() {
    core::Measurement m;
    m.outcome = spec_.outcome;
    auto done = std::move(done_);
    done(std::move(m));
  }
  const FakeSpec& spec_;
  prober::CheckContext& context_;
  core::Callback<void(core::Measurement)> done_;
  io::Handle timer_;
};

inline const prober::CheckType kFakeCheck = {
    core::CheckKind::kTcp,
    {},
    nullptr,
    nullptr,
    nullptr,
    [](const prober::CheckSpec& spec, const core::Target&, const prober::NetSpec&,
       prober::CheckContext& context) -> std::unique_ptr<prober::Check> {
      return std::make_unique<FakeCheck>(static_cast<const FakeSpec&>(spec), context);
    }};

inline prober::TargetEntry fake_target(const std::string& name, core::Duration takes = std::chrono::milliseconds{100},
                                       core::Outcome outcome = {}) {
  prober::TargetEntry e;
  e.target.name = name;
  e.target.url = "tcp://x.test:1";
  e.target.check = core::CheckKind::kTcp;
  e.target.every = std::chrono::seconds{10};
  e.target.timeout = std::chrono::seconds{5};
  e.type = &kFakeCheck;
  auto spec = std::make_unique<FakeSpec>();
  spec->takes = takes;
  spec->outcome = std::move(outcome);
  e.spec = std::move(spec);
  return e;
}

class ProberTest : public testing::Test {
 protected:
  void make(prober::ProberConfig config) {
    config.vantage.name = "v";
    config.vantage.version = "1";
    auto made = make_prober(loop_, *files_, http_, std::move(config), "nameserver 127.0.0.1\n",
                            [this](core::Record r) { records_.push_back(std::move(r)); });
    ASSERT_TRUE(made.has_value());
    prober_ = std::move(*made);
  }

  template <typename... Entries>
  static prober::ProberConfig config_of(Entries... entries) {
    prober::ProberConfig c;
    (c.targets.push_back(std::move(entries)), ...);
    return c;
  }

  [[nodiscard]] std::vector<core::Record> of(std::string_view measurement, std::string_view target = "") const {
    std::vector<core::Record> out;
    std::ranges::copy_if(records_, std::back_inserter(out), [&](const core::Record& r) {
      return r.measurement == measurement && (target.empty() || r.tag("target") == target);
    });
    return out;
  }

  SimLoop loop_;
  std::unique_ptr<io::Files> files_ = io::make_system_files();
  NoHttp http_;
  std::vector<core::Record> records_;
  std::unique_ptr<prober::Prober> prober_;
};

}  // namespace sonde::test
