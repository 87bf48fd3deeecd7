// `sonde log cat` and `export`: records taken out as line protocol.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "cli/log_verbs.h"
#include "cli/verbs.h"
#include "core/text.h"
#include "io/files.h"
#include "pipeline/influx_wire.h"
#include "pipeline/log_survey.h"

namespace sonde::cli {
namespace {

core::Result<std::int64_t> read_moment(std::string_view option, const std::string& text, core::WallTime now) {
  if (const auto when = parse_moment(text, now)) return core::to_unix_ns(*when);
  return core::Error{
      core::ErrorCode::kInvalid,
      fmt::format("{} needs a time such as 2025-11-24T10:00:00Z, or 2h for two hours ago; got \"{}\"", option, text),
      fmt::format("{} 需要时间，例如 2025-11-24T10:00:00Z，或 2h 表示两小时前；得到的是“{}”", option, text)};
}

core::WallTime wall_now() {
  return core::WallTime{
      std::chrono::duration_cast<core::Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

core::Result<pipeline::LogFilter> read_filter(const LogVerbOptions& options) {
  pipeline::LogFilter filter;
  for (std::size_t i = 0; !options.classes.empty() && i < pipeline::kClasses; ++i) {
    filter.classes[i] = std::ranges::find(options.classes, pipeline::name(static_cast<pipeline::RecordClass>(i))) !=
                        options.classes.end();
  }
  const core::WallTime now = wall_now();
  if (!options.from.empty()) {
    const auto from = read_moment("--from", options.from, now);
    if (!from) return from.error();
    filter.from_ns = *from;
  }
  if (!options.to.empty()) {
    const auto to = read_moment("--to", options.to, now);
    if (!to) return to.error();
    filter.to_ns = *to;
  }
  return filter;
}

void say_unreadable(const pipeline::LogReading& reading, const Terminal& t) {
  if (reading.unreadable == 0) return;
  write_err(words(t, "{} records are damaged and were left out; `sonde log verify` says where.\n",
                  "{} 条记录已损坏，未输出；位置见 `sonde log verify`。\n", reading.unreadable));
}

/// A file that is made beside its name and gets it when it is whole. Packed text is written as members (gzip) or frames
/// (zstd) one after another, which every unpacker takes for one file.
class ExportFile {
 public:
  ExportFile(io::Files& files, std::string path) : files_(files), path_(std::move(path)), part_(path_ + ".part") {}

  core::Result<void> open() {
    if (files_.open(path_, io::OpenMode::kReadOnly)) {
      return core::Error{core::ErrorCode::kInvalid, fmt::format("{} is there already", path_),
                         fmt::format("{} 已存在", path_)};
    }
    auto file = files_.open(part_, io::OpenMode::kCreate);
    if (!file) return file.error();
    file_ = std::move(*file);
    return file_->truncate(0);
  }
  core::Result<void> add(std::string_view lines) {
    text_ += lines;
    return text_.size() < kMemberBytes ? core::Result<void>{} : flush();
  }
  core::Result<void> finish() {
    if (auto flushed = flush(); !flushed) return flushed;
    if (auto synced = file_->sync(); !synced) return synced;
    file_.reset();
    return files_.rename(part_, path_);
  }
  void give_up() {
    file_.reset();
    (void)files_.remove(part_);
  }

 private:
  static constexpr std::size_t kMemberBytes = 1024 * 1024;

  core::Result<void> flush() {
    if (text_.empty()) return {};
    std::string packed;
    if (path_.ends_with(".gz")) {
      packed = pipeline::gzip(text_);
    } else if (path_.ends_with(".zst")) {
      packed = pipeline::compress(text_);
    } else {
      packed = std::move(text_);
    }
    text_.clear();
    return file_->append(packed);
  }

  io::Files& files_;
  std::string path_;
  std::string part_;
  std::unique_ptr<io::File> file_;
  std::string text_;
};

}  // namespace

std::optional<core::WallTime> parse_moment(std::string_view text, core::WallTime now) {
  if (const auto ago = core::parse_duration(text)) return now - *ago;
  return core::parse_utc(text);
}

int log_cat_verb(const LogVerbOptions& options, const Context& context) {
  const auto filter = read_filter(options);
  if (!filter) return log_failure(filter.error(), context.err);
  const auto files = io::make_system_files();
  int failed = 0;
  const auto reading = pipeline::read_log(*files, options.directory, *filter, [&failed](std::string_view lines) {
    if (write_out(lines)) return true;
    failed = errno;
    return false;
  });
  if (!reading) return log_failure(reading.error(), context.err);
  if (reading->stopped && failed != EPIPE) {
    return log_failure({core::ErrorCode::kIo, fmt::format("stdout: {}", std::strerror(failed))}, context.err);
  }
  say_unreadable(*reading, context.err);
  return exit_code::kOk;
}

int log_export_verb(const LogVerbOptions& options, const Context& context) {
  const auto filter = read_filter(options);
  if (!filter) return log_failure(filter.error(), context.err);
  const auto files = io::make_system_files();
  ExportFile file{*files, options.out};
  if (auto opened = file.open(); !opened) return log_failure(opened.error(), context.err);
  core::Result<void> added;
  const auto reading = pipeline::read_log(*files, options.directory, *filter, [&](std::string_view lines) {
    added = file.add(lines);
    return added.has_value();
  });
  if (reading && added) added = file.finish();
  if (!reading || !added) {
    file.give_up();
    return log_failure(reading ? added.error() : reading.error(), context.err);
  }
  say_unreadable(*reading, context.err);
  return written(write_out(
      words(context.out, "{} records are in {}.\n", "{} 条记录已写入 {}。\n", reading->records, shown(options.out))));
}

}  // namespace sonde::cli
