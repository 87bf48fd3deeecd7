// `sonde log ls`, `verify` and `repair`.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "cli/log_verbs.h"
#include "cli/verbs.h"
#include "io/files.h"
#include "io/system_loop.h"
#include "pipeline/log_repair.h"
#include "pipeline/log_survey.h"

namespace sonde::cli {

namespace {

using Json = nlohmann::ordered_json;
using pipeline::Finding;

std::string dump(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string moment(std::int64_t ms) { return ms == 0 ? "-" : core::format_utc(core::from_unix_ms(ms)); }

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 4> kUnits{"B", "KiB", "MiB", "GiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

// ---- ls ----

Json json_of(const pipeline::SurveyedReader& reader) {
  return {{"name", reader.state.name},           {"pending", reader.pending},
          {"delivered", reader.state.delivered}, {"dead_lettered", reader.state.dead_lettered},
          {"evicted", reader.state.evicted},     {"quarantined", reader.state.quarantined}};
}

Json json_of(const pipeline::LogSurvey& survey, const std::string& directory) {
  Json segments = Json::array();
  for (const pipeline::SurveyedSegment& s : survey.segments) {
    Json one{{"class", pipeline::name(s.record_class)},
             {"segment", s.number},
             {"path", s.path},
             {"records", s.records},
             {"lost", s.lost},
             {"bytes", s.bytes}};
    if (s.first_ms != 0) one["first_ms"] = s.first_ms;
    if (s.last_ms != 0) one["last_ms"] = s.last_ms;
    segments.push_back(std::move(one));
  }
  Json readers = Json::array();
  for (const pipeline::SurveyedReader& r : survey.readers) readers.push_back(json_of(r));
  return {{"directory", directory},
          {"segments", segments},
          {"journal_records", survey.journal_records},
          {"journal_bytes", survey.journal_bytes},
          {"quarantine_bytes", survey.quarantine_bytes},
          {"readers", readers}};
}

/// Rows in columns; all but the first and the times are numbers.
std::string table(const std::vector<std::vector<std::string>>& rows, const Terminal& t) {
  std::vector<int> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], core::display_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += (i == 0 ? pad(row[i], widths[i]) : "  " + pad_left(row[i], widths[i]));
    }
    out += (&row == &rows.front() ? t.paint(Color::kBold, line) : line) + "\n";
  }
  return out;
}

std::string segments_table(const pipeline::LogSurvey& survey, const Terminal& t) {
  std::vector<std::vector<std::string>> rows{
      {std::string{t.say("SEGMENT", "段")}, std::string{t.say("RECORDS", "记录")}, std::string{t.say("LOST", "丢失")},
       std::string{t.say("BYTES", "字节")}, std::string{t.say("FROM", "始于")}, std::string{t.say("TO", "止于")}}};
  std::uint64_t records = survey.journal_records;
  std::uint64_t bytes = survey.journal_bytes;
  for (const pipeline::SurveyedSegment& s : survey.segments) {
    records += s.records;
    bytes += s.bytes;
    rows.push_back({fmt::format("{}/{}", pipeline::name(s.record_class), pipeline::segment_file_name(s.number)),
                    std::to_string(s.records), std::to_string(s.lost), bytes_text(s.bytes), moment(s.first_ms),
                    moment(s.last_ms)});
  }
  rows.push_back({"journal", std::to_string(survey.journal_records), "0", bytes_text(survey.journal_bytes), "-", "-"});
  return table(rows, t) + words(t, "{} records in {}.\n", "共 {} 条记录，{}。\n", records, bytes_text(bytes));
}

std::string readers_table(const pipeline::LogSurvey& survey, const Terminal& t) {
  if (survey.readers.empty()) return std::string{t.say("No reader has been here.\n", "还没有读者。\n")};
  std::vector<std::vector<std::string>> rows{
      {std::string{t.say("READER", "读者")}, std::string{t.say("PENDING", "待投递")},
       std::string{t.say("DELIVERED", "已投递")}, std::string{t.say("DEAD LETTERS", "死信")},
       std::string{t.say("EVICTED", "被逐出")}, std::string{t.say("DAMAGED", "损坏")}}};
  for (const pipeline::SurveyedReader& r : survey.readers) {
    rows.push_back({shown(r.state.name), std::to_string(r.pending), std::to_string(r.state.delivered),
                    std::to_string(r.state.dead_lettered), std::to_string(r.state.evicted),
                    std::to_string(r.state.quarantined)});
  }
  return table(rows, t);
}

// ---- verify ----

std::string_view key_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kDamagedHeader:
      return "damaged_header";
    case Finding::Kind::kNoFrame:
      return "no_frame";
    case Finding::Kind::kDamagedPayload:
      return "damaged_payload";
    case Finding::Kind::kMissing:
      return "missing_records";
    case Finding::Kind::kUnfinished:
      return "unfinished_write";
  }
  return "";
}

std::string_view what(Finding::Kind kind, const Terminal& t) {
  switch (kind) {
    case Finding::Kind::kDamagedHeader:
      return t.say("the header is damaged", "文件头已损坏");
    case Finding::Kind::kNoFrame:
      return t.say("damaged bytes where a frame should begin", "此处应为一帧，但字节已损坏");
    case Finding::Kind::kDamagedPayload:
      return t.say("the frame's records do not match their checksum", "帧内记录与校验和不符");
    case Finding::Kind::kMissing:
      return t.say("records are missing without a trace", "记录缺失且没有痕迹");
    case Finding::Kind::kUnfinished:
      return t.say("an unfinished write; no damage", "未写完的末尾；不算损坏");
  }
  return "";
}

