// Lines to a file or to stdout.
#include "pipeline/file_sink.h"

#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/text.h"
#include "pipeline/rotated_files.h"

namespace sonde::pipeline {
namespace {

using core::Result;

constexpr std::size_t kBatchBytes = 1024 * 1024;
constexpr std::size_t kTailBytes = 64 * 1024;
constexpr std::string_view kBegun = "# begun at unix ms ";

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

/// The end of the last whole line of the file.
Result<std::uint64_t> whole_bytes(const io::File& file, std::uint64_t size) {
  for (std::uint64_t end = size; end > 0;) {
    const std::uint64_t start = end > kTailBytes ? end - kTailBytes : 0;
    const auto tail = file.read_at(start, static_cast<std::size_t>(end - start));
    if (!tail) return tail.error();
    if (const std::size_t at = tail->rfind('\n'); at != std::string::npos) return start + at + 1;
    end = start;
  }
  return std::uint64_t{0};
}

/// When the file was begun, by its first line.
std::optional<core::WallTime> begun_at(const io::File& file) {
  const auto head = file.read_at(0, kBegun.size() + 20);
  if (!head || !head->starts_with(kBegun)) return std::nullopt;
  std::int64_t ms = 0;
  const char* first = head->data() + kBegun.size();
  const auto [end, error] = std::from_chars(first, head->data() + head->size(), ms);
  return error == std::errc{} && end != first ? std::optional{core::from_unix_ms(ms)} : std::nullopt;
}

// Takes a batch at once and answers before deliver() returns.
class FileSink final : public Sink {
 public:
  FileSink(io::Loop& loop, io::Files& files, FileSinkOptions options)
      : loop_(loop),
        files_(files),
        options_(std::move(options)),
        rotated_(loop, files, options_.path, options_.rotation.keep, options_.rotation.gzip) {
    if (options_.rotation.on()) rotated_.resume();
  }

  [[nodiscard]] std::string_view name() const override { return options_.name; }
  [[nodiscard]] std::size_t batch_bytes_max() const override { return kBatchBytes; }
  [[nodiscard]] io::Handle deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) override {
    const auto written = write(batch.lines);
    if (!written) take_back();
    done(written ? SinkReply{} : SinkReply{.kind = SinkReply::Kind::kRetry, .message = written.error().message});
    return {};
  }

 private:
  Result<void> write(std::string_view lines) {
    if (auto opened = open(); !opened) return opened;
    if (due(lines.size())) {
      if (auto rotated = rotate(); !rotated) return rotated;
    }
    if (auto headed = begin_file(); !headed) return headed;
    if (auto written = file_->append(lines); !written) return written;
    if (auto synced = file_->sync(); !synced) return synced;
    size_ += lines.size();
    return {};
  }

  // Opens what is there. The end of a line that a crash tore off is cut away: the batch was not acknowledged.
  Result<void> open() {
    if (file_ != nullptr) return {};
    auto file = files_.open(options_.path, io::OpenMode::kCreate);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    const auto whole = whole_bytes(**file, *size);
    if (!whole) return whole.error();
    if (*whole < *size) {
      if (auto cut = (*file)->truncate(*whole); !cut) return cut;
    }
    if (auto synced = files_.sync_directory(folder_of(options_.path)); !synced) return synced;
    size_ = *whole;
    begun_ = begun_at(**file).value_or(loop_.wall_now());
    file_ = std::move(*file);
    return {};
  }

  [[nodiscard]] bool due(std::size_t more) const {
    const FileRotation& r = options_.rotation;
    if (size_ == 0) return false;
    if (r.bytes > 0 && size_ + more > r.bytes) return true;
    return r.every > core::Duration{} && loop_.wall_now() - begun_ >= r.every;
  }

  // A file that cannot be put aside grows on: lines matter more than its size.
  Result<void> rotate() {
    file_.reset();
    if (auto aside = rotated_.put_aside(loop_.wall_now()); !aside) {
      spdlog::warn("sink {}: cannot rotate {}: {}", options_.name, options_.path, aside.error().message);
    }
    return open();
  }

  // The first line of a new file, where its age matters.
  Result<void> begin_file() {
    if (size_ > 0 || options_.rotation.every == core::Duration{}) return {};
    begun_ = loop_.wall_now();
    const std::string line = fmt::format("{}{}, {}\n", kBegun, core::to_unix_ms(begun_), core::format_utc(begun_));
    if (auto written = file_->append(line); !written) return written;
    size_ = line.size();
    return {};
  }

  // What a failed write left is cut off, or found and cut off when the file is opened again.
  void take_back() {
    if (file_ != nullptr) (void)file_->truncate(size_);
    file_.reset();
  }

  io::Loop& loop_;
  io::Files& files_;
  FileSinkOptions options_;
  RotatedFiles rotated_;
  std::unique_ptr<io::File> file_;
  std::uint64_t size_ = 0;  // of whole batches
  core::WallTime begun_{};
};

class StdoutSink final : public Sink {
 public:
  explicit StdoutSink(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::size_t batch_bytes_max() const override { return kBatchBytes; }
  [[nodiscard]] io::Handle deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) override {
    const bool written = std::fwrite(batch.lines.data(), 1, batch.lines.size(), stdout) == batch.lines.size() &&
                         std::fflush(stdout) == 0;
    std::clearerr(stdout);
    done(written ? SinkReply{} : SinkReply{.kind = SinkReply::Kind::kRetry, .message = "stdout takes nothing"});
    return {};
  }

 private:
  std::string name_;
};

}  // namespace

std::unique_ptr<Sink> make_file_sink(io::Loop& loop, io::Files& files, FileSinkOptions options) {
  return std::make_unique<FileSink>(loop, files, std::move(options));
}

std::unique_ptr<Sink> make_stdout_sink(std::string name) { return std::make_unique<StdoutSink>(std::move(name)); }

}  // namespace sonde::pipeline
