// The book of companions, and what each kind of them rules out.
#include "hub/judge/companions.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/schema.h"
#include "hub/judge/run_result.h"

namespace sonde::hub::judge {
namespace {

using core::CompanionKind;
using Word = CompanionWords::Word;

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::int64_t kGoodForRounds = 20;
constexpr double kFloor = -kCompanionMost;
constexpr double kCap = 8;
// A host that does not answer at its last address either: the name is perhaps a symptom, but addresses move.
constexpr double kAddressGone = -1;

std::size_t index(CompanionKind k) { return static_cast<std::size_t>(k); }

// "It worked, though the component fails": the chance of that is the share of runs that get through.
double worked_against(double share) { return share >= 1 ? kFloor : std::max(kFloor, std::log1p(-share)); }

// "It failed, though the component has no part in it", compared with one that has.
double failed_against(double share) { return std::min(0.0, kFloor - std::log(std::max(share, 0.01))); }

double by_second_resolver(Kind kind, Mode mode, Word word, const FailingShare& share) {
  if (word == Word::kBad) return kind == Kind::kResolver ? failed_against(share.names) : 0;
  const bool names_fail = mode == Mode::kDns || mode == Mode::kAll;
  return names_fail && kind != Kind::kResolver ? worked_against(share.names) : 0;
}

double by_last_address(Mode mode, Word word, const FailingShare& share) {
  if (word == Word::kBad) return mode == Mode::kDns ? kAddressGone : 0;
  return mode == Mode::kAll ? worked_against(share.names) : 0;
}

// Whatever cuts off a host or the way to it cuts off all of its ports; an app, a service and a filter need not.
double by_plain_port(Kind kind, Mode mode, Word word, const FailingShare& share) {
  if (word == Word::kBad) return 0;  // nobody need listen there
  if (mode != Mode::kTcp && mode != Mode::kLoss && mode != Mode::kAll) return 0;
  switch (kind) {
    case Kind::kRegion:
    case Kind::kEdge:
    case Kind::kProvider:
    case Kind::kPath:
    case Kind::kPeering:
    case Kind::kCorridor:
    case Kind::kBorderIsp:
    case Kind::kIsp:
    case Kind::kVantage:
    case Kind::kHostRegion:
      return worked_against(share.connections);
    default:
      return 0;
  }
}

}  // namespace

std::optional<CompanionResult> read_companion(const core::Record& record) {
  const auto kind = core::parse_companion_kind(record.tag(core::kCompanionTag));
  const std::optional<RunResult> run = read_run(record);
  if (!kind || !run || run->status == core::Status::kUnknown) return std::nullopt;
  CompanionResult out;
  out.kind = *kind;
  out.time_ms = run->time_ms;
  // A stage in which a run failed is one that it reached.
  const bool failed = run->status == core::Status::kFail;
  out.good = !failed || run->stage > (*kind == CompanionKind::kSecondResolver ? core::Stage::kDns : core::Stage::kTcp);
  if (run->trust == Trust::kTrusted) return out;
  // A prober that takes its uplink for lost is wrong about that when something answers; else it may be right.
  const bool uplink = record.text(core::field::kSuspectWhy.name).value_or("") == "uplink";
  return uplink && out.good ? std::optional{out} : std::nullopt;
}

void CompanionBook::note(std::uint32_t cell, const CompanionResult& result) {
  Latest& have = latest_[cell].at(index(result.kind));
  if (std::tuple{result.time_ms, result.good} >= std::tuple{have.time_ms, have.good}) {
    have = {result.time_ms, result.good};
  }
  if (!result.good) return;
  if (worked_.size() <= result.vantage) worked_.resize(result.vantage + 1, {-1, -1, -1});
  std::int64_t& worked_ms = worked_[result.vantage].at(index(result.kind));
  worked_ms = std::max(worked_ms, result.time_ms);
}

void CompanionBook::end_round(std::int64_t end_ms, std::int64_t round_ms) {
  end_ms_ = end_ms;
  round_ms_ = round_ms;
  std::erase_if(latest_, [&](const auto& entry) {
    return std::ranges::all_of(entry.second, [&](const Latest& l) { return l.time_ms < end_ms - kDayMs; });
  });
}

CompanionWords CompanionBook::words(std::uint32_t cell, const Cell& state) const {
  CompanionWords out;
  const auto it = latest_.find(cell);
  if (it == latest_.end() || state.onset_ms < 0) return out;
  const std::int64_t from = lately(state);
  for (std::size_t k = 0; k < core::kCompanionKinds; ++k) {
    const Latest& l = it->second.at(k);
    if (l.time_ms < from) continue;
    const bool usual = static_cast<CompanionKind>(k) != CompanionKind::kSecondResolver ||
                       worked_ms(state.vantage, CompanionKind::kSecondResolver) >= end_ms_ - kDayMs;
    if (l.good) {
      out.of.at(k) = Word::kGood;
    } else if (usual) {
      out.of.at(k) = Word::kBad;
    }
  }
  return out;
}

std::int64_t CompanionBook::latest_ms(std::uint32_t cell, CompanionKind kind) const {
  const auto it = latest_.find(cell);
  return it == latest_.end() ? -1 : it->second.at(index(kind)).time_ms;
}

std::int64_t CompanionBook::worked_ms(std::uint32_t vantage, CompanionKind kind) const {
  return vantage < worked_.size() ? worked_[vantage].at(index(kind)) : -1;
}

bool CompanionBook::uplink_works(const Cell& state) const {
  return state.onset_ms >= 0 && worked_ms(state.vantage, CompanionKind::kLastAddress) >= lately(state);
}

std::int64_t CompanionBook::lately(const Cell& state) const {
  return std::max(state.onset_ms, end_ms_ - kGoodForRounds * round_ms_ * state.interval_rounds);
}

double companion_evidence(Kind kind, Mode mode, const CompanionWords& words, const FailingShare& share) {
  double nats = 0;
  for (std::size_t k = 0; k < core::kCompanionKinds; ++k) {
    const Word word = words.of.at(k);
    if (word == Word::kNothing) continue;
    switch (static_cast<CompanionKind>(k)) {
      case CompanionKind::kSecondResolver:
        nats += by_second_resolver(kind, mode, word, share);
        break;
      case CompanionKind::kLastAddress:
        nats += by_last_address(mode, word, share);
        break;
      case CompanionKind::kPlainPort:
        nats += by_plain_port(kind, mode, word, share);
        break;
    }
  }
  return nats;
}

double cap_companion_evidence(double sum) { return kCap * std::tanh(sum / kCap); }

}  // namespace sonde::hub::judge
