// The life of a connection, step by step: accept, wait for the first bytes, travel, handshake, request, travel, answer.
#include "session.h"

#include <array>
#include <optional>

#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "answers.h"

namespace sonde::world {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kLifeMax = std::chrono::seconds{60};
constexpr std::size_t kRequestBytesMax = 16384;

/// Kept alive by its pending operations (shared_ptr: a timer and a socket operation hold it at the same time).
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Services& services, const EndpointIdentity& identity, tcp::socket socket)
      : services_(services),
        identity_(identity),
        socket_(std::move(socket)),
        life_(socket_.get_executor()),
        travel_(socket_.get_executor()) {}

  void start() {
    count();
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);  // else close_notify waits 40 ms for an acknowledgement
    life_.expires_after(kLifeMax);
    life_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self != nullptr) self->socket_.close(error);
    });
    if (identity_.target != nullptr && services_.resets(identity_.vantage, *identity_.target)) return reset();
    if (identity_.protocol == Protocol::kTcp) return after(travel_time(), &Session::greet);
    if (identity_.protocol == Protocol::kHttp) return read_request();
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
      if (!error) self->client_hello();
    });
  }

 private:
  using Step = void (Session::*)();

  void count() {
    auto& counters = services_.counters[identity_.vantage];
    ++counters.connections;
    error_code error;
    const auto remote = socket_.remote_endpoint(error);
    if (!error) services_.count_source(identity_.vantage, remote.address().to_string());
  }

  [[nodiscard]] core::Duration travel_time() {
    if (identity_.target == nullptr) return services_.jitter();
    return services_.travel(identity_.vantage, *identity_.target);
  }

  // Runs `next` when the bytes have travelled; never, if they vanish on the way.
  void after(core::Duration delay, Step next) {
    travel_.expires_after(delay);
    travel_.async_wait([self = shared_from_this(), next](error_code error) {
      if (error) return;
      const auto& id = self->identity_;
      if (id.target != nullptr && self->services_.black_hole(id.vantage, *id.target)) return self->hang();
      (self.get()->*next)();
    });
  }

  // Says nothing more, and notices when the other side gives up.
  void hang() {
    socket_.async_read_some(asio::buffer(scratch_), [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) return self->hang();
      self->end();
    });
  }

  void reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    end();
  }

  void end() {
    error_code ignored;
    life_.cancel();
    socket_.close(ignored);
  }

  void greet() {
    if (identity_.target == nullptr || identity_.target->greeting.empty()) return hang();
    out_ = identity_.target->greeting + "\r\n";
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->hang();
    });
  }

  void client_hello() {
    if (identity_.target != nullptr) tls_reply_ = services_.handshake(identity_.vantage, *identity_.target);
    if (tls_reply_ == TlsReply::kReset) return reset();
    after(travel_time(), &Session::handshake);
  }

  void handshake() {
    CertificateKind kind = CertificateKind::kGood;
    if (tls_reply_ == TlsReply::kExpired) kind = CertificateKind::kExpired;
    if (tls_reply_ == TlsReply::kWrongName) kind = CertificateKind::kWrongName;
    if (tls_reply_ == TlsReply::kSelfSigned) kind = CertificateKind::kSelfSigned;
    tls_.emplace(socket_, services_.certificates->server(identity_.host, identity_.issuer, kind));
    tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code error) {
      if (error) return self->end();
      self->read_request();
    });
  }

  void read_request() {
    const auto done = [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end();
      ++self->services_.counters[self->identity_.vantage].http_requests;
      self->prepare_answer();
    };
    auto buffer = asio::dynamic_buffer(in_, kRequestBytesMax);
    if (tls_) {
      asio::async_read_until(*tls_, buffer, "\r\n\r\n", done);
    } else {
      asio::async_read_until(socket_, buffer, "\r\n\r\n", done);
    }
  }

  // The second word of "GET /path HTTP/1.1".
  [[nodiscard]] std::string_view path() const {
    const std::size_t start = std::min(in_.find(' '), in_.size() - 1) + 1;
    return std::string_view{in_}.substr(start, in_.find_first_of(" \r", start) - start);
  }

  void prepare_answer() {
    HttpStep step;
    const Target* target = identity_.target;
    if (target != nullptr) {
      const Target* asked = services_.find(target->host, identity_.protocol, path());
      step = services_.answer(identity_.vantage, asked != nullptr ? *asked : *target);
      if (asked == nullptr && step.reply == HttpReply::kGood) step.reply = HttpReply::kStatus, step.status = 404;
      if (asked != nullptr) target = asked;
    } else {
      step.delay = services_.jitter();
    }
    out_ = make_answer(target, step);
    stays_open_ = step.reply == HttpReply::kStall;
    after(step.delay, &Session::write_answer);
  }

  void write_answer() {
    const auto done = [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end();
      if (self->stays_open_) return self->hang();
      self->close_politely();
    };
    if (tls_) {
      asio::async_write(*tls_, asio::buffer(out_), done);
    } else {
      asio::async_write(socket_, asio::buffer(out_), done);
    }
  }

  // Closes our side, then waits for the other one: a close with unread bytes would be a reset.
  void close_politely() {
    if (tls_) return tls_->async_shutdown([self = shared_from_this()](error_code) { self->end(); });
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    hang();
  }

  Services& services_;
  const EndpointIdentity& identity_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  asio::steady_timer life_;
  asio::steady_timer travel_;
  TlsReply tls_reply_ = TlsReply::kGood;
  bool stays_open_ = false;
  std::string in_;
  std::string out_;
  std::array<char, 1024> scratch_{};
};

}  // namespace

void start_session(Services& services, const EndpointIdentity& identity, tcp::socket socket) {
  std::make_shared<Session>(services, identity, std::move(socket))->start();
}

}  // namespace sonde::world
