// Targets and vantages as YAML. Names in the model are plain (model_read.cc sees to it), but for those that the clouds
// of the catalogue give their regions; all else is quoted.
#include "prober_config.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sonde::world {
namespace {

// The longest that fits: runs of a target must not overlap, and a slow one should still end within its round.
std::string timing(const World& w) {
  return fmt::format("every: {}, timeout: {}", milliseconds_text(w.round), milliseconds_text(w.round * 3 / 4));
}

std::string place_text(const Place& p) {
  if (p.country.empty()) return {};
  return fmt::format(", city: {}, country: {}, lat: {}, lon: {}", quoted(p.city), quoted(p.country), p.lat, p.lon);
}

std::string expectation(const Target& t) {
  if (t.protocol == Protocol::kDns) return "rcode: NOERROR";
  return fmt::format("status: [{}]", fmt::join(t.statuses, ", "));
}

std::string app_text(const World& w, const Plan& plan, const Target& t) {
  std::string out = fmt::format("  - name: {}\n    url: {}\n", t.name, quoted(plan.url(t)));
  out += fmt::format("    hosted_on: {}/{}\n", t.provider, t.region);
  if (!t.depends_on.empty()) out += fmt::format("    depends_on: [{}]\n", fmt::join(t.depends_on, ", "));
  if (!t.dns_provider.empty()) out += fmt::format("    dns_provider: {}\n", t.dns_provider);
  if (!t.issuer.empty()) out += fmt::format("    issuer: {}\n", quoted(t.issuer));
  out +=
      fmt::format("    every: {}\n    timeout: {}\n", milliseconds_text(w.round), milliseconds_text(w.round * 3 / 4));
  if (t.protocol != Protocol::kTcp) {
    out += "    expect: {status: 200-299, body: \"ok\"}\n";
  }
  return out;
}

}  // namespace

std::string quoted(const std::string& text) {
  // A JSON string is a double-quoted YAML scalar.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string milliseconds_text(core::Duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + "ms";
}

std::string targets_text(const World& w, const Plan& plan) {
  std::string apps = "apps:\n";
  std::string references = "references:\n";
  std::string controls = "controls:\n";
  for (const auto& t : w.targets) {
    const std::string url = quoted(plan.url(t));
    if (t.role == core::Role::kApp) {
      apps += app_text(w, plan, t);
    } else if (t.role == core::Role::kReference) {
      references += fmt::format(
          "  - {{name: {}, url: {}, provider: {}, region: {}, service: {}, partition: {}{}, {}, expect: {{{}}}}}\n",
          quoted(t.name), url, t.provider, quoted(t.region), t.service, core::name(t.partition), place_text(t.place),
          timing(w), expectation(t));
    } else {
      // The world's own controls are fine with any success, as a user's are who says nothing.
      controls += fmt::format("  - {{name: {}, url: {}, partition: {}, {}{}}}\n", t.name, url, core::name(t.partition),
                              timing(w), w.catalogue ? ", expect: {" + expectation(t) + '}' : "");
    }
  }
  const auto section = [](const std::string& text) { return text.ends_with(":\n") ? std::string{} : text; };
  return "# Targets of a simulated world; written by sonde-world.\n" + section(apps) + section(references) +
         section(controls);
}

std::string prober_text(const World& world, const Plan& plan, std::size_t index) {
  const Vantage& v = world.vantages[index];
  std::string out =
      fmt::format("vantage: {{name: {}, provider: {}, region: {}, partition: {}, isp: {}{}, source: {}}}\n", v.name,
                  v.provider, v.region, core::name(v.partition), v.isp, place_text(v.place), plan.source(index));
  out += fmt::format("resolver: {}:{}\n", plan.resolver(index), plan.dns_port());
  // Companions ask another vantage's: where there is no other, nobody.
  const std::size_t next = (index + 1) % world.vantages.size();
  out += next == index ? "second_resolver: none\n"
                       : fmt::format("second_resolver: {}:{}\n", plan.resolver(next), plan.dns_port());
  out += "policy: {allow: [127.0.0.0/8]}\n";
  return out;
}

}  // namespace sonde::world
