// Reading of requests. Source: Boost.Beast 1.81 basic_parser; RFC 9112 3.2 (Host), RFC 9110 10.1.1 (Expect).
#include "io/http_request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>

#include "io/http_text.h"

namespace sonde::io {
namespace {

namespace http = boost::beast::http;

/// Beast throws for a field over 64 KiB; below this it cannot.
constexpr std::size_t kHeaderBytesMax = 60 * 1024;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

int status_of(boost::beast::error_code ec) {
  if (ec == http::error::header_limit) return 431;
  if (ec == http::error::body_limit) return 413;
  return 400;
}

}  // namespace

struct RequestReader::Parser {
  http::request_parser<http::string_body> parser;
};

RequestReader::RequestReader(Limits limits) : limits_(limits), parser_(std::make_unique<Parser>()) {
  auto& parser = parser_->parser;
  parser.header_limit(static_cast<std::uint32_t>(std::min(limits.header_bytes_max, kHeaderBytesMax)));
  parser.body_limit(limits.body_bytes_max);
  parser.eager(true);
}

RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::refuse(int status) {
  refusal_ = status;
  return State::kBad;
}

RequestReader::State RequestReader::feed(std::string& bytes) {
  auto& parser = parser_->parser;
  if (refusal_ != 0) return State::kBad;
  while (!parser.is_done() && !bytes.empty()) {
    boost::beast::error_code ec;
    const std::size_t used = parser.put(boost::asio::buffer(bytes), ec);
    if (ec && ec != http::error::need_more) return refuse(status_of(ec));
    bytes.erase(0, used);
    if (parser.is_header_done() && !head_checked_) {
      head_checked_ = true;
      if (!check_head()) return refuse(400);
    }
    if (used == 0) break;
  }
  return parser.is_done() ? State::kComplete : State::kNeedsMore;
}

bool RequestReader::check_head() {
  const auto& message = parser_->parser.get();
  const auto hosts = message.count(http::field::host);
  if (hosts > 1 || (message.version() == 11 && hosts == 0)) return false;
  auto target = parse_target({message.target().data(), message.target().size()});
  if (!target) return false;
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  return true;
}

bool RequestReader::header_complete() const { return parser_->parser.is_header_done(); }

bool RequestReader::expects_continue() const {
  const auto& parser = parser_->parser;
  return parser.is_header_done() && !parser.is_done() && parser.get().version() == 11 &&
         boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
}

bool RequestReader::keep_alive() const { return parser_->parser.keep_alive(); }

ServerRequest RequestReader::take() {
  auto message = parser_->parser.release();
  request_.method = std::string(message.method_string());
  for (const auto& header : message) {
    const auto name = header.name_string();
    const auto value = header.value();
    request_.headers.emplace_back(lower({name.data(), name.size()}), std::string(value.data(), value.size()));
  }
  request_.body = std::move(message.body());
  return std::move(request_);
}

}  // namespace sonde::io
