// How we may talk on a stream: colour, width, alphabet and language; and text laid out in terminal columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/outcome.h"
#include "core/text.h"

namespace sonde::cli {

enum class Color { kRed, kGreen, kYellow, kBlue, kCyan, kGrey, kBold };

/// What the stream can show. Decided once in main from isatty(3), NO_COLOR, CLICOLOR_FORCE, --color, and for the
/// language --lang, LC_ALL, LC_MESSAGES, LANG.
struct Terminal {
  bool color = false;
  bool live = false;    // a terminal that can be redrawn in place
  bool unicode = true;  // false on a terminal whose locale says another alphabet, such as LANG=C
  int columns = 80;
  int rows = 24;
  core::Language language = core::Language::kEnglish;

  /// `text` in `color`, or as it is where colour is off.
  [[nodiscard]] std::string paint(Color color, std::string_view text) const;
  /// The English or the Chinese words.
  [[nodiscard]] std::string_view say(std::string_view en, std::string_view zh) const {
    return language == core::Language::kChinese ? zh : en;
  }
  /// The sign, or what stands for it where the alphabet is poor.
  [[nodiscard]] std::string_view sign(std::string_view rich, std::string_view poor) const {
    return unicode ? rich : poor;
  }
};

/// Colour and word of a status, the same everywhere.
[[nodiscard]] Color color_of(core::Status status);
[[nodiscard]] std::string_view word_of(core::Status status, const Terminal& t);

/// Text from outside (a remote, a file, an argument), harmless on a terminal: core::sanitize with a wide limit.
[[nodiscard]] std::string shown(std::string_view text);

/// `text` and spaces up to `columns` terminal columns (Chinese characters take two).
[[nodiscard]] std::string pad(std::string_view text, int columns);
/// The same with the spaces in front.
[[nodiscard]] std::string pad_left(std::string_view text, int columns);
/// `text` cut to `columns` with "…" at the end where something is missing. No escape sequences inside.
[[nodiscard]] std::string cut(std::string_view text, int columns);
/// Lines of at most `columns`, broken at spaces and between Chinese characters. A word that is longer stays whole.
/// Line breaks of `text` stay. No escape sequences inside.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, int columns);

/// `when` is auto, always or never; `lang` is empty for LC_ALL, LC_MESSAGES and LANG in this order.
[[nodiscard]] Terminal detect_terminal(int fd, std::string_view when, std::string_view lang);
/// Reads the size of the window again: it may have changed.
void refresh_size(Terminal& t, int fd);
/// The language alone, for texts that are chosen before arguments are parsed.
[[nodiscard]] core::Language detect_language(std::string_view lang);

/// Writes to stdout at once. False when nobody reads any more or the disk is full (`errno` says which): stop then.
[[nodiscard]] bool write_out(std::string_view text);
/// Writes to stderr at once.
void write_err(std::string_view text);

}  // namespace sonde::cli
