// The HTTP client: one libcurl multi handle whose sockets and timer ride on our loop.
// Source: curl_multi_socket_action(3), CURLMOPT_SOCKETFUNCTION(3), CURLMOPT_TIMERFUNCTION(3). Measured: an easy handle
// kept for reuse costs 5.5 KiB, making one per request costs as much CPU as a small request.
#include "io/http_client.h"

#include <curl/curl.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/check.h"
#include "io/busy_address.h"
#include "io/http_transfer.h"

namespace sonde::io {
namespace {

constexpr std::size_t kIdleHandlesMax = 256;

class CurlClient;

/// A request between fetch() and its answer; owned by the caller's Handle.
class Fetch final : public Handle::Pending {
 public:
  Fetch(CurlClient& client, Loop& loop, HttpRequest request, Callback<void(HttpResponse)> done);
  ~Fetch() override;
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  void start();
  /// The stream has something to read, of which libcurl has seen nothing yet.
  void note_arrival(int fd) { transfer_.note_arrival(fd); }
  [[nodiscard]] bool over_stream() const { return transfer_.over_stream(); }
  /// libcurl is done with the request.
  void on_complete(CURLcode code);
  /// The client goes away first: the answer never comes.
  void orphan();

 private:
  void on_timeout();
  void deliver_soon();
  void deliver();
  void stop();

  CurlClient* client_;
  Loop& loop_;
  HttpTransfer transfer_;
  Callback<void(HttpResponse)> done_;
  CURL* easy_ = nullptr;  // borrowed from the client while the transfer runs
  bool keep_easy_ = false;
  Handle timeout_;
  Handle delivery_;
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(Loop& loop, int connections_max);
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  [[nodiscard]] Handle fetch(HttpRequest request, Callback<void(HttpResponse)> done) override;

  // For Fetch.
  [[nodiscard]] BusyAddress& busy_address() { return busy_address_; }
  [[nodiscard]] CURL* borrow_easy(bool for_stream);
  void give_back_easy(CURL* easy, bool for_stream, bool reusable);
  [[nodiscard]] bool add(CURL* easy);
  /// Lets libcurl begin what was added, in this turn: its own wish for that comes as a timer of 0 ms.
  void begin() { act(CURL_SOCKET_TIMEOUT, 0); }
  void remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }
  void enter(Fetch& fetch) { fetches_.insert(&fetch); }
  void leave(Fetch& fetch) { fetches_.erase(&fetch); }

 private:
  struct Watches {
    Handle read;
    Handle write;
    Fetch* over_stream = nullptr;  // whose stream it is; null for connections that libcurl owns
  };
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* per_socket);
  static int on_timer(CURLM* multi, long ms, void* self);
  void watch(CURL* easy, int fd, int what);
  void on_readable(int fd);
  void act(curl_socket_t fd, int events);

  Loop& loop_;
  CURLM* multi_;
  std::unordered_map<int, Watches> watches_;
  Handle timer_;
  std::unordered_set<Fetch*> fetches_;
  std::vector<CURL*> idle_;        // for streams: their options stay
  std::vector<CURL*> idle_reset_;  // for deliveries
  BusyAddress busy_address_;
};

Fetch::Fetch(CurlClient& client, Loop& loop, HttpRequest request, Callback<void(HttpResponse)> done)
    : client_(&client),
      loop_(loop),
      transfer_(loop, client.busy_address(), std::move(request)),
      done_(std::move(done)) {
  client_->enter(*this);
}

Fetch::~Fetch() {
  stop();
  if (client_ != nullptr) client_->leave(*this);
}

void Fetch::start() {
  easy_ = client_->borrow_easy(over_stream());
  if (easy_ == nullptr) {
    transfer_.fail(HttpError::kOwn, "no memory for a request");
    return deliver_soon();
  }
  if (transfer_.prepare(easy_) != HttpError::kNone) return deliver_soon();
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  // From the precise clock: a turn that is late already must not take from the peer's time.
  timeout_ = loop_.at(loop_.precise_now() + transfer_.request().timeout, [this] { on_timeout(); });
  if (client_->add(easy_)) return client_->begin();
  transfer_.fail(HttpError::kOwn, "libcurl does not take the request");
  deliver_soon();
}

void Fetch::on_complete(CURLcode code) {
  transfer_.finish(easy_, code);
  // After an error a handle may still hold the error's number; a new one costs little then.
  keep_easy_ = code == CURLE_OK;
  deliver_soon();
}

void Fetch::on_timeout() {
  transfer_.fail(HttpError::kTimeout, "no complete answer in time");
  deliver_soon();
}

void Fetch::deliver_soon() {
  stop();
  delivery_ = loop_.soon([this] { deliver(); });
}

void Fetch::deliver() {
  Callback<void(HttpResponse)> done = std::move(done_);
  HttpResponse response = transfer_.take_response();
  done(std::move(response));  // may destroy this
}

