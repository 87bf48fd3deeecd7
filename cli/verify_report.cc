// Words for a verification.
#include "cli/verify_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/facts.h"

namespace sonde::cli {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Verification::Kind;

constexpr std::string_view kFolder = "targets/";
constexpr std::array kOrder = {Kind::kDiffers, Kind::kWider, Kind::kBusy, Kind::kNoAnswer, Kind::kUnknown};

std::string_view heading_of(Kind kind, const Terminal& t) {
  switch (kind) {
    case Kind::kAsExpected:
      return t.say("as the catalogue expects", "与目录的期望一致");
    case Kind::kWider:
      return t.say("healthy, and the catalogue may be narrower (its list is from memory)",
                   "正常，目录可以收窄（其列表凭记忆写成）");
    case Kind::kDiffers:
      return t.say("another answer than the catalogue expects", "应答与目录的期望不同");
    case Kind::kBusy:
      return t.say("refused for now (429 or 5xx): no healthy answer, nothing to learn",
                   "暂时拒绝（429 或 5xx）：无从判断");
    case Kind::kNoAnswer:
      return t.say("no answer", "没有应答");
    case Kind::kUnknown:
      return t.say("not known: the fault is on this side", "未知：故障在本机一侧");
  }
  return "";
}

Color color_of_kind(Kind kind) {
  switch (kind) {
    case Kind::kAsExpected:
      return Color::kGreen;
    case Kind::kWider:
      return Color::kCyan;
    case Kind::kDiffers:
    case Kind::kBusy:
      return Color::kYellow;
    case Kind::kNoAnswer:
      return Color::kRed;
    case Kind::kUnknown:
      return Color::kGrey;
  }
  return Color::kGrey;
}

std::size_t count(const VerifyReport& r, Kind kind) {
  return static_cast<std::size_t>(
      std::ranges::count_if(r.entries, [kind](const VerifiedEntry& e) { return e.verification.kind == kind; }));
}

const core::ConfigNode* status_node(const VerifiedEntry& e) {
  const core::ConfigNode* expect = e.entry->written.find("expect");
  return expect == nullptr ? nullptr : expect->find("status");
}

std::string line_of(const VerifiedEntry& e, const Terminal& t) {
  const Verification& v = e.verification;
  std::string what;
  if (v.kind == Kind::kDiffers || v.kind == Kind::kWider || v.kind == Kind::kBusy) {
    what = fmt::format(fmt::runtime(t.say("expects {}, answers {}", "期望 {}，应答 {}")), fmt::join(v.expected, ", "),
                       v.seen.value_or(0));
  } else {
    what = cause_text(e.outcome, t);
  }
  const core::ConfigNode& written = e.entry->written;
  return fmt::format("  {}  {}  {}\n", shown(e.entry->target.name), what,
                     t.paint(Color::kGrey, fmt::format("{}:{}", written.file, written.line)));
}

}  // namespace

bool VerifyReport::captive() const {
  return std::ranges::any_of(entries,
                             [](const VerifiedEntry& e) { return shows_captive_portal(*e.entry, e.verification); });
}

bool VerifyReport::cut_off() const {
  return std::ranges::all_of(entries, [](const VerifiedEntry& e) {
    return e.verification.kind == Kind::kNoAnswer || e.verification.kind == Kind::kUnknown;
  });
}

CataloguePatch patch_for(const VerifyReport& r, const prober::CatalogueSource& catalogue) {
  const bool captive = r.captive();
  std::vector<StatusEdit> edits;
  for (const VerifiedEntry& e : r.entries) {
    const core::ConfigNode* status = status_node(e);
    if (!e.verification.proposed || status == nullptr) continue;
    if (captive && e.entry->target.url.starts_with("http://")) continue;
    edits.push_back({*status, *e.verification.proposed});
  }
  std::map<std::string, std::string_view, std::less<>> texts;
  for (const std::string& name : catalogue.names()) {
    if (const auto text = catalogue.find(name)) texts.emplace(std::string{kFolder} + name, *text);
  }
  return patch_of(edits, texts);
}

std::string report_text(const VerifyReport& r, const CataloguePatch& patch, const Terminal& t) {
  std::string out;
  for (const Kind kind : kOrder) {
    if (count(r, kind) == 0) continue;
    out += t.paint(color_of_kind(kind), heading_of(kind, t)) + "\n";
    for (const VerifiedEntry& e : r.entries) {
      if (e.verification.kind == kind) out += line_of(e, t);
    }
    out += "\n";
  }
  out += fmt::format(fmt::runtime(t.say("{} entries from {}:\n", "从 {1} 探测了 {0} 项：\n")), r.entries.size(),
                     shown(r.vantage));
  for (const Kind kind :
       {Kind::kAsExpected, Kind::kDiffers, Kind::kWider, Kind::kBusy, Kind::kNoAnswer, Kind::kUnknown}) {
    if (const std::size_t n = count(r, kind); n > 0) out += fmt::format("{:>6}  {}\n", n, heading_of(kind, t));
  }
  if (r.cut_off()) {
    out += t.paint(Color::kYellow, t.say("Nothing answers from here: that says nothing about the catalogue.",
                                         "从这里没有任何应答：这不说明目录有问题。")) +
           "\n";
  }
  if (r.captive()) {
    out += t.paint(Color::kYellow,
                   t.say("A control by http:// is answered by somebody else (a captive portal, a proxy?): entries by "
                         "http:// are left out of the patch.",
                         "有 http:// 的对照目标由他人应答（强制门户或代理？）：补丁不含 http:// 的目录项。")) +
           "\n";
  }
  for (const std::string& place : patch.by_hand) {
    out += fmt::format(fmt::runtime(t.say("{}: not on one line, change it by hand\n", "{}：不在同一行，请手工修改\n")),
                       place);
  }
  return out;
}

std::string report_json(const VerifyReport& r) {
  std::string out;
  for (const VerifiedEntry& e : r.entries) {
    const Verification& v = e.verification;
    Json object{{"target", e.entry->target.name},   {"url", e.entry->target.url},     {"result", word_of(v.kind)},
                {"status", name(e.outcome.status)}, {"stage", name(e.outcome.stage)}, {"cause", name(e.outcome.cause)}};
    if (!e.outcome.detail.empty()) object["detail"] = e.outcome.detail;
    if (!v.expected.empty()) object["expected"] = v.expected;
    if (v.seen) object["seen"] = *v.seen;
    if (v.proposed) object["proposed"] = *v.proposed;
    object["file"] = e.entry->written.file;
    object["line"] = e.entry->written.line;
    out += object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return out;
}

std::string patch_file(const VerifyReport& r, const CataloguePatch& patch, const Terminal& t) {
  if (patch.diff.empty()) return "";
  const std::string head = fmt::format(
      fmt::runtime(
          t.say("Answers seen from {} at {} by `sonde targets verify`: {} entries change. One look from one "
                "place: review each.\n",
                "由 `sonde targets verify` 于 {1} 从 {0} 看到的应答：修改 {2} 项。仅为一处的一次观察，请逐项审阅。\n")),
      shown(r.vantage), core::format_utc(r.at), patch.changed);
  return head + patch.diff;
}

}  // namespace sonde::cli
