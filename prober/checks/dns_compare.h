// The same question to further resolvers at the same time, and whether their answers can be of the same name
// (RELIABILITY D48).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "prober/check.h"
#include "prober/checks/dns_spec.h"
#include "prober/stages/dns_answer.h"

namespace sonde::prober {

/// True when no content network explains why two resolvers answered so: one says that there is no such name or no such
/// record and the other has some; or the addresses share neither one, nor a network (the first 16 bits of IPv4, 32 of
/// IPv6), and the aliases on the way share neither a name nor the domain (last two labels) of the last one. An answer
/// that says nothing of the name (SERVFAIL, REFUSED, ...) disagrees with none.
[[nodiscard]] bool disagree(const DnsAnswer& a, const DnsAnswer& b);

class DnsCompare {
 public:
  /// Asks each of `spec.compare_with` at once. All arguments must outlive this.
  DnsCompare(CheckContext& context, const DnsSpec& spec, const io::DnsOptions& options);
  DnsCompare(const DnsCompare&) = delete;
  DnsCompare& operator=(const DnsCompare&) = delete;

  /// `done` is called once, later, never from inside: when all have answered, and at `latest` or a second from now,
  /// whichever comes first, without those that have not.
  void wait(MonoTime latest, Callback<void()> done);
  /// Who disagrees with `first` by now, and what they say: "192.0.2.53: NXDOMAIN; 192.0.2.54: 198.51.100.7".
  [[nodiscard]] std::string who_disagrees_with(const DnsAnswer& first) const;

 private:
  struct Asked {
    const io::Endpoint* server;
    std::optional<DnsAnswer> answer;
    std::unique_ptr<io::DnsLookup> lookup;
  };
  void on_reply(std::size_t index, const io::DnsReply& reply);
  void finish();

  CheckContext& context_;
  const DnsSpec& spec_;
  std::vector<Asked> asked_;
  std::size_t left_ = 0;
  Callback<void()> done_;
  io::Handle timer_;
};

}  // namespace sonde::prober
