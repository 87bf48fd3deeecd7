// Watching HTTP/2 frames.
#include "io/http2_watch.h"

#include <algorithm>
#include <span>

namespace sonde::io {
namespace {

enum FrameType : unsigned { kData = 0, kHeaders = 1, kResetStream = 3, kGoaway = 7, kContinuation = 9 };

constexpr unsigned kEndStream = 1;
constexpr std::uint32_t kOurStream = 1;

constexpr std::array<std::string_view, 14> kCodes = {"NO_ERROR",
                                                     "PROTOCOL_ERROR",
                                                     "INTERNAL_ERROR",
                                                     "FLOW_CONTROL_ERROR",
                                                     "SETTINGS_TIMEOUT",
                                                     "STREAM_CLOSED",
                                                     "FRAME_SIZE_ERROR",
                                                     "REFUSED_STREAM",
                                                     "CANCEL",
                                                     "COMPRESSION_ERROR",
                                                     "CONNECT_ERROR",
                                                     "ENHANCE_YOUR_CALM",
                                                     "INADEQUATE_SECURITY",
                                                     "HTTP_1_1_REQUIRED"};

std::uint32_t number(std::span<const unsigned char> bytes) {
  std::uint32_t value = 0;
  for (const unsigned char byte : bytes) value = value << 8U | byte;
  return value;
}

/// The stream of a frame's head or of GOAWAY, without the reserved bit.
std::uint32_t stream_number(std::span<const unsigned char> bytes) { return number(bytes) & 0x7FFFFFFFU; }

}  // namespace

void Http2Watch::take(std::string_view bytes, core::MonoTime arrived) {
  while (!bytes.empty()) {
    if (head_bytes_ < head_.size()) {
      const std::size_t n = std::min(head_.size() - head_bytes_, bytes.size());
      std::copy_n(bytes.begin(), n, head_.begin() + static_cast<std::ptrdiff_t>(head_bytes_));
      head_bytes_ += n;
      bytes.remove_prefix(n);
      if (head_bytes_ < head_.size()) return;
      begin_frame(arrived);
    } else {
      const std::size_t n = std::min(payload_size_ - payload_bytes_, bytes.size());
      for (std::size_t i = 0; i < n && payload_bytes_ + i < start_.size(); ++i) {
        start_.at(payload_bytes_ + i) = static_cast<unsigned char>(bytes[i]);
      }
      payload_bytes_ += n;
      bytes.remove_prefix(n);
    }
    if (payload_bytes_ == payload_size_) end_frame();
  }
}

void Http2Watch::begin_frame(core::MonoTime arrived) {
  const std::span<const unsigned char> head{head_};
  payload_size_ = number(head.first(3));
  payload_bytes_ = 0;
  start_ = {};
  const unsigned type = head_[3];
  const bool ours = stream_number(head.subspan(5, 4)) == kOurStream;
  if (type == kHeaders && ours && !answered_at_) answered_at_ = arrived;
  if (type == kHeaders || type == kContinuation) header_bytes_ += payload_size_;
  const bool says_something = (type == kData && (payload_size_ > 0 || (head_[4] & kEndStream) != 0)) ||
                              (type == kContinuation && payload_size_ > 0);
  if (!says_something) ++idle_frames_;
}

void Http2Watch::end_frame() {
  head_bytes_ = 0;
  const std::span<const unsigned char> head{head_};
  const std::span<const unsigned char> start{start_};
  const bool ours = stream_number(head.subspan(5, 4)) == kOurStream;
  if (end_ != Http2End::kNone) return;
  if (head_[3] == kResetStream && ours && payload_size_ == 4) {
    end_ = Http2End::kStreamReset;
    code_ = number(start.first(4));
  } else if (head_[3] == kGoaway && payload_size_ >= 8) {
    const std::uint32_t code = number(start.subspan(4, 4));
    const bool left_out = stream_number(start.first(4)) < kOurStream;
    if (code == 0 && !left_out) return;  // it closes once our answer is out
    end_ = Http2End::kGoaway;
    code_ = code;
    unprocessed_ = left_out;
  }
}

std::string Http2Watch::code() const {
  const std::string_view name = code_ < kCodes.size() ? kCodes.at(code_) : "unknown code";
  return std::string{name} + " (" + std::to_string(code_) + ")";
}

}  // namespace sonde::io
