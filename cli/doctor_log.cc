// The log, looked at from outside: beside the process that writes it, without its lock.
#include <algorithm>

#include <fmt/format.h>

#include "cli/doctor_machine.h"
#include "io/host_facts.h"
#include "pipeline/log_survey.h"

namespace sonde::cli {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

Diagnosis on_log(Grade grade, std::string_view check, std::string_view promise, core::BilingualText text,
                 core::BilingualText advice = {}) {
  return {grade, "log", check, promise, std::move(text), std::move(advice)};
}

// The folder that is there: the log's own is made by the first run.
std::string existing_folder(std::string path, io::Files& files) {
  while (!files.list(path) && path.rfind('/') != std::string::npos && path != "/") {
    path.resize(std::max<std::size_t>(path.rfind('/'), 1));
  }
  return files.list(path) ? path : ".";
}

void space(const pipeline::LogOptions& o, std::uint64_t used, io::Files& files, std::vector<Diagnosis>& out) {
  const auto free = files.free_bytes(existing_folder(o.directory, files));
  if (!free) {
    out.push_back(on_log(Grade::kWarn, "space", "P5", both("{}", "无法得知剩余空间：{}", free.error().message),
                         both("look at it by other means", "请用其他方法查看")));
    return;
  }
  const std::uint64_t usable = *free - std::min(*free, o.free_bytes_min);
  const std::uint64_t wanted = o.bytes_max - std::min(o.bytes_max, used);
  const core::BilingualText text =
      both("{} MiB are free, {} of them stay free (min_free); the log may want {} more (max_bytes)",
           "剩余 {} MiB，其中 {} 保留（min_free）；日志还可能需要 {}（max_bytes）", *free / kMiB,
           o.free_bytes_min / kMiB, wanted / kMiB);
  if (usable == 0) {
    out.push_back(
        on_log(Grade::kFail, "space", "P5", text,
               both("make room: the log drops its oldest records already", "请腾出空间：日志已经在丢弃最旧的记录")));
  } else if (usable < wanted) {
    out.push_back(on_log(Grade::kWarn, "space", "P5", text,
                         both("make room, or lower max_bytes: the disk ends before the log's own bound",
                              "请腾出空间或降低 max_bytes：磁盘会先于日志上限用尽")));
  } else {
    out.push_back(on_log(Grade::kOk, "space", "P5", text));
  }
}

void damage(const pipeline::LogSurvey& survey, const std::string& directory, std::vector<Diagnosis>& out) {
  const auto damaged = std::ranges::count_if(survey.findings, pipeline::is_damage);
  std::uint64_t records = survey.journal_records;
  std::uint64_t lost = 0;
  for (const auto& s : survey.segments) {
    records += s.records;
    lost += s.lost;
  }
  if (damaged > 0) {
    out.push_back(
        on_log(Grade::kFail, "health", "P7", both("{} damaged places", "{} 处损坏", damaged),
               both("`sonde log verify {0}` says where; the next start marks them, or `sonde log repair {0}`",
                    "`sonde log verify {0}` 指出位置；下次启动会标记它们，也可用 `sonde log repair {0}`", directory)));
  } else if (lost > 0) {
    out.push_back(on_log(Grade::kWarn, "health", "P7",
                         both("{} records are kept; {} were lost to damage that is marked",
                              "保存 {} 条记录；{} 条已因损坏丢失并标记", records, lost),
                         both("look at the disk: `dmesg`, SMART", "请检查磁盘：`dmesg`、SMART")));
  } else {
    out.push_back(
        on_log(Grade::kOk, "health", "P7",
               both("{} records are kept, no frame is damaged (`sonde log verify` also reads what is in them)",
                    "保存 {} 条记录，没有损坏的帧（`sonde log verify` 还会读其内容）", records)));
  }
}

void reader(const pipeline::SurveyedReader& r, const Configuration& c, std::vector<Diagnosis>& out) {
  const bool ours = std::ranges::any_of(c.sinks, [&](const auto& s) { return pipeline::name(s) == r.state.name; });
  if (!ours) return;  // the judge reads hours behind on purpose; a sink that is no longer there waits for nothing
  const auto& s = r.state;
  const core::BilingualText text = both("{}: {} wait, {} delivered, {} refused, {} evicted, {} damaged",
                                        "{}：待投递 {}，已投递 {}，被拒绝 {}，被逐出 {}，损坏 {}", s.name, r.pending,
                                        s.delivered, s.dead_lettered, s.evicted, s.quarantined);
  if (s.dead_lettered > 0) {
    out.push_back(on_log(Grade::kWarn, "reader", "P15", text,
                         both("the refused lines and the server's words are in {}/dead-letter-{}.jsonl",
                              "被拒绝的行和服务器的说明在 {}/dead-letter-{}.jsonl", c.log.directory, s.name)));
  } else if (s.evicted > 0 || s.quarantined > 0) {
    out.push_back(on_log(Grade::kWarn, "reader", "P15", text,
                         both("the gap records say when and why: `sonde log cat --class a {}`",
                              "gap 记录说明了何时、为何：`sonde log cat --class a {}`", c.log.directory)));
  } else {
    out.push_back(on_log(Grade::kOk, "reader", "P15", text));
  }
}

}  // namespace

std::vector<Diagnosis> diagnose_log(const Configuration& configuration, io::Files& files) {
  std::vector<Diagnosis> out;
  const pipeline::LogOptions& o = configuration.log;
  if (const auto writable = io::may_write_in(o.directory); writable) {
    out.push_back(on_log(Grade::kOk, "place", "P1", both("{}", "{}", o.directory)));
  } else {
    out.push_back(on_log(Grade::kFail, "place", "P1", both("{}", "无法写入：{}", writable.error().message),
                         both("give the process the right to write there: without it results are in memory only",
                              "请赋予写权限：否则结果只在内存中")));
  }
  const auto survey = pipeline::survey_log(files, o.directory, false);
  std::uint64_t used = 0;
  if (survey) {
    for (const auto& s : survey->segments) used += s.bytes;
    used += survey->journal_bytes + survey->quarantine_bytes;
  }
  space(o, used, files, out);
  if (!survey) {
    if (survey.error().code == core::ErrorCode::kNotFound) {
      out.push_back(on_log(Grade::kOk, "health", "P7",
                           both("no log is there yet; the first run makes it", "还没有日志；首次运行时创建")));
    } else {
      const bool zh = !survey.error().zh.empty();
      out.push_back(on_log(
          Grade::kFail, "health", "P7", {survey.error().message, zh ? survey.error().zh : survey.error().message},
          both("run the version that wrote it, or look at the disk", "请使用写入它的版本，或检查磁盘")));
    }
    return out;
  }
  damage(*survey, o.directory, out);
  for (const auto& r : survey->readers) reader(r, configuration, out);
  return out;
}

}  // namespace sonde::cli
