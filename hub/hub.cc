// Wiring of the hub.
#include "hub/hub.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "hub/api.h"
#include "hub/asks.h"
#include "hub/events.h"
#include "hub/guard.h"
#include "hub/incidents.h"
#include "hub/ingest.h"
#include "hub/judge_sink.h"
#include "hub/store.h"
#include "hub/store_history.h"
#include "io/http_server.h"

namespace sonde::hub {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr int kAskRounds = 2;  // for so long an ask waits for its prober
constexpr core::Duration kTellEvery = std::chrono::seconds{1};

Result<std::vector<std::string>> read_tokens(io::Files& files, const HubConfig& config) {
  if (config.token_file.empty()) {
    if (io::is_loopback(config.address)) return std::vector<std::string>{};
    return Error{
        ErrorCode::kInvalid,
        fmt::format("the hub does not listen on {} without hub.token_file: others can reach it", config.address)};
  }
  return io::read_tokens(files, config.token_file);
}

// A damaged database is put aside: what it held is history, and a hub must start.
Result<std::unique_ptr<History>> open_or_replace(io::Files& files, const std::string& directory, core::WallTime now) {
  if (auto made = files.make_directories(directory); !made) return made.error();
  const std::string path = directory + "/hub.db";
  auto history = open_history(path);
  if (history || history.error().code != ErrorCode::kCorrupt) return history;
  const std::string aside = fmt::format("{}.damaged-{}", path, core::to_unix_ms(now));
  spdlog::error("{}; it is kept as {} and a new one is begun", history.error().message, aside);
  if (auto moved = files.rename(path, aside); !moved) return moved.error();
  for (const char* suffix : {"-wal", "-shm"}) {
    // These belong to the damaged file; usually there are none.
    if (auto removed = files.remove(path + suffix); !removed) continue;
  }
  return open_history(path);
}

std::vector<core::Record> descriptions_of(History& history) {
  auto state = history.state();
  std::vector<core::Record> found;
  if (!state) return found;
  for (core::Record& r : *state) {
    if (r.measurement != "probe") found.push_back(std::move(r));
  }
  return found;
}

}  // namespace

class Hub::Impl {
 public:
  Impl(HubParts parts, HubConfig config) : parts_(std::move(parts)), config_(std::move(config)) {}

  Result<int> start();
  HubSnapshot snapshot() const;
  std::vector<pipeline::Pump*> pumps();
  void ask(core::CompanionAsk ask);

 private:
  void build(std::vector<std::string> tokens);
  void on_verdict(const judge::VerdictEvent& e);
  void on_caught_up();
  void tell();
  std::string not_ready() const;

  HubParts parts_;
  HubConfig config_;
  // In the order in which they are built on each other; the server goes first.
  std::unique_ptr<History> history_;
  std::optional<Guard> guard_;
  std::optional<Store> store_;
  std::optional<Incidents> incidents_;
  std::optional<EventHub> events_;
  std::optional<Ingest> ingest_;
  std::optional<Asks> asks_;
  std::uint64_t asked_ = 0;  // companions, by the judge here
  std::optional<JudgeSink> judge_;
  std::optional<pipeline::Pump> store_pump_;
  std::optional<Api> api_;
  std::unique_ptr<io::HttpServer> server_;
  io::Handle tell_timer_;
};

Result<int> Hub::Impl::start() {
  if (config_.directory.empty()) return Error{ErrorCode::kInvalid, "the hub has no directory for its database"};
  auto tokens = read_tokens(parts_.files, config_);
  if (!tokens) return tokens.error();
  auto history = open_or_replace(parts_.files, config_.directory, parts_.loop.wall_now());
  if (!history) return history.error();
  history_ = std::move(*history);
  build(std::move(*tokens));
  io::HttpServerOptions options{.address = config_.address, .port = config_.port};
  options.stream_queue_bytes_max = 16 * 1024 * 1024;  // a large fleet's overview is megabytes
  auto server = io::listen_http(
      parts_.loop, options,
      [this](io::ServerRequest request, std::unique_ptr<io::Responder> r) { api_->handle(request, std::move(r)); });
  if (!server) return server.error();
  server_ = std::move(*server);
  judge_->start(descriptions_of(*history_));
  tell_timer_ = parts_.loop.after(kTellEvery, [this] { tell(); });
  return server_->port();
}

