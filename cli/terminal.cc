// Colour, width and language of a stream.
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace sonde::cli {
namespace {

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

bool wants_color(int fd, std::string_view when) {
  if (when != "auto") return when == "always";
  if (!environment("NO_COLOR").empty()) return false;
  if (const auto force = environment("CLICOLOR_FORCE"); !force.empty() && force != "0") return true;
  return ::isatty(fd) == 1 && environment("TERM") != "dumb";
}

core::Language wanted_language(std::string_view lang) {
  for (const std::string_view text : {lang, environment("LC_ALL"), environment("LC_MESSAGES"), environment("LANG")}) {
    if (!text.empty()) return core::parse_language(text);
  }
  return core::Language::kEnglish;
}

}  // namespace

std::string Terminal::paint(Color c, std::string_view text) const {
  if (!color) return std::string{text};
  return std::string{"\x1b["}.append(code(c)).append("m").append(text).append("\x1b[0m");
}

std::string pad(std::string_view text, int columns) {
  const int missing = columns - core::display_width(text);
  return std::string{text} + std::string(static_cast<std::size_t>(std::max(missing, 0)), ' ');
}

Terminal detect_terminal(int fd, std::string_view when, std::string_view lang) {
  Terminal t;
  t.color = wants_color(fd, when);
  t.language = wanted_language(lang);
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) t.columns = size.ws_col;
  return t;
}

}  // namespace sonde::cli
