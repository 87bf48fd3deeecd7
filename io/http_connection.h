// One connection of the HTTP server: reads requests, lets them be answered one after another, writes. Internal to io.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "io/http_request_reader.h"
#include "io/http_server.h"
#include "io/unique_fd.h"

namespace sonde::io {

class HttpConnection {
 public:
  /// The server, as a connection sees it. Outlives it.
  class Host {
   public:
    virtual ~Host() = default;
    virtual void on_request(ServerRequest request, std::unique_ptr<Responder> responder) = 0;
    /// The connection is closed: retire it.
    virtual void on_closed(HttpConnection& connection) = 0;
  };

  HttpConnection(Host& host, Loop& loop, const HttpServerOptions& options, UniqueFd fd, std::string peer);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start();
  /// Closes at once; responder and stream become dead. Does not call on_closed.
  void shut();

 private:
  class ResponderLink;
  class StreamLink;
  enum class Phase {
    kReading,    // waits for a request
    kHandling,   // the handler has it
    kSending,    // writes the answer
    kStreaming,  // the answer is a stream
    kDraining,   // our side is shut; reads the rest so that the close does not reset what the peer has yet to read
    kClosed,
  };

  void watch_reading();
  void on_readable();
  void on_end_of_input();
  void parse();
  void dispatch();
  void refuse(int status);
  void respond(ServerResponse response);
  std::unique_ptr<EventStream> stream(ServerResponse head);
  bool send_event(std::string bytes);
  void end_stream();
  void queue(std::string bytes);
  void flush();
  void on_sent();
  void next_request();
  void drain();
  void close();
  void arm(Duration timeout);
  void on_timeout();

  Host& host_;
  Loop& loop_;
  const HttpServerOptions& options_;
  UniqueFd fd_;
  std::string peer_;
  Phase phase_ = Phase::kReading;
  std::string in_;
  std::optional<RequestReader> reader_;
  bool request_began_ = false;  // bytes of it have come
  bool header_seen_ = false;    // of the request being read
  bool continue_sent_ = false;
  bool head_only_ = false;  // the request is a HEAD
  bool keep_alive_ = false;
  bool input_ended_ = false;
  std::size_t drained_bytes_ = 0;
  std::deque<std::string> out_;
  std::size_t out_offset_ = 0;  // bytes of out_.front() that are sent
  std::size_t out_bytes_ = 0;   // not sent yet
  ResponderLink* responder_ = nullptr;
  StreamLink* stream_ = nullptr;
  Handle read_watch_;
  Handle write_watch_;
  Handle timer_;
  Handle next_;
};

}  // namespace sonde::io
