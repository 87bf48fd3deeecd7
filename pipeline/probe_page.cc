// The table from fields to samples, and the writing of them.
#include "pipeline/probe_page.h"

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "core/schema.h"
#include "io/address.h"

namespace sonde::pipeline {
namespace {

namespace field = core::field;
using core::CheckKind;
using core::Measurement;

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

double number(const Measurement& m, const core::Field& f) {
  const core::FieldValue* value = m.get(f);
  if (value == nullptr) return kAbsent;
  if (const auto* integer = std::get_if<std::int64_t>(value)) return static_cast<double>(*integer);
  const auto* real = std::get_if<double>(value);
  return real != nullptr ? *real : kAbsent;
}

std::string_view text(const Measurement& m, const core::Field& f) {
  const core::FieldValue* value = m.get(f);
  const auto* found = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return found == nullptr ? std::string_view{} : std::string_view{*found};
}

double http_phase(const Measurement& m, CheckKind check, const core::Field& f) {
  return check == CheckKind::kHttp ? number(m, f) : kAbsent;
}

double success(const Measurement& m, CheckKind /*check*/) { return core::is_success(m.outcome.status) ? 1 : 0; }

double status_code(const Measurement& m, CheckKind /*check*/) { return static_cast<double>(m.outcome.status); }

double cause_code(const Measurement& m, CheckKind /*check*/) { return static_cast<double>(m.outcome.cause); }

double lookup_time(const Measurement& m, CheckKind check) {
  return check == CheckKind::kDns ? kAbsent : number(m, field::kResolveSeconds);
}

double dns_request(const Measurement& m, CheckKind check) {
  return check == CheckKind::kDns ? number(m, field::kResolveSeconds) : kAbsent;
}

/// Over TLS the handshake belongs to it, as in blackbox_exporter; over UDP there is none.
double dns_connect(const Measurement& m, CheckKind check) {
  if (check != CheckKind::kDns) return kAbsent;
  const double tls = number(m, field::kTlsSeconds);
  return number(m, field::kConnectSeconds) + (std::isnan(tls) ? 0 : tls);
}

double dns_succeeded(const Measurement& m, CheckKind check) {
  if (check != CheckKind::kDns) return kAbsent;
  return m.get(field::kDnsRcode) == nullptr ? 0 : 1;
}

// All records of the section; the field is only there where it is not just those that were asked for.
double dns_answer_records(const Measurement& m, CheckKind /*check*/) {
  const double all = number(m, field::kDnsAnswerRecords);
  return std::isnan(all) ? number(m, field::kDnsAnswers) : all;
}

double ip_protocol(const Measurement& m, CheckKind /*check*/) {
  const auto address = io::parse_address(text(m, field::kIp));
  if (!address) return kAbsent;
  return address->family == io::IpAddress::Family::kIp6 ? 6 : 4;
}

// FNV-1a of the address's bytes, as blackbox_exporter hashes it: to see that an address changed.
double ip_hash(const Measurement& m, CheckKind /*check*/) {
  const auto address = io::parse_address(text(m, field::kIp));
  if (!address) return kAbsent;
  std::uint32_t hash = 2166136261U;
  const std::size_t bytes = address->family == io::IpAddress::Family::kIp4 ? 4 : 16;
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ address->bytes.at(i)) * 16777619U;
  return hash;
}

double http_ssl(const Measurement& m, CheckKind /*check*/) {
  if (m.get(field::kHttpStatusCode) == nullptr) return kAbsent;
  return m.get(field::kTlsVersion) == nullptr ? 0 : 1;
}

double http_version(const Measurement& m, CheckKind /*check*/) {
  const std::string_view version = text(m, field::kHttpVersion);
  double value = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), value);
  return !version.empty() && error == std::errc{} && end == version.data() + version.size() ? value : kAbsent;
}

double tls_version(const Measurement& m, std::string_view version) {
  return text(m, field::kTlsVersion) == version ? 1 : kAbsent;
}

double one(const Measurement& /*m*/, CheckKind /*check*/) { return 1; }

/// One sample that a row may have.
struct Slot {
  std::string extra;  // further labels, `phase="resolve"`
  double (*value)(const Measurement&, CheckKind) = nullptr;
  const core::Field* field = nullptr;  // where it is just a field of the record
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
  std::size_t cause_slot = 0;

