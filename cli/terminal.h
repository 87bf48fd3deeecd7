// How we may talk on a stream: colour, width and language.
#pragma once

#include <string>
#include <string_view>

#include "core/text.h"

namespace sonde::cli {

enum class Color { kRed, kGreen, kYellow, kBlue, kCyan, kGrey, kBold };

/// What the stream can show. Decided once in main from isatty(3), NO_COLOR, CLICOLOR_FORCE, --color and LANG.
struct Terminal {
  bool color = false;
  int columns = 80;
  core::Language language = core::Language::kEnglish;

  /// `text` in `color`, or as it is where colour is off.
  [[nodiscard]] std::string paint(Color color, std::string_view text) const;
  /// The English or the Chinese words.
  [[nodiscard]] std::string_view say(std::string_view en, std::string_view zh) const {
    return language == core::Language::kChinese ? zh : en;
  }
};

/// `text` and spaces up to `columns` terminal columns (Chinese characters take two).
[[nodiscard]] std::string pad(std::string_view text, int columns);

/// `when` is auto, always or never; `lang` is empty for LC_ALL, LC_MESSAGES and LANG in this order.
[[nodiscard]] Terminal detect_terminal(int fd, std::string_view when, std::string_view lang);

}  // namespace sonde::cli
