// `sonde watch`: follows a hub's verdicts in the terminal. Asks once a second: one request that any proxy lets through.
#include <csignal>
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "core/target.h"
#include "io/http_client.h"
#include "io/name_resolver.h"
#include "io/system_loop.h"

namespace sonde::cli {
namespace {

using Json = nlohmann::json;

class Watch {
 public:
  Watch(io::Loop& loop, io::HttpClient& http, io::NameResolver& names, const WatchOptions& options,
        const core::Url& url, const Context& context)
      : loop_(loop), http_(http), names_(names), hub_(options.hub), host_(url.host), terminal_(context.out) {}

  void start() {
    pending_ = names_.resolve(host_, [this](const core::Result<std::vector<std::string>>& addresses) {
      if (addresses) addresses_ = *addresses;
      ask();
    });
  }

 private:
  void ask() {
    io::HttpRequest request;
    request.addresses = addresses_;
    request.url = hub_ + "/api/v1/incidents?state=all&limit=20";
    request.timeout = std::chrono::seconds{5};
    request.body_bytes_max = 4 * 1024 * 1024;
    pending_ = http_.fetch(std::move(request), [this](const io::HttpResponse& response) { answer(response); });
  }

  void answer(const io::HttpResponse& response) {
    const Json body = Json::parse(response.body, nullptr, false);
    const bool good = response.error == io::HttpError::kNone && response.status == 200 && body.is_object();
    if (good != reachable_) {
      reachable_ = good;
      if (!good)
        fmt::print("{}\n",
                   terminal_.paint(Color::kYellow, terminal_.say("The hub does not answer.", "中心没有应答。")));
    }
    if (good) show(body.value("incidents", Json::array()));
    std::fflush(stdout);
    pending_ = loop_.after(std::chrono::seconds{1}, [this] { start(); });
  }

  // Incidents come newest first; they are told oldest first.
  void show(const Json& incidents) {
    for (auto it = incidents.rbegin(); it != incidents.rend(); ++it) {
      const std::string id = it->value("id", "");
      const std::string key = fmt::format("{}/{}", it->value("state", ""), it->value("summary_en", ""));
      if (known_[id] == key) continue;
      known_[id] = key;
      say(*it);
    }
  }

  void say(const Json& incident) {
    const bool closed = incident.value("state", "") == "closed";
    const bool convicted = incident.value("grade", "") == "convicted";
    const Color color = closed ? Color::kGreen : convicted ? Color::kRed : Color::kYellow;
    const std::string_view word = closed      ? terminal_.say("over", "结束")
                                  : convicted ? terminal_.say("sonde says", "判定")
                                              : terminal_.say("not sure", "尚不确定");
    const std::int64_t at = incident.value(closed ? "closed_ms" : "updated_ms", std::int64_t{0});
    std::string line = fmt::format(
        "{}  {}  {}", core::format_utc(core::from_unix_ms(at)), terminal_.paint(color, word),
        terminal_.paint(Color::kBold, incident.value(terminal_.say("summary_en", "summary_zh").data(), "")));
    if (const double confidence = incident.value("confidence", 0.0); confidence > 0) {
      line += terminal_.paint(Color::kGrey, fmt::format("  ({:.0f} %)", confidence * 100));
    }
    fmt::print("{}\n", line);
    if (closed) return;
    for (const Json& evidence : incident.value("evidence", Json::array())) {
      fmt::print("{}\n", terminal_.paint(Color::kGrey,
                                         fmt::format("      · {}",
                                                     evidence.value(terminal_.say("text_en", "text_zh").data(), ""))));
    }
  }

  io::Loop& loop_;
  io::HttpClient& http_;
  io::NameResolver& names_;
  std::string hub_;
  std::string host_;
  std::vector<std::string> addresses_;
  const Terminal& terminal_;
  io::Handle pending_;
  std::map<std::string, std::string> known_;  // what was said last of each incident
  bool reachable_ = true;
};

}  // namespace

int watch_verb(const WatchOptions& options, const Context& context) {
  const auto url = core::parse_url(options.hub);
  if (!url || core::check_kind(*url) != core::CheckKind::kHttp) {
    fmt::print(stderr, "error: --hub needs an http:// or https:// URL, such as http://127.0.0.1:8686\n");
    return exit_code::kUsage;
  }
  const auto loop = io::make_system_loop();
  const auto http = io::make_http_client(*loop, 1);
  const io::Handle signals = io::watch_signals(*loop, [&loop](int number) {
    if (number != SIGHUP) loop->stop();
  });
  const auto names = io::make_name_resolver(*loop);
  Watch watch{*loop, *http, *names, options, *url, context};
  watch.start();
  loop->run();
  return exit_code::kOk;
}

}  // namespace sonde::cli