  Table() {
    for (const core::Field& f : core::probe_fields()) {
      if (f.type == core::FieldType::kString) continue;
      std::string help{f.meaning};
      if (!f.unit.empty()) help += fmt::format(" ({})", f.unit);
      add(fmt::format("probe_{}", f.name), std::move(help) + ".", {{"", outcome_value(f), &f}});
    }
    add("probe_http_duration_seconds", "Duration of the phases of a request, summed over redirects.",
        {{"phase=\"resolve\"",
          [](const Measurement& m, CheckKind c) { return http_phase(m, c, field::kResolveSeconds); }},
         {"phase=\"connect\"",
          [](const Measurement& m, CheckKind c) { return http_phase(m, c, field::kConnectSeconds); }},
         {"phase=\"tls\"", [](const Measurement& m, CheckKind c) { return http_phase(m, c, field::kTlsSeconds); }},
         {"phase=\"processing\"",
          [](const Measurement& m, CheckKind c) { return http_phase(m, c, field::kProcessingSeconds); }},
         {"phase=\"transfer\"",
          [](const Measurement& m, CheckKind c) { return http_phase(m, c, field::kTransferSeconds); }}});
    add("probe_dns_lookup_time_seconds", "Time taken by the lookup of the name.", {{"", lookup_time}});
    add("probe_dns_duration_seconds", "Duration of the phases of a DNS query.",
        {{"phase=\"connect\"", dns_connect}, {"phase=\"request\"", dns_request}});
    add("probe_dns_query_succeeded", "1 when the resolver answered.", {{"", dns_succeeded}});
    add("probe_dns_answer_rrs", "Records of the answer section.", {{"", dns_answer_records}});
    add("probe_dns_authority_rrs", "Records of the authority section.", {{"", nullptr, &field::kDnsAuthority}});
    add("probe_dns_additional_rrs", "Records of the additional section.", {{"", nullptr, &field::kDnsAdditional}});
    add("probe_ip_protocol", "4 or 6: the protocol of the address used.", {{"", ip_protocol}});
    add("probe_ip_addr_hash", "Hash of the address used: a change of it is a change of the address.", {{"", ip_hash}});
    add("probe_http_ssl", "1 when the last answer came over TLS.", {{"", http_ssl}});
    add("probe_http_uncompressed_body_length", "Bytes of the body, decoded.", {{"", nullptr, &field::kHttpBodyBytes}});
    add("probe_http_last_modified_timestamp_seconds", "When the content was changed last, as the answer says.",
        {{"", nullptr, &field::kHttpLastModified}});
    add("probe_ssl_last_chain_expiry_timestamp_seconds", "Earliest end of the chain that was verified.",
        {{"", nullptr, &field::kSslLastChainExpiry}});
    add("probe_http_version", "HTTP version of the answer.", {{"", http_version}});
    add("probe_tls_version_info", "1 for the TLS version used.",
        {{"version=\"TLS 1.0\"", [](const Measurement& m, CheckKind) { return tls_version(m, "TLSv1"); }},
         {"version=\"TLS 1.1\"", [](const Measurement& m, CheckKind) { return tls_version(m, "TLSv1.1"); }},
         {"version=\"TLS 1.2\"", [](const Measurement& m, CheckKind) { return tls_version(m, "TLSv1.2"); }},
         {"version=\"TLS 1.3\"", [](const Measurement& m, CheckKind) { return tls_version(m, "TLSv1.3"); }}});
    cause_slot = slots.size();
    add("probe_cause_info", "1 for the stage and the cause that the run ended with.", {{"", one}});
  }

  /// The fields that are not among a measurement's facts.
  static double (*outcome_value(const core::Field& f))(const Measurement&, CheckKind) {
    if (f.name == field::kSuccess.name) return success;
    if (f.name == field::kStatusCode.name) return status_code;
    if (f.name == field::kCauseCode.name) return cause_code;
    return nullptr;
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

/// Whole numbers as such, others in the shortest form that reads back the same.
void append_value(double value, std::string& out) {
  constexpr double kWholeMax = 1e15;
  std::array<char, 32> text;
  char* const end = text.data() + text.size();
  const bool whole = std::abs(value) < kWholeMax && value == std::trunc(value);
  const auto written = whole ? std::to_chars(text.data(), end, static_cast<std::int64_t>(value))
                             : std::to_chars(text.data(), end, value);
  out.append(text.data(), written.ptr);
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
  out += ' ';
  append_value(value, out);
  out += '\n';
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

ProbeRow probe_row(const Measurement& m, CheckKind check) {
  ProbeRow row;
  row.stage = m.outcome.stage;
  row.cause = m.outcome.cause;
  row.values.reserve(table().slots.size());
  for (const Slot& slot : table().slots) {
    row.values.push_back(slot.value != nullptr ? slot.value(m, check) : number(m, *slot.field));
  }
  return row;
}

std::string probe_labels(const core::Vantage& v, const core::Target& t) {
  std::string out;
  for (const auto& [key, value] : to_record(Measurement{}, v, t, {}).tags) {
    fmt::format_to(std::back_inserter(out), "{}{}=\"{}\"", out.empty() ? "" : ",", key, escape_label(value));
  }
  return out;
}

std::size_t probe_families() { return table().families.size(); }

std::string probe_text(const ProbeRow& row) {
  std::string out;
  for (std::size_t family = 0; family < probe_families(); ++family) FamilyWriter{family, out}.add(row);
  return out;
}

void ProbePage::take(const core::ProbeResult& result) {
  ProbeRow& row = rows_[result.target.name];
  const bool relabel = row.relabel || row.labels.empty();
  std::string labels = relabel ? probe_labels(result.vantage, result.target) : std::move(row.labels);
  row = probe_row(result.measurement, result.target.check);
  row.labels = std::move(labels);
}

void ProbePage::keep_only(const std::set<std::string, std::less<>>& targets) {
  std::erase_if(rows_, [&](const auto& row) { return !targets.contains(row.first); });
  for (auto& [target, row] : rows_) row.relabel = true;
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