void Fetch::stop() {
  timeout_.reset();
  if (easy_ == nullptr) return;
  client_->remove(easy_);
  client_->give_back_easy(std::exchange(easy_, nullptr), over_stream(), keep_easy_);
}

void Fetch::orphan() {
  stop();
  delivery_.reset();
  client_ = nullptr;
}

CurlClient::CurlClient(Loop& loop, int connections_max) : loop_(loop) {
  // Counted by libcurl: each client takes and gives back one reference.
  const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  SONDE_CHECK(ready == CURLE_OK, "libcurl does not start");
  multi_ = curl_multi_init();
  SONDE_CHECK(multi_ != nullptr, "libcurl does not start");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlClient::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlClient::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections_max));
}

CurlClient::~CurlClient() {
  for (Fetch* fetch : fetches_) fetch->orphan();
  for (CURL* easy : idle_) curl_easy_cleanup(easy);
  for (CURL* easy : idle_reset_) curl_easy_cleanup(easy);
  // Closing kept connections calls on_socket once more, so the watches go after it.
  curl_multi_cleanup(multi_);
  watches_.clear();
  timer_.reset();
  curl_global_cleanup();
}

Handle CurlClient::fetch(HttpRequest request, Callback<void(HttpResponse)> done) {
  SONDE_CHECK(request.timeout > Duration::zero(), "a request without a timeout");
  auto fetch = std::make_unique<Fetch>(*this, loop_, std::move(request), std::move(done));
  fetch->start();
  return Handle{std::move(fetch)};
}

CURL* CurlClient::borrow_easy(bool for_stream) {
  std::vector<CURL*>& idle = for_stream ? idle_ : idle_reset_;
  CURL* easy = nullptr;
  if (idle.empty()) {
    easy = curl_easy_init();
    if (easy == nullptr) return nullptr;
    HttpTransfer::prepare_handle(easy, for_stream);
  } else {
    easy = idle.back();
    idle.pop_back();
  }
  return easy;
}

void CurlClient::give_back_easy(CURL* easy, bool for_stream, bool reusable) {
  std::vector<CURL*>& idle = for_stream ? idle_ : idle_reset_;
  if (!reusable || idle.size() >= kIdleHandlesMax) {
    curl_easy_cleanup(easy);
    return;
  }
  if (!for_stream) {
    curl_easy_reset(easy);
    HttpTransfer::prepare_handle(easy, false);
  }
  idle.push_back(easy);
}

bool CurlClient::add(CURL* easy) { return curl_multi_add_handle(multi_, easy) == CURLM_OK; }

// The two hooks below run inside libcurl. They only touch our loop: no user code, no call back into libcurl.

int CurlClient::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) {
  static_cast<CurlClient*>(self)->watch(easy, fd, what);
  return 0;
}

void CurlClient::watch(CURL* easy, int fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    watches_.erase(fd);
    return;
  }
  Watches& watches = watches_[fd];
  const bool read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
  const bool write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
  if (read && !watches.read) {
    Fetch* fetch = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
    watches.over_stream = fetch != nullptr && fetch->over_stream() ? fetch : nullptr;
    watches.read = loop_.watch(fd, Interest::kRead, [this, fd] { on_readable(fd); });
  }
  if (write && !watches.write) {
    watches.write = loop_.watch(fd, Interest::kWrite, [this, fd] { act(fd, CURL_CSELECT_OUT); });
  }
  // After the new one is there: an fd that nobody watches leaves the loop's epoll set, and coming back costs calls.
  if (!read) watches.read.reset();
  if (!write) watches.write.reset();
}

void CurlClient::on_readable(int fd) {
  // The stream closes with its request, so the fetch lives as long as the watch.
  if (Fetch* fetch = watches_[fd].over_stream; fetch != nullptr) fetch->note_arrival(fd);
  act(fd, CURL_CSELECT_IN);
}

int CurlClient::on_timer(CURLM*, long ms, void* self) {
  auto& client = *static_cast<CurlClient*>(self);
  client.timer_.reset();
  if (ms < 0) return 0;
  auto expire = [&client] { client.act(CURL_SOCKET_TIMEOUT, 0); };
  if (ms == 0) {
    client.timer_ = client.loop_.soon(expire);
  } else {
    client.timer_ = client.loop_.at(client.loop_.precise_now() + std::chrono::milliseconds{ms}, expire);
  }
  return 0;
}

void CurlClient::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Fetch* fetch = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
    // Takes the handle out of the multi, which also ends the life of `message`. The user's callback comes next turn.
    fetch->on_complete(code);
  }
}

}  // namespace

std::unique_ptr<HttpClient> make_http_client(Loop& loop, int connections_max) {
  return std::make_unique<CurlClient>(loop, connections_max);
}

}  // namespace sonde::io
