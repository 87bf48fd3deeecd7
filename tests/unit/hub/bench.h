// Records and answers for the hub's tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/measurement.h"
#include "core/outcome.h"
#include "core/record.h"
#include "core/target.h"
#include "io/http_server.h"

namespace sonde::hub::test {

/// 2025-11-24T16:00:00Z: the moment around which the tests play.
inline constexpr std::int64_t kNowMs = 1'764'000'000'000;

inline core::Vantage vantage(std::string name, core::Partition partition = core::Partition::kDomestic) {
  core::Vantage v;
  v.name = std::move(name);
  v.provider = "cirrus";
  v.region = "cn-east";
  v.partition = partition;
  v.isp = v.name;
  v.country = partition == core::Partition::kDomestic ? "CN" : "DE";
  return v;
}

inline core::Target app(std::string name) {
  core::Target t;
  t.name = name;
  t.url = "https://" + name + ".example.com/healthz";
  t.role = core::Role::kApp;
  t.app = std::move(name);
  t.provider = "cirrus";
  t.region = "cn-east";
  t.service = "app";
  t.partition = core::Partition::kDomestic;
  t.every = std::chrono::seconds{10};
  return t;
}

inline core::Target reference(std::string provider, std::string region, std::string service) {
  core::Target t;
  t.name = provider + "/" + region + "/" + service;
  t.url = "https://" + service + "." + region + ".example.net/";
  t.role = core::Role::kReference;
  t.provider = std::move(provider);
  t.region = std::move(region);
  t.service = std::move(service);
  t.partition = core::Partition::kDomestic;
  t.every = std::chrono::seconds{10};
  return t;
}

inline core::Target control(core::Partition partition) {
  core::Target t;
  t.name = "control/" + std::string{core::name(partition)};
  t.url = "https://control.example.org/";
  t.role = core::Role::kControl;
  t.partition = partition;
  t.every = std::chrono::seconds{10};
  return t;
}

/// A result; without an outcome it is fine and took `seconds`.
inline core::Record probe(const core::Vantage& v, const core::Target& t, std::int64_t time_ms,
                          const std::optional<core::Outcome>& outcome = {}, double seconds = 0.031) {
  core::Measurement m;
  m.family = "ip4";
  if (outcome) m.outcome = *outcome;
  m.set(core::field::kDurationSeconds, seconds);
  m.set(core::field::kSuspect, std::int64_t{0});
  m.set(core::field::kIp, std::string{"192.0.2.1"});
  if (outcome && outcome->cause == core::Cause::kStatus) m.set(core::field::kHttpStatusCode, std::int64_t{503});
  return core::to_record(m, v, t, core::from_unix_ms(time_ms));
}

inline core::Record suspect(core::Record r) {
  for (auto& [name, value] : r.fields) {
    if (name == core::field::kSuspect.name) value = std::int64_t{1};
  }
  return r;
}

inline core::Outcome http_503() {
  return core::failed(core::Stage::kHttp, core::Cause::kStatus, "503 Service Unavailable");
}
inline core::Outcome tcp_timeout() { return core::failed(core::Stage::kTcp, core::Cause::kTimeout); }

/// What was answered, for a test to look at.
struct Answer {
  std::optional<io::ServerResponse> response;
  [[nodiscard]] int status() const { return response ? response->status : 0; }
  [[nodiscard]] std::string body() const { return response ? response->body : std::string{}; }
  [[nodiscard]] std::string header(std::string_view name) const {
    if (!response) return {};
    for (const auto& [key, value] : response->headers) {
      if (key == name) return value;
    }
    return {};
  }
};

/// Keeps the answer in an Answer that must outlive it.
class CapturingResponder final : public io::Responder {
 public:
  explicit CapturingResponder(Answer& answer) : answer_(answer) {}
  void respond(io::ServerResponse response) override { answer_.response = std::move(response); }
  std::unique_ptr<io::EventStream> stream(io::ServerResponse) override { return nullptr; }

 private:
  Answer& answer_;
};

}  // namespace sonde::hub::test
