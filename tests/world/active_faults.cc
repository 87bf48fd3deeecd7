// What is broken now.
#include "active_faults.h"

#include <algorithm>

namespace sonde::world {
namespace {

// splitmix64: a fixed draw for a fixed question, so that a slot has one answer however often it is asked.
double slot_draw(std::uint64_t seed, std::uint64_t fault, std::uint64_t vantage, std::uint64_t target,
                 std::uint64_t slot) {
  std::uint64_t x = seed;
  for (const std::uint64_t part : {fault, vantage, target, slot}) {
    x += part + 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    x ^= x >> 31U;
  }
  return static_cast<double>(x >> 11U) / 9007199254740992.0;  // 2^53
}

// The draw of a fault that holds for a while is that of the first slot.
std::uint64_t held(const Fault& f, std::uint64_t slot) {
  const auto slots = static_cast<std::uint64_t>(std::max<core::Duration::rep>(1, f.hold / kSlotLength));
  return slot / slots;
}

std::uint64_t key(const Target& t) {
  return static_cast<std::uint64_t>(t.subnet) << 8U | static_cast<std::uint64_t>(t.host_octet);
}

}  // namespace

std::uint64_t ActiveFaults::add(Fault f, bool from_timeline) {
  f.id = next_id_++;
  entries_.push_back({std::move(f), from_timeline, slot});
  changed_();
  return next_id_ - 1;
}

bool ActiveFaults::remove(std::uint64_t id) {
  const auto erased = std::erase_if(entries_, [id](const Entry& e) { return e.fault.id == id; });
  if (erased > 0) changed_();
  return erased > 0;
}

bool ActiveFaults::strikes_now(const Entry& e) const {
  if (e.fault.flap == core::Duration{}) return true;
  const auto half = static_cast<std::uint64_t>(e.fault.flap / kSlotLength);
  return (slot - e.since) / half % 2 == 0;
}

bool ActiveFaults::uplink_lost(std::size_t vantage) const {
  return std::ranges::any_of(entries_, [&](const Entry& e) {
    const Fault& f = e.fault;
    return f.kind == Kind::kUplink && strikes_now(e) && matches(f.scope, world_.vantages[vantage]) &&
           slot_draw(world_.seed, f.id, vantage, 0, held(f, slot)) * 100 < f.percent;
  });
}

core::Duration ActiveFaults::clock(std::size_t vantage) const {
  core::Duration ahead{};
  for (const Entry& e : entries_) {
    if (e.fault.kind != Kind::kClock || !strikes_now(e)) continue;
    if (matches(e.fault.scope, world_.vantages[vantage])) ahead += e.fault.clock;
  }
  return ahead;
}

ListenerMode ActiveFaults::listener(std::size_t vantage, const Target& t) const {
  ListenerMode worst = uplink_lost(vantage) ? ListenerMode::kBlackHole : ListenerMode::kOpen;
  for (const Entry& e : entries_) {
    const Fault& f = e.fault;
    if (f.kind != Kind::kBlackHole && f.kind != Kind::kRefuse) continue;
    if (!strikes_now(e) || !matches(f.scope, world_.vantages[vantage], t)) continue;
    if (slot_draw(world_.seed, f.id, vantage, key(t), held(f, slot)) * 100 >= f.percent) continue;
    worst = std::max(worst, f.kind == Kind::kRefuse ? ListenerMode::kRefuse : ListenerMode::kBlackHole);
  }
  return worst;
}

std::optional<Fault> ActiveFaults::strike(Layer layer, std::size_t vantage, const Target& t) {
  for (auto e = entries_.rbegin(); e != entries_.rend(); ++e) {
    Fault f = e->fault;
    if (info(f.kind).layer != layer || !strikes_now(*e) || !matches(f.scope, world_.vantages[vantage], t)) continue;
    if (draw() * 100 >= f.percent) continue;
    if (f.grows > core::Duration{}) {
      const double grown = core::to_seconds(kSlotLength * (slot - e->since)) / core::to_seconds(f.grows);
      f.delay = core::from_seconds(core::to_seconds(f.delay) * std::min(1.0, grown));
    }
    return f;
  }
  return std::nullopt;
}

std::string ActiveFaults::broken_dependency(const Target& t) {
  if (!t.breaks_with_dependencies) return {};
  for (const auto& name : t.depends_on) {
    const Target* dependency = world_.find_target(name);
    if (dependency == nullptr) continue;
    for (const Entry& e : entries_) {
      const Fault& f = e.fault;
      if (f.kind == Kind::kHttpSlow || f.kind == Kind::kPathSlow || is_of_vantage(f.kind) || !strikes_now(e)) continue;
      if (matches_everywhere(f.scope, *dependency) && draw() * 100 < f.percent) return name;
    }
  }
  return {};
}

}  // namespace sonde::world
