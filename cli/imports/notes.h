// What an import has to say beside the targets: what it could not carry over, what means something else here, which
// secrets it left out. Each stands at its place in the file of the other program.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/config_node.h"

namespace sonde::cli::imports {

enum class NoteKind {
  kLost,     // one setting that has no counterpart; the target is there without it
  kSkipped,  // a whole check that has no counterpart
  kDiffers,  // carried over, and means something slightly else
  kSecret,   // a placeholder stands in its place
  kMistake,  // the file itself is wrong there
};

struct Note {
  NoteKind kind = NoteKind::kLost;
  core::ConfigError what;
};

/// "file:line:column: not carried over: …", one line, sanitized.
[[nodiscard]] std::string to_string(const Note& note, core::Language language);

/// Collects notes; the same words at the same place are said once.
class Notes {
 public:
  void add(NoteKind kind, core::ConfigError what);
  void lost(const core::ConfigNode& at, std::string en, std::string zh) { add(NoteKind::kLost, at.error(en, zh)); }
  void skipped(const core::ConfigNode& at, std::string en, std::string zh) {
    add(NoteKind::kSkipped, at.error(en, zh));
  }
  void differs(const core::ConfigNode& at, std::string en, std::string zh) {
    add(NoteKind::kDiffers, at.error(en, zh));
  }
  void secret(const core::ConfigNode& at, std::string en, std::string zh) { add(NoteKind::kSecret, at.error(en, zh)); }
  void mistake(const core::ConfigNode& at, std::string en, std::string zh) {
    add(NoteKind::kMistake, at.error(en, zh));
  }
  [[nodiscard]] const std::vector<Note>& all() const { return notes_; }
  /// In the order of the places in each file.
  void sort();

 private:
  std::vector<Note> notes_;
  std::set<std::string> said_;
};

}  // namespace sonde::cli::imports
