// One request inside libcurl. Source: libcurl 7.88 manual; the meaning of its codes as measured in RELIABILITY 2.4.
#include "io/http_transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>

#include "core/check.h"
#include "io/address.h"

namespace sonde::io {
namespace {

/// Seconds that libcurl keeps a parsed CA store: new certificates are seen after that.
constexpr long kCaCacheSeconds = 600;
/// libcurl gives up when all header lines together pass 300 KiB; one line more than these has made it do so.
constexpr std::size_t kLibraryHeadBytes = 200 * 1024;

bool is_safe_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

bool equal_names(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
           return lower(x) == lower(y);
         });
}

/// All options but those for memory cannot fail on a library that was built with them; those are checked.
template <typename T>
void set(CURL* easy, CURLoption option, T value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  SONDE_CHECK(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY, "an option that this libcurl does not know");
}

struct UrlParts {
  std::string scheme;
  std::string host;  // without brackets
  std::string port;
};

std::optional<UrlParts> split_url(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string{};
    std::string out = text;
    curl_free(text);
    return out;
  };
  UrlParts parts{part(CURLUPART_SCHEME), part(CURLUPART_HOST), part(CURLUPART_PORT)};
  if (parts.host.size() > 1 && parts.host.front() == '[') parts.host = parts.host.substr(1, parts.host.size() - 2);
  if (parts.scheme != "http" && parts.scheme != "https") return std::nullopt;
  return parts;
}

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

bool HttpTransfer::append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  (void)list.release();  // `longer` is the same list
  list.reset(longer);
  return true;
}

bool HttpTransfer::has_header(std::string_view name) const {
  return std::any_of(request_.headers.begin(), request_.headers.end(),
                     [&](const auto& header) { return equal_names(header.first, name); });
}

HttpError HttpTransfer::prepare(void* easy) {
  const auto refused = [&](HttpError error, std::string text) {
    fail(error, std::move(text));
    return error;
  };
  if (!is_safe_line(request_.method) || request_.method.empty() || !is_safe_line(request_.url)) {
    return refused(HttpError::kOwn, "the method or the URL holds a line break");
  }
  set(easy, CURLOPT_PRIVATE, nullptr);  // the client sets its own
  set(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  set(easy, CURLOPT_URL, request_.url.c_str());
  set(easy, CURLOPT_NOSIGNAL, 1L);
  // Probes must test the target and deliveries must reach the sink, whatever http_proxy says.
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  set(easy, CURLOPT_WRITEDATA, this);
  set(easy, CURLOPT_SOCKOPTFUNCTION, &HttpTransfer::on_socket_options);
  set(easy, CURLOPT_SOCKOPTDATA, this);
  // Our timer ends the request; libcurl's own must not come first, and its connect timeout has a default.
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(request_.timeout).count() + 1000;
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min<std::int64_t>(timeout, 86'400'000)));
  if (request_.decompress) set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  set_body(easy);
  if (!set_headers(easy)) return refused(HttpError::kOwn, "a request header holds a line break");
  return over_stream_ ? set_stream(easy) : set_delivery(easy);
}

void HttpTransfer::set_body(void* easy) {
  const std::string& method = request_.method;
  if (method == "GET" && request_.body.empty()) {
    set(easy, CURLOPT_HTTPGET, 1L);
    return;
  }
  if (method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!request_.body.empty() || method == "POST" || method == "PUT") {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request_.body.data());  // not copied: request_ lives as long as the transfer
  }
  set(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

bool HttpTransfer::set_headers(void* easy) {
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || !is_safe_line(name) || !is_safe_line(value)) return false;
    // "Name;" is libcurl's way to send a header without a value; "Name:" would remove it.
    if (!append(headers_, value.empty() ? name + ";" : name + ": " + value)) return false;
  }
  if (!has_header("user-agent")) set(easy, CURLOPT_USERAGENT, "sonde");
  // Only what was asked for goes out: libcurl would add these to a body by itself.
  if (!has_header("content-type") && !append(headers_, "Content-Type:")) return false;
  if (!has_header("expect") && !append(headers_, "Expect:")) return false;
  set(easy, CURLOPT_HTTPHEADER, headers_.get());
  return true;
}

