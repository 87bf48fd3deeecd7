// Notes as lines.
#include "cli/imports/notes.h"

#include <algorithm>
#include <tuple>

namespace sonde::cli::imports {
namespace {

core::BilingualText words_of(NoteKind kind) {
  switch (kind) {
    case NoteKind::kLost:
      return {"not carried over: ", "未带入："};
    case NoteKind::kSkipped:
      return {"skipped: ", "已跳过："};
    case NoteKind::kDiffers:
      return {"differs: ", "有差异："};
    case NoteKind::kSecret:
      return {"secret: ", "密钥："};
    case NoteKind::kMistake:
      return {"mistake: ", "错误："};
  }
  return {};
}

}  // namespace

std::string to_string(const Note& note, core::Language language) {
  core::ConfigError e = note.what;
  const core::BilingualText head = words_of(note.kind);
  if (e.zh.empty()) e.zh = e.message;
  e.message = head.en + e.message;
  e.zh = head.zh + e.zh;
  return core::to_string(e, language);
}

void Notes::add(NoteKind kind, core::ConfigError what) {
  Note note{kind, std::move(what)};
  if (said_.insert(to_string(note, core::Language::kEnglish)).second) notes_.push_back(std::move(note));
}

void Notes::sort() {
  std::vector<std::string> files;  // in the order in which they were read
  for (const Note& n : notes_) {
    if (std::ranges::find(files, n.what.file) == files.end()) files.push_back(n.what.file);
  }
  std::ranges::stable_sort(notes_, {}, [&files](const Note& n) {
    return std::tuple{std::ranges::find(files, n.what.file) - files.begin(), n.what.line, n.what.column};
  });
}

}  // namespace sonde::cli::imports
