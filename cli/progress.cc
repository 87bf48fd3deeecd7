// The line that says how far we are.
#include "cli/progress.h"

#include <utility>

#include <fmt/format.h>

namespace sonde::cli {
namespace {

constexpr core::Duration kRedraw = std::chrono::milliseconds{100};
constexpr core::Duration kPlainEvery = std::chrono::seconds{10};

}  // namespace

void Progress::ended(core::MonoTime now, bool failed, std::string_view waiting) {
  ++done_;
  failed_ += failed ? 1 : 0;
  draw(now, waiting);
}

void Progress::tick(core::MonoTime now, std::string_view waiting) { draw(now, waiting); }

void Progress::clear() {
  if (!visible_) return;
  write_err("\r\x1b[K");
  visible_ = false;
}

void Progress::draw(core::MonoTime now, std::string_view waiting) {
  if (!wanted_) return;
  // Plain lines begin after the first pause: whatever is quick needs none.
  if (std::exchange(first_, false)) drawn_ = t_.live ? now - kRedraw : now;
  if (now - drawn_ < (t_.live ? kRedraw : kPlainEvery)) return;
  drawn_ = now;
  std::string text =
      fmt::format(fmt::runtime(t_.say("{}/{} done, {} failed", "完成 {}/{}，失败 {}")), done_, total_, failed_);
  if (!waiting.empty()) text += fmt::format("{}{}", t_.say(", waiting for ", "，等待 "), shown(waiting));
  if (!t_.live) {
    write_err(text + "\n");
    return;
  }
  write_err("\r\x1b[K" + cut(text, t_.columns - 1));
  visible_ = true;
}

}  // namespace sonde::cli
