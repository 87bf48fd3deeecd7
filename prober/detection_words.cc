// Words for a detection.
#include "prober/detection_words.h"

#include <algorithm>
#include <set>

namespace sonde::prober {
namespace {

using Kind = MetadataFinding::Kind;

std::string joined(const std::set<std::string>& names, std::string_view between) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : std::string{between}) + name;
  return out;
}

core::BilingualText contradiction(const VantageDetection& d) {
  std::set<std::string> named;
  for (const MetadataFinding& f : d.findings) {
    if (f.place) named.insert(f.place->provider + "/" + f.place->region);
  }
  return {"metadata services answer and name different places (" + joined(named, ", ") + "), so none is believed",
          "多个元数据服务有应答，但所说的位置不同（" + joined(named, "、") + "），均不采信"};
}

}  // namespace

core::BilingualText words_of(const DetectedPlace& place) {
  const std::string where = place.provider + "/" + place.region;
  if (place.zone.empty()) return {where, where};
  return {where + ", zone " + place.zone, where + "，可用区 " + place.zone};
}

core::BilingualText why_unknown(const VantageDetection& d, core::Duration timeout) {
  if (d.contradictory) return contradiction(d);
  const auto any = [&d](Kind kind) {
    return std::ranges::any_of(d.findings, [kind](auto& f) { return f.kind == kind; });
  };
  if (any(Kind::kTold)) {
    return {"the metadata service of an OpenStack answers, but does not tell whose cloud it is",
            "有 OpenStack 的元数据服务应答，但没有说明是哪个云"};
  }
  if (any(Kind::kStrange)) {
    return {"something answers in place of a metadata service (a captive portal, a proxy?), and not as one would",
            "有应答，但不是元数据服务应有的内容（可能是强制门户或代理）"};
  }
  if (any(Kind::kRefused)) {
    return {"a metadata service is there, but refuses every question that Sonde knows to ask",
            "有元数据服务，但拒绝了 Sonde 会问的所有问题"};
  }
  const std::string within = core::format_duration(timeout);
  return {"no metadata service answered within " + within, "在 " + within + " 内没有元数据服务应答"};
}

}  // namespace sonde::prober
