// Judging DNS answers by a target's expectations.
#include "prober/checks/dns_expect.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "core/sanitize.h"
#include "core/text.h"

namespace sonde::prober {
namespace {

using core::Cause;

std::optional<std::string> alias_name(std::string_view text) {
  constexpr std::string_view kWord = "CNAME ";
  if (!text.starts_with(kWord)) return std::nullopt;
  text.remove_prefix(std::min(text.find_first_not_of(' ', kWord.size()), text.size()));
  return canonical_name(text);
}

/// The texts of a TXT record's strings, joined; others as they are.
std::string unquoted(const std::string& data) {
  if (!data.starts_with('"')) return data;
  std::string out;
  bool inside = false;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i] == '"') {
      inside = !inside;
    } else if (data[i] == '\\' && i + 3 < data.size()) {
      out += static_cast<char>((data[i + 1] - '0') * 100 + (data[i + 2] - '0') * 10 + (data[i + 3] - '0'));
      i += 3;
    } else if (inside) {
      out += data[i];
    }
  }
  return out;
}

bool in_range(const io::IpAddress& a, const io::IpAddress& base, int bits) {
  if (a.family != base.family) return false;
  for (int i = 0; i < bits; i += 8) {
    const int left = std::min(8, bits - i);
    const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - left));
    const auto index = static_cast<std::size_t>(i / 8);
    if ((a.bytes[index] & mask) != (base.bytes[index] & mask)) return false;
  }
  return true;
}

/// "192.0.2.0/24", or an address alone as the range of itself.
bool parse_range(std::string_view text, io::IpAddress& base, int& bits) {
  const std::size_t slash = text.find('/');
  const auto address = io::parse_address(text.substr(0, slash));
  if (!address) return false;
  const int most = address->family == io::IpAddress::Family::kIp4 ? 32 : 128;
  base = *address;
  bits = most;
  if (slash == std::string_view::npos) return true;
  const std::string_view number = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
  return error == std::errc{} && end == number.data() + number.size() && bits >= 0 && bits <= most;
}

bool all_match(const SectionPatterns::Patterns& patterns, const std::string& text) {
  return std::ranges::all_of(patterns, [&](const auto& p) { return RE2::PartialMatch(text, *p); });
}

bool any_matches(const SectionPatterns::Patterns& patterns, const std::string& text) {
  return std::ranges::any_of(patterns, [&](const auto& p) { return RE2::PartialMatch(text, *p); });
}

std::string_view word(AnswerSet::Relation relation) {
  switch (relation) {
    case AnswerSet::Relation::kEqual:
      return "equal to";
    case AnswerSet::Relation::kContains:
      return "containing";
    case AnswerSet::Relation::kSubset:
      return "a subset of";
    case AnswerSet::Relation::kIntersects:
      return "with one of";
  }
  return {};
}

DnsFault fault_of_sets(const DnsExpect& expect, const DnsAnswer& answer) {
  const auto mismatch = [](std::string why) { return DnsFault{Cause::kAnswerMismatch, std::move(why)}; };
  if (expect.answers_min && answer.data.size() < *expect.answers_min) {
    return mismatch(std::to_string(answer.data.size()) + " answers, expected " + std::to_string(*expect.answers_min));
  }
  for (const AnswerSet& set : expect.sets) {
    if (set.holds(answer)) continue;
    std::vector<std::string> items;
    for (const AnswerItem& item : set.items) items.push_back(item.text());
    return mismatch(joined(answer.data) + " is not " + std::string{word(set.relation)} + " " + joined(items));
  }
  return {};
}

DnsFault fault_of_ttls(const DnsExpect& expect, const DnsAnswer& answer) {
  if (expect.min_ttl && answer.min_ttl && *answer.min_ttl < *expect.min_ttl) {
    return {Cause::kAnswerMismatch, "a TTL of " + std::to_string(*answer.min_ttl) + " s, expected " +
                                        std::to_string(*expect.min_ttl) + " s or more"};
  }
  if (expect.max_ttl && answer.max_ttl && *answer.max_ttl > *expect.max_ttl) {
    return {Cause::kAnswerMismatch, "a TTL of " + std::to_string(*answer.max_ttl) + " s, expected " +
                                        std::to_string(*expect.max_ttl) + " s or less"};
  }
  return {};
}

DnsFault fault_of_addresses(const DnsAnswer& answer) {
  static const io::AddressPolicy kPublicOnly;
  for (const std::string& text : answer.data) {
    const auto address = io::parse_address(text);
    if (!address) continue;
    if (const auto kind = kPublicOnly.denied(*address); !kind.empty()) {
      return {Cause::kBogon, text + " is a " + std::string{kind} + " address"};
    }
  }
  return {};
}

}  // namespace

