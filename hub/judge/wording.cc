// Names, symptoms, summaries and advice.
#include "hub/judge/wording.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/outcome.h"

namespace sonde::hub::judge {
namespace {

using core::BilingualText;

BilingualText border_words(const std::string& label) {
  if (label == "domestic") return {"the cross-border path, leaving the domestic side", "跨境路径（境内出方向）"};
  if (label == "overseas") return {"the cross-border path, entering the domestic side", "跨境路径（境外入方向）"};
  return {"the cross-border path (both ways)", "跨境路径（双向）"};
}

// "object-storage in cirrus/cn-east" from "cirrus/cn-east/object-storage".
BilingualText service_words(const std::string& label) {
  const std::size_t last = label.rfind('/');
  if (last == std::string::npos) return {label, label};
  const std::string place = label.substr(0, last);
  const std::string service = label.substr(last + 1);
  return {service + " in " + place, place + " 的 " + service};
}

// Vantages that report about the targets that fail.
std::size_t asked(const Scene& scene, const FailingSet& failing) {
  std::set<std::uint32_t> set;
  for (const Cell& c : scene.cells) {
    if (!dropped_out(c) && failing.targets.contains(c.target)) set.insert(c.vantage);
  }
  return set.size();
}

BilingualText plural(std::size_t n, std::string_view one, std::string_view zh) {
  return {fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"), fmt::format("{} 个{}", n, zh)};
}

// Who it is when nobody can be named: the candidates on the same footing.
std::vector<std::string> suspects(const Finding& f) {
  std::vector<std::string> keys{f.component.key()};
  for (const Component& t : f.twins) keys.push_back(t.key());
  if (f.twins.empty()) {
    for (const Candidate& c : f.candidates) {
      if (keys.size() < 4 && std::ranges::find(keys, c.key) == keys.end()) keys.push_back(c.key);
    }
  }
  return keys;
}

BilingualText nobody_named(const Scene& scene, const Finding& f) {
  const std::vector<std::uint32_t>& cells = f.failing.empty() ? f.affected : f.failing;
  const FailingSet failing = failing_set(scene, cells);
  const BilingualText what = symptom(scene, cells).text();
  const BilingualText targets = plural(failing.targets.size(), "target", "目标");
  const BilingualText from = plural(failing.vantages.size(), "vantage", "观测点");
  const std::vector<std::string> keys = suspects(f);
  if (keys.size() == 1) {
    return {fmt::format("{} at {} from {}. The first suspect is {}, but the evidence is thin.", what.en, targets.en,
                        from.en, keys.front()),
            fmt::format("{}在{}出现：{}。首要嫌疑是 {}，但证据尚不充分。", from.zh, targets.zh, what.zh, keys.front())};
  }
  return {fmt::format("{} at {} from {}. Not enough evidence to say whose fault it is; it may be {}.", what.en,
                      targets.en, from.en, fmt::join(keys, " or ")),
          fmt::format("{}在{}出现：{}。证据不足以判定责任方；可能是 {}。", from.zh, targets.zh, what.zh,
                      fmt::join(keys, " 或 "))};
}

BilingualText silence(const Scene& scene, const Finding& f, Grade grade) {
  const std::size_t n = failing_set(scene, f.failing).vantages.size();
  const BilingualText what{
      fmt::format("no results from {} vantage{} any more, while others report", n, n == 1 ? "" : "s"),
      fmt::format("{} 个观测点不再上报，其他观测点正常", n)};
  if (grade == Grade::kInsufficient) {
    const std::vector<std::string> keys = suspects(f);
    return capitalised(
        {fmt::format("{}. Not enough evidence to say why; it may be {}.", what.en, fmt::join(keys, " or ")),
         fmt::format("{}。证据不足以判定原因；可能是 {}。", what.zh, fmt::join(keys, " 或 "))});
  }
  const BilingualText who = words(f.component);
  BilingualText s{fmt::format("{} is silent: {}.", who.en, what.en), fmt::format("{} 无声：{}。", who.zh, what.zh)};
  if (grade == Grade::kLeaning) s = {"Probably " + s.en, "可能是" + s.zh};
  return capitalised(std::move(s));
}

}  // namespace

BilingualText capitalised(BilingualText t) {
  if (!t.en.empty() && t.en.front() >= 'a' && t.en.front() <= 'z') t.en.front() = static_cast<char>(t.en.front() - 32);
  return t;
}

BilingualText words(const Component& c) {
  const std::string& l = c.label;
  const auto pair = [&l](std::string_view en, std::string_view zh) {
    return BilingualText{fmt::format("{} {}", en, l), fmt::format("{} {}", zh, l)};
  };
  switch (c.kind) {
    case Kind::kApp:
      return pair("app", "应用");
    case Kind::kEndpoint:
      return pair("endpoint", "端点");
    case Kind::kCa:
      return pair("certificates issued by", "证书颁发者");
    case Kind::kServiceRegion:
      return service_words(l);
    case Kind::kRegion:
      return pair("region", "区域");
    case Kind::kServiceGlobal: {
      const BilingualText w = service_words(l);
      return {w.en + " (several regions)", w.zh + "（多个区域）"};
    }
    case Kind::kEdge:
      return pair("edge", "边缘接入");
    case Kind::kProvider:
      return pair("provider", "云");
    case Kind::kZone:
      return pair("DNS zone", "DNS 域");
    case Kind::kDnsProvider:
      return pair("DNS provider", "DNS 服务商");
    case Kind::kResolver:
      return pair("resolver", "解析服务");
    case Kind::kPath:
      return pair("path", "路径");
    case Kind::kPeering:
      return pair("peering", "互联");
    case Kind::kCorridor:
      return pair("corridor", "线路");
    case Kind::kBorderIsp:
      return pair("the cross-border path of ISP", "跨境路径，运营商");
    case Kind::kBorder:
      return border_words(l);
    case Kind::kIsp:
      return pair("ISP", "运营商");
    case Kind::kVantage:
      return pair("vantage", "观测点");
    case Kind::kHostRegion:
      return pair("the vantages' own region", "观测点所在区域");
  }
  return {};
}

BilingualText Symptom::text() const {
  if (stage == core::Stage::kHttp && cause == core::Cause::kStatus && http_status > 0) {
    const std::string text = fmt::format("HTTP {}", http_status);
    return {text, text};
  }
  if (cause == core::Cause::kSlow) {
    return stage <= core::Stage::kTcp
               ? BilingualText{"connecting takes longer than usual (tcp_slow)", "连接比平时慢（tcp_slow）"}
               : BilingualText{"the answer takes longer than usual (http_slow)", "应答比平时慢（http_slow）"};
  }
  const core::CauseInfo& c = core::info(cause);
  const std::string id = fmt::format("{}_{}", core::name(stage), c.name);
  return {fmt::format("{} ({})", c.en, id), fmt::format("{}（{}）", c.zh, id)};
}

Symptom symptom(const Scene& scene, std::span<const std::uint32_t> cells) {
  std::map<std::tuple<core::Stage, core::Cause, std::int32_t>, double> weight;
  for (const std::uint32_t i : cells) {
    const Cell& c = scene.cells[i];
    weight[{c.fail_stage, c.fail_cause, c.fail_http_status}] += 1;
  }
  const auto most = std::ranges::max_element(weight, {}, [](const auto& w) { return w.second; });
  if (most == weight.end()) return {};
  const auto& [stage, cause, status] = most->first;
  return {stage, cause, status};
}

BilingualText summary(const Scene& scene, const Finding& f, Grade grade) {
  if (f.hypothesis.mode == Mode::kSilent) return silence(scene, f, grade);
  if (grade == Grade::kInsufficient) return capitalised(nobody_named(scene, f));
  const std::vector<std::uint32_t>& cells = f.failing.empty() ? f.affected : f.failing;
  const FailingSet failing = failing_set(scene, cells);
  const BilingualText who = words(f.component);
  const BilingualText what = symptom(scene, cells).text();
  const std::size_t all = std::max(asked(scene, failing), failing.vantages.size());
  const std::size_t n = failing.vantages.size();
  const std::size_t targets = failing.targets.size();
  const std::string_view is = f.component.kind == Kind::kCa ? "are" : "is";
  BilingualText s;
  if (targets == 1) {
    s = {fmt::format("{} {} failing: {} from {} of {} vantages.", who.en, is, what.en, n, all),
         fmt::format("{} 故障：{} 个观测点中 {} 个看到 {}。", who.zh, all, n, what.zh)};
  } else {
    s = {fmt::format("{} {} failing: {} at {} targets, from {} of {} vantages.", who.en, is, what.en, targets, n, all),
         fmt::format("{} 故障：{} 个观测点中 {} 个看到 {}，涉及 {} 个目标。", who.zh, all, n, what.zh, targets)};
  }
  if (grade == Grade::kLeaning) s = {"Probably " + s.en, "可能是" + s.zh};
  if (f.shared_cause) {
    s.en += " Several like it began together: a shared cause that the judge does not know is likely.";
    s.zh += " 多个同类故障同时开始：很可能存在一个未登记的共同原因。";
  }
  return capitalised(std::move(s));
}

std::vector<BilingualText> advice(const Finding& f, Grade grade) {
  if (grade == Grade::kInsufficient) {
    return {{"Look at the candidates below; adding what would settle it lets the next case be decided.",
             "查看下方候选方；补充所列观测手段后，下次即可判定。"}};
  }
  const std::string& l = f.component.label;
  switch (info(f.component.kind).blame) {
    case BlameClass::kApp:
      if (f.component.kind == Kind::kCa) {
        return {{fmt::format("Check the certificates issued by {} and their chain.", l),
                 fmt::format("检查由 {} 颁发的证书及证书链。", l)}};
      }
      return {{fmt::format("Look at the latest deploy, the logs and the certificate of {}.", l),
               fmt::format("检查 {} 最近一次发布、日志和证书。", l)},
              {"Its cause may lie inside its provider where probes cannot see; its neighbours there are healthy.",
               "根因可能在云内部、探测不可见之处；但同区域其他目标正常。"}};
    case BlameClass::kProvider:
      return {
          {fmt::format("Nothing to fix in the apps: move traffic away from {} if you can, and open a ticket there.", l),
           fmt::format("应用无需修改：如有条件，将流量切离 {}，并向其提交工单。", l)}};
    case BlameClass::kDns:
      return {{fmt::format("Check {}: registration, name servers and latest changes.", words(f.component).en),
               fmt::format("检查 {}：注册状态、域名服务器和最近变更。", words(f.component).zh)}};
    case BlameClass::kPath:
      return {{"Neither apps nor providers are down: route users around the path if you can, and tell the carrier.",
               "应用和云都正常：如有条件让用户绕开该路径，并通知运营商。"}};
    case BlameClass::kVantage:
      return {{fmt::format("Nothing is wrong with the targets: look at the machine and the uplink of {}.", l),
               fmt::format("目标均正常：检查观测点 {} 的主机和上联。", l)}};
  }
  return {};
}

std::vector<BilingualText> would_settle(const Finding& f, Grade grade) {
  if (grade == Grade::kConvicted) return {};
  std::vector<BilingualText> texts = f.missing;
  if (texts.empty() && !f.twins.empty()) {
    texts.push_back(
        {fmt::format("A target or vantage that runs through {} and not through {}.", f.component.key(),
                     f.twins.front().key()),
         fmt::format("增加一个经过 {} 但不经过 {} 的目标或观测点。", f.component.key(), f.twins.front().key())});
  }
  if (texts.size() > 4) texts.resize(4);
  return texts;
}

std::vector<std::string> touched_apps(const Scene& scene, const Finding& f) {
  std::set<std::string> apps;
  if (f.hypothesis.mode == Mode::kSilent) return {};  // who is not asked does not fail
  for (const auto* list : {&f.failing, &f.affected}) {
    for (const std::uint32_t i : *list) {
      const core::Target& t = scene.target(i);
      if (t.role == core::Role::kApp) apps.insert(t.app.empty() ? t.name : t.app);
    }
  }
  return {apps.begin(), apps.end()};
}

std::vector<std::string> healthy_apps(const Scene& scene, const Finding& f) {
  const Contrast contrast{scene, f.since_ms};
  std::map<std::string, bool> healthy;
  for (std::uint32_t i = 0; i < scene.cells.size(); ++i) {
    const core::Target& t = scene.target(i);
    if (t.role != core::Role::kApp) continue;
    bool& all = healthy.try_emplace(t.app.empty() ? t.name : t.app, true).first->second;
    all = all && contrast.healthy(i);
  }
  for (const std::string& app : touched_apps(scene, f)) healthy.erase(app);
  std::vector<std::string> names;
  for (const auto& [app, all] : healthy) {
    if (all && names.size() < 20) names.push_back(app);
  }
  return names;
}

}  // namespace sonde::hub::judge
