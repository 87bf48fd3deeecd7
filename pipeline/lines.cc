// Splitting line protocol into records without decoding them.
#include "pipeline/lines.h"

#include <algorithm>

namespace sonde::pipeline {

std::size_t first_line_bytes(std::string_view text) {
  // Most lines have no escapes and no line break inside quotes: then the first '\n' is the end, and that is seen fast.
  const std::size_t line_break = text.find('\n');
  if (line_break == std::string_view::npos) return text.size();
  const std::string_view line = text.substr(0, line_break);
  if (line.starts_with('#') || line.find('"') == std::string_view::npos) return line_break + 1;
  if (line.find('\\') == std::string_view::npos) {
    const std::size_t fields = std::min(line.find(' '), line.size());
    if (std::count(line.begin() + static_cast<std::ptrdiff_t>(fields), line.end(), '"') % 2 == 0) return line_break + 1;
  }
  bool in_fields = false;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size() && text[i + 1] != '\n') {
      ++i;
    } else if (!in_fields) {
      if (c == '\n') return i + 1;
      in_fields = c == ' ';
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == '\n' && !quoted) {
      return i + 1;
    }
  }
  return text.size();
}

bool is_record(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && line[start] != '#';
}

std::uint64_t count_records(std::string_view text) {
  std::uint64_t count = 0;
  while (!text.empty()) {
    const std::size_t n = first_line_bytes(text);
    if (is_record(text.substr(0, n))) ++count;
    text.remove_prefix(n);
  }
  return count;
}

}  // namespace sonde::pipeline
