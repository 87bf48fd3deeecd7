// What the hops of one run leave behind: their phases summed up, and the list of them for `http_hops`. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/measurement.h"

namespace sonde::prober {

class HttpTrail {
 public:
  /// Adds a hop that has ended. `url` is of the configuration or of a remote; its query is not kept.
  void add(const std::string& url, const core::Measurement& hop);
  [[nodiscard]] std::size_t size() const { return hops_.size(); }
  /// Writes into the measurement of the last hop: the sums of all hops' phases and, after redirects, `http_hops`.
  /// The sums are never more than the run took, because hops follow each other.
  void write(core::Measurement& last) const;

 private:
  struct Hop {
    std::string url;
    std::int64_t status = 0;      // 0: none came
    std::vector<double> seconds;  // by phase; negative where a phase was not reached
  };
  std::vector<Hop> hops_;
};

}  // namespace sonde::prober
