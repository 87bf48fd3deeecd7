// A cap on TLS handshakes in flight. Each costs the loop a good part of a millisecond of arithmetic, so that a burst of
// them would make every other run late; those that find no place wait in a queue, first come, first served.
#pragma once

#include <cstddef>
#include <list>

#include "io/loop.h"

namespace sonde::prober {

using core::Callback;

class HandshakeGate {
 public:
  /// `places` is at least 1. `loop` must outlive this, and this must outlive every handle it gives out.
  HandshakeGate(io::Loop& loop, std::size_t places) : loop_(loop), places_(places) {}
  HandshakeGate(const HandshakeGate&) = delete;
  HandshakeGate& operator=(const HandshakeGate&) = delete;

  /// Asks for a place. True: `place` holds it now and `go` is not used. False: `place` waits; `go` is called later,
  /// once it holds one. Destroying `place` gives the place back, or leaves the queue.
  [[nodiscard]] bool enter(io::Handle& place, Callback<void()> go);

  /// More places let those who wait in at once; fewer are reached as places are given back.
  void set_places(std::size_t places);

  [[nodiscard]] std::size_t inside() const { return inside_; }
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }

 private:
  struct Place;
  void let_in();

  io::Loop& loop_;
  std::size_t places_;
  std::size_t inside_ = 0;
  std::list<Place*> queue_;
};

}  // namespace sonde::prober
