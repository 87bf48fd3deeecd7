// One connection of the HTTP server. Source: RFC 9112 9 (connection management), recv(2), sendmsg(2).
#include "io/http_connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "io/http_text.h"

namespace sonde::io {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kPartsPerWrite = 16;
constexpr Duration kDrainTimeout = std::chrono::seconds{2};
constexpr std::size_t kDrainBytesMax = 8 * 1024 * 1024;

ServerResponse plain(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

std::string words_for(int status) {
  switch (status) {
    case 400:
      return "The request is not valid HTTP.\n";
    case 408:
      return "The request did not arrive in time.\n";
    case 413:
      return "The request body is too large.\n";
    case 431:
      return "The request header is too large.\n";
    default:
      return "The request cannot be served.\n";
  }
}

}  // namespace

/// The caller's end of a request. Either side may go first.
class HttpConnection::ResponderLink final : public Responder {
 public:
  explicit ResponderLink(HttpConnection& connection) : connection_(&connection) { connection.responder_ = this; }
  ~ResponderLink() override {
    if (HttpConnection* c = detach(); c != nullptr) c->respond(plain(500, "The request was not answered.\n"));
  }
  ResponderLink(const ResponderLink&) = delete;
  ResponderLink& operator=(const ResponderLink&) = delete;
  void respond(ServerResponse response) override {
    if (HttpConnection* c = detach(); c != nullptr) c->respond(std::move(response));
  }
  [[nodiscard]] std::unique_ptr<EventStream> stream(ServerResponse head) override;
  HttpConnection* detach() {
    if (connection_ != nullptr) connection_->responder_ = nullptr;
    return std::exchange(connection_, nullptr);
  }

 private:
  HttpConnection* connection_;
};

class HttpConnection::StreamLink final : public EventStream {
 public:
  explicit StreamLink(HttpConnection* connection) : connection_(connection) {
    if (connection_ != nullptr) connection_->stream_ = this;
  }
  ~StreamLink() override {
    if (HttpConnection* c = detach(); c != nullptr) c->end_stream();
  }
  StreamLink(const StreamLink&) = delete;
  StreamLink& operator=(const StreamLink&) = delete;
  bool send(std::string bytes) override { return connection_ != nullptr && connection_->send_event(std::move(bytes)); }
  [[nodiscard]] bool open() const override { return connection_ != nullptr; }
  HttpConnection* detach() {
    if (connection_ != nullptr) connection_->stream_ = nullptr;
    return std::exchange(connection_, nullptr);
  }

 private:
  HttpConnection* connection_;
};

std::unique_ptr<EventStream> HttpConnection::ResponderLink::stream(ServerResponse head) {
  HttpConnection* c = detach();
  if (c == nullptr) return std::make_unique<StreamLink>(nullptr);
  return c->stream(std::move(head));
}

HttpConnection::HttpConnection(Host& host, Loop& loop, const HttpServerOptions& options, UniqueFd fd, std::string peer)
    : host_(host), loop_(loop), options_(options), fd_(std::move(fd)), peer_(std::move(peer)) {}

HttpConnection::~HttpConnection() { shut(); }

void HttpConnection::start() {
  next_request();
  arm(options_.header_timeout);  // a new connection has to speak soon; a kept one may idle
}

void HttpConnection::shut() {
  phase_ = Phase::kClosed;
  read_watch_.reset();
  write_watch_.reset();
  timer_.reset();
  next_.reset();
  if (responder_ != nullptr) responder_->detach();
  if (stream_ != nullptr) stream_->detach();
  fd_.reset();
}

void HttpConnection::close() {
  if (phase_ == Phase::kClosed) return;
  shut();
  host_.on_closed(*this);
}

void HttpConnection::arm(Duration timeout) {
  timer_ = loop_.after(timeout, [this] { on_timeout(); });
}

void HttpConnection::on_timeout() {
  if (phase_ == Phase::kReading && request_began_) return refuse(408);
  close();
}

// ---- Reading

void HttpConnection::watch_reading() {
  if (read_watch_ || input_ended_) return;
  read_watch_ = loop_.watch(fd_.get(), Interest::kRead, [this] { on_readable(); });
}

void HttpConnection::on_readable() {
  std::array<char, kReadBytes> bytes;
  const ssize_t n = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return;
    return close();
  }
  if (n == 0) return on_end_of_input();
  const auto count = static_cast<std::size_t>(n);
  switch (phase_) {
    case Phase::kReading:
      // The first bytes of a request on a kept connection start the time for its header.
      if (!request_began_) arm(options_.header_timeout);
      request_began_ = true;
      in_.append(bytes.data(), count);
      return parse();
    case Phase::kHandling:
    case Phase::kSending:
      in_.append(bytes.data(), count);
      // Pipelined requests wait in the kernel once this much is here.
      if (in_.size() > options_.header_bytes_max) read_watch_.reset();
      return;
    case Phase::kStreaming:
      return;
    case Phase::kDraining:
      drained_bytes_ += count;
      if (drained_bytes_ > kDrainBytesMax) close();
      return;
    case Phase::kClosed:
      return;
  }
}

void HttpConnection::on_end_of_input() {
  input_ended_ = true;
  read_watch_.reset();
  switch (phase_) {
    // A peer may shut its side after the request and still read the answer.
    case Phase::kHandling:
    case Phase::kSending:
      return;
    case Phase::kReading:
      return parse();  // a pipelined request may still wait here
    case Phase::kStreaming:
    case Phase::kDraining:
      return close();
    case Phase::kClosed:
      return;
  }
}

