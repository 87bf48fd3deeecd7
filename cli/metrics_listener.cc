// Configuration, routes and pages of the metrics listener.
#include "cli/metrics_listener.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/sanitize.h"

namespace sonde::cli {
namespace {

using core::Key;
using core::KeyKind;
using prober::blackbox::Modules;

constexpr std::size_t kBlackboxBytesMax = 4 * 1024 * 1024;

constexpr std::array kKeys = {
    Key{.name = "listen",
        .standard = "127.0.0.1:8687",
        .en = "address and port of /metrics and /probe; 127.0.0.1:9115 takes the place of a blackbox_exporter",
        .zh = "/metrics 与 /probe 的地址和端口；127.0.0.1:9115 可直接取代 blackbox_exporter"},
    Key{.name = "token_file",
        .kind = KeyKind::kPath,
        .en = "file with one token a line that requests must show; needed where others can reach the address",
        .zh = "令牌文件，每行一个，请求须携带其一；他人可访问该地址时必须设置"},
    Key{.name = "allow_hosts",
        .kind = KeyKind::kTexts,
        .en = "further names that requests may use in their Host header",
        .zh = "请求的 Host 头中还允许的名称"},
    Key{.name = "blackbox_file",
        .kind = KeyKind::kPath,
        .en = "a blackbox.yml whose modules /probe answers; without it there is no /probe",
        .zh = "blackbox.yml 文件，/probe 按其中的模块应答；不设则没有 /probe"},
    Key{.name = "timeout_offset",
        .kind = KeyKind::kDuration,
        .min = 0,
        .max = 60'000,
        .standard = "500ms",
        .en = "taken off the scrape's timeout, so that the answer is there in time",
        .zh = "从抓取超时中减去的时间，使应答及时返回"}};

Modules read_blackbox_file(const core::ConfigNode& at, const std::string& path, io::Files& files,
                           core::ConfigErrors& errors) {
  const auto text = files.read_all(path, kBlackboxBytesMax);
  if (text) return prober::blackbox::read_modules(*text, path, files, errors);
  errors.add(at.error(text.error()));
  return {};
}

io::ServerResponse text_answer(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}},
          .body = std::move(body)};
}

pipeline::Metric metric(std::string name, std::string help, double value,
                        pipeline::Metric::Type type = pipeline::Metric::Type::kGauge) {
  return {.name = std::move(name), .help = std::move(help), .type = type, .labels = {}, .value = value};
}

}  // namespace

const core::KeyTable kMetricsKeys{"metrics", kKeys};

MetricsConfig read_metrics_config(const core::ConfigNode& node, io::Files& files, core::ConfigErrors& errors) {
  MetricsConfig c;
  const core::TableReader map{node, kMetricsKeys, errors};
  if (const auto text = map.text("listen")) {
    if (const auto listen = io::parse_listen(*text)) {
      c.listen = *listen;
    } else {
      errors.add(map.node("listen")->error("listen must be ADDRESS:PORT or [ADDRESS]:PORT, such as 127.0.0.1:8687",
                                           "listen 应为 地址:端口 或 [地址]:端口，例如 127.0.0.1:8687"));
    }
  }
  c.token_file = map.path("token_file").value_or("");
  c.allow_hosts = map.texts("allow_hosts");
  c.timeout_offset = map.duration("timeout_offset").value_or(c.timeout_offset);
  if (const auto path = map.path("blackbox_file")) {
    c.blackbox_file = *path;
    c.modules = read_blackbox_file(*map.node("blackbox_file"), c.blackbox_file, files, errors);
  }
  if (!io::is_loopback(c.listen.address) && map.node("token_file") == nullptr) {
    const core::ConfigNode* at = map.node("listen");
    errors.add(
        (at != nullptr ? *at : node)
            .error("metrics listens on " + c.listen.address +
                       ", which others can reach, and /probe would probe whatever they ask for: set token_file, or "
                       "listen on 127.0.0.1",
                   "metrics 监听在 " + c.listen.address +
                       "，他人可以访问，而 /probe 会按他们的要求探测：请设置 token_file，或改为监听 127.0.0.1"));
  }
  return c;
}

MetricsListener::MetricsListener(Parts parts, MetricsConfig config)
    : parts_(std::move(parts)),
      config_(std::move(config)),
      handler_(parts_.loop, parts_.files, config_.timeout_offset),
      reload_good_at_(parts_.loop.wall_now()) {
  handler_.set_modules(std::move(config_.modules));
}

core::Result<int> MetricsListener::start() {
  io::GuardOptions guard{
      .address = config_.listen.address, .allow_hosts = config_.allow_hosts, .tokens = {}, .guard_reads = true};
  if (!config_.token_file.empty()) {
    auto tokens = io::read_tokens(parts_.files, config_.token_file);
    if (!tokens) return tokens.error();
    guard.tokens = std::move(*tokens);
  }
  guard_ = std::make_unique<io::HttpGuard>(std::move(guard));
  io::HttpServerOptions options;
  options.address = config_.listen.address;
  options.port = config_.listen.port;
  options.body_bytes_max = 1024;
  auto server = io::listen_http(parts_.loop, std::move(options),
                                [this](const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
                                  on_request(request, std::move(responder));
                                });
  if (!server) return server.error();
  server_ = std::move(*server);
  return server_->port();
}

