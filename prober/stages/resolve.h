// The resolve stage: a host name to addresses, asked of the prober's own resolver.
#pragma once

#include <string>
#include <vector>

#include "io/address.h"
#include "prober/check.h"

namespace sonde::prober {

struct Resolved {
  core::Cause cause = core::Cause::kNone;
  std::string detail;
  std::vector<io::IpAddress> addresses;  // at most 64, in the resolver's order; IPv6 only where there is no IPv4
  std::size_t offered = 0;               // how many there were
  std::optional<Duration> elapsed;       // absent for a literal address
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
  void ask(core::dns::Type type);
  void on_reply(core::dns::Type type, const io::DnsReply& reply);
  void finish();

  CheckContext& context_;
  const NetSpec& net_;
  std::string host_;
  Callback<void(Resolved)> done_;
  Resolved result_;
  io::Handle pending_;
};

}  // namespace sonde::prober
