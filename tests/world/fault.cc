// Kinds of faults and whom they touch.
#include "fault.h"

#include "core/check.h"
#include "model.h"

namespace sonde::world {

const std::vector<KindInfo>& all_kinds() {
  static const std::vector<KindInfo> kinds = {
      {Kind::kUplink, "uplink", Layer::kListener},
      {Kind::kDnsNxdomain, "dns_nxdomain", Layer::kDns},
      {Kind::kDnsServfail, "dns_servfail", Layer::kDns},
      {Kind::kDnsRefused, "dns_refused", Layer::kDns},
      {Kind::kDnsSilent, "dns_silent", Layer::kDns},
      {Kind::kDnsWrong, "dns_wrong", Layer::kDns},
      {Kind::kDnsInjected, "dns_injected", Layer::kDns},
      {Kind::kDnsEmpty, "dns_empty", Layer::kDns},
      {Kind::kBlackHole, "black_hole", Layer::kListener},
      {Kind::kRefuse, "refuse", Layer::kListener},
      {Kind::kPathSlow, "path_slow", Layer::kPath},
      {Kind::kReset, "reset", Layer::kConnection},
      {Kind::kTlsExpired, "tls_expired", Layer::kTls},
      {Kind::kTlsWrongName, "tls_wrong_name", Layer::kTls},
      {Kind::kTlsSelfSigned, "tls_self_signed", Layer::kTls},
      {Kind::kTlsReset, "tls_reset", Layer::kTls},
      {Kind::kHttpStatus, "http_status", Layer::kHttp},
      {Kind::kHttpSlow, "http_slow", Layer::kHttp},
      {Kind::kHttpStall, "http_stall", Layer::kHttp},
      {Kind::kHttpTruncated, "http_truncated", Layer::kHttp},
      {Kind::kHttpWrongBody, "http_wrong_body", Layer::kHttp},
      {Kind::kClock, "clock", Layer::kNone},
  };
  return kinds;
}

const KindInfo& info(Kind k) {
  const auto& kinds = all_kinds();
  const auto index = static_cast<std::size_t>(k);
  SONDE_CHECK(index < kinds.size() && kinds[index].kind == k, "the table of kinds follows the enum");
  return kinds[index];
}

namespace {

bool target_fits(const Scope& s, const Target& t) {
  const bool is_app = t.role == core::Role::kApp;
  if (!s.app.empty() && !(is_app && t.name == s.app)) return false;
  if (!s.control.empty() && !(t.role == core::Role::kControl && t.name == "control/" + s.control)) return false;
  if (!s.service.empty() && t.name != s.service) return false;
  if (!s.region.empty() && t.provider + '/' + t.region != s.region) return false;
  if (!s.service_global.empty() &&
      !(t.role == core::Role::kReference && t.provider + '/' + t.service == s.service_global))
    return false;
  if (!s.zone.empty() && zone_of(t) != s.zone) return false;
  if (!s.dns_provider.empty() && t.dns_provider != s.dns_provider) return false;
  if (!s.issuer.empty() && issuer_of(t) != s.issuer) return false;
  if (!s.to_country.empty() && t.place.country != s.to_country) return false;
  return s.provider.empty() || t.provider == s.provider;
}

bool vantage_fits(const Scope& s, const Vantage& v) {
  return (s.isp.empty() || v.isp == s.isp) && (s.vantage.empty() || v.name == s.vantage) &&
         (s.country.empty() || v.place.country == s.country) && (s.resolver.empty() || v.resolver == s.resolver) &&
         (s.from.empty() || core::name(v.partition) == s.from);
}

}  // namespace

bool matches(const Scope& s, const Vantage& v, const Target& t) {
  if (s.border && v.partition == t.partition) return false;
  return vantage_fits(s, v) && target_fits(s, t);
}

bool matches(const Scope& s, const Vantage& v) { return !s.has_target_condition() && !s.border && vantage_fits(s, v); }

bool touches(const Fault& f, const Vantage& v, const Target& t) {
  return is_of_vantage(f.kind) ? matches(f.scope, v) : matches(f.scope, v, t) && applies(f.kind, t);
}

bool matches_everywhere(const Scope& s, const Target& t) { return !s.has_vantage_condition() && target_fits(s, t); }

std::string describe(const Scope& s) {
  std::string out;
  const auto add = [&out](std::string_view what, const std::string& name) {
    if (name.empty()) return;
    if (!out.empty()) out += ", ";
    out.append(what).append(" ").append(name);
  };
  add("app", s.app);
  add("control", s.control);
  add("service", s.service);
  add("region", s.region);
  add("provider", s.provider);
  if (s.border) out += out.empty() ? "border" : ", border";
  add("isp", s.isp);
  add("vantage", s.vantage);
  add("service-global", s.service_global);
  add("zone", s.zone);
  add("dns provider", s.dns_provider);
  add("issuer", s.issuer);
  add("to country", s.to_country);
  add("country", s.country);
  add("resolver", s.resolver);
  add("from", s.from);
  return out;
}

bool applies(Kind k, const Target& t) {
  switch (info(k).layer) {
    case Layer::kTls:
      return t.protocol == Protocol::kHttps;
    case Layer::kHttp:
      return t.protocol == Protocol::kHttps || t.protocol == Protocol::kHttp;
    case Layer::kDns:
    case Layer::kListener:
    case Layer::kPath:
    case Layer::kConnection:
    case Layer::kNone:
      return true;
  }
  return true;
}

}  // namespace sonde::world
