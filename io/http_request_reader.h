// Reads one HTTP/1.1 request out of bytes as they come, within limits (Boost.Beast's parser inside).
// No I/O: the same code is fed by sockets, tests and the fuzzer. Internal to io.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "io/http_server.h"

namespace sonde::io {

class RequestReader {
 public:
  struct Limits {
    std::size_t header_bytes_max = 0;
    std::size_t body_bytes_max = 0;
  };
  enum class State { kNeedsMore, kComplete, kBad };

  explicit RequestReader(Limits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Takes bytes from the front of `bytes` and removes them there. What is left belongs to the next call (with more
  /// behind it) or, once complete, to the next request.
  [[nodiscard]] State feed(std::string& bytes);
  /// After kBad: 400, 413 or 431.
  [[nodiscard]] int refusal() const { return refusal_; }
  [[nodiscard]] bool header_complete() const;
  /// The peer waits for "100 Continue" before it sends the body (RFC 9110 10.1.1).
  [[nodiscard]] bool expects_continue() const;
  /// The connection may serve another request afterwards.
  [[nodiscard]] bool keep_alive() const;
  /// After kComplete, once. `peer` is left empty.
  [[nodiscard]] ServerRequest take();

 private:
  struct Parser;
  State refuse(int status);
  bool check_head();

  Limits limits_;
  std::unique_ptr<Parser> parser_;
  ServerRequest request_;
  int refusal_ = 0;
  bool head_checked_ = false;
};

}  // namespace sonde::io
