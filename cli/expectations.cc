// Expectations with their meaning and their judgement.
#include "cli/expectations.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/config_table.h"

namespace sonde::cli {
namespace {

using core::Cause;
using core::ConfigNode;

/// Which keys can lead to a cause: those that begin with this.
struct Guilty {
  Cause cause;
  std::string_view key_begins;
};
constexpr std::array kGuilty{
    Guilty{Cause::kStatus, "status"},         Guilty{Cause::kContentMismatch, "body"},
    Guilty{Cause::kContentMismatch, "json"},  Guilty{Cause::kHeaderMismatch, "header"},
    Guilty{Cause::kSlow, "max_duration"},     Guilty{Cause::kExpiring, "cert_days"},
    Guilty{Cause::kRcodeOther, "rcode"},      Guilty{Cause::kAnswerMismatch, "answer"},
    Guilty{Cause::kExpectMismatch, "banner"}, Guilty{Cause::kExpectMismatch, "steps"},
    Guilty{Cause::kPinMismatch, "pin"},       Guilty{Cause::kAnswerMismatch, "authority_"},
    Guilty{Cause::kLame, "authoritative"},    Guilty{Cause::kAnswerMismatch, "additional_"},
    Guilty{Cause::kInjected, "silence"},      Guilty{Cause::kAnswerMismatch, "min_ttl"},
    Guilty{Cause::kBogon, "public_"},         Guilty{Cause::kAnswerMismatch, "max_ttl"},
    Guilty{Cause::kAnswerMismatch, "rcode"},
};

bool guilty(Cause cause, std::string_view key) {
  return std::ranges::any_of(kGuilty,
                             [&](const Guilty& g) { return g.cause == cause && key.starts_with(g.key_begins); });
}

constexpr std::string_view kSecret = "********";

std::string scalar_text(const ConfigNode& node) {
  // Where a variable was replaced its name stands: it may hold a secret.
  const std::string text = shown(node.shown());
  const bool plain = !text.empty() && text.find_first_of(",[]{}:#\"'") == text.npos && text == node.shown();
  return plain ? text : "\"" + text + "\"";
}

std::string value_text(const ConfigNode& node, const core::Key* key) {
  if (key != nullptr && key->secret) return std::string{kSecret};
  return node_text(node, key == nullptr ? nullptr : key->of);
}

Judgement judge(const ExpectationRow& row, const std::vector<ExpectationRow>& all, const core::Outcome& o) {
  if (o.status == core::Status::kOk) return Judgement::kMet;
  const auto blamed = [&o](const ExpectationRow& r) { return guilty(o.cause, r.key); };
  if (blamed(row)) {
    return std::ranges::count_if(all, blamed) == 1 ? Judgement::kNotMet : Judgement::kPerhaps;
  }
  // A blemish is looked for only when all that must hold does hold; of several blemishes one is reported.
  const bool blemish = row.key == "max_duration" || row.key == "cert_days";
  if (o.status == core::Status::kDegraded && !blemish) return Judgement::kMet;
  return Judgement::kNotJudged;
}

std::vector<ExpectationRow> rows_of(const core::KeyTable* table, const ConfigNode* map, std::string_view prefix,
                                    const Terminal& t) {
  std::vector<ExpectationRow> out;
  if (table == nullptr) return out;
  for (const core::Key& key : table->keys) {
    const ConfigNode* node = map == nullptr ? nullptr : map->find(key.name);
    if (node == nullptr && key.standard.empty()) continue;
    ExpectationRow row;
    row.key = std::string{prefix} + std::string{key.name};
    row.wanted = node == nullptr ? std::string{key.standard} : value_text(*node, &key);
    row.standard = node == nullptr;
    row.meaning = t.say(key.en, key.zh);
    out.push_back(std::move(row));
  }
  return out;
}

std::string_view word_of(Judgement j, const Terminal& t) {
  switch (j) {
    case Judgement::kInForce:
      return "";
    case Judgement::kMet:
      return t.say("met", "满足");
    case Judgement::kNotMet:
      return t.say("NOT MET", "不满足");
    case Judgement::kPerhaps:
      return t.say("this or another of its kind NOT MET", "此项或同类的另一项不满足");
    case Judgement::kNotJudged:
      return t.say("not judged", "未判断");
  }
  return "";
}

Color color_of(Judgement j) {
  switch (j) {
    case Judgement::kInForce:
    case Judgement::kNotJudged:
      return Color::kGrey;
    case Judgement::kMet:
      return Color::kGreen;
    case Judgement::kNotMet:
    case Judgement::kPerhaps:
      return Color::kRed;
  }
  return Color::kGrey;
}

}  // namespace

std::string node_text(const ConfigNode& node, const core::KeyTable* table) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull:
      return "~";
    case ConfigNode::Kind::kScalar:
      return scalar_text(node);
    case ConfigNode::Kind::kSequence: {
      std::string out;
      for (const ConfigNode& item : node.items) out += (out.empty() ? "" : ", ") + node_text(item, table);
      return "[" + out + "]";
    }
    case ConfigNode::Kind::kMap: {
      std::string out;
      for (const core::ConfigEntry& e : node.entries) {
        const core::Key* key = table == nullptr ? nullptr : table->find(e.key.scalar);
        out += (out.empty() ? "" : ", ") + scalar_text(e.key) + ": " + value_text(e.value, key);
      }
      return "{" + out + "}";
    }
  }
  return "";
}

std::vector<ExpectationRow> expectation_rows(const prober::TargetEntry& entry, const core::Outcome* outcome,
                                             const Terminal& t) {
  if (entry.type == nullptr) return {};
  std::vector<ExpectationRow> rows = rows_of(entry.type->expect, entry.written.find("expect"), "", t);
  if (outcome == nullptr) return rows;
  for (ExpectationRow& row : rows) row.judgement = judge(row, rows, *outcome);
  return rows;
}

std::vector<ExpectationRow> request_rows(const prober::TargetEntry& entry, const Terminal& t) {
  if (entry.type == nullptr) return {};
  return rows_of(entry.type->request, entry.written.find("request"), "", t);
}

std::string draw_expectations(const std::vector<ExpectationRow>& rows, const Terminal& t) {
  std::string out;
  for (const ExpectationRow& row : rows) {
    std::string head = fmt::format("{}: {}", row.key, row.wanted);
    if (row.standard) head += fmt::format(" {}", t.say("(default)", "（默认）"));
    out += "  " + head;
    if (const auto word = word_of(row.judgement, t); !word.empty()) {
      out += "  " + t.paint(color_of(row.judgement), fmt::format("{} {}", t.sign("→", "->"), word));
    }
    out += "\n";
    for (const std::string& line : wrap(row.meaning, t.columns - 6))
      out += "      " + t.paint(Color::kGrey, line) + "\n";
  }
  return out;
}

}  // namespace sonde::cli
