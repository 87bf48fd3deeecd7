// One hop of an http check: the way to one URL, one request, one answer. Redirects make more hops of one run.
#pragma once

#include <optional>
#include <string>

#include "io/http2_watch.h"
#include "prober/checks/http_redirect.h"
#include "prober/checks/http_spec.h"
#include "prober/checks/http_tunnel.h"
#include "prober/stages/approach.h"

namespace sonde::prober {

class HttpHop {
 public:
  /// `spec` and `context` must outlive this.
  HttpHop(const HttpSpec& spec, const NetSpec& net, CheckContext& context, HttpHopAsk ask);
  HttpHop(const HttpHop&) = delete;
  HttpHop& operator=(const HttpHop&) = delete;

  /// `done(true)`: a complete answer came. `done(false)`: it did not, and the measurement's outcome says why.
  /// Once, later, never from inside; may destroy this. Ends a little before `deadline` by itself while it waits for an
  /// answer, so that how far the answer came is known.
  void start(MonoTime deadline, Callback<void(bool)> done);

  /// The deadline came before `done`: writes the outcome of the stage reached.
  void give_up(core::Cause why);
  [[nodiscard]] const HttpHopAsk& ask() const { return ask_; }
  /// Facts and phases of this hop alone.
  [[nodiscard]] core::Measurement& measurement() { return m_; }
  [[nodiscard]] const io::HttpResponse& response() const { return response_; }
  [[nodiscard]] const std::string& blemish() const { return approach_.blemish(); }
  [[nodiscard]] Duration waited() const { return approach_.waited(); }
  /// What the TLS session found; null without TLS and before its end.
  [[nodiscard]] const io::TlsResult* tls_result() const { return tls_ ? &approach_.tls() : nullptr; }
  /// HTTP/2 says that the request was not worked on: it may be made again.
  [[nodiscard]] bool is_unprocessed() const { return watch_.is_unprocessed() && response_.status == 0; }
  [[nodiscard]] bool tls() const { return ask_.url.scheme == "https"; }

 private:
  void on_connected(bool ok);
  [[nodiscard]] bool take_stream(io::HttpRequest& request);
  [[nodiscard]] io::HttpRequest make_request() const;
  void on_response(io::HttpResponse response);
  void take_arrival();
  void set_facts();
  void on_flood();
  [[nodiscard]] bool by_proxy() const { return spec_.ask.proxy.has_value(); }
  [[nodiscard]] core::Outcome outcome_of_failure();
  void finish(bool ok);

  const HttpSpec& spec_;
  NetSpec net_;
  CheckContext& context_;
  HttpHopAsk ask_;
  core::Measurement m_;
  std::optional<io::TlsRequest> tls_;  // nothing = plain text
  Approach approach_;                  // to the host, or to the proxy
  io::Http2Watch watch_;
  io::Handle later_;
  io::Handle fetch_;
  io::HttpResponse response_;
  MonoTime deadline_{};
  bool asked_ = false;
  Callback<void(bool)> done_;
};

}  // namespace sonde::prober
