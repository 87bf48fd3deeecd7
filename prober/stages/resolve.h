// The resolve stage: a host name to addresses: of the hosts file where the system's resolvers are used, else asked of
// the prober's own resolvers (or of the target's).
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
  std::vector<io::IpAddress> addresses;  // of one family, at most 64, in the resolver's order
  std::size_t offered = 0;               // how many there were
  std::optional<Duration> elapsed;       // absent for a literal or pinned address and one of the hosts file
  int attempts = 1;                      // how often a question was sent until it was answered
};

/// One look-up; destroying it cancels.
class Resolve {
 public:
  /// `context` and `net` must outlive this. Of `net` it heeds pinned, family (kBoth is for fan_out.h to split: here it
  /// is kAny), resolver, source and interface. `hosts` false: only resolvers are asked, for targets that are about DNS.
  Resolve(CheckContext& context, const NetSpec& net, std::string host, bool hosts = true)
      : context_(context), net_(net), host_(std::move(host)), hosts_(hosts) {}
  Resolve(const Resolve&) = delete;
  Resolve& operator=(const Resolve&) = delete;

  /// `done` is called once, later, never from inside, and may destroy this.
  void start(Callback<void(Resolved)> done);

 private:
  [[nodiscard]] bool use_given_address();
  [[nodiscard]] bool use_hosts_file();
  [[nodiscard]] bool is_ip6_first() const;
  void choose_resolvers();
  void ask(core::dns::Type type);
  void on_reply(core::dns::Type type, const io::DnsReply& reply);
  [[nodiscard]] bool may_fall_back() const;
  void fail_soon(core::Cause cause, std::string detail);
  void finish();

  CheckContext& context_;
  const NetSpec& net_;
  std::string host_;
  bool hosts_;
  std::vector<io::Endpoint> resolvers_;
  std::optional<io::DnsPacket> packet_;
  std::unique_ptr<io::DnsLookup> lookup_;  // after what it asks with
  Callback<void(Resolved)> done_;
  Resolved result_;
  bool fell_back_ = false;  // to the other family
  io::Handle soon_;
};

}  // namespace sonde::prober
