// Colour, width, alphabet and language of a stream.
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "core/sanitize.h"

namespace sonde::cli {
namespace {

constexpr std::size_t kShownBytesMax = 4096;
constexpr int kColumnsMin = 40;
constexpr int kColumnsMax = 1000;

std::string_view code(Color color) {
  switch (color) {
    case Color::kRed:
      return "31";
    case Color::kGreen:
      return "32";
    case Color::kYellow:
      return "33";
    case Color::kBlue:
      return "34";
    case Color::kCyan:
      return "36";
    case Color::kGrey:
      return "90";
    case Color::kBold:
      return "1";
  }
  return "0";
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

bool wants_color(bool terminal, std::string_view when) {
  if (when != "auto") return when == "always";
  if (!environment("NO_COLOR").empty()) return false;
  if (const auto force = environment("CLICOLOR_FORCE"); !force.empty() && force != "0") return true;
  return terminal && environment("TERM") != "dumb";
}

// Unset says nothing, and most terminals of today show UTF-8.
bool shows_unicode(bool terminal) {
  if (!terminal) return true;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = environment(name);
    if (locale.empty()) continue;
    return locale.find("UTF") != locale.npos || locale.find("utf") != locale.npos;
  }
  return true;
}

std::size_t piece_length(std::string_view text) { return std::max<std::size_t>(core::utf8_sequence(text), 1); }

// Takes the next word with the spaces before it, or one wide character: where a line may break.
std::string_view next_piece(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t first = at;
  while (at < text.size() && text[at] != ' ' && text[at] != '\n') {
    const std::string_view character = text.substr(at, piece_length(text.substr(at)));
    const bool wide = core::display_width(character) == 2;
    if (wide && at > first) break;
    at += character.size();
    if (wide) break;
  }
  // A closing mark never begins a line.
  for (const std::string_view mark : {"，", "。", "；", "：", "）", "、", "”", "！", "？"}) {
    if (text.substr(at).starts_with(mark)) at += mark.size();
  }
  return text.substr(0, at);
}

}  // namespace

std::string Terminal::paint(Color c, std::string_view text) const {
  if (!color || text.empty()) return std::string{text};
  return std::string{"\x1b["}.append(code(c)).append("m").append(text).append("\x1b[0m");
}

Color color_of(core::Status status) {
  switch (status) {
    case core::Status::kOk:
      return Color::kGreen;
    case core::Status::kDegraded:
      return Color::kYellow;
    case core::Status::kFail:
      return Color::kRed;
    case core::Status::kUnknown:
      return Color::kGrey;
  }
  return Color::kGrey;
}

std::string_view word_of(core::Status status, const Terminal& t) {
  switch (status) {
    case core::Status::kOk:
      return t.say("ok", "正常");
    case core::Status::kDegraded:
      return t.say("degraded", "降级");
    case core::Status::kFail:
      return t.say("fail", "失败");
    case core::Status::kUnknown:
      return t.say("unknown", "未知");
  }
  return "";
}

std::string shown(std::string_view text) { return core::sanitize(text, kShownBytesMax); }

std::string pad(std::string_view text, int columns) {
  const int missing = columns - core::display_width(text);
  return std::string{text} + std::string(static_cast<std::size_t>(std::max(missing, 0)), ' ');
}

std::string pad_left(std::string_view text, int columns) {
  const int missing = columns - core::display_width(text);
  return std::string(static_cast<std::size_t>(std::max(missing, 0)), ' ') + std::string{text};
}

std::string cut(std::string_view text, int columns) {
  if (core::display_width(text) <= columns) return std::string{text};
  std::string out;
  int width = 0;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, piece_length(text));
    width += core::display_width(character);
    if (width > columns - 1) break;
    out += character;
    text.remove_prefix(character.size());
  }
  return out + "…";
}

std::vector<std::string> wrap(std::string_view text, int columns) {
  std::vector<std::string> lines{""};
  while (!text.empty()) {
    if (text.front() == '\n') {
      lines.emplace_back();
      text.remove_prefix(1);
      continue;
    }
    std::string_view piece = next_piece(text);
    text.remove_prefix(piece.size());
    if (!lines.back().empty() && core::display_width(lines.back()) + core::display_width(piece) > columns) {
      lines.emplace_back();
      piece.remove_prefix(std::min(piece.find_first_not_of(' '), piece.size()));
    }
    lines.back() += piece;
  }
  return lines;
}

core::Language detect_language(std::string_view lang) {
  for (const std::string_view text : {lang, environment("LC_ALL"), environment("LC_MESSAGES"), environment("LANG")}) {
    if (!text.empty()) return core::parse_language(text);
  }
  return core::Language::kEnglish;
}

Terminal detect_terminal(int fd, std::string_view when, std::string_view lang) {
  const bool terminal = ::isatty(fd) == 1;
  Terminal t;
  t.color = wants_color(terminal, when);
  t.live = terminal && environment("TERM") != "dumb";
  t.unicode = shows_unicode(terminal);
  t.language = detect_language(lang);
  if (const std::string_view columns = environment("COLUMNS"); !terminal && !columns.empty()) {
    std::from_chars(columns.data(), columns.data() + columns.size(), t.columns);
  }
  refresh_size(t, fd);
  return t;
}

void refresh_size(Terminal& t, int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    t.columns = size.ws_col;
    if (size.ws_row > 0) t.rows = size.ws_row;
  }
  t.columns = std::clamp(t.columns, kColumnsMin, kColumnsMax);
}

bool write_out(std::string_view text) {
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return std::fflush(stdout) == 0 && whole;
}

void write_err(std::string_view text) {
  // Nowhere is left to complain to.
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  static_cast<void>(std::fflush(stderr));
}

}  // namespace sonde::cli
