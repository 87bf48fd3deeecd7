// The keys of a dns target's `expect`, and their reading.
#include <re2/re2.h>

#include <array>

#include "prober/checks/dns_expect.h"

namespace sonde::prober {
namespace {

constexpr std::array kRelations = {
    core::Key{.name = "equal",
              .kind = core::KeyKind::kTexts,
              .en = "each answer is in the list and each of the list is among the answers",
              .zh = "应答与列表完全一致"},
    core::Key{.name = "contains",
              .kind = core::KeyKind::kTexts,
              .en = "each of the list is among the answers",
              .zh = "应答包含列表中的每一项"},
    core::Key{.name = "subset",
              .kind = core::KeyKind::kTexts,
              .en = "each answer is in the list",
              .zh = "每个应答都在列表之中"},
    core::Key{.name = "intersects",
              .kind = core::KeyKind::kTexts,
              .en = "at least one answer is in the list",
              .zh = "至少有一个应答在列表之中"},
};
constexpr core::KeyTable kRelationTable{"answers", kRelations};

constexpr std::int64_t kTtlMaxMs = 2'147'483'647'000;

constexpr core::Key matches(std::string_view name, std::string_view en, std::string_view zh) {
  return {.name = name, .kind = core::KeyKind::kTexts, .en = en, .zh = zh};
}

constexpr std::array kKeys = {
    core::Key{
        .name = "rcode",
        .kind = core::KeyKind::kTexts,
        .en = "the response codes that are healthy, by name (NXDOMAIN) or number, one or a list; without it NOERROR "
              "with an answer; NOERROR written down is healthy without an answer too",
        .zh = "视为正常的响应码，可写名称（NXDOMAIN）或数字，可为列表；默认为带有应答的 NOERROR；明确写出 NOERROR "
              "时允许没有应答"},
    core::Key{
        .name = "answers",
        .kind = core::KeyKind::kAny,
        .of = &kRelationTable,
        .en = "the answers that must come: a list (the exact set), or a map with equal, contains, subset, "
              "intersects; an item is an address, a range (192.0.2.0/24), `CNAME name` (whatever is reached by way "
              "of it), `/regex/`, or the text of the record",
        .zh = "期望的应答：列表（完全一致），或含有 equal、contains、subset、intersects 的映射；每一项可以是地址、网段"
              "（192.0.2.0/24）、`CNAME 域名`（经由该别名得到的应答）、`/正则/` 或记录文本"},
    core::Key{.name = "answers_min",
              .kind = core::KeyKind::kInteger,
              .min = 0,
              .max = 4096,
              .en = "fewer answers than this are a mismatch",
              .zh = "应答少于此数时视为不符"},
    core::Key{.name = "authoritative",
              .kind = core::KeyKind::kBool,
              .standard = "false",
              .en = "the answer must have authority (AA); else the cause is lame",
              .zh = "应答必须是权威应答（AA），否则原因为 lame"},
    core::Key{.name = "public_addresses",
              .kind = core::KeyKind::kBool,
              .standard = "false",
              .en = "a private, loopback or reserved address among the answers is a failure (bogon)",
              .zh = "应答中出现私有、回环或保留地址时视为失败（bogon）"},
    core::Key{
        .name = "silence",
        .kind = core::KeyKind::kBool,
        .standard = "false",
        .en = "no DNS server is at this address: silence until the timeout is ok, an answer was injected on the way",
        .zh = "该地址没有 DNS 服务：直到超时无应答为正常，出现应答即为途中注入（injected）"},
    core::Key{.name = "min_ttl",
              .kind = core::KeyKind::kDuration,
              .min = 0,
              .max = kTtlMaxMs,
              .en = "a smaller TTL in the answer is a mismatch",
              .zh = "应答中的 TTL 小于此值时视为不符"},
    core::Key{.name = "max_ttl",
              .kind = core::KeyKind::kDuration,
              .min = 0,
              .max = kTtlMaxMs,
              .en = "a larger TTL in the answer is a mismatch",
              .zh = "应答中的 TTL 大于此值时视为不符"},
    matches(
        "answer_matches",
        "RE2 patterns: each record of the answer section must match each of them, and there must be one "
        "(fail_if_not_matches_regexp of blackbox_exporter); a record's text is `name. TTL CLASS TYPE data` with tabs "
        "between, as dig prints it",
        "RE2 正则：应答段的每条记录都必须匹配每个正则，且至少有一条记录（对应 blackbox_exporter 的 "
        "fail_if_not_matches_regexp）；记录文本为 `name. TTL CLASS TYPE data`，以制表符分隔，与 dig 的输出相同"),
    matches("answer_matches_or_empty",
            "the same, but no record at all is fine (what fail_if_all_match_regexp does, in spite of its name)",
            "同上，但允许没有记录（即 fail_if_all_match_regexp 的实际行为）"),
    matches("answer_matches_any",
            "RE2 patterns: a record of the answer section must match one of them (fail_if_none_matches_regexp)",
            "RE2 正则：应答段至少有一条记录匹配其中之一（fail_if_none_matches_regexp）"),
    matches("answer_not_matches",
            "RE2 patterns: no record of the answer section may match one of them (fail_if_matches_regexp)",
            "RE2 正则：应答段不得有记录匹配其中任何一个（fail_if_matches_regexp）"),
    matches("authority_matches", "as answer_matches, for the authority section", "同 answer_matches，用于权威段"),
    matches("authority_matches_or_empty", "as answer_matches_or_empty, for the authority section",
            "同 answer_matches_or_empty，用于权威段"),
    matches("authority_matches_any", "as answer_matches_any, for the authority section",
            "同 answer_matches_any，用于权威段"),
    matches("authority_not_matches", "as answer_not_matches, for the authority section",
            "同 answer_not_matches，用于权威段"),
    matches("additional_matches", "as answer_matches, for the additional section (without OPT)",
            "同 answer_matches，用于附加段（不含 OPT）"),
    matches("additional_matches_or_empty", "as answer_matches_or_empty, for the additional section",
            "同 answer_matches_or_empty，用于附加段"),
    matches("additional_matches_any", "as answer_matches_any, for the additional section",
            "同 answer_matches_any，用于附加段"),
    matches("additional_not_matches", "as answer_not_matches, for the additional section",
            "同 answer_not_matches，用于附加段"),
    kCertDaysKey,
    kMaxDurationKey};

std::optional<AnswerSet> read_set(const core::ConfigNode& node, AnswerSet::Relation relation,
                                  core::ConfigErrors& errors) {
  AnswerSet out;
  out.relation = relation;
  for (const std::string& text : core::read_strings(node, errors)) {
    core::BilingualText why;
    if (auto item = AnswerItem::parse(text, why)) {
      out.items.push_back(std::move(*item));
    } else {
      errors.add(node.error("\"" + text + "\" is no answer to expect: " + why.en,
                            "“" + text + "”不能作为期望的应答：" + why.zh));
    }
  }
  if (!out.items.empty()) return out;
  errors.add(node.error("an empty list of answers says nothing; no answer at all is expect.rcode: NOERROR or NXDOMAIN",
                        "空的应答列表没有意义；期望没有应答请用 expect.rcode: NOERROR 或 NXDOMAIN"));
  return std::nullopt;
}

std::vector<AnswerSet> read_sets(const core::ConfigNode& node, core::ConfigErrors& errors) {
  std::vector<AnswerSet> out;
  const auto add = [&](const core::ConfigNode* list, AnswerSet::Relation relation) {
    if (list == nullptr) return;
    if (auto set = read_set(*list, relation, errors)) out.push_back(std::move(*set));
  };
  if (node.kind != core::ConfigNode::Kind::kMap) {
    add(&node, AnswerSet::Relation::kEqual);
    return out;
  }
  const core::TableReader map{node, kRelationTable, errors};
  add(map.node("equal"), AnswerSet::Relation::kEqual);
  add(map.node("contains"), AnswerSet::Relation::kContains);
  add(map.node("subset"), AnswerSet::Relation::kSubset);
  add(map.node("intersects"), AnswerSet::Relation::kIntersects);
  return out;
}

SectionPatterns read_section(const core::TableReader& expect, const std::string& section, core::ConfigErrors& errors) {
  const auto read = [&](const std::string& name) {
    SectionPatterns::Patterns out;
    for (const std::string& text : expect.texts(name)) {
      auto pattern = std::make_shared<const RE2>(text, RE2::Quiet);
      if (!pattern->ok()) {
        errors.add(expect.node(name)->error(name + ": not a regular expression (RE2): " + pattern->error(),
                                            name + "：不是正则表达式（RE2）：" + pattern->error()));
      }
      out.push_back(std::move(pattern));
    }
    return out;
  };
  return {.all = read(section + "_matches"),
          .all_or_empty = read(section + "_matches_or_empty"),
          .any = read(section + "_matches_any"),
          .none = read(section + "_not_matches")};
}

std::optional<std::uint32_t> seconds_of(std::optional<core::Duration> d) {
  if (!d) return std::nullopt;
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(*d).count());
}

}  // namespace

