// A file sink examined beside its file.
#include <optional>

#include <fmt/format.h>

#include "cli/doctor_sinks.h"
#include "pipeline/lines.h"

namespace sonde::cli {
namespace {

core::Result<std::uint64_t> written_beside(io::Loop& loop, io::Files& files, pipeline::FileSinkOptions options,
                                           std::string_view vantage) {
  options.path += ".canary";
  options.rotation = {};
  (void)files.remove(options.path);  // one that was left by a kill
  const auto sink = pipeline::make_file_sink(loop, files, options);
  pipeline::LogBatch batch;
  batch.lines = pipeline::canary_for(vantage, options.name, loop.wall_now()).lines();
  batch.records = 2;
  core::Result<std::uint64_t> out{std::uint64_t{0}};
  for (int i = 0; i < pipeline::kCanaryWrites && out; ++i) {
    // A file sink answers before deliver() returns.
    const io::Handle handle = sink->deliver(batch, [&out](const pipeline::SinkReply& reply) {
      if (reply.kind != pipeline::SinkReply::Kind::kDone) out = core::Error{core::ErrorCode::kIo, reply.message};
    });
  }
  if (out) {
    const auto text = files.read_all(options.path, batch.lines.size() * pipeline::kCanaryWrites);
    if (text) {
      out = pipeline::count_records(*text);
    } else {
      out = text.error();
    }
  }
  if (auto removed = files.remove(options.path); !removed && out) return removed.error();
  return out;
}

}  // namespace

std::vector<Diagnosis> examine_file(io::Loop& loop, io::Files& files, const pipeline::FileSinkOptions& options,
                                    std::string_view vantage) {
  std::vector<Diagnosis> out;
  const auto add = [&](Grade grade, std::string_view check, std::string_view promise, core::BilingualText text,
                       core::BilingualText advice) {
    out.push_back({grade, "sink " + options.name, check, promise, std::move(text), std::move(advice)});
  };
  const auto there = files.open(options.path, io::OpenMode::kReadWrite);
  const bool unusable = !there && there.error().code != core::ErrorCode::kNotFound;
  const auto records =
      unusable ? core::Result<std::uint64_t>{there.error()} : written_beside(loop, files, options, vantage);
  if (!records) {
    add(Grade::kFail, "write", "P1", both("{}", "无法写入：{}", records.error().message),
        both("make room, or give the process the right to write there; until then results wait in the log",
             "腾出空间或赋予写权限；在此之前结果在日志中等待"));
    return out;
  }
  const std::uint64_t expected = 2 * static_cast<std::uint64_t>(pipeline::kCanaryWrites);
  if (*records != expected) {
    add(Grade::kFail, "write", "P1",
        both("{} of {} lines are there after they were synced", "落盘后只有 {} 行，应为 {} 行", *records, expected),
        both("do not rely on this file system", "不要依赖此文件系统"));
    return out;
  }
  add(Grade::kOk, "write", "P1",
      both("a file beside {} took the canary, was synced, read back and removed",
           "{} 旁的文件已写入金丝雀、落盘、读回并删除", options.path),
      {});
  add(Grade::kOk, "once", "P2",
      both("a file keeps every copy: after a crash a batch may stand in it twice, with equal lines",
           "文件会保留每一份：崩溃后同一批可能出现两次，内容相同"),
      both("readers take equal lines for one", "读取方应把相同的行视为一行"));
  return out;
}

}  // namespace sonde::cli
