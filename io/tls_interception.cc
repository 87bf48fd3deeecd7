// The list of products.
#include "io/tls_interception.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace sonde::io {
namespace {

struct Product {
  std::string_view part;  // of the issuer's distinguished name, in lower case
  std::string_view name;
  std::string_view kind;
};

constexpr std::string_view kAdware = "adware";
constexpr std::string_view kVendorRoot = "a vendor's root whose key is public";
constexpr std::string_view kDeveloper = "a developer's tool";
constexpr std::string_view kDebugger = "a debugging proxy";
constexpr std::string_view kAntivirus = "an antivirus program";
constexpr std::string_view kGateway = "a network's gateway";

constexpr std::array kProducts = {
    Product{"superfish", "Superfish", kAdware},
    Product{"privdog", "PrivDog", kAdware},
    Product{"edellroot", "eDellRoot", kVendorRoot},
    Product{"dsdtestprovider", "DSDTestProvider", kVendorRoot},
    Product{"preact-cli", "preact-cli", kDeveloper},
    Product{"webpack-dev-server", "webpack-dev-server", kDeveloper},
    Product{"mkcert development ca", "mkcert", kDeveloper},
    Product{"mitmproxy", "mitmproxy", kDebugger},
    Product{"charles proxy", "Charles", kDebugger},
    Product{"do_not_trust_fiddlerroot", "Fiddler", kDebugger},
    Product{"portswigger", "Burp", kDebugger},
    Product{"owasp zed attack proxy", "ZAP", kDebugger},
    Product{"kaspersky", "Kaspersky", kAntivirus},
    Product{"web/mail shield", "Avast, AVG or Norton", kAntivirus},
    Product{"bitdefender", "Bitdefender", kAntivirus},
    Product{"eset ssl filter", "ESET", kAntivirus},
    Product{"fortinet", "Fortinet", kGateway},
    Product{"fortigate", "Fortinet", kGateway},
    Product{"zscaler", "Zscaler", kGateway},
    Product{"blue coat", "Blue Coat", kGateway},
    Product{"cisco umbrella", "Cisco Umbrella", kGateway},
    Product{"netskope", "Netskope", kGateway},
    Product{"sophos", "Sophos", kGateway},
    Product{"sangfor", "Sangfor", kGateway},
    Product{"forcepoint", "Forcepoint", kGateway},
    Product{"watchguard", "WatchGuard", kGateway},
    Product{"gateway ca - cloudflare managed", "Cloudflare Gateway", kGateway},
};

}  // namespace

std::string interceptor_of(std::string_view issuer) {
  const std::string lower = core::lower_ascii(issuer);
  const auto it =
      std::ranges::find_if(kProducts, [&lower](const Product& p) { return lower.find(p.part) != std::string::npos; });
  return it == kProducts.end() ? std::string{} : std::string{it->name} + " (" + std::string{it->kind} + ")";
}

}  // namespace sonde::io
