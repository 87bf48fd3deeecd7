// What a dns target may expect of an answer: its set of records, their texts, TTLs, authority.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns_message.h"
#include "core/outcome.h"
#include "io/address.h"
#include "prober/checks/expect.h"
#include "prober/stages/dns_answer.h"

namespace re2 {
class RE2;
}

namespace sonde::prober {

/// One wanted answer: an address, a range of them, `CNAME name` (all that is reached by way of that alias), `/regex/`,
/// or the text of the record (names without regard to case and final dot, TXT also without its quotes).
class AnswerItem {
 public:
  /// Nothing and `why` when the text is no such thing.
  [[nodiscard]] static std::optional<AnswerItem> parse(std::string_view text, core::BilingualText& why);

  [[nodiscard]] bool matches(const std::string& data, const std::vector<std::string>& aliases) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  enum class Kind { kText, kRange, kAlias, kPattern };
  Kind kind_ = Kind::kText;
  std::string text_;
  std::string plain_;  // canonical name or text
  io::IpAddress address_;
  int bits_ = 0;
  std::shared_ptr<const re2::RE2> pattern_;  // shared: items are copied with the configuration
};

/// How a set of items and the set of answers must lie to each other.
struct AnswerSet {
  enum class Relation {
    kEqual,       // each answer is wanted and each wanted one is there
    kContains,    // each wanted one is there
    kSubset,      // each answer is wanted
    kIntersects,  // one of the wanted is there
  };
  Relation relation = Relation::kEqual;
  std::vector<AnswerItem> items;

  [[nodiscard]] bool holds(const DnsAnswer& answer) const;
};

/// Patterns on the text of each record of one section (core::dns::record_text), as blackbox_exporter has them.
struct SectionPatterns {
  using Patterns = std::vector<std::shared_ptr<const re2::RE2>>;
  Patterns all;           // each record matches each of them, and there is a record (fail_if_not_matches_regexp)
  Patterns all_or_empty;  // the same, or there is no record (fail_if_all_match_regexp, which does this)
  Patterns any;           // one record matches one of them (fail_if_none_matches_regexp)
  Patterns none;          // no record matches one of them (fail_if_matches_regexp)

  [[nodiscard]] bool empty() const { return all.empty() && all_or_empty.empty() && any.empty() && none.empty(); }
  /// What is wrong, or "".
  [[nodiscard]] std::string fault(const std::vector<core::dns::ResourceRecord>& records) const;
};

struct DnsExpect {
  CommonExpect common;
  std::vector<std::uint16_t> rcodes;  // healthy codes; empty = NOERROR with an answer
  std::vector<AnswerSet> sets;
  SectionPatterns answer;
  SectionPatterns authority;
  SectionPatterns additional;
  bool authoritative = false;
  bool public_addresses = false;
  bool silence = false;  // nobody shall answer
  std::optional<std::uint32_t> min_ttl;
  std::optional<std::uint32_t> max_ttl;
  std::optional<std::size_t> answers_min;
};

/// The keys of `expect` of a dns target.
extern const core::KeyTable kDnsExpectTable;
[[nodiscard]] DnsExpect read_dns_expect(const core::ConfigNode& node, core::ConfigErrors& errors);

struct DnsFault {
  core::Cause cause = core::Cause::kNone;
  std::string detail;
};
/// The first expectation that `reply`, read as `answer`, does not meet; kNone when it meets all.
[[nodiscard]] DnsFault fault_of(const DnsExpect& expect, const core::dns::Message& reply, const DnsAnswer& answer);

/// As many whole answers as fit a string field, comma-separated.
[[nodiscard]] std::string joined(const std::vector<std::string>& parts);

}  // namespace sonde::prober
