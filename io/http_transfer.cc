// One request inside libcurl: what its callbacks see and what the end means.
// Source: libcurl 7.88 manual; the meaning of its codes as measured in RELIABILITY 2.4.
#include "io/http_transfer.h"

#include <curl/curl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>

#include "io/receive_time.h"
#include "io/tcp_talk.h"

namespace sonde::io {
namespace {

/// libcurl gives up when all header lines together pass 300 KiB; one line more than these has made it do so.
constexpr std::size_t kLibraryHeadBytes = 200 * 1024;
/// A body up to that grows as strings do.
constexpr std::size_t kSmallBodyBytes = 64 * 1024;

}  // namespace

void HttpTransfer::FreeList::operator()(curl_slist* list) const { curl_slist_free_all(list); }

HttpTransfer::HttpTransfer(Loop& loop, BusyAddress& busy, HttpRequest request)
    : loop_(loop),
      busy_(busy),
      request_(std::move(request)),
      over_stream_(static_cast<bool>(request_.stream)),
      head_(request_.header_bytes_max) {
  static_assert(kErrorTextBytes == CURL_ERROR_SIZE);
  response_.started = loop_.precise_now();
}

HttpTransfer::~HttpTransfer() = default;

// ---- What libcurl tells: recorded only

std::size_t HttpTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t bytes = size * count;
  const bool had_started = transfer.head_.started();
  const auto verdict = transfer.head_.take({data, bytes});
  if (!had_started && transfer.head_.started()) {
    const bool stamped = transfer.arrival_ != MonoTime{};
    transfer.response_.first_byte = stamped ? transfer.arrival_ : transfer.loop_.precise_now();
  }
  switch (verdict) {
    case HttpHead::Verdict::kGoOn:
      return bytes;
    case HttpHead::Verdict::kMalformed:
      transfer.stopped_by_us_ = HttpError::kMalformed;
      break;
    case HttpHead::Verdict::kTooLarge:
      transfer.stopped_by_us_ = HttpError::kHeaderTooLarge;
      break;
  }
  return bytes + 1;  // any other number stops the transfer
}

std::size_t HttpTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  HttpResponse& response = transfer.response_;
  const std::size_t bytes = size * count;
  const std::size_t limit = transfer.request_.body_bytes_max;
  if (transfer.request_.keep_body) transfer.keep({data, bytes});
  response.body_bytes += bytes;
  if (response.body_bytes <= limit) return bytes;
  transfer.stopped_by_us_ = HttpError::kBodyTooLarge;
  return bytes + 1;
}

// Doubling a string holds three times its bytes for a moment, and the allocator keeps the pieces. Pages that are only
// reserved are not resident: so a body that is not small gets all that it may have at once (RELIABILITY P14).
void HttpTransfer::keep(std::string_view bytes) {
  std::string& body = response_.body;
  const std::size_t limit = request_.body_bytes_max;
  const std::size_t kept = std::min(bytes.size(), limit - body.size());
  if (body.size() + kept > kSmallBodyBytes && body.capacity() < limit) body.reserve(limit);
  body.append(bytes.substr(0, kept));
}

int HttpTransfer::on_request(void* self, char* /*remote*/, char* /*local*/, int /*remote_port*/, int /*local_port*/) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  transfer.response_.started = transfer.loop_.precise_now();
  return CURL_PREREQFUNC_OK;
}

int HttpTransfer::on_close(void* self, int fd) {
  static_cast<HttpTransfer*>(self)->read_tcp_info(fd);
  return ::close(fd);
}

void HttpTransfer::read_tcp_info(int fd) {
  if (!over_tcp_) return;
  const auto state = tcp_state(fd);
  if (!state) return;
  response_.retransmits = state->retransmits;
  response_.peers_large_ones_vanish = state->peers_large_ones_vanish;
  bytes_received_ = state->bytes_received;
}

void HttpTransfer::note_arrival(int fd) {
  if (head_.started()) return;
  int broken = 0;
  const auto age = age_of_arrival(fd, &broken);
  was_reset_ = was_reset_ || broken != 0;  // libcurl will see a plain end
  const MonoTime now = loop_.precise_now();
  // Never before the request: the stamp is of the wall clock, which may step.
  arrival_ = age ? std::max(now - *age, response_.started) : now;
}

int HttpTransfer::give_stream(curl_sockaddr& address) {
  int domain = 0;
  socklen_t length = sizeof domain;
  if (!request_.stream || ::getsockopt(request_.stream.get(), SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0) {
    return CURL_SOCKET_BAD;  // a retry of libcurl's finds no stream: there is only this one
  }
  if (domain == AF_UNIX) {
    if (!busy_.open()) return CURL_SOCKET_BAD;
    address.family = AF_UNIX;
    address.addrlen = busy_.length();
    address.addr = busy_.address();
  } else {
    over_tcp_ = true;
    stamp_arrivals(request_.stream.get());
  }
  return request_.stream.release();
}

int HttpTransfer::on_socket_options(void* self, int fd, int) {
  const auto& transfer = *static_cast<HttpTransfer*>(self);
  // Not CURL_SOCKOPT_ALREADY_CONNECTED: libcurl 7.88 then neither skips connect(2) nor waits for the socket, and goes
  // on only at its next timer, 200 ms later. See BusyAddress.
  if (transfer.over_stream_) return CURL_SOCKOPT_OK;
  // Sent bytes that nobody acknowledges end the connection instead of filling the kernel's queue for many minutes.
  const HttpRequest& r = transfer.request_;
  const Duration patience = r.peer_timeout > Duration::zero() ? r.peer_timeout : r.timeout;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  const auto limit = static_cast<unsigned>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);  // a help, not a need
  return CURL_SOCKOPT_OK;
}

