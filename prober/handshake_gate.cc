// Places and the queue before them.
#include "prober/handshake_gate.h"

#include <memory>
#include <utility>

namespace sonde::prober {

struct HandshakeGate::Place final : io::Handle::Pending {
  Place(HandshakeGate& g, Callback<void()> callback) : gate(g), go(std::move(callback)) {}
  ~Place() override {
    if (inside) {
      --gate.inside_;
      gate.let_in();
    } else {
      gate.queue_.erase(at);
    }
  }
  HandshakeGate& gate;
  Callback<void()> go;
  bool inside = false;
  std::list<Place*>::iterator at{};  // in the queue, while not inside
  io::Handle later;
};

bool HandshakeGate::enter(io::Handle& place, Callback<void()> go) {
  auto mine = std::make_unique<Place>(*this, std::move(go));
  const bool now = inside_ < places_ && queue_.empty();
  if (now) {
    mine->inside = true;
    ++inside_;
  } else {
    mine->at = queue_.insert(queue_.end(), mine.get());
  }
  place = io::Handle{std::move(mine)};
  return now;
}

void HandshakeGate::set_places(std::size_t places) {
  places_ = places;
  let_in();
}

void HandshakeGate::let_in() {
  while (!queue_.empty() && inside_ < places_) {
    Place* next = queue_.front();
    queue_.pop_front();
    next->inside = true;
    ++inside_;
    next->later = loop_.soon([next] {
      Callback<void()> f = std::move(next->go);
      f();  // may destroy the place
    });
  }
}

}  // namespace sonde::prober
