// The verdict as a value: who is to blame, how sure, on which evidence; and its JSON and record forms.
// docs/verdicts.md says what each field means; DESIGN: "one unified view".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/text.h"
#include "core/time.h"

namespace sonde::hub::judge {

/// How far the evidence goes. Only `convicted` may alert; `insufficient` names no component and no class.
enum class Grade : std::uint8_t { kInsufficient = 0, kLeaning = 1, kConvicted = 2 };

/// The five kinds of blame.
enum class BlameClass : std::uint8_t { kApp, kProvider, kDns, kPath, kVantage };

/// Where on the way from the vantage (near) to the target (far) the fault sits.
enum class Side : std::uint8_t { kNear, kMiddle, kFar };

/// What happened to an incident.
enum class EventKind : std::uint8_t { kOpened, kRevised, kClosed };

[[nodiscard]] std::string_view name(Grade g);       // "convicted"
[[nodiscard]] std::string_view name(BlameClass c);  // "app"
[[nodiscard]] std::string_view name(Side s);        // "near"
[[nodiscard]] std::string_view name(EventKind e);   // "opened"

/// One cell that is cited: what `vantage` last saw of `target`.
struct EvidenceCell {
  std::string vantage;
  std::string target;
  std::string stage;  // "done" where it was fine
  std::string cause;  // "none" where it was fine
};

/// One sentence of evidence and the cells it rests on (at most 4).
struct Evidence {
  std::string about;  // JSON "for": the rival that is ruled out, or the component itself for what convicts it
  core::BilingualText text;
  std::vector<EvidenceCell> cells;
};

/// One possible culprit; confidences of all candidates add up to at most 1.
struct Candidate {
  std::string key;
  double confidence = 0;
};

/// One step in the life of an incident. Pure value: the same records give the same bytes.
struct VerdictEvent {
  EventKind event = EventKind::kOpened;
  std::string id;          // stable over the incident's life: "i-" + UTC time of the first failure + "-" + 8 hex digits
  core::WallTime time{};   // end of the round that gave rise to the event, not the moment of computing
  core::WallTime since{};  // first failure that belongs to it
  Grade grade = Grade::kInsufficient;
  std::optional<BlameClass> blame;     // JSON "class"; nothing when insufficient
  std::string component_kind;          // "app", "region", …; empty when insufficient
  std::string component_key;           // "app:checkout"; empty when insufficient
  std::optional<double> confidence;    // 0.02 … 0.98; nothing when insufficient
  double severity = 0;                 // share of the runs through the component that fail, 0 … 1
  std::optional<Side> side;            // also without a class, when all candidates sit on one side
  std::string stage;                   // dns tcp tls http; where most of the failing runs ended
  std::string mode;                    // http tcp tls dns loss all slow …; see docs/verdicts.md
  std::string cause;                   // most frequent cause, such as "status"
  bool flapping = false;               // it keeps coming back: closes later than others
  std::vector<std::string> apps;       // apps it touches, sorted
  std::vector<std::string> acquitted;  // other apps that were seen healthy while it lasted, sorted, at most 20
  std::vector<Evidence> evidence;
  std::vector<Candidate> candidates;  // best first, at most 6
  std::vector<core::BilingualText> would_settle;
  std::vector<core::BilingualText> next;  // what a person should do now
  core::BilingualText summary;
};

/// One line of JSON without a line break, keys as in docs/verdicts.md. What is not known is left out.
[[nodiscard]] std::string to_json(const VerdictEvent& e);

/// The `verdict` record: tags class, component_kind, component, grade, state (open, flapping, closed); time = e.time.
/// Fields: id, event, confidence, severity, state_code (1 open, 0 closed), since_ms, stage, mode, cause, side, apps,
/// summary_en, summary_zh.
[[nodiscard]] core::Record to_record(const VerdictEvent& e);

}  // namespace sonde::hub::judge
