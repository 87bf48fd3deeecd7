// Server-sent events: everyone who watches gets the overview when it changes and every incident step.
// Source: WHATWG HTML, "Server-sent events".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_server.h"
#include "io/loop.h"

namespace sonde::hub {

class EventHub {
 public:
  static constexpr std::size_t kStreamsMax = 128;

  /// `loop` must outlive it. Sends a comment to all each `keep_alive`.
  EventHub(io::Loop& loop, core::Duration keep_alive = std::chrono::seconds{15});

  /// Opens a stream and sends it `overview` at once. 503 with Retry-After when there are too many already.
  void open(io::Responder& responder, std::string_view overview);

  /// Sends one event to all. `json` must hold no line break. Who does not keep up is let go.
  void send(std::string_view event, std::string_view json);

  [[nodiscard]] std::size_t streams() const { return streams_.size(); }

 private:
  void send_all(const std::string& bytes);
  void keep_alive();
  [[nodiscard]] std::string format(std::string_view event, std::string_view json);

  io::Loop& loop_;
  core::Duration keep_alive_;
  std::vector<std::unique_ptr<io::EventStream>> streams_;
  std::uint64_t last_id_ = 0;
  io::Handle timer_;
};

}  // namespace sonde::hub
