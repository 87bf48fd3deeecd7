// Listeners that can break.
#include "endpoint.h"

#include <sys/socket.h>

#include "session.h"

namespace sonde::world {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 128;

}  // namespace

Endpoint::Endpoint(asio::io_context& io, Services& services, EndpointIdentity identity, std::string address, int port)
    : io_(io),
      services_(services),
      identity_(std::move(identity)),
      where_(asio::ip::make_address(address), static_cast<std::uint16_t>(port)),
      acceptor_(io),
      filler_(io) {}

core::Result<void> Endpoint::start() { return set_mode(ListenerMode::kOpen); }

core::Result<void> Endpoint::set_mode(ListenerMode mode) {
  if (mode == mode_) return {};
  error_code ignored;
  filler_.close(ignored);
  if (mode_ == ListenerMode::kBlackHole) drain();  // our own filler is no visitor
  if (mode == ListenerMode::kRefuse) {
    acceptor_.close(ignored);  // the kernel resets whatever still waits in the queue
    mode_ = mode;
    return {};
  }
  if (!acceptor_.is_open()) {
    if (auto opened = open(); !opened) return opened;
  }
  mode_ = mode;
  if (mode == ListenerMode::kOpen) {
    acceptor_.listen(kBacklog, ignored);
    accept();
  } else {
    acceptor_.cancel(ignored);
    drain();
    fill_queue();
  }
  return {};
}

core::Result<void> Endpoint::open() {
  error_code error;
  acceptor_.open(tcp::v4(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(where_, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (!error) return {};
  error_code ignored;
  acceptor_.close(ignored);
  return core::Error{core::ErrorCode::kBusy, "cannot listen on " + where_.address().to_string() + ':' +
                                                 std::to_string(where_.port()) + ": " + error.message()};
}

void Endpoint::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || mode_ != ListenerMode::kOpen) return;
    if (!error) start_session(services_, identity_, std::move(socket));
    accept();
  });
}

// Connections that the kernel has completed but nobody accepted would otherwise be served late.
void Endpoint::drain() {
  error_code error;
  while (!error) {
    tcp::socket waiting(io_);
    acceptor_.accept(waiting, error);
  }
}

void Endpoint::fill_queue() {
  error_code error;
  ::listen(acceptor_.native_handle(), 0);
  filler_.open(tcp::v4(), error);
  if (!error) filler_.non_blocking(true, error);
  // On loopback the handshake is done by the kernel within this call. Should a client be faster and take the place,
  // the queue is full all the same and this connection is the first one whose SYN is dropped.
  if (!error) filler_.connect(where_, error);
}

}  // namespace sonde::world
