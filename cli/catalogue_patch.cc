// Editing catalogue files line by line.
#include "cli/catalogue_patch.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sonde::cli {
namespace {

constexpr std::size_t kContext = 3;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

/// One past the end of the value that begins at `from`: a list in brackets, or a bare number.
std::optional<std::size_t> end_of_value(std::string_view line, std::size_t from) {
  if (from >= line.size()) return std::nullopt;
  const bool list = line[from] == '[';
  const auto end = list ? line.find(']', from) : line.find_first_of(",} \t#", from);
  if (list) return end == std::string_view::npos ? std::nullopt : std::optional{end + 1};
  return std::min(end, line.size());
}

bool edit_line(std::vector<std::string>& lines, const StatusEdit& edit) {
  const auto row = static_cast<std::size_t>(edit.status.line) - 1;
  const auto from = static_cast<std::size_t>(edit.status.column) - 1;
  if (edit.status.line < 1 || edit.status.column < 1 || row >= lines.size()) return false;
  std::string& line = lines[row];
  const auto end = end_of_value(line, from);
  if (!end) return false;
  line.replace(from, *end - from, fmt::format("[{}]", fmt::join(edit.statuses, ", ")));
  return true;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

/// A stretch of lines, [from, to), that stands in one piece of the diff.
struct Hunk {
  std::size_t from = 0;
  std::size_t to = 0;
};

std::vector<Hunk> hunks_of(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  std::vector<Hunk> out;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    const std::size_t from = i < kContext ? 0 : i - kContext;
    const std::size_t to = std::min(i + kContext + 1, before.size());
    if (!out.empty() && from <= out.back().to) {
      out.back().to = to;
    } else {
      out.push_back({from, to});
    }
  }
  return out;
}

std::string text_of(const Hunk& h, const std::vector<std::string>& before, const std::vector<std::string>& after) {
  std::string out = fmt::format("@@ -{0},{1} +{0},{1} @@\n", h.from + 1, h.to - h.from);
  for (std::size_t i = h.from; i < h.to;) {
    if (before[i] == after[i]) {
      out += " " + before[i++] + "\n";
      continue;
    }
    std::size_t end = i;
    while (end < h.to && before[end] != after[end]) ++end;
    for (std::size_t j = i; j < end; ++j) out += "-" + before[j] + "\n";
    for (std::size_t j = i; j < end; ++j) out += "+" + after[j] + "\n";
    i = end;
  }
  return out;
}

}  // namespace

std::string unified_diff(std::string_view file, std::string_view before, std::string_view after) {
  const std::vector<std::string> old_lines = lines_of(before);
  const std::vector<std::string> new_lines = lines_of(after);
  std::string out;
  for (const Hunk& h : hunks_of(old_lines, new_lines)) {
    if (out.empty()) out = fmt::format("--- a/{0}\n+++ b/{0}\n", file);
    out += text_of(h, old_lines, new_lines);
  }
  return out;
}

CataloguePatch patch_of(const std::vector<StatusEdit>& edits,
                        const std::map<std::string, std::string_view, std::less<>>& texts) {
  CataloguePatch out;
  std::map<std::string, std::vector<std::string>> edited;
  // From the right, so that an edit moves no other one on its line.
  std::vector<const StatusEdit*> order;
  for (const StatusEdit& e : edits) order.push_back(&e);
  std::ranges::sort(order, std::greater{}, [](const StatusEdit* e) {
    return std::pair{e->status.line, e->status.column};
  });
  for (const StatusEdit* e : order) {
    const auto text = texts.find(e->status.file);
    bool done = false;
    if (text != texts.end()) {
      auto [lines, fresh] = edited.try_emplace(e->status.file);
      if (fresh) lines->second = lines_of(text->second);
      done = edit_line(lines->second, *e);
    }
    if (!done) out.by_hand.push_back(fmt::format("{}:{}", e->status.file, e->status.line));
    out.changed += done ? 1 : 0;
  }
  for (const auto& [file, lines] : edited) out.diff += unified_diff(file, texts.find(file)->second, joined(lines));
  return out;
}

}  // namespace sonde::cli
