// How far many runs are, on stderr: one line that is redrawn on a terminal, a plain line now and then elsewhere.
#pragma once

#include <cstddef>
#include <string>

#include "cli/terminal.h"
#include "core/time.h"

namespace sonde::cli {

class Progress {
 public:
  /// `wanted` false: says nothing at all. `t` is the terminal of stderr and must outlive this.
  Progress(const Terminal& t, std::size_t total, bool wanted) : t_(t), total_(total), wanted_(wanted) {}

  /// Something ended. `now` limits how often a line is written; `waiting` names one that still runs ("" = none).
  void ended(core::MonoTime now, bool failed, std::string_view waiting);
  /// Time passed.
  void tick(core::MonoTime now, std::string_view waiting);
  /// Takes the line away before something else is written to the same terminal.
  void clear();

 private:
  void draw(core::MonoTime now, std::string_view waiting);

  const Terminal& t_;
  std::size_t total_;
  bool wanted_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  core::MonoTime drawn_{};
  bool first_ = true;
  bool visible_ = false;
};

}  // namespace sonde::cli
