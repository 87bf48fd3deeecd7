// Verdicts in words.
#include "cli/verdict_text.h"

#include <fmt/format.h>

namespace sonde::cli {
namespace {

using hub::judge::EventKind;
using hub::judge::Grade;

std::string_view event_word(EventKind e, const Terminal& t) {
  switch (e) {
    case EventKind::kOpened:
      return t.say("OPENED ", "开始");
    case EventKind::kRevised:
      return t.say("REVISED", "修正");
    case EventKind::kClosed:
      return t.say("CLOSED ", "结束");
  }
  return "";
}

Color color_of(const hub::judge::VerdictEvent& e) {
  if (e.event == EventKind::kClosed) return Color::kGreen;
  return e.grade == Grade::kConvicted ? Color::kRed : Color::kYellow;
}

}  // namespace

std::string verdict_text(const hub::judge::VerdictEvent& e, const Terminal& t) {
  std::string out = fmt::format("{}  {}  {}", core::format_utc(e.time), t.paint(color_of(e), event_word(e.event, t)),
                                t.paint(Color::kBold, e.summary.in(t.language)));
  if (e.confidence) out += t.paint(Color::kGrey, fmt::format("  ({:.0f} %)", *e.confidence * 100));
  out += "\n";
  if (e.event == EventKind::kClosed) return out;
  for (const hub::judge::Evidence& evidence : e.evidence) {
    out += t.paint(Color::kGrey, fmt::format("    · {}", evidence.text.in(t.language))) + "\n";
  }
  if (e.grade != Grade::kConvicted) {
    for (const hub::judge::Candidate& c : e.candidates) {
      out += t.paint(Color::kGrey, fmt::format("    ? {} {:.0f} %", c.key, c.confidence * 100)) + "\n";
    }
  }
  return out;
}

}  // namespace sonde::cli
