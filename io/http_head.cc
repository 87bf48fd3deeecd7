// The head of an HTTP answer. Source: RFC 9112 4 (status line), 5.2 (folding), 6.3 (length); RFC 9110 8.6, 15.2.
#include "io/http_head.h"

#include <algorithm>
#include <charconv>

namespace sonde::io {
namespace {

/// More 1xx answers than any honest server sends; an endless row of them is not HTTP (RELIABILITY H35).
constexpr int kInterimHeadsMax = 64;
/// Digits that surely fit a 64-bit count.
constexpr std::size_t kLengthDigitsMax = 18;
/// Added to each line's bytes against the limit, as HTTP/2 counts a field (RFC 9113 6.5.2): a line of three bytes costs
/// us and libcurl a hundred, and 32,000 of them took 4 MiB within 256 KiB of header (RELIABILITY P14).
constexpr std::size_t kLineCostBytes = 32;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

HttpHead::Verdict HttpHead::refuse(Verdict verdict, std::string reason) {
  reason_ = std::move(reason);
  return verdict;
}

HttpHead::Verdict HttpHead::take(std::string_view line) {
  bytes_ += line.size();
  ++lines_;
  if (bytes_ + lines_ * kLineCostBytes > bytes_max_) {
    return refuse(Verdict::kTooLarge,
                  "the header is larger than " + std::to_string(bytes_max_) + " bytes, where each line counts 32 more");
  }
  if (line.ends_with('\n') && !line.ends_with("\r\n")) bare_line_feeds_ = true;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  switch (state_) {
    case State::kStatusLine:
      take_status_line(line);
      if (interim_heads_ > kInterimHeadsMax) return refuse(Verdict::kMalformed, "an endless row of 1xx answers");
      return Verdict::kGoOn;
    case State::kInterim:
      if (line.empty()) state_ = State::kStatusLine;
      return Verdict::kGoOn;
    case State::kHeaders:
      if (!line.empty()) return take_header(line);
      state_ = State::kAfter;
      return Verdict::kGoOn;
    case State::kAfter:
      return Verdict::kGoOn;  // trailer: counted, not kept
  }
  return Verdict::kGoOn;
}

void HttpHead::take_status_line(std::string_view line) {
  const std::size_t slash = line.find('/');
  const std::size_t blank = line.find(' ');
  int status = 0;
  if (blank != std::string_view::npos) std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
  // 101 ends HTTP on this connection, so it is a final answer (RFC 9110 15.2.2).
  if (status >= 100 && status < 200 && status != 101) {
    ++interim_heads_;
    state_ = State::kInterim;
    return;
  }
  status_ = status;
  if (slash != std::string_view::npos && slash < blank) {
    version_ = line.substr(slash + 1, blank == std::string_view::npos ? blank : blank - slash - 1);
  }
  state_ = State::kHeaders;
}

HttpHead::Verdict HttpHead::take_header(std::string_view line) {
  if (is_blank(line.front())) {  // obsolete folding
    if (headers_.empty()) return refuse(Verdict::kMalformed, "the header starts with a folded line");
    std::string& value = headers_.back().second;
    const std::string_view more = trim(line);
    if (!value.empty() && !more.empty()) value += ' ';
    value += more;
    return Verdict::kGoOn;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return refuse(Verdict::kMalformed, "a header line without a name");
  }
  headers_.emplace_back(lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  const auto& [name, value] = headers_.back();
  if (name == "transfer-encoding" && lower(value).ends_with("chunked")) chunked_ = true;
  return name == "content-length" ? check_length(value) : Verdict::kGoOn;
}

std::optional<std::uint64_t> HttpHead::length() const {
  if (!length_) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(length_->data(), length_->data() + length_->size(), value);
  return value;
}

HttpHead::Verdict HttpHead::check_length(std::string_view value) {
  // "5, 5" means the same as two equal headers (RFC 9110 8.6).
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view one = trim(value.substr(0, comma));
    const bool digits = std::all_of(one.begin(), one.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (one.empty() || !digits || one.size() > kLengthDigitsMax) {
      return refuse(Verdict::kMalformed, "the Content-Length is not a length");
    }
    if (length_ && *length_ != one) return refuse(Verdict::kMalformed, "two different Content-Lengths");
    length_ = std::string(one);
    if (comma == std::string_view::npos) return Verdict::kGoOn;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace sonde::io
