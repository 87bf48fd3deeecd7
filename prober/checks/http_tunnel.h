// Through a proxy to a TLS server: CONNECT (RFC 9110 9.3.6) over a connected socket, then TLS inside.
#pragma once

#include <memory>
#include <string>

#include "core/measurement.h"
#include "io/tcp_talk.h"
#include "prober/check.h"
#include "prober/checks/http_spec.h"

namespace sonde::prober {

class HttpTunnel {
 public:
  /// `fd` is connected to the proxy; `to` is "host:port". `into` is the hop's measurement; it, `proxy` and `context`
  /// must outlive this.
  HttpTunnel(CheckContext& context, const HttpProxy& proxy, std::string to, io::TlsRequest tls, io::UniqueFd fd,
             core::Measurement& into);
  HttpTunnel(const HttpTunnel&) = delete;
  HttpTunnel& operator=(const HttpTunnel&) = delete;

  /// `done(false)`: it failed and the measurement's outcome says how. Once, later; may destroy this.
  void start(Callback<void(bool)> done);
  void give_up(core::Cause why);
  /// Null before the TLS stage.
  [[nodiscard]] io::TlsSession* session() { return session_.get(); }
  [[nodiscard]] const io::TlsResult& tls() const { return tls_; }

 private:
  void on_answer(const io::TalkResult& result);
  void fail(core::Stage stage, core::Cause cause, const std::string& detail);
  void finish(bool ok);

  CheckContext& context_;
  const HttpProxy& proxy_;
  std::string to_;
  io::TlsRequest request_;
  io::UniqueFd fd_;
  core::Measurement& m_;
  Callback<void(bool)> done_;
  io::Handle talk_;
  std::unique_ptr<io::TlsSession> session_;
  io::TlsResult tls_;
};

/// What a failure on the way to the proxy itself means: the proxy is part of our own side, so nothing is known about
/// the target.
void blame_proxy(const HttpProxy& proxy, core::Outcome& outcome);

}  // namespace sonde::prober
