// Batches from the log into picture and history; old rows out.
#include "hub/store.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>
#include <vector>

#include "core/line_protocol.h"

namespace sonde::hub {

Store::Store(io::Loop& loop, History& history, StoreOptions options)
    : loop_(loop), history_(history), options_(options), picture_(options.round) {
  auto kept = history_.state();
  if (!kept) {
    spdlog::warn("the newest state could not be read back: {}", kept.error().message);
  } else {
    for (const core::Record& r : *kept) picture_.take(r);
    picture_.forget();
    remember_health();
  }
  schedule_prune(std::chrono::seconds{30});
}

// The newest results alone would call a target that fails since yesterday one that never worked.
void Store::remember_health() {
  std::vector<std::string> failing;
  for (const auto& [name, state] : picture_.targets()) {
    if (state.never_healthy()) failing.push_back(name);
  }
  for (const std::string& name : failing) {
    const auto healthy = history_.ever_healthy(name);
    if (!healthy || *healthy) picture_.note_healthy(name);  // where it cannot be told, nothing is claimed
  }
}

io::Handle Store::deliver(const pipeline::LogBatch& batch, core::Callback<void(pipeline::SinkReply)> done) {
  std::vector<core::Record> records;
  records.reserve(static_cast<std::size_t>(batch.records));
  core::decode_lines(
      batch.lines, core::Precision::kNanoseconds, loop_.wall_now(),
      [&records](core::Record r) { records.push_back(std::move(r)); }, [this](const core::LineError&) { ++left_out_; });
  for (const core::Record& r : records) {
    if (!picture_.take(r)) ++left_out_;
  }
  picture_.forget();
  pipeline::SinkReply reply;
  if (auto written = history_.write(records); !written) {
    reply.kind = pipeline::SinkReply::Kind::kRetry;
    reply.message = written.error().message;
  }
  done(std::move(reply));
  return {};
}

void Store::schedule_prune(core::Duration delay) {
  prune_timer_ = loop_.after(delay, [this] { prune(); });
}

void Store::prune() {
  auto more = history_.prune(loop_.wall_now() - options_.retention, options_.rows_max);
  if (!more) spdlog::warn("old results could not be deleted: {}", more.error().message);
  const bool again_soon = more.has_value() && *more;
  schedule_prune(again_soon ? core::Duration{std::chrono::milliseconds{200}} : std::chrono::minutes{1});
}

}  // namespace sonde::hub