std::optional<AnswerItem> AnswerItem::parse(std::string_view text, core::BilingualText& why) {
  AnswerItem out;
  out.text_ = text;
  if (text.size() >= 2 && text.starts_with('/') && text.ends_with('/')) {
    auto pattern = std::make_shared<const RE2>(std::string{text.substr(1, text.size() - 2)}, RE2::Quiet);
    if (!pattern->ok()) {
      why = {"not a regular expression (RE2): " + pattern->error(), "不是正则表达式（RE2）：" + pattern->error()};
      return std::nullopt;
    }
    out.kind_ = Kind::kPattern;
    out.pattern_ = std::move(pattern);
    return out;
  }
  if (auto name = alias_name(text)) {
    out.kind_ = Kind::kAlias;
    out.plain_ = std::move(*name);
    return out;
  }
  if (parse_range(text, out.address_, out.bits_)) {
    out.kind_ = Kind::kRange;
    return out;
  }
  if (text.empty()) {
    why = {"it is empty", "它是空的"};
    return std::nullopt;
  }
  out.plain_ = canonical_name(text);
  return out;
}

bool AnswerItem::matches(const std::string& data, const std::vector<std::string>& aliases) const {
  switch (kind_) {
    case Kind::kText:
      return canonical_name(data) == plain_ || canonical_name(unquoted(data)) == plain_;
    case Kind::kRange: {
      const auto address = io::parse_address(data);
      return address && in_range(*address, address_, bits_);
    }
    case Kind::kAlias:
      return data == plain_ || std::ranges::find(aliases, plain_) != aliases.end();
    case Kind::kPattern:
      return RE2::PartialMatch(data, *pattern_);
  }
  return false;
}

bool AnswerSet::holds(const DnsAnswer& answer) const {
  const auto wanted = [&](const std::string& data) {
    return std::ranges::any_of(items, [&](const AnswerItem& i) { return i.matches(data, answer.aliases); });
  };
  const auto there = [&](const AnswerItem& item) {
    return std::ranges::any_of(answer.data, [&](const std::string& d) { return item.matches(d, answer.aliases); });
  };
  const bool all_wanted = std::ranges::all_of(answer.data, wanted);
  switch (relation) {
    case Relation::kEqual:
      return all_wanted && std::ranges::all_of(items, there);
    case Relation::kContains:
      return std::ranges::all_of(items, there);
    case Relation::kSubset:
      return all_wanted;
    case Relation::kIntersects:
      return std::ranges::any_of(items, there);
  }
  return false;
}

std::string SectionPatterns::fault(const std::vector<core::dns::ResourceRecord>& records) const {
  if (records.empty() && (!all.empty() || !any.empty())) return "it is empty";
  bool found = any.empty();
  for (const auto& r : records) {
    const std::string text = core::dns::record_text(r);
    if (any_matches(none, text)) return "not wanted: " + text;
    if (!all_match(all, text) || !all_match(all_or_empty, text)) return "not matched: " + text;
    found = found || any_matches(any, text);
  }
  return found ? "" : "no record matches";
}

DnsFault fault_of(const DnsExpect& expect, const core::dns::Message& reply, const DnsAnswer& answer) {
  if (expect.authoritative && !reply.authoritative) return {Cause::kLame, "the answer has no authority (AA is clear)"};
  if (DnsFault f = fault_of_sets(expect, answer); f.cause != Cause::kNone) return f;
  if (expect.public_addresses) {
    if (DnsFault f = fault_of_addresses(answer); f.cause != Cause::kNone) return f;
  }
  if (DnsFault f = fault_of_ttls(expect, answer); f.cause != Cause::kNone) return f;
  struct Section {
    std::string_view name;
    const SectionPatterns& patterns;
    const std::vector<core::dns::ResourceRecord>& records;
  };
  for (const Section& s :
       {Section{"answer", expect.answer, reply.answers}, Section{"authority", expect.authority, reply.authorities},
        Section{"additional", expect.additional, reply.additionals}}) {
    if (s.patterns.empty()) continue;
    if (const std::string why = s.patterns.fault(s.records); !why.empty()) {
      return {Cause::kAnswerMismatch, "the " + std::string{s.name} + " section: " + why};
    }
  }
  return {};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& p : parts) {
    if (out.size() + p.size() + 1 > core::kDetailBytesMax) break;
    if (!out.empty()) out += ',';
    out += p;
  }
  return out;
}

}  // namespace sonde::prober
