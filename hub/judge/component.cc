// The table of component kinds.
#include "hub/judge/component.h"

namespace sonde::hub::judge {
namespace {

using enum BlameClass;
using enum Side;

// Priors only rank; they never convict (see gates.h). A parent wins because one prior is cheaper than many children's.
constexpr std::array<KindInfo, kKinds> kTable{{
    {"app", kApp, kFar, -5.2},
    {"endpoint", kApp, kFar, -5.5},
    {"ca", kApp, kFar, -9.0},
    {"service-region", kProvider, kFar, -6.5},
    {"region", kProvider, kFar, -7.5},
    {"service-global", kProvider, kFar, -8.5},
    {"edge", kProvider, kFar, -8.0},
    {"provider", kProvider, kFar, -9.5},
    {"zone", kDns, kFar, -7.0},
    {"dns-provider", kDns, kFar, -8.5},
    {"resolver", kDns, kNear, -7.0},
    {"path", kPath, kMiddle, -7.0},
    {"peering", kPath, kMiddle, -7.5},
    {"corridor", kPath, kMiddle, -7.5},
    {"border-isp", kPath, kMiddle, -7.5},
    {"border", kPath, kMiddle, -8.5},
    {"isp", kPath, kNear, -7.5},
    {"vantage", kVantage, kNear, -5.5},
    {"host-region", kVantage, kNear, -7.5},
}};

}  // namespace

const KindInfo& info(Kind k) { return kTable.at(static_cast<std::size_t>(k)); }

std::string Component::key() const { return std::string{info(kind).name} + ":" + label; }

}  // namespace sonde::hub::judge
