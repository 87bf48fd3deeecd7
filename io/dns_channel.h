// One c-ares channel: one resolver, one transport. Internal to io/dns_client.cc.
// C callbacks only record; what they recorded is handed over after the library call has returned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "io/address.h"
#include "io/loop.h"

namespace sonde::io {

/// What became of one message that was sent.
struct DnsTransfer {
  enum class End { kAnswer, kTimeout, kUnreachable, kRefused, kShort, kNoRoute, kNoResource, kMalformed };
  std::uint64_t ticket = 0;
  End end = End::kTimeout;
  std::vector<std::uint8_t> wire;  // with kAnswer
  MonoTime at{};                   // when it was read
};

struct DnsChannelOptions {
  Endpoint resolver;
  bool tcp = false;
  std::optional<IpAddress> source;
  Duration timeout{};
};

class DnsChannel {
 public:
  virtual ~DnsChannel() = default;
  /// Sends `wire` (an encoded query, its id is replaced by one that is free here). The end comes later by `on_end`.
  virtual void send(std::vector<std::uint8_t> wire, std::uint64_t ticket) = 0;
  [[nodiscard]] virtual bool idle() const = 0;
};

/// `on_end` is called from the loop, never from inside send(); it may call send() but not destroy the channel.
[[nodiscard]] std::unique_ptr<DnsChannel> make_dns_channel(Loop& loop, DnsChannelOptions options,
                                                           Callback<void(DnsTransfer)> on_end);

}  // namespace sonde::io
