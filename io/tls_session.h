// A TLS session: the strict handshake decides, a diagnosis explains, the pump carries bytes. Internal to io/tls_*.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/tls_client.h"
#include "io/tls_context.h"
#include "io/tls_diagnosis.h"
#include "io/tls_facts.h"
#include "io/tls_handshake.h"
#include "io/tls_pump.h"

namespace sonde::io {

class Session final : public TlsSession {
 public:
  /// `contexts` and `memo` must outlive this.
  Session(Loop& loop, TlsContexts& contexts, TlsMemo& memo, UniqueFd fd, TlsRequest request)
      : loop_(loop), contexts_(contexts), memo_(memo), fd_(std::move(fd)), request_(std::move(request)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void handshake(Callback<void(TlsResult)> done) override;
  [[nodiscard]] TlsResult known() const override;
  [[nodiscard]] core::Result<UniqueFd> open_stream(TlsTap tap) override;
  [[nodiscard]] TlsStreamEnd stream_end() const override { return pump_ ? pump_->end() : TlsStreamEnd::kOpen; }
  [[nodiscard]] core::Cause stream_cause() const override { return pump_ ? pump_->cause() : core::Cause::kNone; }
  [[nodiscard]] std::optional<MonoTime> first_byte_at() const override {
    return pump_ ? pump_->first_byte_at() : std::nullopt;
  }

 private:
  void on_shaken(TlsHandshake::End end);
  void linger();
  void on_lingered();
  void judge();
  void judge_certificate();
  void judge_staple();
  void judge_pins();
  void fail(core::Cause cause, std::string detail);
  bool diagnose();
  void on_explained(const TlsDiagnosis::Finding& finding);
  void on_decoy(const TlsDiagnosis::Finding& finding);
  void read_tcp_info();
  void report();

  Loop& loop_;
  TlsContexts& contexts_;
  TlsMemo& memo_;
  UniqueFd fd_;  // before all that uses it
  TlsRequest request_;
  std::optional<TlsPeer> peer_;
  std::unique_ptr<TlsHandshake> handshake_;
  std::unique_ptr<TlsDiagnosis> diagnosis_;
  std::unique_ptr<TlsPump> pump_;
  TlsResult result_;
  Callback<void(TlsResult)> done_;
  Handle readable_;
  Handle later_;
};

}  // namespace sonde::io
