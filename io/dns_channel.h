// Queries over UDP by one c-ares channel: c-ares owns the order of servers, the sendings and their repetition; the
// sockets are ours, so that every datagram is seen (also those that c-ares would drop or never read), with the
// kernel's receive stamp and the errors that ICMP brought. Internal to io/dns_client.cc.
// Source: c-ares 1.18 manual pages, ares_send(3), ares_set_socket_functions(3); ip(7) IP_RECVERR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/dns_query.h"

namespace sonde::io {

/// A datagram that answers a question by its id, its question and its source; or the end of a query without one.
struct DnsArrival {
  enum class End { kAnswer, kUnreachable, kNoRoute, kNoResource, kBadSource };
  End end = End::kAnswer;
  std::vector<std::uint8_t> wire;  // with kAnswer
  bool cut = false;                // longer than our buffer
  Endpoint server;                 // where it came from
  MonoTime at{};                   // when the kernel received it
};

/// Ignored datagrams of one query.
struct DnsStrays {
  int count = 0;
  std::string first;  // what the first was, for people
};

class DnsChannel {
 public:
  /// Who waits for a query's arrivals. Called from the loop, never from inside send(); may send and forget.
  class Waiter {
   public:
    virtual void on_arrival(DnsArrival arrival) = 0;

   protected:
    ~Waiter() = default;
  };

  virtual ~DnsChannel() = default;
  /// Sends `query` under a fresh id, which is returned. Each answer with that id goes to `waiter` until forget(id),
  /// also a second one. Silence ends nothing: the waiter forgets when it has waited long enough.
  [[nodiscard]] virtual std::uint16_t send(std::span<const std::uint8_t> query, Waiter& waiter) = 0;
  /// Exactly once for each id that send() returned.
  virtual void forget(std::uint16_t id) = 0;
  [[nodiscard]] virtual const DnsStrays& strays(std::uint16_t id) const = 0;
  /// How often the query was sent so far.
  [[nodiscard]] virtual int sendings(std::uint16_t id) const = 0;
  /// An answer to the same question (`query` as of send()) that came when its waiter had forgotten it, at most 10 s
  /// after it was sent: how long after. Told once.
  [[nodiscard]] virtual std::optional<Duration> take_late(std::span<const std::uint8_t> query) = 0;
  /// Queries not yet forgotten.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
};

struct DnsChannelOptions {
  std::vector<Endpoint> servers;    // at least one, in the order of asking
  bool repeat = false;              // send again, or to the next server, after silence: 1 s, then doubling
  std::optional<IpAddress> source;  // local address, where its family fits
  std::string interface;            // device to leave by (SO_BINDTODEVICE); empty = the system's choice

  bool operator==(const DnsChannelOptions&) const = default;
};

/// `loop` must outlive the channel. Destroy it only when nobody waits.
[[nodiscard]] std::unique_ptr<DnsChannel> make_dns_channel(Loop& loop, DnsChannelOptions options);

}  // namespace sonde::io
