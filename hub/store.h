// The sink `store`: keeps what the views show. The newest state is in memory (Picture), results and incidents are in
// SQLite (History); after a restart the first is rebuilt from the second.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/callback.h"
#include "core/result.h"
#include "hub/picture.h"
#include "hub/store_history.h"
#include "io/loop.h"
#include "pipeline/sink.h"

namespace sonde::hub {

struct StoreOptions {
  core::Duration round = std::chrono::seconds{10};
  core::Duration retention = std::chrono::hours{24 * 7};
  std::uint64_t rows_max = 50'000'000;  // of results; about 30 bytes each on disk
};

class Store final : public pipeline::Sink {
 public:
  /// `loop` and `history` must outlive it. Rebuilds the picture from `history`.
  Store(io::Loop& loop, History& history, StoreOptions options);

  [[nodiscard]] std::string_view name() const override { return "store"; }
  [[nodiscard]] std::size_t batch_bytes_max() const override { return 128 * 1024; }
  /// Takes the batch before it returns. kRetry when the disk refuses; the picture is current even then.
  [[nodiscard]] io::Handle deliver(const pipeline::LogBatch& batch,
                                   core::Callback<void(pipeline::SinkReply)> done) override;

  [[nodiscard]] const Picture& picture() const { return picture_; }
  [[nodiscard]] History& history() { return history_; }
  /// Lines of a batch that could not be read back or did not fit the picture's bounds.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  void remember_health();
  void schedule_prune(core::Duration delay);
  void prune();

  io::Loop& loop_;
  History& history_;
  StoreOptions options_;
  Picture picture_;
  std::uint64_t left_out_ = 0;
  io::Handle prune_timer_;
};

}  // namespace sonde::hub
