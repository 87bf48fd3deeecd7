// The keys that say how a target is reached: on each target, and in `vantage` as defaults for all of them.
#pragma once

#include <array>

#include "core/config_table.h"
#include "prober/net_spec.h"

namespace sonde::prober {

inline constexpr std::array<std::string_view, 4> kFamilies = {"any", "ip4", "ip6", "both"};
inline constexpr std::array<std::string_view, 2> kAddressChoices = {"first", "all"};

inline constexpr std::array kTimeoutKeys = {
    core::Key{.name = "dns",
              .kind = core::KeyKind::kDuration,
              .min = 1,
              .max = 300'000,
              .en = "until the name has addresses",
              .zh = "域名解析的最长时间"},
    core::Key{.name = "tcp",
              .kind = core::KeyKind::kDuration,
              .min = 1,
              .max = 300'000,
              .en = "until a connection stands, over all addresses that are tried one after the other",
              .zh = "建立连接的最长时间（依次尝试的所有地址合计）"},
    core::Key{.name = "tls",
              .kind = core::KeyKind::kDuration,
              .min = 1,
              .max = 300'000,
              .en = "the handshake",
              .zh = "TLS 握手的最长时间"},
    core::Key{.name = "http",
              .kind = core::KeyKind::kDuration,
              .min = 1,
              .max = 300'000,
              .en = "from the request to the last byte of the answer",
              .zh = "从发出请求到收完响应的最长时间"}};
inline constexpr core::KeyTable kTimeouts{"timeouts", kTimeoutKeys};

/// Keys of every target map. `vantage` has all but the last, `resolver`, which is a key of the root there.
inline constexpr std::array kNetKeys = {
    core::Key{.name = "family",
              .kind = core::KeyKind::kChoice,
              .choices = kFamilies,
              .standard = "any",
              .en = "any: IPv4 where the name has one, else IPv6; both: IPv4 and IPv6 must each work",
              .zh = "any：有 IPv4 就用 IPv4，否则用 IPv6；both：IPv4 与 IPv6 都必须可用"},
    core::Key{.name = "addresses",
              .kind = core::KeyKind::kChoice,
              .choices = kAddressChoices,
              .standard = "first",
              .en = "first: the first address that accepts, of at most three; all: each of them, at most 64",
              .zh = "first：最多三个地址中第一个接受连接的；all：每一个地址（最多 64 个）"},
    core::Key{.name = "source",
              .kind = core::KeyKind::kText,
              .en = "local address to probe from, for targets of its family",
              .zh = "探测使用的本机地址（用于同一地址族的目标）"},
    core::Key{.name = "interface",
              .kind = core::KeyKind::kText,
              .pattern = "^[^/\\s]{1,15}$",
              .en = "network interface to connect by, such as eth1",
              .zh = "建立连接使用的网络接口，例如 eth1"},
    core::Key{.name = "timeouts",
              .kind = core::KeyKind::kMap,
              .of = &kTimeouts,
              .en = "longest time of single stages; the whole run is bounded by timeout in any case",
              .zh = "各阶段的最长时间；整次探测始终受 timeout 限制"},
    core::Key{.name = "resolver",
              .kind = core::KeyKind::kText,
              .en = "ADDRESS or ADDRESS:PORT to ask for this target's addresses",
              .zh = "解析该目标地址所用的解析服务器：地址 或 地址:端口"}};

/// Reads the keys of kNetKeys but `resolver` from `map`, whose table must hold them; what is absent is as in
/// `defaults`.
[[nodiscard]] NetSpec read_net(const core::TableReader& map, NetSpec defaults, core::ConfigErrors& errors);
/// Reads the key `resolver` into `net`; nothing changes where it is absent.
void read_net_resolver(const core::TableReader& map, NetSpec& net, core::ConfigErrors& errors);

}  // namespace sonde::prober