std::string line_of(const Finding& f, const Terminal& t) {
  std::string out = fmt::format("{}:{}-{}: {}", shown(f.path), f.offset, f.end,
                                t.paint(is_damage(f) ? Color::kRed : Color::kGrey, what(f.kind, t)));
  if (f.records > 0) out += words(t, " ({} records)", "（{} 条记录）", f.records);
  return out + "\n";
}

Json json_of(const Finding& f) {
  return {{"kind", key_of(f.kind)}, {"path", f.path},       {"offset", f.offset},
          {"end", f.end},           {"records", f.records}, {"damage", is_damage(f)}};
}

std::size_t damages(const pipeline::LogSurvey& survey) {
  return static_cast<std::size_t>(std::ranges::count_if(survey.findings, pipeline::is_damage));
}

// ---- repair ----

std::string repair_text(const pipeline::RepairReport& report, const Terminal& t) {
  std::string out;
  for (const Finding& f : report.before.findings) out += line_of(f, t);
  std::uint64_t cut = 0;
  std::uint64_t lost = 0;
  for (const Finding& f : report.before.findings) {
    if (f.kind == Finding::Kind::kUnfinished) cut += f.end - f.offset;
    lost += f.records;
  }
  const std::size_t before = damages(report.before);
  const std::size_t after = damages(report.after);
  if (before > after) {
    out += words(t, "{} damaged places were marked, with {} records; copies are in quarantine/ ({}).\n",
                 "已标记 {} 处损坏，涉及 {} 条记录；副本在 quarantine/（{}）。\n", before - after, lost,
                 bytes_text(report.after.quarantine_bytes));
  }
  if (cut > 0) out += words(t, "{} of an unfinished write were cut off.\n", "已截去未写完的 {}。\n", bytes_text(cut));
  if (report.before.journal_records > 0) {
    out += words(t, "{} records of the journal were put into segments.\n", "已将日记中的 {} 条记录并入段。\n",
                 report.before.journal_records);
  }
  if (after > 0) {
    out += words(t, "{} damaged places are left; each is marked when it is first read.\n",
                 "还有 {} 处损坏；首次读取时会被标记。\n", after);
  } else if (out.empty()) {
    out += t.say("There was nothing to repair.\n", "没有需要修复的内容。\n");
  }
  return out;
}

}  // namespace

int log_failure(const core::Error& error, const Terminal& t) {
  const bool chinese = t.language == core::Language::kChinese && !error.zh.empty();
  write_err(
      fmt::format("{}: {}\n", t.paint(Color::kRed, t.say("error", "错误")), shown(chinese ? error.zh : error.message)));
  switch (error.code) {
    case core::ErrorCode::kInvalid:
    case core::ErrorCode::kNotFound:
      return exit_code::kUsage;
    case core::ErrorCode::kBusy:
      return exit_code::kBusy;
    case core::ErrorCode::kUnsupported:
      return exit_code::kNewer;
    case core::ErrorCode::kIo:
    case core::ErrorCode::kNoSpace:
    case core::ErrorCode::kCorrupt:
      return exit_code::kUnknown;
  }
  return exit_code::kUnknown;
}

int log_ls_verb(const LogVerbOptions& options, const Context& context) {
  const auto files = io::make_system_files();
  const auto survey = pipeline::survey_log(*files, options.directory, false);
  if (!survey) return log_failure(survey.error(), context.err);
  if (options.json) return written(write_out(dump(json_of(*survey, options.directory))));
  std::string out = segments_table(*survey, context.out) + "\n" + readers_table(*survey, context.out);
  if (survey->quarantine_bytes > 0) {
    out += words(context.out, "{} of damaged bytes are kept in quarantine/.\n",
                 "quarantine/ 中保存着 {} 损坏的字节。\n", bytes_text(survey->quarantine_bytes));
  }
  return written(write_out(out));
}

int log_verify_verb(const LogVerbOptions& options, const Context& context) {
  const auto files = io::make_system_files();
  const auto survey = pipeline::survey_log(*files, options.directory, true);
  if (!survey) return log_failure(survey.error(), context.err);
  std::string out;
  for (const Finding& f : survey->findings) out += options.json ? dump(json_of(f)) : line_of(f, context.out);
  const std::size_t damaged = damages(*survey);
  if (!options.json) {
    std::uint64_t records = survey->journal_records;
    for (const auto& s : survey->segments) records += s.records;
    out += damaged > 0 ? words(context.out, "{} damaged places.\n", "{} 处损坏。\n", damaged)
                       : words(context.out, "{} records, all whole.\n", "{} 条记录，全部完好。\n", records);
  }
  if (!write_out(out)) return exit_code::kUnknown;
  return damaged > 0 ? exit_code::kFailed : exit_code::kOk;
}

int log_repair_verb(const LogVerbOptions& options, const Context& context) {
  spdlog::set_level(spdlog::level::off);  // what the log says while it opens, the report says in the reader's language
  const auto files = io::make_system_files();
  const auto loop = io::make_system_loop();
  const auto report = pipeline::repair_log(*loop, *files, options.directory);
  if (!report) return log_failure(report.error(), context.err);
  if (!report->degraded.empty()) return log_failure({core::ErrorCode::kIo, report->degraded}, context.err);
  if (!write_out(repair_text(*report, context.out))) return exit_code::kUnknown;
  return damages(report->after) > 0 ? exit_code::kFailed : exit_code::kOk;
}

}  // namespace sonde::cli
