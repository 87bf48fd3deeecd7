// A small HTTP/1.1 server on our loop (Boost.Beast inside): requests with bounded bodies, streams for server-sent
// events. Source: Boost.Beast 1.81 documentation; RFC 9110, RFC 9112.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "io/loop.h"

namespace sonde::io {

struct ServerRequest {
  std::string method;                                      // "GET"
  std::string path;                                        // percent-decoded, without the query; always starts with '/'
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;  // names lower case
  std::string body;  // as sent (still compressed where Content-Encoding says so)
  std::string peer;  // address of the peer, without port

  [[nodiscard]] std::string_view header(std::string_view name) const;     // "" when absent
  [[nodiscard]] std::string_view parameter(std::string_view name) const;  // "" when absent
};

struct ServerResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>>
      headers;  // Content-Length, Date and Connection are set by the server
  std::string body;
};

/// An open event stream. Sending to a peer that went away does nothing.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// Queues bytes. Returns false once the peer is gone or its queue passed `queue_bytes_max` (it is then disconnected).
  virtual bool send(std::string bytes) = 0;
  [[nodiscard]] virtual bool open() const = 0;
};

/// Answers one request exactly once, now or later, on the loop; may be dropped (then 500 is sent).
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void respond(ServerResponse response) = 0;
  /// Answers with `head` (its body is ignored, no Content-Length) and keeps the connection as a stream of bytes.
  /// The stream belongs to the caller; destroying it closes the connection.
  [[nodiscard]] virtual std::unique_ptr<EventStream> stream(ServerResponse head) = 0;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  int port = 0;                                  // 0 = any free port
  std::size_t body_bytes_max = 4 * 1024 * 1024;  // larger → 413
  std::size_t header_bytes_max = 16 * 1024;      // larger → 431
  Duration header_timeout = std::chrono::seconds{5};
  Duration idle_timeout = std::chrono::seconds{60};
  std::size_t connections_max = 512;  // further ones are closed at once
  std::size_t stream_queue_bytes_max = 1024 * 1024;
};

class HttpServer {
 public:
  using Handler = Callback<void(ServerRequest, std::unique_ptr<Responder>)>;
  virtual ~HttpServer() = default;
  /// The port that is bound.
  [[nodiscard]] virtual int port() const = 0;
};

/// Listens at once. Errors: address not usable, port taken (kBusy). `loop` must come from make_system_loop() and
/// outlive the server; responders and streams may outlive it (they then do nothing).
[[nodiscard]] core::Result<std::unique_ptr<HttpServer>> listen_http(Loop& loop, HttpServerOptions options,
                                                                    HttpServer::Handler handler);

}  // namespace sonde::io
