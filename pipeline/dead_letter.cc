// Dead letters as JSON lines.
#include "pipeline/dead_letter.h"

#include <fmt/format.h>

#include "core/line_protocol.h"
#include "core/sanitize.h"
#include "core/text.h"

namespace sonde::pipeline {
namespace {

// Sanitized text has no control characters: quotes and backslashes are all that is left to escape.
std::string json_text(std::string_view text, std::size_t bytes_max) {
  std::string out = "\"";
  for (const char c : core::sanitize(text, bytes_max)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

core::Result<void> DeadLetterFile::add(const Letter& letter) {
  if (path_.empty()) return {};
  const std::string text = fmt::format("{{\"time\":{},\"sink\":{},\"reason\":{},\"line\":{}}}\n",
                                       json_text(core::format_utc(letter.time), 64), json_text(letter.sink, 64),
                                       json_text(letter.reason, 1024), json_text(letter.line, core::kLineBytesMax));
  auto file = files_.open(path_, io::OpenMode::kCreate);
  if (!file) return file.error();
  auto size = (*file)->size();
  if (!size) return size.error();
  if (*size > 0 && *size + text.size() > bytes_max_ / 2) {
    file->reset();
    if (auto moved = files_.rename(path_, path_ + ".1"); !moved) return moved;
    file = files_.open(path_, io::OpenMode::kCreate);
    if (!file) return file.error();
    size = 0;
  }
  if (auto added = (*file)->append(text); !added) {
    // Half a line would swallow the next letter. Where this fails too, that letter and this half are one bad line.
    (void)(*file)->truncate(*size);
    return added;
  }
  return (*file)->sync();
}

}  // namespace sonde::pipeline
