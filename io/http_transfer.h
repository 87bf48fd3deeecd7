// One request inside libcurl: its options, what its callbacks saw, and what the end means. Internal to io.
// Its options are set in http_transfer_options.cc. libcurl's callbacks only record here; HttpClient acts after the
// library call has returned.
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

  [[nodiscard]] bool over_stream() const { return over_stream_; }

  /// Once in the life of a handle for streams, and after each reset of one for delivery: what is the same for all.
  static void prepare_handle(void* easy, bool for_streams);
  /// Sets every other option on `easy` (a CURL*). The handle must leave the multi before this object goes.
  /// kNone, or why the request cannot be made at all; response() then tells.
  [[nodiscard]] HttpError prepare(void* easy);
  /// The TCP stream has become readable: notes when its bytes arrived, as long as the answer has not begun.
  void note_arrival(int fd);
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
  static int on_request(void* self, char* remote, char* local, int remote_port, int local_port);
  static int on_close(void* self, int fd);
  int give_stream(curl_sockaddr& address);
  static int on_socket_options(void* self, int fd, int purpose);

  bool append(List& list, const std::string& line);
  bool has_header(std::string_view name) const;
  [[nodiscard]] bool has_body() const;
  bool set_headers();
  void set_method_and_body(void* easy);
  HttpError set_stream(void* easy);
  HttpError set_delivery(void* easy);
  void set_tls(void* easy);
  HttpError meaning_of(void* easy, int code) const;
  HttpError meaning_of_connect_error(void* easy) const;
  HttpError meaning_of_send_error(void* easy) const;
  HttpError meaning_of_receive_error(void* easy) const;
  void read_tcp_info(int fd);
  void keep(std::string_view bytes);
  [[nodiscard]] bool has_bytes_after_end() const;
  void collect();

  Loop& loop_;
  BusyAddress& busy_;
  HttpRequest request_;
  bool over_stream_;
  bool over_tcp_ = false;  // the stream is a TCP socket, not one end of a pair
  HttpResponse response_;
  HttpHead head_;
  HttpError stopped_by_us_ = HttpError::kNone;  // why a callback told libcurl to stop
  MonoTime arrival_{};                          // when the bytes that libcurl reads next arrived
  bool was_reset_ = false;
  std::uint64_t bytes_received_ = 0;  // by the kernel, over a TCP stream
  List headers_;
  List pins_;
  std::array<char, kErrorTextBytes> error_text_{};
};

}  // namespace sonde::io
