// From a measurement to text.
#include "prober/blackbox/answer.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "io/address.h"
#include "pipeline/probe_page.h"

namespace sonde::prober::blackbox {
namespace {

using core::Cause;
using core::ConfigNode;

constexpr std::array<std::string_view, 9> kSecretKeys = {"password",      "credentials",         "bearer_token",
                                                         "client_secret", "proxy_url",           "authorization",
                                                         "cookie",        "proxy-authorization", "x-api-key"};

void append_gauge(std::string_view name, std::string_view help, double value, std::string& out) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", name, help, value);
}

bool failed_by_pattern(const Answered& run) {
  if (!run.module.matches) return false;
  const core::Outcome& o = run.measurement.outcome;
  // A peer that closes without having said what was expected counts, silence does not.
  const bool talk_failed =
      run.module.kind == core::CheckKind::kTcp && o.stage == core::Stage::kTcp && o.cause == Cause::kClosed;
  return talk_failed || o.cause == Cause::kContentMismatch || o.cause == Cause::kHeaderMismatch ||
         o.cause == Cause::kExpectMismatch;
}

std::string_view text(const core::Measurement& m, const core::Field& field) {
  const core::FieldValue* value = m.get(field);
  const auto* found = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return found == nullptr ? std::string_view{} : std::string_view{*found};
}

/// Without the addresses among them, which blackbox_exporter leaves out.
std::string dns_names(std::string_view names) {
  std::string out;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    if (io::parse_address(name)) continue;
    if (!out.empty()) out += ',';
    out += name;
  }
  return out;
}

/// The one metric with labels that the remote chose, which is why only /probe has it: whoever scrapes it has asked for
/// just this target.
void append_chain_info(const core::Measurement& m, std::string& out) {
  const std::string_view fingerprint = text(m, core::field::kCertFingerprint);
  if (fingerprint.empty()) return;
  fmt::format_to(std::back_inserter(out),
                 "# HELP probe_ssl_last_chain_info The leaf certificate.\n# TYPE probe_ssl_last_chain_info gauge\n"
                 "probe_ssl_last_chain_info{{fingerprint_sha256=\"{}\",issuer=\"{}\",subject=\"{}\","
                 "subjectalternative=\"{}\"}} 1\n",
                 pipeline::escape_label(fingerprint), pipeline::escape_label(text(m, core::field::kCertIssuer)),
                 pipeline::escape_label(text(m, core::field::kCertSubject)),
                 pipeline::escape_label(dns_names(text(m, core::field::kCertNames))));
}

bool is_secret(std::string_view key) {
  std::string low{key};
  std::ranges::transform(low, low.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::ranges::find(kSecretKeys, low) != kSecretKeys.end();
}

/// A map or a list under `authorization` is shown, with its own secrets hidden; a text is hidden itself.
void append_yaml(const ConfigNode& node, int indent, std::string& out) {
  const auto pad = [&] { out.append(static_cast<std::size_t>(indent), ' '); };
  const auto value = [&](const ConfigNode& v, bool secret) {
    if (v.kind == ConfigNode::Kind::kScalar) {
      fmt::format_to(std::back_inserter(out), " {}\n", secret ? "<secret>" : v.scalar);
    } else {
      out += '\n';
      append_yaml(v, indent + 2, out);
    }
  };
  for (const auto& [key, v] : node.entries) {
    pad();
    out += key.scalar + ":";
    value(v, is_secret(key.scalar));
  }
  for (const ConfigNode& item : node.items) {
    pad();
    out += '-';
    value(item, false);
  }
}

void append_fact(const core::Field& field, const core::FieldValue& value, std::string& out) {
  const auto show = [&](const auto& v) { fmt::format_to(std::back_inserter(out), "{}={}\n", field.name, v); };
  std::visit(show, value);
}

}  // namespace

std::string metrics_text(const Answered& run) {
  std::string out = pipeline::probe_text(pipeline::probe_row(run.measurement, run.target.check));
  append_chain_info(run.measurement, out);
  if (run.module.kind != core::CheckKind::kDns) {
    append_gauge("probe_failed_due_to_regex", "1 when a regular expression decided against the answer.",
                 failed_by_pattern(run) ? 1 : 0, out);
  }
  return out;
}

std::string debug_text(const Answered& run) {
  const core::Outcome& o = run.measurement.outcome;
  std::string out =
      fmt::format("Logs for the probe:\nurl={}\ntimeout_seconds={}\nstatus={} stage={} cause={}\n", run.target.url,
                  core::to_seconds(run.target.timeout), name(o.status), name(o.stage), name(o.cause));
  if (!o.detail.empty()) out += "detail=" + o.detail + "\n";
  for (const core::Field& field : core::probe_fields()) {
    if (const auto* value = run.measurement.get(field)) append_fact(field, *value, out);
  }
  out += "\n\n\nMetrics that would have been returned:\n" + metrics_text(run);
  out += "\n\n\nModule configuration:\n";
  append_yaml(run.module.written, 0, out);
  return out;
}

}  // namespace sonde::prober::blackbox
