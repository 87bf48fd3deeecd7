// The table from fields to samples, and the writing of them.
#include "pipeline/probe_page.h"

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "core/schema.h"
#include "io/address.h"

namespace sonde::pipeline {
namespace {

namespace field = core::field;
using core::Record;

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

double number(const Record& r, const core::Field& f) { return r.number(f.name).value_or(kAbsent); }

bool is(const Record& r, std::string_view check) { return r.tag(core::tag::kCheck) == check; }

double http_phase(const Record& r, const core::Field& f) { return is(r, "http") ? number(r, f) : kAbsent; }

double lookup_time(const Record& r) { return is(r, "dns") ? kAbsent : number(r, field::kResolveSeconds); }

double dns_request(const Record& r) { return is(r, "dns") ? number(r, field::kResolveSeconds) : kAbsent; }

double dns_succeeded(const Record& r) {
  if (!is(r, "dns")) return kAbsent;
  return r.field(field::kDnsRcode.name) == nullptr ? 0 : 1;
}

double ip_protocol(const Record& r) {
  const std::string_view family = r.tag(core::tag::kFamily);
  if (family.empty()) return kAbsent;
  return family == "ip6" ? 6 : 4;
}

// FNV-1a of the address's bytes, as blackbox_exporter hashes it: to see that an address changed.
double ip_hash(const Record& r) {
  const auto address = io::parse_address(r.text(field::kIp.name).value_or(""));
  if (!address) return kAbsent;
  std::uint32_t hash = 2166136261U;
  const std::size_t bytes = address->family == io::IpAddress::Family::kIp4 ? 4 : 16;
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ address->bytes.at(i)) * 16777619U;
  return hash;
}

double http_ssl(const Record& r) {
  if (r.field(field::kHttpStatusCode.name) == nullptr) return kAbsent;
  return r.field(field::kTlsVersion.name) == nullptr ? 0 : 1;
}

double http_version(const Record& r) {
  const auto text = r.text(field::kHttpVersion.name);
  if (!text) return kAbsent;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc{} && end == text->data() + text->size() ? value : kAbsent;
}

double tls_version(const Record& r, std::string_view version) {
  return r.text(field::kTlsVersion.name) == version ? 1 : kAbsent;
}

double one(const Record& /*r*/) { return 1; }

/// One sample that a row may have.
struct Slot {
  std::string extra;  // further labels, `phase="resolve"`
  double (*value)(const Record&) = nullptr;
};

struct Family {
  std::string name;
  std::string help;
  std::size_t first = 0;  // slot
  std::size_t slots = 0;
};

struct Table {
  std::vector<Family> families;
  std::vector<Slot> slots;
  std::unordered_map<std::string_view, std::size_t> by_field;  // numeric fields of the record to their slot
  std::size_t cause_slot = 0;

  Table() {
    for (const core::Field& f : core::probe_fields()) {
      if (f.type == core::FieldType::kString) continue;
      by_field.emplace(f.name, slots.size());
      std::string help{f.meaning};
      if (!f.unit.empty()) help += fmt::format(" ({})", f.unit);
      add(fmt::format("probe_{}", f.name), std::move(help) + ".", {{}});
    }
    add("probe_http_duration_seconds", "Duration of the phases of a request, summed over redirects.",
        {{"phase=\"resolve\"", [](const Record& r) { return http_phase(r, field::kResolveSeconds); }},
         {"phase=\"connect\"", [](const Record& r) { return http_phase(r, field::kConnectSeconds); }},
         {"phase=\"tls\"", [](const Record& r) { return http_phase(r, field::kTlsSeconds); }},
         {"phase=\"processing\"", [](const Record& r) { return http_phase(r, field::kProcessingSeconds); }},
         {"phase=\"transfer\"", [](const Record& r) { return http_phase(r, field::kTransferSeconds); }}});
    add("probe_dns_lookup_time_seconds", "Time taken by the lookup of the name.", {{"", lookup_time}});
    add("probe_dns_duration_seconds", "Duration of the phases of a DNS query.", {{"phase=\"request\"", dns_request}});
    add("probe_dns_query_succeeded", "1 when the resolver answered.", {{"", dns_succeeded}});
    add("probe_ip_protocol", "4 or 6: the protocol of the address used.", {{"", ip_protocol}});
    add("probe_ip_addr_hash", "Hash of the address used: a change of it is a change of the address.", {{"", ip_hash}});
    add("probe_http_ssl", "1 when the last answer came over TLS.", {{"", http_ssl}});
    add("probe_http_version", "HTTP version of the answer.", {{"", http_version}});
    add("probe_tls_version_info", "1 for the TLS version used.",
        {{"version=\"TLS 1.0\"", [](const Record& r) { return tls_version(r, "TLSv1"); }},
         {"version=\"TLS 1.1\"", [](const Record& r) { return tls_version(r, "TLSv1.1"); }},
         {"version=\"TLS 1.2\"", [](const Record& r) { return tls_version(r, "TLSv1.2"); }},
         {"version=\"TLS 1.3\"", [](const Record& r) { return tls_version(r, "TLSv1.3"); }}});
    cause_slot = slots.size();
    add("probe_cause_info", "1 for the stage and the cause that the run ended with.", {{"", one}});
  }

