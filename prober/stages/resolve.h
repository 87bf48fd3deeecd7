// The resolve stage: a host name to addresses, asked of the prober's own resolvers (or of the target's).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/address.h"
#include "prober/check.h"

namespace sonde::prober {

struct Resolved {
  core::Cause cause = core::Cause::kNone;
  std::string detail;
  /// At most 64 of each family, in the resolver's order, IPv4 first. One family only, but for Family::kBoth.
  std::vector<io::IpAddress> addresses;
  std::size_t offered = 0;          // how many there were
  std::optional<Duration> elapsed;  // absent for a literal or pinned address
  int attempts = 1;                 // how often the question was sent until it was answered
  std::string blemish;              // Family::kBoth: which family has no address and why, when only one has; else empty
};

/// One look-up; destroying it cancels.
class Resolve {
 public:
  /// `context` and `net` must outlive this.
  Resolve(CheckContext& context, const NetSpec& net, std::string host)
      : context_(context), net_(net), host_(std::move(host)) {}
  Resolve(const Resolve&) = delete;
  Resolve& operator=(const Resolve&) = delete;

  /// `done` is called once, later, never from inside, and may destroy this.
  void start(Callback<void(Resolved)> done);

 private:
  /// The question for one family.
  struct Branch {
    core::dns::Type type = core::dns::Type::kA;
    std::optional<io::DnsPacket> packet;
    std::unique_ptr<io::DnsLookup> lookup;
    bool asked = false;
    bool answered = false;
    core::Cause cause = core::Cause::kNone;
    std::string detail;
  };

  void finish_soon();
  [[nodiscard]] bool use_given_address();
  void choose_resolvers();
  [[nodiscard]] bool ask(Branch& branch);
  void on_reply(Branch& branch, const io::DnsReply& reply);
  void take(Branch& branch, const io::DnsReply& reply);
  void wait_for_the_other(Duration first_took);
  void finish();

  CheckContext& context_;
  const NetSpec& net_;
  std::string host_;
  std::vector<io::Endpoint> resolvers_;  // before the look-ups that ask them
  Callback<void(Resolved)> done_;
  Resolved result_;
  Branch ip4_{.type = core::dns::Type::kA};
  Branch ip6_{.type = core::dns::Type::kAaaa};
  io::Handle pending_;
};

}  // namespace sonde::prober
