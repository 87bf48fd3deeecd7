// HTTP requests by libcurl's multi interface on our loop: for delivery to sinks (curl owns the connection, kept alive)
// and for the http check (curl speaks over a byte stream that we connected ourselves).
// Source: libcurl 7.88 manual, curl_multi_socket_action(3), CURLOPT_OPENSOCKETFUNCTION(3), CURLOPT_RESOLVE(3).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "io/unique_fd.h"

namespace sonde::io {

/// How a request ended below HTTP.
enum class HttpError {
  kNone,       // a complete answer with a status
  kResolve,    // the name has no address (delivery only)
  kConnect,    // refused, unreachable
  kTls,        // handshake or verification failed (delivery only)
  kTimeout,    // no complete answer within `timeout`
  kEmpty,      // the peer closed before any answer byte
  kReset,      // the connection was reset before a complete answer
  kMalformed,  // not HTTP, or broken framing
  kTruncated,  // fewer body bytes than announced
  kEncoding,   // Content-Encoding does not decode
  kHeaderTooLarge,
  kBodyTooLarge,  // over `body_bytes_max`, counted after decoding
  kHttp2,         // a protocol error or GOAWAY/RST of HTTP/2
  kPolicy,        // the address is not allowed
  kOwn,           // our own resources: no descriptor, no memory
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  /// Sent as given; Host and User-Agent have defaults. With http2, {":scheme", "https"} names the scheme of a TLS
  /// stream.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout{};  // whole request; 0 is a bug
  /// For a new connection to stand, TLS included: kTimeout after that. 0 = as long as the whole request. Not for
  /// streams.
  Duration connect_timeout{};
  /// Delivery only: a peer that acknowledges nothing for that long, neither bytes nor keep-alive probes, is gone, and
  /// the request ends with an error then (TCP_USER_TIMEOUT, tcp(7)). One whose kernel answers is waited for. 0 =
  /// `timeout`.
  Duration peer_timeout{};
  std::size_t header_bytes_max = 256 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  std::string accept_encoding;  // encodings to ask for and to decode: "gzip, br"; empty = none
  bool keep_body = true;        // false: body bytes are counted and thrown away

  /// A connected stream to speak over: a TCP socket that was connected without blocking (connect(2) said EINPROGRESS;
  /// see io/busy_address.h), or one end of a socketpair that the caller pumps into TLS. It is closed at the end. When
  /// set, the URL's scheme must be http and the connection is not kept.
  UniqueFd stream;
  bool http2 = false;  // prior-knowledge HTTP/2 over `stream`
  /// Over a stream only: what the request line asks for instead of the URL's path, as for a proxy (RFC 9112 3.2.2).
  std::string target;

  /// Delivery only: addresses to use for the URL's host instead of a look-up ("192.0.2.1", "2001:db8::1").
  std::vector<std::string> addresses;
  std::string ca_file;  // PEM; empty = system store
  std::string client_cert_file;
  std::string client_key_file;
};

/// What an answer showed that is odd but no error.
struct HttpOddities {
  bool bare_line_feeds = false;     // a line of the head ended without CR
  bool length_and_chunked = false;  // both Content-Length and chunked framing: proxies may disagree about the end
  bool bytes_after_end = false;     // more bytes than the framing allows (plain streams with a known length only)
};

struct HttpResponse {
  HttpError error = HttpError::kNone;
  std::string error_text;                                    // curl's words, for people; never parsed
  int status = 0;                                            // 0 when no status line arrived
  bool head_complete = false;                                // all headers came: tells header from body timeouts
  std::string version;                                       // "1.0", "1.1", "2"
  std::vector<std::pair<std::string, std::string>> headers;  // names lower case; of the final answer
  std::string body;                                          // up to the limit, decoded
  std::uint64_t body_bytes = 0;                              // counted, decoded
  HttpOddities oddities;
  int interim_heads = 0;  // 1xx answers before the final one
  MonoTime started{};     // the request goes out: handed to the connected socket
  MonoTime first_byte{};  // first byte of the final answer; over a TCP stream as the kernel stamped it. Zero: none came
  MonoTime finished{};
  std::optional<std::int64_t> retransmits;  // over a TCP stream: segments sent again until the end, TCP_INFO
  bool peers_large_ones_vanish = false;     // over a TCP stream: see TcpState

  /// The first header of that (lower-case) name, or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// One multi handle on one loop. Environment proxies are never used; redirects are never followed; signals never
/// raised.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Starts a request. `done` is called once, later, never from inside. Destroying the handle cancels.
  [[nodiscard]] virtual Handle fetch(HttpRequest request, Callback<void(HttpResponse)> done) = 0;
};

/// `connections_max` bounds the keep-alive cache.
[[nodiscard]] std::unique_ptr<HttpClient> make_http_client(Loop& loop, int connections_max = 16);

}  // namespace sonde::io
