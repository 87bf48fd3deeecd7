// The bounded send-and-read.
#include "io/tcp_talk.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace sonde::io {
namespace {

/// One send-and-read in flight.
class Talk final : public Handle::Pending {
 public:
  Talk(Loop& loop, int fd, std::string send, std::string expect, std::size_t bytes_max, Callback<void(TalkResult)> done)
      : loop_(loop),
        fd_(fd),
        send_(std::move(send)),
        expect_(std::move(expect)),
        bytes_max_(bytes_max),
        done_(std::move(done)) {}

  void start() {
    if (!send_.empty()) writable_ = loop_.watch(fd_, Interest::kWrite, [this] { on_writable(); });
    readable_ = loop_.watch(fd_, Interest::kRead, [this] { on_readable(); });
  }

 private:
  void on_writable() {
    const ssize_t n = ::send(fd_, send_.data() + sent_, send_.size() - sent_, MSG_NOSIGNAL);
    if (n > 0) sent_ += static_cast<std::size_t>(n);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return finish(TalkError::kReset);
    if (sent_ == send_.size()) writable_.reset();
  }

  void on_readable() {
    std::array<char, 4096> buffer;
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return finish(TalkError::kReset);
    if (n == 0) return finish(TalkError::kClosed);
    result_.received.append(buffer.data(), static_cast<std::size_t>(n));
    if (expect_.empty() || result_.received.find(expect_) != std::string::npos) return finish(TalkError::kNone);
    if (result_.received.size() >= bytes_max_) return finish(TalkError::kTooLarge);
  }

  void finish(TalkError error) {
    writable_.reset();
    readable_.reset();
    result_.error = error;
    auto done = std::move(done_);
    done(std::move(result_));  // may destroy this
  }

  Loop& loop_;
  int fd_;
  std::string send_;
  std::size_t sent_ = 0;
  std::string expect_;
  std::size_t bytes_max_;
  Callback<void(TalkResult)> done_;
  TalkResult result_;
  Handle writable_;
  Handle readable_;
};

}  // namespace

Handle talk(Loop& loop, int fd, std::string send, std::string expect, std::size_t bytes_max,
            Callback<void(TalkResult)> done) {
  auto talk = std::make_unique<Talk>(loop, fd, std::move(send), std::move(expect), bytes_max, std::move(done));
  talk->start();
  return Handle{std::move(talk)};
}

}  // namespace sonde::io
