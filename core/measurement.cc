// From a run's facts to its record.
#include "core/measurement.h"

namespace sonde::core {
namespace {

constexpr std::size_t kFactsUsually = 24;  // of an https run: one allocation instead of five

}  // namespace

void Measurement::set(const Field& field, FieldValue value) {
  std::uint8_t& place = places_[field.index];
  if (place != 0) {
    facts_[place - 1U] = std::move(value);
    return;
  }
  if (facts_.empty()) facts_.reserve(kFactsUsually);
  facts_.push_back(std::move(value));
  place = static_cast<std::uint8_t>(facts_.size());
}

Record to_record(const Measurement& m, const Vantage& v, const Target& t, WallTime slot) {
  Record r;
  r.measurement = measurement::kProbe;
  r.time = from_unix_ms(to_unix_ms(slot));
  r.add_tag(tag::kCheck, name(t.check));
  r.add_tag(tag::kFamily, m.family);
  if (t.partition) r.add_tag(tag::kPartition, name(*t.partition));
  r.add_tag(tag::kProvider, t.provider);
  r.add_tag(tag::kRegion, t.region);
  r.add_tag(tag::kRole, name(t.role));
  r.add_tag(tag::kService, t.service);
  r.add_tag(tag::kTarget, t.name);
  r.add_tag(tag::kVantage, v.name);
  r.add_tag(tag::kVantagePartition, name(v.partition));
  r.add_tag(tag::kVantageProvider, v.provider);
  r.add_tag(tag::kVantageRegion, v.region);

  const Outcome& o = m.outcome;
  r.add_field(field::kSuccess.name, std::int64_t{is_success(o.status) ? 1 : 0});
  r.add_field(field::kStatusCode.name, static_cast<std::int64_t>(o.status));
  r.add_field(field::kCauseCode.name, static_cast<std::int64_t>(o.cause));
  r.add_field(field::kStatus.name, std::string{name(o.status)});
  r.add_field(field::kStage.name, std::string{name(o.stage)});
  r.add_field(field::kCause.name, std::string{name(o.cause)});
  if (!o.detail.empty()) r.add_field(field::kDetail.name, o.detail);
  for (const Field& f : probe_fields()) {
    if (const FieldValue* value = m.get(f)) r.add_field(f.name, *value);
  }
  return r;
}

}  // namespace sonde::core
