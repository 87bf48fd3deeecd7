// Text in terminal columns: padding, cutting and wrapping with characters that take two.
#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace sonde::cli {
namespace {

TEST(TerminalText, PaddingCountsColumnsNotBytes) {
  EXPECT_EQ(pad("目标", 6), "目标  ");
  EXPECT_EQ(pad_left("目标", 6), "  目标");
  EXPECT_EQ(pad("longer", 3), "longer");
}

TEST(TerminalText, CuttingNeverHalvesACharacter) {
  EXPECT_EQ(cut("example", 7), "example");
  EXPECT_EQ(cut("example", 5), "exam…");
  EXPECT_EQ(cut("目标目标", 6), "目标…");  // the third would end in column 6, where the dots are
}

TEST(TerminalText, LinesBreakAtSpacesAndBetweenWideCharacters) {
  EXPECT_EQ(wrap("one two three", 8), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("目标目标", 4), (std::vector<std::string>{"目标", "目标"}));
  EXPECT_EQ(wrap("averylongword x", 4), (std::vector<std::string>{"averylongword", "x"}));
  EXPECT_EQ(wrap("a\nb", 80), (std::vector<std::string>{"a", "b"}));
}

TEST(TerminalText, AChineseClosingMarkNeverBeginsALine) {
  for (const std::string& line : wrap("检查目标，检查目标。检查目标；", 8)) {
    for (const std::string_view mark : {"，", "。", "；"}) EXPECT_FALSE(line.starts_with(mark)) << line;
  }
}

TEST(TerminalText, WhatIsShownHasNoEscapes) {
  EXPECT_EQ(shown("a\x1b[31mb\nc"), "a[31mb c");
  EXPECT_EQ(shown("\xE2\x80\xAEx"), "x");
}

TEST(TerminalText, PaintLeavesTextAloneWithoutColour) {
  Terminal t;
  EXPECT_EQ(t.paint(Color::kRed, "x"), "x");
  t.color = true;
  EXPECT_EQ(t.paint(Color::kRed, "x"), "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace sonde::cli