void Hub::Impl::build(std::vector<std::string> tokens) {
  guard_.emplace(config_, std::move(tokens));
  store_.emplace(parts_.loop, *history_, StoreOptions{.round = config_.round, .retention = config_.retention});
  incidents_.emplace(*history_);
  events_.emplace(parts_.loop);
  ingest_.emplace(parts_.loop, parts_.log, IngestOptions{});
  asks_.emplace(kAskRounds * config_.round);
  ingest_->on_vantages([this](std::span<const std::string> vantages) {
    return core::write_asks(asks_->take(vantages, parts_.loop.now()));
  });
  judge_.emplace(parts_.loop, parts_.log, JudgeSinkOptions{.judge = {.round = config_.round}},
                 JudgeSink::Listener{.on_event = [this](const judge::VerdictEvent& e) { on_verdict(e); },
                                     .on_caught_up = [this] { on_caught_up(); },
                                     .on_ask =
                                         [this](core::CompanionAsk a) {
                                           ++asked_;
                                           ask(std::move(a));
                                         }});
  store_pump_.emplace(parts_.loop, parts_.log.cursor("store"), *store_,
                      pipeline::Pump::Options{.linger = std::chrono::milliseconds{500}});
  api_.emplace(ApiParts{.loop = parts_.loop,
                        .guard = *guard_,
                        .store = *store_,
                        .incidents = *incidents_,
                        .events = *events_,
                        .ingest = *ingest_,
                        .assets = parts_.assets,
                        .metrics = std::move(parts_.metrics),
                        .not_ready = [this] { return not_ready(); },
                        .version = parts_.version});
}

void Hub::Impl::on_verdict(const judge::VerdictEvent& e) {
  const std::string json = incidents_->take(e);
  if (json.empty()) return;  // known from before a restart
  parts_.log.append(judge::to_record(e));
  events_->send("incident", json);
}

void Hub::Impl::ask(core::CompanionAsk ask) {
  if (parts_.ask_here && parts_.ask_here(ask)) return;
  asks_->put(std::move(ask), parts_.loop.now());
}

// What was open before the restart and is not found again in the records has ended, as far as anybody can tell.
void Hub::Impl::on_caught_up() {
  for (const std::string& json : incidents_->close_others(judge_->judge().open(), parts_.loop.wall_now())) {
    events_->send("incident", json);
  }
}

void Hub::Impl::tell() {
  if (not_ready().empty()) api_->tell_changes();
  tell_timer_ = parts_.loop.after(kTellEvery, [this] { tell(); });
}

std::string Hub::Impl::not_ready() const { return judge_->caught_up() ? "" : "the hub is reading back its log"; }

HubSnapshot Hub::Impl::snapshot() const {
  HubSnapshot s;
  if (!api_) return s;
  const IngestCounters& in = ingest_->counters();
  s.ingest_requests = in.requests;
  s.ingest_lines = in.lines;
  s.ingest_lines_rejected = in.lines_rejected;
  s.ingest_requests_refused = in.requests_refused;
  s.ingest_bytes_waiting = in.bytes_waiting;
  s.store_results = history_->rows();
  const judge::JudgeCounters& judged = judge_->judge().counters();
  s.judge_results = judged.results;
  s.judge_late = judged.late;
  s.judge_rounds = judged.rounds;
  s.companions_asked = asked_;
  s.companions_judged = judged.companions;
  s.shadow_agreed = judged.shadow_agreed;
  s.shadow_disagreed = judged.shadow_disagreed;
  s.incidents_open = incidents_->open().size();
  s.event_streams = events_->streams();
  s.judge_wrong_clock = judged.wrong_clock;
  s.clocks = ingest_->clocks().all();
  return s;
}

std::vector<pipeline::Pump*> Hub::Impl::pumps() {
  std::vector<pipeline::Pump*> all;
  if (store_pump_) all.push_back(&*store_pump_);
  return all;
}

Hub::Hub(HubParts parts, HubConfig config) : impl_(std::make_unique<Impl>(std::move(parts), std::move(config))) {}
Hub::~Hub() = default;
core::Result<int> Hub::start() { return impl_->start(); }
HubSnapshot Hub::snapshot() const { return impl_->snapshot(); }

void Hub::ask(core::CompanionAsk ask) { impl_->ask(std::move(ask)); }

std::vector<pipeline::Pump*> Hub::pumps() { return impl_->pumps(); }

}  // namespace sonde::hub