void HttpConnection::parse() {
  next_.reset();
  switch (reader_->feed(in_)) {
    case RequestReader::State::kBad:
      return refuse(reader_->refusal());
    case RequestReader::State::kComplete:
      return dispatch();
    case RequestReader::State::kNeedsMore:
      break;
  }
  if (input_ended_) return close();
  if (!reader_->header_complete() || header_seen_) return;
  header_seen_ = true;
  arm(options_.idle_timeout);  // for the whole body
  if (reader_->expects_continue() && !continue_sent_) {
    continue_sent_ = true;
    queue("HTTP/1.1 100 Continue\r\n\r\n");
    flush();
  }
}

void HttpConnection::dispatch() {
  timer_.reset();
  phase_ = Phase::kHandling;
  keep_alive_ = reader_->keep_alive();
  ServerRequest request = reader_->take();
  request.peer = peer_;
  head_only_ = request.method == "HEAD";
  host_.on_request(std::move(request), std::make_unique<ResponderLink>(*this));
}

void HttpConnection::refuse(int status) {
  phase_ = Phase::kHandling;
  keep_alive_ = false;
  head_only_ = false;
  respond(plain(status, words_for(status)));
}

// ---- Answering

void HttpConnection::respond(ServerResponse response) {
  if (phase_ != Phase::kHandling) return;
  const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
  keep_alive_ = keep_alive_ && (!input_ended_ || !in_.empty());
  phase_ = Phase::kSending;
  queue(answer_head(response, has_body ? BodyFraming::kLength : BodyFraming::kNone, keep_alive_,
                    http_date(loop_.wall_now())));
  if (has_body && !head_only_) queue(std::move(response.body));
  flush();
}

std::unique_ptr<EventStream> HttpConnection::stream(ServerResponse head) {
  keep_alive_ = false;
  if (head_only_) {
    phase_ = Phase::kSending;
    queue(answer_head(head, BodyFraming::kUntilEnd, false, http_date(loop_.wall_now())));
    flush();
    return std::make_unique<StreamLink>(nullptr);
  }
  phase_ = Phase::kStreaming;
  auto link = std::make_unique<StreamLink>(this);
  if (input_ended_) {  // nobody listens any more
    close();
    return link;
  }
  watch_reading();  // it may have been paused; the end of a stream must be seen
  queue(answer_head(head, BodyFraming::kUntilEnd, false, http_date(loop_.wall_now())));
  flush();
  return link;
}

bool HttpConnection::send_event(std::string bytes) {
  if (out_bytes_ + bytes.size() > options_.stream_queue_bytes_max) {
    close();
    return false;
  }
  queue(std::move(bytes));
  if (!write_watch_) flush();
  return phase_ == Phase::kStreaming;
}

void HttpConnection::end_stream() {
  if (phase_ != Phase::kStreaming) return;
  phase_ = Phase::kSending;
  if (out_.empty()) on_sent();
}

// ---- Writing

void HttpConnection::queue(std::string bytes) {
  if (bytes.empty()) return;
  out_bytes_ += bytes.size();
  out_.push_back(std::move(bytes));
}

void HttpConnection::flush() {
  while (!out_.empty()) {
    std::array<iovec, kPartsPerWrite> parts{};
    std::size_t count = 0;
    for (auto it = out_.begin(); it != out_.end() && count < parts.size(); ++it, ++count) {
      const std::size_t skip = count == 0 ? out_offset_ : 0;
      parts[count] = {it->data() + skip, it->size() - skip};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return close();
      if (!write_watch_) write_watch_ = loop_.watch(fd_.get(), Interest::kWrite, [this] { flush(); });
      // Each time the peer reads on, it gets the time anew.
      if (phase_ != Phase::kReading) arm(options_.idle_timeout);
      return;
    }
    out_bytes_ -= static_cast<std::size_t>(n);
    out_offset_ += static_cast<std::size_t>(n);
    while (!out_.empty() && out_offset_ >= out_.front().size()) {
      out_offset_ -= out_.front().size();
      out_.pop_front();
    }
  }
  write_watch_.reset();
  if (phase_ == Phase::kStreaming) timer_.reset();
  if (phase_ == Phase::kSending) on_sent();
}

void HttpConnection::on_sent() {
  if (!keep_alive_) return drain();
  next_request();
  if (phase_ != Phase::kReading) return;
  if (!in_.empty()) {
    // In the next turn: a row of pipelined requests must not keep this one from ending.
    arm(options_.header_timeout);
    next_ = loop_.soon([this] { parse(); });
  } else if (input_ended_) {
    close();
  } else {
    arm(options_.idle_timeout);
  }
}

void HttpConnection::next_request() {
  phase_ = Phase::kReading;
  reader_.emplace(RequestReader::Limits{options_.header_bytes_max, options_.body_bytes_max});
  request_began_ = !in_.empty();
  header_seen_ = false;
  continue_sent_ = false;
  watch_reading();
}

void HttpConnection::drain() {
  phase_ = Phase::kDraining;
  in_.clear();
  if (input_ended_ || ::shutdown(fd_.get(), SHUT_WR) != 0) return close();
  watch_reading();
  arm(kDrainTimeout);
}

}  // namespace sonde::io
