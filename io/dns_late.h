// Answers that came after their look-up had given up waiting (RELIABILITY D50): how late, for whoever asks the same
// question again. Internal to io/dns_channel.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "io/dns_query.h"

namespace sonde::io {

/// Of the servers of one channel. The newest answer to each question, the oldest questions go first.
class DnsLate {
 public:
  /// The answer to `query` (in wire form) came that long after it was sent.
  void note(std::span<const std::uint8_t> query, Duration after) {
    (void)take(query);
    if (late_.size() == kMax) late_.pop_front();
    const auto question = question_of(query);
    late_.push_back({{question.begin(), question.end()}, after});
  }

  /// What was noted for the same question, once.
  [[nodiscard]] std::optional<Duration> take(std::span<const std::uint8_t> query) {
    if (late_.empty()) return std::nullopt;
    const auto question = question_of(query);
    const auto it =
        std::ranges::find_if(late_, [&](const Late& l) { return std::ranges::equal(l.question, question); });
    if (it == late_.end()) return std::nullopt;
    const Duration after = it->after;
    late_.erase(it);
    return after;
  }

 private:
  static constexpr std::size_t kMax = 64;
  struct Late {
    std::vector<std::uint8_t> question;
    Duration after;
  };
  /// All but the id, which each query has anew.
  static std::span<const std::uint8_t> question_of(std::span<const std::uint8_t> query) { return query.subspan(2); }

  std::deque<Late> late_;
};

}  // namespace sonde::io