void MetricsListener::reconfigure(MetricsConfig config) { handler_.set_modules(std::move(config.modules)); }

void MetricsListener::reloaded(bool good) {
  reload_good_ = good;
  if (good) reload_good_at_ = parts_.loop.wall_now();
}

void MetricsListener::on_request(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
  if (const auto refusal = guard_->refuse(request)) {
    io::ServerResponse response = text_answer(refusal->status, refusal->message + "\n");
    if (refusal->status == 401) response.headers.emplace_back("WWW-Authenticate", io::HttpGuard::kChallenge);
    return responder->respond(std::move(response));
  }
  if (request.path == "/-/reload") {
    if (request.method == "POST" || request.method == "PUT") return answer_reload(std::move(responder));
    return responder->respond(text_answer(405, "This endpoint requires a POST request.\n"));
  }
  if (request.method != "GET") return responder->respond(text_answer(405, "GET is answered here\n"));
  answer_get(request, std::move(responder));
}

void MetricsListener::answer_get(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
  prober::Prober* prober = parts_.prober();
  if (request.path == "/metrics") return begin_page(std::move(responder));
  if (request.path == "/-/healthy") return responder->respond(text_answer(200, health()));
  if (request.path == "/-/ready") {
    return responder->respond(prober != nullptr ? text_answer(200, "Ready\n") : text_answer(503, "Not ready\n"));
  }
  if (request.path == "/probe" && !config_.blackbox_file.empty()) {
    if (prober != nullptr) return handler_.handle(request, std::move(responder), *prober);
    return responder->respond(text_answer(503, "no prober runs here\n"));
  }
  if (request.path == "/") {
    return responder->respond(text_answer(
        200, config_.blackbox_file.empty() ? "Sonde: /metrics\n" : "Sonde: /metrics /probe?target=…&module=…\n"));
  }
  const bool probe = request.path == "/probe";
  responder->respond(text_answer(404, probe ? "set metrics.blackbox_file to have /probe\n" : "no such page\n"));
}

// A failing disk is told and no reason to restart: that would lose what the memory holds.
std::string MetricsListener::health() const {
  const std::string why = parts_.degraded ? parts_.degraded() : std::string{};
  return why.empty() ? "Healthy\n"
                     : fmt::format("Healthy\nthe log keeps records in memory only: {}\n", core::sanitize(why));
}

void MetricsListener::answer_reload(std::unique_ptr<io::Responder> responder) {
  if (!parts_.reload) return responder->respond(text_answer(404, "nothing to reload\n"));
  const auto done = parts_.reload();
  if (done) return responder->respond(text_answer(200, ""));
  responder->respond(text_answer(500, "failed to reload the configuration: " + done.error().message + "\n"));
}

void MetricsListener::begin_page(std::unique_ptr<io::Responder> responder) {
  const std::uint64_t id = ++pages_begun_;
  PageJob& job = pages_[id];
  job.responder = std::move(responder);
  job.text.reserve(page_bytes_);  // a large text that grows is copied again and again
  job.text += parts_.page.text();
  continue_page(id);
}

void MetricsListener::continue_page(std::uint64_t id) {
  PageJob& job = pages_.at(id);
  if (job.family < pipeline::probe_families()) {
    parts_.probes.append(job.family++, job.text);
    job.step = parts_.loop.soon([this, id] { continue_page(id); });
    return;
  }
  page_bytes_ = job.text.size() + job.text.size() / 8;
  io::ServerResponse response = text_answer(200, std::move(job.text));
  response.headers.front().second = pipeline::MetricsPage::kContentType;
  const std::unique_ptr<io::Responder> responder = std::move(job.responder);
  parts_.loop.retire(std::make_unique<io::Handle>(std::move(job.step)));  // we are inside it
  pages_.erase(id);
  responder->respond(std::move(response));
}

void MetricsListener::collect(std::vector<pipeline::Metric>& metrics) const {
  if (config_.blackbox_file.empty()) return;
  const auto at = static_cast<double>(core::to_unix_ms(reload_good_at_)) / 1000;
  const auto count = pipeline::Metric::Type::kCounter;
  metrics.push_back(
      metric("sonde_blackbox_runs_total", "Runs asked for by /probe.", static_cast<double>(handler_.runs()), count));
  metrics.push_back(
      metric("sonde_blackbox_runs_in_flight", "Runs of /probe under way.", static_cast<double>(handler_.in_flight())));
  // Under blackbox_exporter's names too, for alerts that look at them.
  metrics.push_back(metric("blackbox_module_unknown_total", "Count of unknown modules requested by probes.",
                           static_cast<double>(handler_.unknown_modules()), count));
  metrics.push_back(metric("blackbox_exporter_config_last_reload_successful",
                           "Blackbox exporter config loaded successfully.", reload_good_ ? 1 : 0));
  metrics.push_back(metric("blackbox_exporter_config_last_reload_success_timestamp_seconds",
                           "Timestamp of the last successful configuration reload.", at));
}

}  // namespace sonde::cli
