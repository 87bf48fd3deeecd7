// Faults one after the other, or two at a time, with quiet between them.
#include "script.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace sonde::sim {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kFirstDay = 1'767'225'600'000;  // 2026-01-01

class Writer {
 public:
  Writer(const World& world, const Components& all, const ScriptOptions& o)
      : world_(world), all_(all), o_(o), rng_(Rng::named(o.seed, "script " + world.topology)) {
    script_.round_ms = o.manner.round_ms;
    script_.start_ms =
        o.start_ms != 0 ? o.start_ms : kFirstDay + rng_.between(0, 27) * kDay + rng_.between(0, 23) * kHour;
    script_.trained_ms = script_.start_ms + o.warm_up * script_.round_ms;
  }

  Script write() {
    std::vector<std::string> kinds = o_.kinds;
    rng_.shuffle(kinds);
    std::int64_t now = script_.trained_ms;
    for (std::size_t i = 0; i < kinds.size();) {
      const std::int64_t start = now + anywhere_in_a_round();
      std::int64_t end = add(kinds[i++], start);
      if (o_.pairs && i < kinds.size()) {
        const std::int64_t second = start + rng_.between(0, 6) * script_.round_ms + anywhere_in_a_round();
        end = std::max(end, add(kinds[i++], second));
      }
      now = std::max(now, end) + (o_.quiet + rng_.between(0, 10)) * script_.round_ms;
    }
    now += o_.healthy_rounds * script_.round_ms;
    script_.rounds = (now - script_.start_ms) / script_.round_ms + 1;
    add_bursts(now);
    std::ranges::stable_sort(script_.faults, {}, &Fault::start_ms);
    return std::move(script_);
  }

 private:
  std::int64_t anywhere_in_a_round() {
    return static_cast<std::int64_t>(rng_.uniform() * static_cast<double>(script_.round_ms));
  }

  /// Returns its end, or the start where the kind has no place.
  std::int64_t add(const std::string& name, std::int64_t start) {
    const FaultKind* kind = find_fault_kind(name);
    if (kind == nullptr) return start;
    std::vector<std::string> keys = places_for(*kind, world_, all_);
    std::erase_if(keys, [&](const std::string& key) {
      const auto it = struck_.find(key);
      return it != struck_.end() && start < it->second + 2 * kHour;
    });
    std::erase_if(keys, [&](const std::string& key) { return overlaps(key, start); });
    if (keys.empty()) return start;
    // Each vantage has its turn, whatever the others are called.
    const std::string key = rng_.pick(keys);
    Fault f = make_fault(*kind, key, start, o_.manner, world_, all_, rng_);
    f.truth.id = fmt::format("{}#{}", name, ++number_);
    struck_[key] = f.end_ms;
    const std::int64_t end = f.end_ms;
    script_.faults.push_back(std::move(f));
    return end;
  }

  /// Two at a time must be two: neither may lie within the other.
  bool overlaps(const std::string& key, std::int64_t start) const {
    return std::ranges::any_of(script_.faults, [&](const Fault& f) {
      if (f.end_ms <= start || f.truth.component.empty()) return false;
      const auto& a = all_.cells(key);
      const auto& b = all_.cells(f.truth.component);
      std::vector<std::uint32_t> both;
      std::ranges::set_intersection(a, b, std::back_inserter(both));
      return both.size() * 2 > std::min(a.size(), b.size());
    });
  }

  void add_bursts(std::int64_t end) {
    if (o_.bursts_per_day <= 0) return;
    Rng rng = Rng::named(o_.seed, "bursts " + world_.topology);
    const double mean_gap = static_cast<double>(kDay) / o_.bursts_per_day;
    auto at = static_cast<double>(script_.start_ms);
    for (int i = 1;; ++i) {
      at -= mean_gap * std::log(1 - rng.uniform());
      if (at >= static_cast<double>(end)) return;
      Fault f = make_burst(static_cast<std::int64_t>(at), o_.manner, world_, all_, rng);
      f.truth.id = fmt::format("burst#{}", i);
      script_.faults.push_back(std::move(f));
    }
  }

  const World& world_;
  const Components& all_;
  const ScriptOptions& o_;
  Rng rng_;
  Script script_;
  std::map<std::string, std::int64_t> struck_;
  int number_ = 0;
};

}  // namespace

std::vector<hub::judge::Truth> Script::truths() const {
  std::vector<hub::judge::Truth> out;
  for (const Fault& f : faults) out.push_back(f.truth);
  return out;
}

Script make_script(const World& world, const Components& all, const ScriptOptions& options) {
  return Writer{world, all, options}.write();
}

}  // namespace sonde::sim
