// Incidents: the judge's events put together over time, kept in the history, told to whoever listens.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/callback.h"
#include "core/text.h"
#include "core/time.h"
#include "hub/judge/verdict.h"
#include "hub/store_history.h"

namespace sonde::hub {

/// An open incident with what the headline needs, and its JSON as docs/api.md has it.
struct Incident {
  std::string id;
  std::string grade;           // "convicted", …
  std::string blame;           // "app", "provider", …; empty when insufficient
  std::string component_kind;  // "app", "region", …; empty when insufficient
  double severity = 0;
  core::BilingualText summary;
  std::int64_t opened_ms = 0;
  std::int64_t updated_ms = 0;
  std::string json;
};

class Incidents {
 public:
  /// `history` must outlive it. Reads the open incidents back.
  explicit Incidents(History& history);

  /// Takes one event. Returns the incident's JSON when the event is new, "" when it was known or is older than what the
  /// incident already says (a replay after a restart).
  std::string take(const judge::VerdictEvent& event);

  /// Closes every open incident whose id is not in `open`: after a replay, those that the judge no longer holds.
  /// Returns the JSON of each.
  std::vector<std::string> close_others(const std::vector<judge::VerdictEvent>& open, core::WallTime now);

  /// The open ones: convicted first, then by severity, then newest first.
  [[nodiscard]] std::vector<const Incident*> open() const;
  /// Grows with every change.
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  std::string save(StoredIncident stored, const Incident& incident, std::int64_t event_ms, std::string_view event,
                   const std::string& event_json);

  History& history_;
  std::map<std::string, Incident> open_;
  std::uint64_t version_ = 0;
};

}  // namespace sonde::hub
