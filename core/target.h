// Where probes run from and what they check, as values; and their records, so that a stream explains itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "core/time.h"

namespace sonde::core {

/// Mainland China is `domestic`, all else `overseas`.
enum class Partition { kDomestic, kOverseas };
/// `app`: the user's. `reference`: a cloud's own endpoint. `control`: neutral, shows whether the vantage is online.
enum class Role { kApp, kReference, kControl };
/// The kinds of check; the first stage that each adds is in its name.
enum class CheckKind { kDns, kTcp, kTls, kHttp };

[[nodiscard]] std::string_view name(Partition p);
[[nodiscard]] std::string_view name(Role r);
[[nodiscard]] std::string_view name(CheckKind k);
[[nodiscard]] std::optional<Partition> parse_partition(std::string_view text);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);
[[nodiscard]] std::optional<CheckKind> parse_check_kind(std::string_view text);

/// A place that probes run from. Unknown texts are empty.
struct Vantage {
  std::string name;
  std::string provider;
  std::string region;
  Partition partition = Partition::kOverseas;
  std::string isp;
  std::string city;
  std::string country;  // ISO 3166 alpha-2
  std::optional<double> lat;
  std::optional<double> lon;
  std::string resolver;  // name or address of the resolver that this vantage uses
  std::string version;
};

/// One thing to check. Unknown texts are empty. `name` is unique in a configuration.
struct Target {
  std::string name;
  std::string url;  // as configured
  CheckKind check = CheckKind::kHttp;
  Role role = Role::kApp;
  std::string provider;
  std::string region;
  std::string service;
  std::optional<Partition> partition;
  std::string app;  // the app it belongs to, for role app
  std::string zone;
  std::string dns_provider;
  std::string issuer;
  std::vector<std::string> depends_on;  // PROVIDER/REGION/SERVICE
  std::string country;
  std::string city;
  std::optional<double> lat;
  std::optional<double> lon;
  Duration every{};
  Duration timeout{};
  std::map<std::string, std::string> labels;
};

/// The parts of a target's URL. `dns://RESOLVER[:PORT]/NAME?type=A` puts the resolver in host and the name in path.
struct Url {
  std::string scheme;  // https http tls tcp dns, lower case
  std::string host;    // lower case, without brackets; may be an address; empty only for dns:/// (the own resolver)
  int port = 0;        // always set: default of the scheme (dns 53, http 80, https 443); tcp and tls need it
  std::string path;    // with leading '/', and the query; never a fragment
  std::string query;   // without '?'
};

/// Errors name what is allowed. User information (`user:password@`) is refused: secrets do not belong in URLs.
[[nodiscard]] Result<Url> parse_url(std::string_view text);
[[nodiscard]] CheckKind check_kind(const Url& url);

/// Records `vantage` and `target` of DESIGN §5, and back. `from_record` accepts unknown fields and missing ones.
[[nodiscard]] Record to_record(const Vantage& v, WallTime at);
[[nodiscard]] Record to_record(const Target& t, WallTime at);
[[nodiscard]] Vantage vantage_from_record(const Record& r);
[[nodiscard]] Target target_from_record(const Record& r);

}  // namespace sonde::core
