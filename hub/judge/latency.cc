// Clipped exponential averages: a median-like location without keeping samples.
#include "hub/judge/latency.h"

#include <algorithm>
#include <cmath>

namespace sonde::hub::judge {
namespace {

constexpr float kFloor = 1e-3F;       // below a millisecond differences mean nothing
constexpr float kRate = 1.0F / 64;    // of one sample, once enough are known
constexpr float kClip = 3;            // spreads that one sample may pull by
constexpr float kSpreads = 5;         // above the location: slow
constexpr float kSpreadMin = 0.02F;   // so that a spread of zero can grow
constexpr float kFirstSpread = 0.1F;  // before any is known
constexpr float kSynTimeout = 0.9F;   // seconds; the kernel's timeout less its timer's grain

float log_of(float seconds) { return std::log(std::max(seconds, kFloor)); }

float rate(std::uint32_t seen) { return std::max(kRate, 1.0F / static_cast<float>(seen + 1)); }

void move_to(Usual& u, float location) {
  u.location = location;
  u.spread = kFirstSpread;
  u.seen = kUsualSamples;
  u.slow_since_ms = 0;
}

}  // namespace

bool is_slow(const Usual& u, float seconds, const SlowRule& rule) {
  if (u.seen < kUsualSamples) return false;
  const float above = log_of(seconds) - u.location;
  return above > std::max(kSpreads * u.spread, rule.log_min) && seconds - std::exp(u.location) > rule.seconds_min;
}

bool repeated_syn(const Usual& u, float seconds) {
  return u.seen >= kUsualSamples && seconds > kSynTimeout && seconds - std::exp(u.location) > kSynTimeout;
}

void learn(Usual& u, float seconds, const SlowRule& rule, std::int64_t time_ms, bool frozen) {
  const float x = log_of(seconds);
  if (is_slow(u, seconds, rule)) {
    if (u.slow_since_ms == 0) {
      u.slow_since_ms = time_ms;
      u.moved = x;
    }
    u.moved += (x - u.moved) / 16;
    if (time_ms - u.slow_since_ms >= kNewUsualMs) return move_to(u, u.moved);
  } else {
    u.slow_since_ms = 0;
  }
  if (frozen) return;
  if (u.seen == 0) {
    u.location = x;
    u.spread = kFirstSpread;
  }
  const float step = rate(u.seen);
  const float away = x - u.location;
  const float limit = kClip * std::max(u.spread, kSpreadMin);
  const bool settled = u.seen >= kUsualSamples;
  u.location += step * (settled ? std::clamp(away, -limit, limit) : away);
  u.spread += step * (std::min(std::abs(away), limit) - u.spread);
  u.seen = std::min<std::uint32_t>(u.seen + 1, 1U << 20);
}

}  // namespace sonde::hub::judge
