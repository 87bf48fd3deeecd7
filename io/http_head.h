// The head of an HTTP answer as libcurl hands it out, line by line, with our own judgement of its framing where
// libcurl is too kind: it takes the last of two different Content-Lengths and a length of 20 digits (RELIABILITY H26,
// H27), and calls a head that is too large "out of memory" (H11, H12). Pure; internal to io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::io {

class HttpHead {
 public:
  enum class Verdict { kGoOn, kMalformed, kTooLarge };

  /// `bytes_max` bounds all heads and the trailer together, where a line counts 32 bytes more than it has.
  explicit HttpHead(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// One line with its line end. After anything but kGoOn, stop; `reason()` then says why.
  [[nodiscard]] Verdict take(std::string_view line);

  /// The status line of the final answer (not of a 1xx before it) has arrived.
  [[nodiscard]] bool started() const { return status_ != 0 || !version_.empty(); }
  /// The blank line after the final answer's head has arrived.
  [[nodiscard]] bool complete() const { return state_ == State::kAfter; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// 1xx answers so far.
  [[nodiscard]] int interim_heads() const { return interim_heads_; }
  /// A line ended without CR.
  [[nodiscard]] bool bare_line_feeds() const { return bare_line_feeds_; }
  /// The body is framed in chunks, whatever its length says (RFC 9112 6.3).
  [[nodiscard]] bool chunked() const { return chunked_; }
  [[nodiscard]] std::optional<std::uint64_t> length() const;
  /// Names lower case, values without outer blanks, folded lines joined by one blank.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> take_headers() { return std::move(headers_); }

 private:
  enum class State { kStatusLine, kInterim, kHeaders, kAfter };

  Verdict refuse(Verdict verdict, std::string reason);
  void take_status_line(std::string_view line);
  Verdict take_header(std::string_view line);
  Verdict check_length(std::string_view value);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  State state_ = State::kStatusLine;
  int interim_heads_ = 0;
  bool bare_line_feeds_ = false;
  bool chunked_ = false;
  int status_ = 0;
  std::string version_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::optional<std::string> length_;
  std::string reason_;
};

}  // namespace sonde::io
