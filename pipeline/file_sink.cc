// Lines to a file or to stdout.
#include "pipeline/file_sink.h"

#include <cstdio>
#include <utility>

namespace sonde::pipeline {
namespace {

constexpr std::size_t kBatchBytes = 1024 * 1024;

// Both take a batch at once and answer before deliver() returns.
class FileSink final : public Sink {
 public:
  FileSink(io::Files& files, std::string name, std::string path)
      : files_(files), name_(std::move(name)), path_(std::move(path)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::size_t batch_bytes_max() const override { return kBatchBytes; }
  [[nodiscard]] io::Handle deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) override {
    const auto written = write(batch.lines);
    if (!written) file_.reset();
    done(written ? SinkReply{} : SinkReply{.kind = SinkReply::Kind::kRetry, .message = written.error().message});
    return {};
  }

 private:
  core::Result<void> write(std::string_view lines) {
    if (file_ == nullptr) {
      auto file = files_.open(path_, io::OpenMode::kCreate);
      if (!file) return file.error();
      file_ = std::move(*file);
    }
    if (auto written = file_->append(lines); !written) return written;
    return file_->sync();
  }

  io::Files& files_;
  std::string name_;
  std::string path_;
  std::unique_ptr<io::File> file_;
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

std::unique_ptr<Sink> make_file_sink(io::Files& files, std::string name, std::string path) {
  return std::make_unique<FileSink>(files, std::move(name), std::move(path));
}

std::unique_ptr<Sink> make_stdout_sink(std::string name) { return std::make_unique<StdoutSink>(std::move(name)); }

}  // namespace sonde::pipeline
