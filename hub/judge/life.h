// The life of an incident: opened when a finding is fit to be told, revised when it changes, closed after quiet rounds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "hub/judge/gates.h"
#include "hub/judge/scene.h"
#include "hub/judge/verdict.h"

namespace sonde::hub::judge {

inline constexpr int kCloseAfter = 5;      // quiet rounds
inline constexpr int kCloseAfterMax = 40;  // when flapping
inline constexpr int kSilentMax = 60;      // rounds without any data about it, then it is closed as unknown
inline constexpr int kReopenings = 3;      // within an hour: flapping
inline constexpr int kChangeOfMind = 2;    // rounds in a row that another component must win before an incident moves

/// An incident while it is open.
struct Incident {
  std::string id;
  Component component;     // who is watched for quiet; named in public only above `insufficient`
  Mode mode = Mode::kTcp;  // in which it was found last
  Grade grade = Grade::kInsufficient;
  std::int64_t opened_ms = 0;
  int quiet_rounds = 0;
  int silent_rounds = 0;
  int close_after = kCloseAfter;
  bool flapping = false;
  bool shared_cause = false;           // was once found to have a cause in common with others: never convicted
  std::optional<Component> contender;  // won in the last rounds, but not yet often enough
  int contender_rounds = 0;
  std::set<std::uint32_t> cells;  // that were failing because of it at the last look
  VerdictEvent last;              // its latest event
};

/// Keeps the open incidents. Pure: time comes with the scene.
class Docket {
 public:
  /// One round. `findings` in the order of the explanation.
  /// Returns events sorted as Judge::advance says, and appends to `released` the cells of incidents that were closed.
  std::vector<VerdictEvent> step(const Scene& scene, std::span<const Finding> findings, RecentEvidence& recent,
                                 std::vector<std::uint32_t>& released);

  [[nodiscard]] const std::vector<Incident>& open() const { return incidents_; }
  /// True for cells that fail under an open incident: their baselines are frozen.
  [[nodiscard]] bool holds(std::uint32_t cell) const { return cell < held_.size() && held_[cell] != 0; }

 private:
  struct Step;  // what one round works on
  void match_same(Step& s);
  void match_moved(Step& s);
  void open_new(Step& s);
  void close_quiet(Step& s);
  void adopt(Step& s, Incident& incident, const Finding& f, EventKind event);
  void close(Step& s, Incident& incident, const core::BilingualText& why);

  std::vector<Incident> incidents_;                            // ordered by id
  std::map<std::string, std::vector<std::int64_t>> openings_;  // by component key, of the last hour
  std::vector<std::uint8_t> held_;                             // by cell
};

}  // namespace sonde::hub::judge
