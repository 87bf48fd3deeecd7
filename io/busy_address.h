// A local address where connect(2) answers EAGAIN for as long as this object lives: a listener whose queue is full.
// libcurl calls connect(2) on the socket that it is given. CURL_SOCKOPT_ALREADY_CONNECTED should prevent that, but in
// 7.88 does not (and costs 200 ms); it goes on when the call succeeds or is "in progress". On one end of a socketpair
// only EAGAIN lets it go on, and the end stays connected to its peer. On a TCP socket that was connected without
// blocking, Linux answers the second connect(2) with success, so nothing is needed there.
// Source: connect(2) EAGAIN, unix(7) autobind. Internal to io.
#pragma once

#include <sys/socket.h>

#include "io/unique_fd.h"

namespace sonde::io {

class BusyAddress {
 public:
  /// Nothing is opened yet.
  BusyAddress() = default;
  /// Opens it if need be. False when the system refuses (no descriptors).
  [[nodiscard]] bool open();
  /// After open(). An autobound name has 5 characters, so it fits the short form of a socket address.
  [[nodiscard]] const sockaddr& address() const { return address_; }
  [[nodiscard]] socklen_t length() const { return length_; }

 private:
  UniqueFd listener_;
  UniqueFd waiting_;  // fills the queue
  sockaddr address_{};
  socklen_t length_ = 0;
};

}  // namespace sonde::io
