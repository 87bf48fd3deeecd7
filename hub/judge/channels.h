// The layers at which a run can fail, and the classes of error the judge tells apart within a layer.
// A failure at one channel is a good trial of every channel before it and says nothing about those after it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sonde::hub::judge {

/// Channels in the order in which a run meets them, then the two latency channels, then the vantage's own.
/// HTTP is two channels: `kTransfer` (the answer did not come through) can be loss on the way, `kHttp` (an answer came,
/// and it is wrong) cannot: a valid HTTP answer is never the path's fault.
enum class Channel : std::uint8_t { kDns, kTcp, kTls, kTransfer, kHttp, kConnectSlow, kAnswerSlow, kOwn };
inline constexpr std::size_t kChannels = 8;

/// What an error says about its origin; each belongs to one channel.
enum class ErrorClass : std::uint8_t {
  kDnsTimeout,
  kDnsServfail,
  kDnsNegative,
  kDnsWrong,
  kTcpTimeout,
  kTcpRefused,
  kTcpReset,
  kTcpUnreachable,
  kTlsCertificate,
  kTlsReset,
  kTlsTimeout,
  kTlsOther,
  kTransferTimeout,
  kTransferReset,
  kHttp5xx,
  kHttp4xx,
  kHttpContent,
  kSlow,
  kOwnFault,
};
inline constexpr std::size_t kErrorClasses = 19;

using PerChannel = std::array<float, kChannels>;
using PerClass = std::array<float, kErrorClasses>;

/// Trials and failures of one cell, per channel, with the failures also by class. Weights, not counts: a round counts
/// at most one trial per channel, and the windows decay.
struct Trials {
  PerChannel n{};
  PerChannel k{};
  PerClass by_class{};
};

[[nodiscard]] constexpr std::size_t index(Channel c) { return static_cast<std::size_t>(c); }
[[nodiscard]] constexpr std::size_t index(ErrorClass c) { return static_cast<std::size_t>(c); }

/// The channel that a class of errors belongs to.
[[nodiscard]] constexpr Channel channel_of(ErrorClass c) {
  if (c <= ErrorClass::kDnsWrong) return Channel::kDns;
  if (c <= ErrorClass::kTcpUnreachable) return Channel::kTcp;
  if (c <= ErrorClass::kTlsOther) return Channel::kTls;
  if (c <= ErrorClass::kTransferReset) return Channel::kTransfer;
  if (c <= ErrorClass::kHttpContent) return Channel::kHttp;
  if (c == ErrorClass::kSlow) return Channel::kAnswerSlow;
  return Channel::kOwn;
}

}  // namespace sonde::hub::judge
