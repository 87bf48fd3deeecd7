// The scripted HTTP client.
#include "tests/support/fake_http_client.h"

#include <algorithm>
#include <cctype>

#include "core/check.h"

namespace sonde::test {

struct FakeHttpClient::Pending final : io::Handle::Pending {
  Pending(FakeHttpClient& c, io::HttpResponse r, io::Callback<void(io::HttpResponse)> d)
      : client(c), response(std::move(r)), done(std::move(d)) {
    ++client.in_flight_;
  }
  ~Pending() override {
    if (!delivered) --client.in_flight_;
  }
  void deliver() {
    delivered = true;
    --client.in_flight_;
    response.finished = client.loop_.precise_now();
    io::Callback<void(io::HttpResponse)> f = std::move(done);
    io::HttpResponse r = std::move(response);
    f(std::move(r));  // may destroy this
  }
  FakeHttpClient& client;
  io::HttpResponse response;
  io::Callback<void(io::HttpResponse)> done;
  io::Handle timer;
  bool delivered = false;
};

std::string FakeHttpClient::Seen::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    std::string lower = known;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower == name) return value;
  }
  return {};
}

io::Handle FakeHttpClient::fetch(io::HttpRequest request, io::Callback<void(io::HttpResponse)> done) {
  SONDE_CHECK(request.timeout > io::Duration::zero(), "a request without a timeout");
  seen_.push_back({.method = request.method,
                   .url = request.url,
                   .headers = request.headers,
                   .body = request.body,
                   .addresses = request.addresses,
                   .timeout = request.timeout,
                   .had_stream = static_cast<bool>(request.stream),
                   .http2 = request.http2});
  Scripted next;
  if (!script_.empty()) {
    next = std::move(script_.front());
    script_.pop_front();
  } else if (answer_) {
    next.response = answer_(seen_.back());
  } else {
    next.response = error(io::HttpError::kConnect, "no answer was scripted");
  }
  if (next.silent || next.delay > request.timeout) {
    next.response = error(io::HttpError::kTimeout, "no complete answer in time");
    next.delay = request.timeout;
  }
  next.response.started = loop_.precise_now();
  if (next.response.error == io::HttpError::kNone) next.response.first_byte = loop_.precise_now() + next.delay;
  auto pending = std::make_unique<Pending>(*this, std::move(next.response), std::move(done));
  Pending* p = pending.get();
  p->timer = next.delay > io::Duration::zero() ? loop_.after(next.delay, [p] { p->deliver(); })
                                               : loop_.soon([p] { p->deliver(); });
  return io::Handle{std::move(pending)};
}

void FakeHttpClient::push(io::HttpResponse response, io::Duration delay) {
  script_.push_back({std::move(response), delay, false});
}

void FakeHttpClient::push_silence() { script_.push_back({{}, {}, true}); }

io::HttpResponse FakeHttpClient::status(int status, std::string body,
                                        std::vector<std::pair<std::string, std::string>> headers) {
  io::HttpResponse response;
  response.status = status;
  response.head_complete = true;
  response.version = "1.1";
  response.headers = std::move(headers);
  response.body_bytes = body.size();
  response.body = std::move(body);
  return response;
}

io::HttpResponse FakeHttpClient::error(io::HttpError error, std::string text) {
  io::HttpResponse response;
  response.error = error;
  response.error_text = std::move(text);
  return response;
}

}  // namespace sonde::test
