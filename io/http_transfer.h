// One request inside libcurl: its options, what its callbacks saw, and what the end means. Internal to io.
// libcurl's callbacks only record here; HttpClient acts after the library call has returned.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "io/busy_address.h"
#include "io/http_client.h"
#include "io/http_head.h"

struct curl_slist;
struct curl_sockaddr;

namespace sonde::io {

class HttpTransfer {
 public:
  /// `busy` must outlive this.
  HttpTransfer(Loop& loop, BusyAddress& busy, HttpRequest request);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  [[nodiscard]] const HttpRequest& request() const { return request_; }

  /// Sets every option on `easy` (a CURL*, new or reset). The handle must leave the multi before this object goes.
  /// kNone, or why the request cannot be made at all; response() then tells.
  [[nodiscard]] HttpError prepare(void* easy);
  /// Fills the response from the handle after the transfer ended with `code` (a CURLcode).
  void finish(void* easy, int code);
  /// Ends with an error of ours: the timeout, or a request that could not start.
  void fail(HttpError error, std::string text);
  [[nodiscard]] HttpResponse take_response() { return std::move(response_); }

 private:
  struct FreeList {
    void operator()(curl_slist* list) const;
  };
  using List = std::unique_ptr<curl_slist, FreeList>;
  static constexpr std::size_t kErrorTextBytes = 256;  // CURL_ERROR_SIZE

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  int give_stream(curl_sockaddr& address);
  static int on_socket_options(void* self, int fd, int purpose);

  bool append(List& list, const std::string& line);
  bool has_header(std::string_view name) const;
  bool set_headers(void* easy);
  void set_body(void* easy);
  HttpError set_stream(void* easy);
  HttpError set_delivery(void* easy);
  void set_tls(void* easy);
  HttpError meaning_of(void* easy, int code) const;
  HttpError meaning_of_connect_error(void* easy) const;
  HttpError meaning_of_send_error(void* easy) const;
  HttpError meaning_of_receive_error(void* easy) const;
  void collect();

  Loop& loop_;
  BusyAddress& busy_;
  HttpRequest request_;
  bool over_stream_;
  HttpResponse response_;
  HttpHead head_;
  HttpError stopped_by_us_ = HttpError::kNone;  // why a callback told libcurl to stop
  List headers_;
  List pins_;
  std::array<char, kErrorTextBytes> error_text_{};
};

}  // namespace sonde::io
