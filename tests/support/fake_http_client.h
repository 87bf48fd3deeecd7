// An HTTP client that answers from a script: for sinks, ingest and checks above io/http_client.h.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "io/http_client.h"

namespace sonde::test {

class FakeHttpClient final : public io::HttpClient {
 public:
  /// What a request looked like. Streams are not kept; `had_stream` says that there was one.
  struct Seen {
    std::string method;
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::vector<std::string> addresses;
    io::Duration timeout{};
    bool had_stream = false;
    bool http2 = false;
    /// The value of a header, by its exact name in lower case against lower-cased names; "" when absent.
    [[nodiscard]] std::string header(std::string_view name) const;
  };
  using Answer = std::function<io::HttpResponse(const Seen&)>;

  /// `loop` must outlive this; either loop will do.
  explicit FakeHttpClient(io::Loop& loop) : loop_(loop) {}

  [[nodiscard]] io::Handle fetch(io::HttpRequest request, io::Callback<void(io::HttpResponse)> done) override;

  /// Answers for the next requests, in order. Each is delivered after `delay` (zero: in the next turn), or replaced by
  /// kTimeout when that is longer than the request's own timeout.
  void push(io::HttpResponse response, io::Duration delay = {});
  /// The next request gets no answer but its own timeout.
  void push_silence();
  /// Answers all requests that nothing was pushed for. Without it they get kConnect.
  void answer_with(Answer answer) { answer_ = std::move(answer); }

  [[nodiscard]] const std::vector<Seen>& requests() const { return seen_; }
  /// Answers still to be delivered, of handles that live.
  [[nodiscard]] int in_flight() const { return in_flight_; }

  /// A complete answer with that status.
  [[nodiscard]] static io::HttpResponse status(int status, std::string body = {},
                                               std::vector<std::pair<std::string, std::string>> headers = {});
  [[nodiscard]] static io::HttpResponse error(io::HttpError error, std::string text = "scripted failure");

 private:
  struct Scripted {
    io::HttpResponse response;
    io::Duration delay{};
    bool silent = false;
  };
  struct Pending;

  io::Loop& loop_;
  std::deque<Scripted> script_;
  Answer answer_;
  std::vector<Seen> seen_;
  int in_flight_ = 0;
};

}  // namespace sonde::test
