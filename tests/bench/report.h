// What the benchmarks print: rows of figures as a table for people, or one JSON object per row.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::bench {

/// Several measurements of one thing.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

/// Of at least one value.
[[nodiscard]] Spread spread_of(std::vector<double> values);

/// The value that `share` (0 to 1) of `values` do not exceed; `values` are sorted by this and not empty.
[[nodiscard]] double percentile(std::vector<double>& values, double share);

/// A figure: a plain number, or with its extremes; nothing where it could not be measured.
using Figure = std::pair<std::string, std::optional<Spread>>;

/// Prints rows as they come; the head of the table again whenever the columns change.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// A line of explanation above the rows that follow. JSON leaves it out.
  void say(const std::string& text) const;
  /// `bench` and `what` name the row; `note` says what a reader must know about it, often nothing.
  void row(const std::string& bench, const std::string& what, const std::vector<Figure>& figures,
           const std::string& note = "");

 private:
  bool json_;
  std::string head_;
};

/// A figure of one value.
[[nodiscard]] Figure one(std::string name, double value);
[[nodiscard]] Figure none(std::string name);

}  // namespace sonde::bench
