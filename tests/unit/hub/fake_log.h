// A log in memory whose disk does what the test says: nothing is durable until become_durable() is called,
// or at once with `automatic`.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/line_protocol.h"
#include "pipeline/log.h"

namespace sonde::hub::test {

class FakeLog final : public pipeline::Log {
 public:
  struct Entry {
    std::string lines;
    std::uint64_t records = 0;
    pipeline::RecordClass record_class{};
  };

  class FakeCursor final : public pipeline::Cursor {
   public:
    FakeCursor(FakeLog& log, std::string cursor_name) : log_(log), name_(std::move(cursor_name)) {}
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] core::Result<pipeline::LogBatch> read(std::size_t) override {
      pipeline::LogBatch batch;
      batch.first = batch.next = at_;
      if (at_ >= log_.durable_) return batch;
      batch.lines = log_.entries[at_].lines;
      batch.records = log_.entries[at_].records;
      batch.next = ++at_;
      return batch;
    }
    bool open_live(core::Duration) override { return false; }
    [[nodiscard]] core::Result<pipeline::LogBatch> read_live(std::size_t) override { return pipeline::LogBatch{}; }
    void rewind() override { at_ = committed; }
    void commit(std::uint64_t next, std::uint64_t, std::uint64_t) override { committed = next; }
    [[nodiscard]] pipeline::LogCounters counters() const override { return {}; }
    [[nodiscard]] core::Duration oldest_pending() const override { return {}; }
    void on_readable(core::Callback<void()> f) override { readable = std::move(f); }

    std::uint64_t committed = 0;  // in entries, not records
    core::Callback<void()> readable;

   private:
    FakeLog& log_;
    std::string name_;
    std::uint64_t at_ = 0;
  };

  bool append(const core::Record& record) override {
    std::string line;
    if (!core::encode_line(record, line)) return false;
    append_lines(line, 1, pipeline::RecordClass::kA);
    return true;
  }
  bool append(const core::ProbeResult& result) override { return append(core::to_record(result)); }
  void append_lines(std::string_view lines, std::uint64_t records, pipeline::RecordClass record_class) override {
    entries.push_back({std::string{lines}, records, record_class});
    if (automatic) become_durable();
  }
  void on_durable(core::Callback<void(core::Result<void>)> done) override {
    waiting_.push_back(std::move(done));
    if (automatic) become_durable();
  }
  core::Result<void> flush() override { return {}; }
  [[nodiscard]] pipeline::Cursor& cursor(const std::string& name) override {
    auto& slot = cursors_[name];
    if (!slot) slot = std::make_unique<FakeCursor>(*this, name);
    return *slot;
  }
  [[nodiscard]] std::vector<pipeline::Cursor*> cursors() override { return {}; }
  [[nodiscard]] std::uint64_t bytes_on_disk() const override { return 0; }
  [[nodiscard]] std::string degraded() const override { return {}; }
  [[nodiscard]] core::WallTime newest_stamp() const override { return {}; }

  /// The disk has everything, or refused with `error`.
  void become_durable(std::optional<core::Error> error = {}) {
    if (!error) durable_ = entries.size();
    for (auto& done : std::exchange(waiting_, {})) done(error ? core::Result<void>{*error} : core::Result<void>{});
    for (auto& [name, cursor] : cursors_) {
      if (!error && cursor->readable) cursor->readable();
    }
  }
  /// As after a restart: every reader begins where it committed.
  void rewind_all() {
    for (auto& [name, cursor] : cursors_) cursor->rewind();
  }
  [[nodiscard]] std::string all_lines() const {
    std::string all;
    for (const Entry& e : entries) all += e.lines;
    return all;
  }
  FakeCursor& fake_cursor(const std::string& name) { return static_cast<FakeCursor&>(cursor(name)); }

  bool automatic = false;
  std::vector<Entry> entries;

 private:
  friend class FakeCursor;
  std::uint64_t durable_ = 0;
  std::vector<core::Callback<void(core::Result<void>)>> waiting_;
  std::map<std::string, std::unique_ptr<FakeCursor>> cursors_;
};

}  // namespace sonde::hub::test
