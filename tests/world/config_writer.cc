// Configuration files as text. Names in the model are plain (model_read.cc sees to it); all else is quoted.
#include "config_writer.h"

#include <unistd.h>

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "clock_files.h"
#include "prober_config.h"

namespace sonde::world {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

core::Result<void> write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return core::Error{core::ErrorCode::kIo, "cannot write " + path.string()};
  return {};
}

std::string sink_text(const std::string& url) {
  return fmt::format("  - influx: {{url: {}, database: sonde}}\n", quoted(url));
}

std::string vantage_text(const Services& s, std::size_t index, const fs::path& directory) {
  std::string out = "# One prober of a simulated world; written by sonde-world.\n";
  out += prober_text(s.world, s.plan, index);
  out += fmt::format("tls: {{ca_file: {}}}\n", quoted((directory / "ca.pem").string()));
  out += fmt::format("targets:\n  - file: {}\n", quoted((directory / "targets.yaml").string()));
  out +=
      fmt::format("log: {{directory: {}}}\n", quoted((directory / ("log-" + s.world.vantages[index].name)).string()));
  out += "sinks:\n" + sink_text(fmt::format("http://127.0.0.1:{}", s.plan.hub_port));
  return out;
}

std::string hub_text(const Services& s, const OutputOptions& options, const fs::path& directory) {
  std::string out = "# The hub of a simulated world; written by sonde-world.\n";
  out += fmt::format("hub: {{listen: \"127.0.0.1:{}\", directory: {}, round: {}}}\n", s.plan.hub_port,
                     quoted((directory / "hub").string()), milliseconds_text(s.world.round));
  out += fmt::format("log: {{directory: {}}}\n", quoted((directory / "log-hub").string()));
  if (!options.sinks.empty()) out += "sinks:\n";
  for (const auto& url : options.sinks) out += sink_text(url);
  return out;
}

std::string_view protocol_name(Protocol p) {
  switch (p) {
    case Protocol::kHttps:
      return "https";
    case Protocol::kHttp:
      return "http";
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kDns:
      return "dns";
  }
  return "";
}

json world_json(const Services& s, const fs::path& directory) {
  json out = {{"pid", ::getpid()},
              {"control", fmt::format("http://127.0.0.1:{}", s.plan.control_port())},
              {"control_port", s.plan.control_port()},
              {"hub", fmt::format("http://127.0.0.1:{}", s.plan.hub_port)},
              {"round_seconds", core::to_seconds(s.world.round)},
              {"ca_file", (directory / "ca.pem").string()},
              {"hub_config", (directory / "hub.yaml").string()},
              {"targets_file", (directory / "targets.yaml").string()},
              {"ports",
               {{"https", s.plan.https_port()},
                {"http", s.plan.http_port()},
                {"tcp", s.plan.tcp_port()},
                {"dns", s.plan.dns_port()}}}};
  for (std::size_t i = 0; i < s.world.vantages.size(); ++i) {
    const auto& v = s.world.vantages[i];
    out["vantages"].push_back({{"name", v.name},
                               {"partition", core::name(v.partition)},
                               {"isp", v.isp},
                               {"source", s.plan.source(i)},
                               {"resolver", s.plan.resolver(i)},
                               {"parked", s.plan.parked(i)},
                               {"clock", (directory / clock_file_name(v)).string()},
                               {"config", (directory / ("vantage-" + v.name + ".yaml")).string()}});
  }
  for (const auto& t : s.world.targets) {
    json target = {{"name", t.name},
                   {"role", core::name(t.role)},
                   {"url", s.plan.url(t)},
                   {"host", t.host},
                   {"port", s.plan.port(t)},
                   {"protocol", protocol_name(t.protocol)},
                   {"provider", t.provider},
                   {"region", t.region},
                   {"service", t.service},
                   {"partition", core::name(t.partition)},
                   {"depends_on", t.depends_on}};
    for (std::size_t i = 0; i < s.world.vantages.size(); ++i) {
      target["addresses"][s.world.vantages[i].name] = s.plan.target(i, t);
    }
    out["targets"].push_back(std::move(target));
  }
  return out;
}

// Absolute, so that a prober started elsewhere finds everything.
core::Result<fs::path> prepare(const fs::path& wanted) {
  std::error_code error;
  fs::create_directories(wanted, error);
  const fs::path directory = error ? fs::path{} : fs::canonical(wanted, error);
  if (error) return core::Error{core::ErrorCode::kIo, "cannot use " + wanted.string() + ": " + error.message()};
  return directory;
}

}  // namespace

core::Result<void> write_configurations(const Services& s, const OutputOptions& options) {
  const auto directory = prepare(options.directory);
  if (!directory) return directory.error();
  std::error_code ignored;
  fs::remove(*directory / "world.json", ignored);  // of an earlier run
  std::vector<std::pair<std::string, std::string>> files = {{"ca.pem", s.certificates->root_pem()},
                                                            {"targets.yaml", targets_text(s.world, s.plan)},
                                                            {"hub.yaml", hub_text(s, options, *directory)}};
  for (std::size_t i = 0; i < s.world.vantages.size(); ++i) {
    files.emplace_back("vantage-" + s.world.vantages[i].name + ".yaml", vantage_text(s, i, *directory));
  }
  for (const auto& [name, text] : files) {
    if (auto written = write_file(*directory / name, text); !written) return written;
  }
  return {};
}

core::Result<void> write_ready_file(const Services& s, const OutputOptions& options) {
  const auto directory = prepare(options.directory);
  if (!directory) return directory.error();
  const fs::path draft = *directory / "world.json.new";
  if (auto written = write_file(draft, world_json(s, *directory).dump(2) + '\n'); !written) return written;
  std::error_code error;
  fs::rename(draft, *directory / "world.json", error);
  if (error) return core::Error{core::ErrorCode::kIo, "cannot write world.json: " + error.message()};
  return {};
}

}  // namespace sonde::world