const core::KeyTable kDnsExpectTable{"expect", kKeys};

DnsExpect read_dns_expect(const core::ConfigNode& node, core::ConfigErrors& errors) {
  const core::TableReader expect{node, kDnsExpectTable, errors};
  DnsExpect out;
  out.common = read_common(expect, kDnsExpectTable);
  for (const std::string& text : expect.texts("rcode")) {
    if (const auto rcode = core::dns::parse_rcode(text)) {
      out.rcodes.push_back(*rcode);
    } else {
      errors.add(expect.node("rcode")->error(
          "\"" + text +
              "\" is no response code; use NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, another name "
              "of the IANA list, or a number up to 4095",
          "\"" + text +
              "\" 不是响应码；可用 NOERROR、FORMERR、SERVFAIL、NXDOMAIN、NOTIMP、REFUSED、IANA "
              "列表中的其他名称，或不大于 "
              "4095 的数字"));
    }
  }
  if (const auto* n = expect.node("answers")) out.sets = read_sets(*n, errors);
  if (const auto n = expect.integer("answers_min")) out.answers_min = static_cast<std::size_t>(*n);
  out.authoritative = expect.boolean("authoritative").value_or(false);
  out.public_addresses = expect.boolean("public_addresses").value_or(false);
  out.silence = expect.boolean("silence").value_or(false);
  out.min_ttl = seconds_of(expect.duration("min_ttl"));
  out.max_ttl = seconds_of(expect.duration("max_ttl"));
  out.answer = read_section(expect, "answer", errors);
  out.authority = read_section(expect, "authority", errors);
  out.additional = read_section(expect, "additional", errors);
  return out;
}

}  // namespace sonde::prober