// ---- The end

void HttpTransfer::collect() {
  response_.status = head_.status();
  response_.version = head_.version();
  response_.head_complete = head_.complete();
  response_.interim_heads = head_.interim_heads();
  response_.oddities = {.bare_line_feeds = head_.bare_line_feeds(),
                        .length_and_chunked = head_.chunked() && head_.length().has_value(),
                        .bytes_after_end = has_bytes_after_end()};
  response_.headers = head_.take_headers();
  response_.finished = loop_.precise_now();
}

bool HttpTransfer::has_bytes_after_end() const {
  if (bytes_received_ == 0 || request_.http2 || !head_.complete()) return false;
  const int status = head_.status();
  const bool empty = request_.method == "HEAD" || status == 204 || status == 304;  // RFC 9112 6.3
  if (!empty && (head_.chunked() || !head_.length())) return false;
  return bytes_received_ > head_.bytes() + (empty ? 0 : *head_.length());
}

void HttpTransfer::fail(HttpError error, std::string text) {
  collect();
  response_.error = error;
  response_.error_text = std::move(text);
}

void HttpTransfer::finish(void* easy, int code) {
  collect();
  response_.error = meaning_of(easy, code);
  if (response_.error == HttpError::kNone) return;
  if (!head_.reason().empty()) {
    response_.error_text = head_.reason();
  } else if (stopped_by_us_ == HttpError::kBodyTooLarge) {
    response_.error_text = "the body is larger than " + std::to_string(request_.body_bytes_max) + " bytes";
  } else if (code == CURLE_OK) {
    response_.error_text = "the connection closed inside the header";
  } else {
    response_.error_text =
        error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(static_cast<CURLcode>(code));
  }
}

HttpError HttpTransfer::meaning_of(void* easy, int code) const {
  if (stopped_by_us_ != HttpError::kNone) return stopped_by_us_;
  if (was_reset_ && !head_.started()) return HttpError::kReset;
  switch (code) {
    // libcurl is content when the peer closes between two header lines.
    case CURLE_OK:
      if (head_.complete()) return HttpError::kNone;
      return head_.started() ? HttpError::kTruncated : HttpError::kEmpty;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return HttpError::kResolve;
    case CURLE_COULDNT_CONNECT:
      return meaning_of_connect_error(easy);
    case CURLE_OPERATION_TIMEDOUT:
      return HttpError::kTimeout;
    // Over HTTP/2 libcurl says "nothing" too when what came was not HTTP/2.
    case CURLE_GOT_NOTHING:
      return request_.http2 ? HttpError::kHttp2 : HttpError::kEmpty;
    case CURLE_SEND_ERROR:
      return meaning_of_send_error(easy);
    case CURLE_RECV_ERROR:
      return meaning_of_receive_error(easy);
    case CURLE_PARTIAL_FILE:
      return HttpError::kTruncated;
    case CURLE_BAD_CONTENT_ENCODING:
      return HttpError::kEncoding;
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return HttpError::kHttp2;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return HttpError::kMalformed;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return HttpError::kTls;
    case CURLE_OUT_OF_MEMORY: {
      // What libcurl says of one line over its own 100 KB. Its memory is not short once the request is out.
      long sent = 0;
      curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
      return sent > 0 ? HttpError::kHeaderTooLarge : HttpError::kOwn;
    }
    default:
      return head_.started() ? HttpError::kMalformed : HttpError::kOwn;
  }
}

HttpError HttpTransfer::meaning_of_connect_error(void* easy) const {
  if (!over_stream_) return HttpError::kConnect;
  // A stream that was refused (RFC 9113 8.7) makes libcurl try a new connection, of which there is none.
  if (request_.http2 && !request_.stream) return HttpError::kHttp2;
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  if (error == ECONNRESET || error == EPIPE) return HttpError::kReset;
  // A stream is connected; all that libcurl can find wrong with it is that the peer has closed it already.
  return error == 0 && !request_.stream ? HttpError::kEmpty : HttpError::kOwn;
}

HttpError HttpTransfer::meaning_of_send_error(void* easy) const {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  // The far end of a socketpair is gone: the peer closed before the request was out.
  return over_stream_ && error == EPIPE && !head_.started() ? HttpError::kEmpty : HttpError::kReset;
}

HttpError HttpTransfer::meaning_of_receive_error(void* easy) const {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  if (error != 0) return HttpError::kReset;
  // Over HTTP/2 this is nghttp2 giving up: a header block over libcurl's 128 KiB or in too many pieces.
  if (request_.http2) return head_.complete() ? HttpError::kHttp2 : HttpError::kHeaderTooLarge;
  if (!head_.complete() && head_.bytes() >= kLibraryHeadBytes) return HttpError::kHeaderTooLarge;
  // A chunk that is not one.
  if (head_.started()) return HttpError::kMalformed;
  // With TLS 1.3 a refused client certificate arrives after the handshake, as a failed read (RELIABILITY T35).
  const bool tls = request_.url.starts_with("https:");
  return tls ? HttpError::kTls : HttpError::kReset;
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return {};
}

}  // namespace sonde::io
