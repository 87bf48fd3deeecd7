// Through a proxy to a TLS server: CONNECT (RFC 9110 9.3.6) over the socket that is connected to the proxy.
#pragma once

#include <memory>
#include <string>

#include "io/tcp_talk.h"
#include "prober/checks/http_spec.h"
#include "prober/stages/approach.h"

namespace sonde::prober {

class HttpTunnel final : public ApproachTunnel {
 public:
  /// `to` is "host:port". `proxy` must outlive this.
  HttpTunnel(const HttpProxy& proxy, std::string to, std::string user_agent)
      : proxy_(proxy), to_(std::move(to)), user_agent_(std::move(user_agent)) {}

  void start(io::Loop& loop, int fd, Callback<void(core::Outcome)> done) override;

 private:
  void on_change();
  [[nodiscard]] core::Outcome judge(std::string_view answer) const;
  void finish(core::Outcome outcome);

  const HttpProxy& proxy_;
  std::string to_;
  std::string user_agent_;
  Callback<void(core::Outcome)> done_;
  std::unique_ptr<io::TcpTalk> talk_;
};

/// What a failure on the way to the proxy itself means: the proxy is part of our own side, so nothing is known about
/// the target. Outcomes that HttpTunnel judged, and those of TLS inside the tunnel, stay as they are.
void blame_proxy(const HttpProxy& proxy, core::Outcome& outcome);

}  // namespace sonde::prober
