// The table of modes and which kind has which.
#include "hub/judge/modes.h"

#include <array>

namespace sonde::hub::judge {
namespace {

// dns, tcp, tls, transfer, http, connect slow, answer slow, own
constexpr std::array<ModeInfo, kModes> kTable{{
    {"http", {0, 0, 0, 0, 1, 0, 0, 0}},
    {"stall", {0, 0, 0, 1, 0, 0, 0.5F, 0}},
    {"tcp", {0, 1, 0, 0, 0, 0, 0, 0}},
    {"tls", {0, 0, 1, 0, 0, 0, 0, 0}},
    {"dns", {1, 0, 0, 0, 0, 0, 0, 0}},
    {"answer-slow", {0, 0, 0, 0, 0, 0, 1, 0}},
    {"connect-slow", {0, 0, 0, 0, 0, 1, 0.6F, 0}},
    {"loss", {0.15F, 0.6F, 0.4F, 0.3F, 0, 1, 0.6F, 0}},
    {"all", {0.8F, 1, 1, 1, 0, 0.5F, 0.5F, 1}},
    {"overload", {0, 0, 0, 0, 0, 1, 1, 0}},
    {"dependency", {0, 0, 0, 0.5F, 0.8F, 0, 0.5F, 0}},
    {"silent", {}},
}};

using enum Mode;
constexpr std::array kAppModes{kHttp, kStall, kTcp, kTls, kAnswerSlow};
constexpr std::array kCaModes{kTls};
constexpr std::array kServiceModes{kHttp, kStall, kTcp, kTls, kDns, kAnswerSlow};
constexpr std::array kRegionModes{kTcp, kHttp, kStall, kLoss, kAnswerSlow};
constexpr std::array kEdgeModes{kTcp, kHttp, kStall, kLoss, kTls};
constexpr std::array kProviderModes{kTcp, kHttp, kStall, kLoss, kConnectSlow};
constexpr std::array kDnsModes{kDns};
constexpr std::array kPathModes{kTcp, kLoss, kConnectSlow, kTls};
constexpr std::array kBorderModes{kTcp, kLoss, kConnectSlow, kTls, kDns};
constexpr std::array kIspModes{kTcp, kLoss, kConnectSlow, kTls, kAll};
constexpr std::array kVantageModes{kAll, kTcp, kLoss, kDns, kTls, kOverload};
constexpr std::array kHostRegionModes{kAll, kTcp, kLoss};

}  // namespace

const ModeInfo& info(Mode m) { return kTable.at(static_cast<std::size_t>(m)); }

std::span<const Mode> modes_of(Kind k) {
  switch (k) {
    case Kind::kApp:
    case Kind::kEndpoint:
      return kAppModes;
    case Kind::kCa:
      return kCaModes;
    case Kind::kServiceRegion:
    case Kind::kServiceGlobal:
      return kServiceModes;
    case Kind::kRegion:
      return kRegionModes;
    case Kind::kEdge:
      return kEdgeModes;
    case Kind::kProvider:
      return kProviderModes;
    case Kind::kZone:
    case Kind::kDnsProvider:
    case Kind::kResolver:
      return kDnsModes;
    case Kind::kPath:
    case Kind::kPeering:
    case Kind::kCorridor:
    case Kind::kBorderIsp:
      return kPathModes;
    case Kind::kBorder:
      return kBorderModes;
    case Kind::kIsp:
      return kIspModes;
    case Kind::kVantage:
      return kVantageModes;
    case Kind::kHostRegion:
      return kHostRegionModes;
  }
  return {};
}

}  // namespace sonde::hub::judge