  void add(std::string name, std::string help, std::vector<Slot> more) {
    families.push_back({std::move(name), std::move(help), slots.size(), more.size()});
    slots.insert(slots.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
};

const Table& table() {
  static const Table kTable;
  return kTable;
}

std::string labels_of(const Record& r) {
  std::string out;
  for (const auto& [key, value] : r.tags) {
    if (key == core::tag::kFamily) continue;
    fmt::format_to(std::back_inserter(out), "{}{}=\"{}\"", out.empty() ? "" : ",", key, escape_label(value));
  }
  return out;
}

void append_sample(const Family& family, const std::string& labels, std::string_view extra, double value,
                   std::string& out) {
  out += family.name;
  if (!labels.empty() || !extra.empty()) {
    out += '{';
    out += labels;
    if (!labels.empty() && !extra.empty()) out += ',';
    out += extra;
    out += '}';
  }
  fmt::format_to(std::back_inserter(out), " {}\n", value);
}

/// HELP and TYPE come with the first sample: a family that no row has is not shown.
class FamilyWriter {
 public:
  FamilyWriter(std::size_t family, std::string& out)
      : family_(table().families[family]), out_(out), bytes_(out.size()) {}

  void add(const ProbeRow& row) {
    for (std::size_t i = family_.first; i < family_.first + family_.slots; ++i) {
      if (std::isnan(row.values[i])) continue;
      if (out_.size() == bytes_) {
        fmt::format_to(std::back_inserter(out_), "# HELP {0} {1}\n# TYPE {0} gauge\n", family_.name, family_.help);
      }
      if (i == table().cause_slot) {
        append_sample(family_, row.labels,
                      fmt::format("cause=\"{}\",stage=\"{}\"", core::name(row.cause), core::name(row.stage)),
                      row.values[i], out_);
      } else {
        append_sample(family_, row.labels, table().slots[i].extra, row.values[i], out_);
      }
    }
  }

 private:
  const Family& family_;
  std::string& out_;
  std::size_t bytes_;
};

}  // namespace

std::string escape_label(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

ProbeRow probe_row(const Record& probe, bool tags) {
  ProbeRow row;
  if (tags) row.labels = labels_of(probe);
  row.stage = core::parse_stage(probe.text(field::kStage.name).value_or("")).value_or(core::Stage::kDone);
  row.cause = core::parse_cause(probe.text(field::kCause.name).value_or("")).value_or(core::Cause::kNone);
  row.values.assign(table().slots.size(), kAbsent);
  for (std::size_t i = 0; i < table().slots.size(); ++i) {
    if (table().slots[i].value != nullptr) row.values[i] = table().slots[i].value(probe);
  }
  for (const auto& [name, value] : probe.fields) {
    const auto slot = table().by_field.find(name);
    if (slot == table().by_field.end()) continue;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      row.values[slot->second] = static_cast<double>(*integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      row.values[slot->second] = *real;
    }
  }
  return row;
}

std::size_t probe_families() { return table().families.size(); }

std::string probe_text(const ProbeRow& row) {
  std::string out;
  for (std::size_t family = 0; family < probe_families(); ++family) FamilyWriter{family, out}.add(row);
  return out;
}

void ProbePage::take(const Record& record) {
  if (record.measurement != core::measurement::kProbe) return;
  const std::string_view target = record.tag(core::tag::kTarget);
  const auto known = rows_.find(target);
  ProbeRow row = probe_row(record, true);
  if (known != rows_.end()) {
    known->second = std::move(row);
  } else {
    rows_.emplace(target, std::move(row));
  }
}

void ProbePage::keep_only(const std::set<std::string, std::less<>>& targets) {
  std::erase_if(rows_, [&](const auto& row) { return !targets.contains(row.first); });
}

void ProbePage::append(std::size_t family, std::string& out) const {
  FamilyWriter writer{family, out};
  for (const auto& [target, row] : rows_) writer.add(row);
}

std::string ProbePage::text() const {
  std::string out;
  for (std::size_t family = 0; family < probe_families(); ++family) append(family, out);
  return out;
}

}  // namespace sonde::pipeline
