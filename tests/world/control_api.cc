// Requests of the control API and what they do.
#include "control_api.h"

#include <charconv>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

namespace sonde::world {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using nlohmann::json;

constexpr std::uint64_t kBodyBytesMax = 65536;

/// One request and its answer (shared_ptr: the pending operation holds it).
struct Exchange : std::enable_shared_from_this<Exchange> {
  explicit Exchange(tcp::socket s, ControlApi& a) : stream(std::move(s)), api(a) { parser.body_limit(kBodyBytesMax); }

  void start() {
    stream.expires_after(std::chrono::seconds{10});
    http::async_read(stream, buffer, parser, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->answer();
    });
  }

  void answer() {
    const auto& request = parser.get();
    const auto method = request.method_string();
    const auto path = request.target();
    const auto reply = api.handle({method.data(), method.size()}, {path.data(), path.size()}, request.body());
    response.result(static_cast<unsigned>(reply.status));
    response.set(http::field::content_type, "application/json");
    response.body() = reply.body + '\n';
    response.keep_alive(false);
    response.prepare_payload();
    http::async_write(stream, response, [self = shared_from_this()](error_code error, std::size_t) {
      self->stream.socket().shutdown(tcp::socket::shutdown_send, error);
    });
  }

  boost::beast::tcp_stream stream;
  ControlApi& api;
  boost::beast::flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  http::response<http::string_body> response;
};

std::string error_body(const std::vector<std::string>& errors) { return json{{"errors", errors}}.dump(); }

json fault_json(const ActiveFaults::Entry& e, const World& world) {
  const Fault& f = e.fault;
  json out = {{"id", f.id},
              {"kind", info(f.kind).name},
              {"on", describe(f.scope)},
              {"percent", f.percent},
              {"from", e.from_timeline ? "timeline" : "api"}};
  if (!f.name.empty()) out["name"] = f.name;
  if (!f.text.en.empty()) out["text"] = {{"en", f.text.en}, {"zh", f.text.zh}};
  json pairs = json::array();
  for (const auto& v : world.vantages) {
    for (const auto& t : world.targets) {
      if (touches(f, v, t)) pairs.push_back({{"vantage", v.name}, {"target", t.name}});
    }
  }
  out["pairs"] = std::move(pairs);
  return out;
}

}  // namespace

ControlApi::ControlApi(asio::io_context& io, Services& services) : io_(io), services_(services), acceptor_(io) {}

core::Result<void> ControlApi::listen() {
  const tcp::endpoint where(asio::ip::address_v4::loopback(),
                            static_cast<std::uint16_t>(services_.plan.control_port()));
  error_code error;
  acceptor_.open(tcp::v4(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(where, error);
  if (!error) acceptor_.listen(64, error);
  if (error) {
    return core::Error{core::ErrorCode::kBusy,
                       "cannot listen on 127.0.0.1:" + std::to_string(where.port()) + ": " + error.message()};
  }
  accept();
  return {};
}

void ControlApi::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) std::make_shared<Exchange>(std::move(socket), *this)->start();
    accept();
  });
}

ControlApi::Reply ControlApi::handle(std::string_view method, std::string_view path, const std::string& body) {
  static constexpr std::string_view kFaults = "/faults";
  if (path == "/state" && method == "GET") return {200, state()};
  if (path == kFaults && method == "POST") return add_fault(body);
  if (path == kFaults && method == "DELETE") {
    while (!services_.faults.entries().empty()) (void)services_.faults.remove(services_.faults.entries()[0].fault.id);
    return {200, json{{"removed", "all"}}.dump()};
  }
  if (path.starts_with("/faults/") && method == "DELETE") return remove_fault(path.substr(kFaults.size() + 1));
  const bool known = path == "/state" || path == kFaults || path.starts_with("/faults/");
  return {known ? 405 : 404, error_body({"there are GET /state, POST /faults, DELETE /faults/ID and DELETE /faults"})};
}

std::string ControlApi::state() const {
  json out;
  const auto up = std::chrono::steady_clock::now() - started_;
  out["up_seconds"] = core::to_seconds(std::chrono::duration_cast<core::Duration>(up));
  out["faults"] = json::array();
  for (const auto& e : services_.faults.entries()) out["faults"].push_back(fault_json(e, services_.world));
  for (std::size_t i = 0; i < services_.world.vantages.size(); ++i) {
    const auto& c = services_.counters[i];
    out["vantages"][services_.world.vantages[i].name] = {{"dns_queries", c.dns_queries},
                                                         {"connections", c.connections},
                                                         {"http_requests", c.http_requests},
                                                         {"foreign", c.foreign}};
  }
  return out.dump();
}

ControlApi::Reply ControlApi::add_fault(const std::string& body) {
  core::ConfigErrors errors;
  // JSON is YAML, so the strict readers of world.yaml serve here too.
  core::ConfigNode node = core::parse_yaml(body, "request", nullptr, errors);
  std::optional<core::Duration> length;
  const auto is_for = [](const auto& entry) { return entry.key.scalar == "for"; };
  const auto found = std::find_if(node.entries.begin(), node.entries.end(), is_for);
  if (found != node.entries.end()) {
    length = core::read_duration(found->value, std::chrono::milliseconds{1}, std::chrono::hours{24}, errors);
    node.entries.erase(found);
  }
  Fault fault;
  if (errors.empty()) fault = read_fault(node, services_.world, errors);
  if (!errors.empty()) {
    std::vector<std::string> texts;
    for (const auto& e : errors.all()) texts.push_back(to_string(e));
    return {400, error_body(texts)};
  }
  const auto id = services_.faults.add(std::move(fault), false);
  if (length) end_later(id, *length);
  return {201, json{{"id", id}}.dump()};
}

ControlApi::Reply ControlApi::remove_fault(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool number = error == std::errc{} && end == text.data() + text.size();
  if (!number || !services_.faults.remove(id)) {
    return {404, error_body({"no fault has this id"})};
  }
  return {200, json{{"removed", id}}.dump()};
}

void ControlApi::end_later(std::uint64_t id, core::Duration after) {
  auto timer = std::make_shared<asio::steady_timer>(io_, after);
  timer->async_wait([this, timer, id](error_code error) {
    if (!error) (void)services_.faults.remove(id);
  });
}

}  // namespace sonde::world
