// What libcurl is told about a request. Options that are the same for all requests over given streams are set once in
// the life of a handle: setting them anew each time cost as much as the request itself.
// Source: libcurl 7.88 manual, curl_easy_setopt(3).
#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/check.h"
#include "io/address.h"
#include "io/http_transfer.h"

namespace sonde::io {
namespace {

/// Seconds that libcurl keeps a parsed CA store: new certificates are seen after that.
constexpr long kCaCacheSeconds = 600;
/// libcurl's own limit for connecting must never come before our timer: a day.
constexpr long kConnectMs = 86'400'000;
/// Of the receive buffer over a stream: an answer to a health check is small, and a large one only takes more reads.
constexpr long kStreamBufferBytes = 16 * 1024;
/// Stands in for the host of the URL, so that libcurl neither resolves nor connects anywhere: the stream is connected.
constexpr std::string_view kNowhere = "http://127.0.0.1";
constexpr std::string_view kHttp = "http://";

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

void HttpTransfer::prepare_handle(void* easy, bool for_streams) {
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
  set(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  set(easy, CURLOPT_SOCKOPTFUNCTION, &HttpTransfer::on_socket_options);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  if (!for_streams) return;
  const curl_opensocket_callback open_socket = [](void* self, curlsocktype, curl_sockaddr* address) -> curl_socket_t {
    return static_cast<HttpTransfer*>(self)->give_stream(*address);
  };
  set(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(easy, CURLOPT_CLOSESOCKETFUNCTION, &HttpTransfer::on_close);
  set(easy, CURLOPT_PREREQFUNCTION, &HttpTransfer::on_request);
  set(easy, CURLOPT_FRESH_CONNECT, 1L);
  set(easy, CURLOPT_FORBID_REUSE, 1L);
  set(easy, CURLOPT_TCP_NODELAY, 0L);  // the whole request goes out in one write: one system call less
  set(easy, CURLOPT_BUFFERSIZE, kStreamBufferBytes);
}

HttpError HttpTransfer::prepare(void* easy) {
  const auto refused = [&](HttpError error, std::string text) {
    fail(error, std::move(text));
    return error;
  };
  if (!is_safe_line(request_.method) || request_.method.empty() || !is_safe_line(request_.url) ||
      !is_safe_line(request_.target)) {
    return refused(HttpError::kOwn, "the method or the URL holds a line break");
  }
  set(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEDATA, this);
  set(easy, CURLOPT_SOCKOPTDATA, this);
  set(easy, CURLOPT_ACCEPT_ENCODING, request_.accept_encoding.empty() ? nullptr : request_.accept_encoding.c_str());
  set_method_and_body(easy);
  if (!set_headers()) return refused(HttpError::kOwn, "a request header holds a line break");
  return over_stream_ ? set_stream(easy) : set_delivery(easy);
}

void HttpTransfer::set_method_and_body(void* easy) {
  const std::string& method = request_.method;
  set(easy, CURLOPT_HTTPGET, 1L);  // also undoes what an earlier request set
  set(easy, CURLOPT_CUSTOMREQUEST, method == "GET" || method == "HEAD" ? nullptr : method.c_str());
  if (method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!has_body()) return;
  set(easy, CURLOPT_POST, 1L);
  set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  set(easy, CURLOPT_POSTFIELDS, request_.body.data());  // not copied: request_ lives as long as the transfer
  set(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

bool HttpTransfer::has_body() const {
  return !request_.body.empty() || request_.method == "POST" || request_.method == "PUT";
}

bool HttpTransfer::set_headers() {
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || !is_safe_line(name) || !is_safe_line(value)) return false;
    // "Name;" is libcurl's way to send a header without a value; "Name:" would remove it.
    if (!append(headers_, value.empty() ? name + ";" : name + ": " + value)) return false;
  }
  if (!has_header("user-agent") && !append(headers_, "User-Agent: sonde")) return false;
  // Only what was asked for goes out: libcurl would add these to a body by itself.
  if (has_body()) {
    if (!has_header("content-type") && !append(headers_, "Content-Type:")) return false;
    if (!has_header("expect") && !append(headers_, "Expect:")) return false;
  }
  return true;
}

HttpError HttpTransfer::set_stream(void* easy) {
  const std::string_view url = request_.url;
  const std::string_view rest = url.substr(std::min(kHttp.size(), url.size()));
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  if (!url.starts_with(kHttp) || path == 0) {
    fail(HttpError::kOwn, "a request over a given stream needs an http:// URL");
    return HttpError::kOwn;
  }
  // "Host" is also what becomes :authority in HTTP/2.
  if (!has_header("host") && !append(headers_, "Host: " + std::string{rest.substr(0, path)})) {
    fail(HttpError::kOwn, "no memory");
    return HttpError::kOwn;
  }
  set(easy, CURLOPT_HTTPHEADER, headers_.get());
  std::string nowhere{kNowhere};
  nowhere += rest.substr(path);
  set(easy, CURLOPT_URL, nowhere.c_str());
  set(easy, CURLOPT_REQUEST_TARGET, request_.target.empty() ? nullptr : request_.target.c_str());
  set(easy, CURLOPT_OPENSOCKETDATA, this);
  set(easy, CURLOPT_CLOSESOCKETDATA, this);
  set(easy, CURLOPT_PREREQDATA, this);
  set(easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(request_.http2 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1));
  return HttpError::kNone;
}

HttpError HttpTransfer::set_delivery(void* easy) {
  const auto refused = [&](HttpError error, std::string text) {
    fail(error, std::move(text));
    return error;
  };
  set(easy, CURLOPT_HTTPHEADER, headers_.get());
  set(easy, CURLOPT_URL, request_.url.c_str());
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
  if (request_.peer_timeout > Duration::zero()) {  // two probes within it
    const auto apart = std::max<long>(1, std::chrono::floor<std::chrono::seconds>(request_.peer_timeout).count() / 3);
    set(easy, CURLOPT_TCP_KEEPIDLE, apart);
    set(easy, CURLOPT_TCP_KEEPINTVL, apart);
  }
  if (request_.connect_timeout > Duration::zero()) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(request_.connect_timeout).count();
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(ms));
  }
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

}  // namespace sonde::io