HttpError HttpTransfer::set_stream(void* easy) {
  const auto url = split_url(request_.url);
  if (!url || url->scheme != "http") {
    fail(HttpError::kOwn, "a request over a given stream needs an http:// URL");
    return HttpError::kOwn;
  }
  const curl_opensocket_callback open_socket = [](void* self, curlsocktype, curl_sockaddr* address) -> curl_socket_t {
    return static_cast<HttpTransfer*>(self)->give_stream(*address);
  };
  set(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, this);
  // An address literal keeps libcurl from resolving the URL's host. Nothing connects to it.
  if (!append(pins_, "::127.0.0.1:")) {
    fail(HttpError::kOwn, "no memory");
    return HttpError::kOwn;
  }
  set(easy, CURLOPT_CONNECT_TO, pins_.get());
  set(easy, CURLOPT_FRESH_CONNECT, 1L);
  set(easy, CURLOPT_FORBID_REUSE, 1L);
  set(easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(request_.http2 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1));
  return HttpError::kNone;
}

HttpError HttpTransfer::set_delivery(void* easy) {
  const auto refused = [&](HttpError error, std::string text) {
    fail(error, std::move(text));
    return error;
  };
  const auto url = split_url(request_.url);
  if (!url) return refused(HttpError::kOwn, "not an http or https URL");
  if (!parse_address(url->host)) {
    // libcurl must not resolve: it would do so in threads of its own that cannot be cancelled.
    if (request_.addresses.empty()) return refused(HttpError::kResolve, "no address is known for " + url->host);
    std::string pin = url->host + ":" + url->port + ":";
    for (const std::string& text : request_.addresses) {
      const auto address = parse_address(text);
      if (!address) return refused(HttpError::kResolve, "not an address: " + text);
      if (pin.back() != ':') pin += ',';
      pin += address->family == IpAddress::Family::kIp6 ? "[" + text + "]" : text;
    }
    if (!append(pins_, pin)) return refused(HttpError::kOwn, "no memory");
    set(easy, CURLOPT_RESOLVE, pins_.get());
  }
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  if (url->scheme == "https") set_tls(easy);
  return HttpError::kNone;
}

void HttpTransfer::set_tls(void* easy) {
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_CA_CACHE_TIMEOUT, kCaCacheSeconds);
  if (!request_.ca_file.empty()) {
    set(easy, CURLOPT_CAINFO, request_.ca_file.c_str());
    set(easy, CURLOPT_CAPATH, nullptr);  // that file and nothing else
  }
  if (!request_.client_cert_file.empty()) set(easy, CURLOPT_SSLCERT, request_.client_cert_file.c_str());
  if (!request_.client_key_file.empty()) set(easy, CURLOPT_SSLKEY, request_.client_key_file.c_str());
}

// ---- What libcurl tells: recorded only

std::size_t HttpTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t bytes = size * count;
  const bool had_started = transfer.head_.started();
  const auto verdict = transfer.head_.take({data, bytes});
  if (!had_started && transfer.head_.started()) transfer.response_.first_byte = transfer.loop_.precise_now();
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
  response.body.append(data, std::min(bytes, limit - response.body.size()));
  response.body_bytes += bytes;
  if (response.body_bytes <= limit) return bytes;
  transfer.stopped_by_us_ = HttpError::kBodyTooLarge;
  return bytes + 1;
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
  }
  return request_.stream.release();
}

int HttpTransfer::on_socket_options(void* self, int fd, int) {
  const auto& transfer = *static_cast<HttpTransfer*>(self);
  // Not CURL_SOCKOPT_ALREADY_CONNECTED: libcurl 7.88 then neither skips connect(2) nor waits for the socket, and goes
  // on only at its next timer, 200 ms later. See BusyAddress.
  if (transfer.over_stream_) return CURL_SOCKOPT_OK;
  // Sent bytes that nobody acknowledges end the connection instead of filling the kernel's queue for many minutes.
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(transfer.request_.timeout).count();
  const auto limit = static_cast<unsigned>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);  // a help, not a need
  return CURL_SOCKOPT_OK;
}

// ---- The end

void HttpTransfer::collect() {
  response_.status = head_.status();
  response_.version = head_.version();
  response_.head_complete = head_.complete();
  response_.headers = head_.take_headers();
  response_.finished = loop_.precise_now();
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
