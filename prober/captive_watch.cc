// One connect a minute to where nobody is.
#include "prober/captive_watch.h"

#include <utility>

namespace sonde::prober {
namespace {

io::DialerOptions dialer_options(const CaptiveOptions& options) {
  io::DialerOptions out;
  out.source = options.source;
  out.policy.allow(to_string(options.canary.address));
  return out;
}

}  // namespace

CaptiveWatch::CaptiveWatch(io::Loop& loop, const CaptiveOptions& options, Callback<void(bool)> found)
    : loop_(loop), options_(options), dialer_(loop, dialer_options(options)), found_(std::move(found)) {
  timer_ = loop_.soon([this] { look(); });
}

void CaptiveWatch::look() {
  timer_ = loop_.after(options_.timeout, [this] { end_look(false); });
  connect_ =
      dialer_.dial(options_.canary, {}, [this](const io::DialResult& r) { end_look(r.error == io::DialError::kNone); });
}

void CaptiveWatch::end_look(bool connected) {
  connect_.reset();
  timer_ = loop_.after(options_.every, [this] { look(); });
  found_(connected);
}

}  // namespace sonde::prober
