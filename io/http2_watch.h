// Looks over the frames that an HTTP/2 server sends (RFC 9113 4.1, 6): libcurl speaks HTTP/2 for us, but does not tell
// a reset from a GOAWAY, keeps their codes to itself, and reads floods of empty frames for ever. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace sonde::io {

/// How the server ended the request's stream before its answer was whole.
enum class Http2End {
  kNone,
  kStreamReset,  // RST_STREAM
  kGoaway,       // GOAWAY that leaves our stream out, or says why it closes
};

/// Watches one connection with one request on it, which is stream 1.
class Http2Watch {
 public:
  /// The next bytes of the server, and when they arrived.
  void take(std::string_view bytes, core::MonoTime arrived);

  /// Anything has come at all.
  [[nodiscard]] bool any() const { return head_bytes_ > 0 || idle_frames_ > 0; }
  [[nodiscard]] Http2End end() const { return end_; }
  /// The code of that end, "REFUSED_STREAM (7)" (RFC 9113 7).
  [[nodiscard]] std::string code() const;
  /// GOAWAY with a last stream before ours: the request was not worked on and may be made again (RFC 9113 6.8).
  [[nodiscard]] bool is_unprocessed() const { return unprocessed_; }
  /// More frames that carry nothing for an answer than any honest server sends (RELIABILITY H55).
  [[nodiscard]] bool flooded() const { return idle_frames_ > kIdleFramesMax || header_bytes_ > kHeaderBytesMax; }
  /// When the first HEADERS frame of our stream began to arrive.
  [[nodiscard]] std::optional<core::MonoTime> answered_at() const { return answered_at_; }

 private:
  static constexpr int kIdleFramesMax = 1000;
  static constexpr std::uint64_t kHeaderBytesMax = 1024 * 1024;  // compressed, of all HEADERS and CONTINUATION frames

  void begin_frame(core::MonoTime arrived);
  void end_frame();

  std::array<unsigned char, 9> head_{};
  std::size_t head_bytes_ = 0;
  std::array<unsigned char, 8> start_{};  // of the payload
  std::size_t payload_bytes_ = 0;
  std::size_t payload_size_ = 0;
  Http2End end_ = Http2End::kNone;
  std::uint32_t code_ = 0;
  bool unprocessed_ = false;
  int idle_frames_ = 0;
  std::uint64_t header_bytes_ = 0;
  std::optional<core::MonoTime> answered_at_;
};

}  // namespace sonde::io
