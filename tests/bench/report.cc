// Tables and JSON.
#include "tests/bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>

namespace sonde::bench {
namespace {

constexpr int kNameWidth = 30;
constexpr int kFigureWidth = 22;

std::string short_number(double v) {
  if (v == 0) return "0";
  if (std::abs(v) >= 1000) return fmt::format("{:.0f}", v);
  return fmt::format("{:.3g}", v);
}

std::string cell(const std::optional<Spread>& s) {
  if (!s) return "-";
  if (s->min == s->max) return short_number(s->median);
  return fmt::format("{} ({}-{})", short_number(s->median), short_number(s->min), short_number(s->max));
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 2], values.front(), values.back()};
}

double percentile(std::vector<double>& values, double share) {
  std::ranges::sort(values);
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(at, 1, values.size()) - 1];
}

void Report::say(const std::string& text) const {
  if (!json_) fmt::print("\n{}\n", text);
  std::fflush(stdout);
}

void Report::row(const std::string& bench, const std::string& what, const std::vector<Figure>& figures,
                 const std::string& note) {
  if (json_) {
    std::string out = fmt::format(R"({{"bench":"{}","what":"{}")", bench, what);
    for (const auto& [name, s] : figures) {
      if (!s) {
        out += fmt::format(R"(,"{}":null)", name);
      } else if (s->min == s->max) {
        out += fmt::format(R"(,"{}":{:.6g})", name, s->median);
      } else {
        out += fmt::format(R"(,"{}":{{"median":{:.6g},"min":{:.6g},"max":{:.6g}}})", name, s->median, s->min, s->max);
      }
    }
    if (!note.empty()) out += fmt::format(R"(,"note":"{}")", note);
    fmt::print("{}}}\n", out);
  } else {
    std::string head = fmt::format("{:<{}}", bench, kNameWidth);
    std::string line = fmt::format("{:<{}}", what, kNameWidth);
    for (const auto& [name, s] : figures) {
      const auto width = std::max<std::size_t>(kFigureWidth, name.size() + 2);
      head += fmt::format("{:>{}}", name, width);
      line += fmt::format("{:>{}}", cell(s), width);
    }
    if (head != head_) fmt::print("{}\n", head);
    head_ = head;
    fmt::print("{}{}{}\n", line, note.empty() ? "" : "  ", note);
  }
  std::fflush(stdout);
}

Figure one(std::string name, double value) { return {std::move(name), Spread{value, value, value}}; }
Figure none(std::string name) { return {std::move(name), std::nullopt}; }

}  // namespace sonde::bench
