// What the world does at each step of an exchange: the one place where faults become behaviour. The servers carry it
// out on sockets; the headless mode writes down what a prober would have seen of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "active_faults.h"
#include "model.h"

namespace sonde::world {

/// What a resolver does with a query for an address.
enum class DnsReply { kAddress, kNxdomain, kServfail, kRefused, kEmpty, kWrong, kInjected, kSilent };
struct DnsStep {
  DnsReply reply = DnsReply::kAddress;
  core::Duration delay{};  // until the answer is sent
};

/// What follows a ClientHello.
enum class TlsReply { kGood, kExpired, kWrongName, kSelfSigned, kReset };

/// What follows a request. kBrokenDependency is a 503 that names it.
enum class HttpReply { kGood, kStatus, kStall, kTruncated, kWrongBody, kBrokenDependency };
struct HttpStep {
  HttpReply reply = HttpReply::kGood;
  int status = 200;        // of the answer, for targets that answer with a body
  std::string dependency;  // kBrokenDependency
  core::Duration delay{};  // until the answer is sent, travel included
};

/// One thread. All steps draw, in the order in which they are asked for.
class Behaviour {
 public:
  explicit Behaviour(World w);
  Behaviour(const Behaviour&) = delete;
  Behaviour& operator=(const Behaviour&) = delete;

  World world;
  ActiveFaults faults;

  /// Round trip of a pair, with jitter and slow paths drawn. `t` is one of world.targets.
  [[nodiscard]] core::Duration travel(std::size_t vantage, const Target& t);
  /// Jitter alone: for what is answered nearby.
  [[nodiscard]] core::Duration jitter();
  /// Whether nothing can be reached from the vantage at the moment, its resolver included.
  [[nodiscard]] bool uplink_lost(std::size_t vantage) const { return faults.uplink_lost(vantage); }
  /// How the listener of a pair behaves at the moment.
  [[nodiscard]] ListenerMode listener(std::size_t vantage, const Target& t) const {
    return faults.listener(vantage, t);
  }
  /// Whether bytes of this pair vanish at the moment.
  [[nodiscard]] bool black_hole(std::size_t vantage, const Target& t) const {
    return listener(vantage, t) == ListenerMode::kBlackHole;
  }

  /// A query for the address of `t`; an uplink that is lost is asked for apart.
  [[nodiscard]] DnsStep resolve(std::size_t vantage, const Target& t);
  /// Whether an accepted connection is reset at once.
  [[nodiscard]] bool resets(std::size_t vantage, const Target& t);
  [[nodiscard]] TlsReply handshake(std::size_t vantage, const Target& t);
  [[nodiscard]] HttpStep answer(std::size_t vantage, const Target& t);

 private:
  std::vector<core::Duration> distances_;  // round trips without jitter, by vantage and target
};

}  // namespace sonde::world
