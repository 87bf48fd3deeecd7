// Ready tags, then the fields straight from the measurement.
#include "core/probe_line.h"

#include <array>
#include <string_view>

#include "core/line_buffer.h"

namespace sonde::core {
namespace {

/// ",name=" of every field, in the order of the table.
constexpr std::array kFieldStarts{
#define SONDE_FIELD(id, stored, type, unit, meaning, source) LinePiece{"," stored "="},
#include "core/probe_fields.inc"
#undef SONDE_FIELD
};

constexpr std::int64_t kDigitsAfterMilliseconds = 1'000'000;

void write_tag(LineBuffer& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line.byte(',');
  line.raw(name);
  line.byte('=');
  line.key(value, kSpecialInKeys);
}

void write_integer(LineBuffer& line, const Field& field, std::int64_t value) {
  line.piece(kFieldStarts[field.index]);
  line.integer(value);
  line.byte('i');
}

void write_text(LineBuffer& line, const Field& field, std::string_view value) {
  line.piece(kFieldStarts[field.index]);
  line.text(value);
}

void write_outcome(LineBuffer& line, const Outcome& o) {
  if (o.status == Status::kOk && o.stage == Stage::kDone && o.cause == Cause::kNone) {  // most of them
    line.raw(R"( success=1i,status_code=0i,cause_code=0i,status="ok",stage="done",cause="none")");
  } else {
    line.raw(is_success(o.status) ? " success=1i" : " success=0i");
    write_integer(line, field::kStatusCode, static_cast<std::int64_t>(o.status));
    write_integer(line, field::kCauseCode, static_cast<std::int64_t>(o.cause));
    write_text(line, field::kStatus, name(o.status));
    write_text(line, field::kStage, name(o.stage));
    write_text(line, field::kCause, name(o.cause));
  }
  if (!o.detail.empty()) write_text(line, field::kDetail, o.detail);
}

}  // namespace

ProbeTags::ProbeTags(const Vantage& v, const Target& t) {
  LineBuffer head;
  head.raw(measurement::kProbe);
  write_tag(head, tag::kCheck, name(t.check));
  head_ = head.view();
  LineBuffer tail;
  if (t.partition) write_tag(tail, tag::kPartition, name(*t.partition));
  write_tag(tail, tag::kProvider, t.provider);
  write_tag(tail, tag::kRegion, t.region);
  write_tag(tail, tag::kRole, name(t.role));
  write_tag(tail, tag::kService, t.service);
  write_tag(tail, tag::kTarget, t.name);
  write_tag(tail, tag::kVantage, v.name);
  write_tag(tail, tag::kVantagePartition, name(v.partition));
  write_tag(tail, tag::kVantageProvider, v.provider);
  write_tag(tail, tag::kVantageRegion, v.region);
  tail_ = tail.view();
  // What does not fit here must not fit later either: tags that were cut would be another series.
  if (tail.overflowed()) tail_.append(kLineBytesMax, ' ');
}

bool encode_line(const ProbeResult& result, std::string& out) {
  LineBuffer line;
  line.raw(result.tags.before_family());
  write_tag(line, tag::kFamily, result.measurement.family);
  line.raw(result.tags.after_family());
  write_outcome(line, result.measurement.outcome);
  for (std::size_t i = 0; i < kProbeFieldCount; ++i) {
    const FieldValue* value = result.measurement.get(i);
    if (value == nullptr || !LineBuffer::can_carry(*value)) continue;
    line.piece(kFieldStarts[i]);
    line.value(*value);
  }
  line.byte(' ');
  line.integer(to_unix_ms(result.slot) * kDigitsAfterMilliseconds);
  line.byte('\n');
  if (line.overflowed()) return false;
  out += line.view();
  return true;
}

Record to_record(const ProbeResult& r) { return to_record(r.measurement, r.vantage, r.target, r.slot); }

}  // namespace sonde::core
