// Faults: what can break, for whom, and how surely. Pure values and rules; nothing here knows sockets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"
#include "core/text.h"
#include "core/time.h"

namespace sonde::world {

struct Target;
struct Vantage;
struct World;

/// The place in an exchange where a kind of fault strikes.
enum class Layer { kDns, kListener, kPath, kConnection, kTls, kHttp, kNone };

enum class Kind {
  kUplink,       // the vantage's resolver is silent and nothing can be reached
  kDnsNxdomain,  // no such name
  kDnsServfail,
  kDnsRefused,
  kDnsSilent,    // queries are not answered
  kDnsWrong,     // the address of somebody else
  kDnsInjected,  // over UDP the address of somebody else, and then the right one
  kDnsEmpty,     // NOERROR without an address
  kBlackHole,    // SYNs vanish, open connections fall silent
  kRefuse,       // nothing listens
  kPathSlow,     // `delay` more for every round trip
  kReset,        // RST right after accept
  kTlsExpired,
  kTlsWrongName,
  kTlsSelfSigned,
  kTlsReset,       // RST after the ClientHello
  kHttpStatus,     // `status` instead of the good answer
  kHttpSlow,       // `delay` before the answer
  kHttpStall,      // headers and half of the body, then silence
  kHttpTruncated,  // headers and half of the body, then close
  kHttpWrongBody,  // 200 with another page
  kClock,          // the vantage's wall clock is off by `clock`
};

struct KindInfo {
  Kind kind;
  std::string_view name;  // as in world.yaml: "black_hole"
  Layer layer;
};
/// All kinds, in the order of the enum.
[[nodiscard]] const std::vector<KindInfo>& all_kinds();
[[nodiscard]] const KindInfo& info(Kind k);

/// For whom a fault holds: every condition that is set must hold. At least one is set.
struct Scope {
  std::string app;
  std::string control;   // name without "control/"
  std::string service;   // PROVIDER/REGION/SERVICE
  std::string region;    // PROVIDER/REGION, with the apps hosted there
  std::string provider;  // with the apps hosted there
  bool border = false;   // vantage and target in different partitions
  std::string isp;       // of the vantage
  std::string vantage;
  std::string service_global;  // PROVIDER/SERVICE: a service in all regions that have it
  std::string zone;            // DNS zone of the target's name
  std::string dns_provider;    // who serves that zone
  std::string issuer;          // of the target's certificate
  std::string to_country;      // where the target stands
  std::string country;         // of the vantage
  std::string resolver;        // name of the vantage's resolver
  std::string from;            // partition of the vantage: "domestic" or "overseas"

  [[nodiscard]] bool has_target_condition() const {
    return !app.empty() || !control.empty() || !service.empty() || !region.empty() || !provider.empty() ||
           !service_global.empty() || !zone.empty() || !dns_provider.empty() || !issuer.empty() || !to_country.empty();
  }
  [[nodiscard]] bool has_vantage_condition() const {
    return border || !isp.empty() || !vantage.empty() || !country.empty() || !resolver.empty() || !from.empty();
  }
};

struct Fault {
  std::uint64_t id = 0;  // given when it becomes active
  std::string name;
  core::BilingualText text;
  Scope scope;
  Kind kind = Kind::kBlackHole;
  double percent = 100;
  core::Duration hold{};                           // of listeners: a draw of `percent` holds so long; 0: one slot
  int status = 503;                                // kHttpStatus
  core::Duration delay = std::chrono::seconds{2};  // kHttpSlow, kPathSlow
  core::Duration grows{};                          // until `delay` is reached, evenly from nothing; 0: at once
  core::Duration flap{};   // so long it strikes, then so long it does not, again and again; 0: always
  core::Duration clock{};  // kClock: how far ahead
};

/// Whether the kind belongs to a vantage as such, whatever it probes.
[[nodiscard]] constexpr bool is_of_vantage(Kind k) { return k == Kind::kUplink || k == Kind::kClock; }

[[nodiscard]] bool matches(const Scope& s, const Vantage& v, const Target& t);
/// Whether the fault strikes the pair, when it strikes.
[[nodiscard]] bool touches(const Fault& f, const Vantage& v, const Target& t);
/// Whether the scope takes in this vantage whatever the target (for uplink faults).
[[nodiscard]] bool matches(const Scope& s, const Vantage& v);
/// Whether the scope takes in this target for everybody, wherever they are.
[[nodiscard]] bool matches_everywhere(const Scope& s, const Target& t);
/// "app checkout", "region cirrus/cn-east from isp ct"
[[nodiscard]] std::string describe(const Scope& s);
/// Whether the kind can show itself on this target at all (no HTTP status on a TCP target).
[[nodiscard]] bool applies(Kind k, const Target& t);

/// Reads a fault and checks its names against the world: a fault that can touch nothing is an error.
[[nodiscard]] Fault read_fault(const core::ConfigNode& node, const World& world, core::ConfigErrors& errors);

}  // namespace sonde::world
