// sonde-world: a multi-cloud on loopback that breaks on a timeline or on request. README.md tells how to use it.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include "config_writer.h"
#include "core/config_node.h"
#include "core/text.h"
#include "headless_command.h"
#include "simulation.h"
#include "timeline.h"

namespace sonde::world {
namespace {

constexpr int kExitConfig = 78;  // EX_CONFIG of sysexits.h, as everywhere in Sonde

struct Options {
  std::string file;
  OutputOptions output;
  std::string language = "en";
  std::string round;
  bool timeline = false;
  bool repeat = false;
  bool check = false;
  bool headless = false;
  std::optional<std::uint64_t> seed;
  HeadlessCommand recording;
  Plan plan;
};

std::optional<World> load(const Options& options) {
  core::ConfigErrors errors;
  const core::ConfigNode root = read_world_file(options.file, errors);
  World world;
  if (errors.empty()) world = read_world(root, errors);
  if (!options.round.empty()) {
    if (const auto round = core::parse_duration(options.round); round && *round >= std::chrono::milliseconds{100}) {
      world.round = *round;
    } else {
      errors.add({"--round", 0, 0, "a duration of at least 100ms, such as 2s", "应为至少 100ms 的时长，例如 2s"});
    }
  }
  if (options.seed) world.seed = *options.seed;
  if (static_cast<std::size_t>(options.plan.net) + world.vantages.size() > 256) {
    errors.add({"--net", 0, 0, "the vantages do not fit between this octet and 255", "观测点放不进此字节到 255 之间"});
  }
  if (errors.empty()) return world;
  fmt::print(stderr, "{}", errors.to_string());
  return std::nullopt;
}

void tell(const std::string& line) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  fmt::print("{:02}:{:02}:{:02}  {}\n", parts.tm_hour, parts.tm_min, parts.tm_sec, line);
  std::fflush(stdout);  // a pipe would keep it back
}

void tell_entry(const TimelineEntry& e, bool begins, bool all_well, core::Language language) {
  const bool chinese = language == core::Language::kChinese;
  const std::string& text = e.fault.text.in(language);
  const std::string length = core::format_duration(e.length);
  if (begins) {
    tell(chinese ? fmt::format("故障开始({}):{}", length, text) : fmt::format("broken for {}: {}", length, text));
  } else {
    const std::string rest = all_well ? (chinese ? "。现在一切正常" : "; nothing is broken now") : "";
    tell((chinese ? "故障结束:" : "over: ") + text + rest);
  }
}

int run(const Options& options, World world) {
  const bool chinese = core::parse_language(options.language) == core::Language::kChinese;
  auto certificates = CertificateAuthority::create();
  if (!certificates) return fmt::print(stderr, "sonde-world: {}\n", certificates.error().message), 1;
  Services services(std::move(world), options.plan, std::move(certificates).value());
  boost::asio::io_context io(1);
  ClockFiles clocks(services);
  Simulation simulation(io, services, clocks);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](boost::system::error_code, int) { io.stop(); });

  auto ready = write_configurations(services, options.output);
  if (ready) ready = clocks.create(options.output.directory);
  if (ready) ready = simulation.start();
  if (ready) ready = write_ready_file(services, options.output);
  if (!ready) return fmt::print(stderr, "sonde-world: {}\n", ready.error().message), 1;

  const auto& w = services.world;
  const auto format = chinese ? "模拟世界已就绪:{} 个观测点,{} 个目标;控制接口 http://127.0.0.1:{}"
                              : "the world is up: {} vantages, {} targets; control API http://127.0.0.1:{}";
  tell(fmt::format(fmt::runtime(format), w.vantages.size(), w.targets.size(), options.plan.control_port()));
  Timeline timeline(io, w, services.faults, [&](const TimelineEntry& e, bool begins) {
    tell_entry(e, begins, services.faults.entries().empty(), core::parse_language(options.language));
  });
  if (options.timeline) timeline.start(options.repeat);
  io.run();
  tell(chinese ? "模拟世界已结束" : "the world has ended");
  return 0;
}

int main_of(int argc, char** argv) {
  Options options;
  CLI::App app{"A simulated multi-cloud on loopback addresses, with faults on a timeline or by its control API.",
               "sonde-world"};
  app.add_option("-f,--file", options.file, "the world (YAML)")->required();
  app.add_option("--out", options.output.directory, "directory for the configurations of probers and hub");
  app.add_flag("--check", options.check, "only say whether the file is right");
  const CLI::Option* timeline = app.add_flag("--timeline,!--no-timeline", options.timeline,
                                             "play the timeline (off by default; on when headless)");
  app.add_flag("--repeat", options.repeat, "start the timeline again after its period");
  app.add_option("--seed", options.seed, "another seed than the file's, for all that is drawn");
  CLI::Option* headless = app.add_flag("--headless", options.headless,
                                       "no sockets and virtual time: write what the probers would have recorded");
  options.recording.add_options(app, headless);
  app.add_option("--lang", options.language, "en or zh");
  app.add_option("--round", options.round, "probing interval in the written configurations, such as 2s");
  app.add_option("--sink", options.output.sinks, "URL of a database that the hub writes to; may be repeated");
  app.add_option("--hub-port", options.plan.hub_port, "port of the hub in the written configurations")
      ->check(CLI::Range(1, 65535));
  app.add_option("--port-base", options.plan.port_base,
                 "ports are base + 53 (dns), + 80 (http), + 443 (https), + 900 (control), + 1000 (tcp); 0 takes "
                 "privileges")
      ->check(CLI::Range(0, 64000));
  app.add_option("--net", options.plan.net, "second octet of the first vantage's addresses, 127.N.0.0/16")
      ->check(CLI::Range(1, 255));
  CLI11_PARSE(app, argc, argv);
  if (timeline->empty()) options.timeline = options.headless;
  auto world = load(options);
  if (!world) return kExitConfig;
  if (options.check) {
    fmt::print("{}: {} vantages, {} targets, {} timeline entries\n", options.file, world->vantages.size(),
               world->targets.size(), world->timeline.size());
    return 0;
  }
  if (options.headless) {
    if (world->catalogue) {
      fmt::print(stderr, "sonde-world: a catalogue is served on sockets only, not --headless\n");
      return 2;
    }
    return options.recording.run(std::move(*world), options.plan, options.timeline, options.repeat);
  }
  if (options.output.directory.empty()) {
    fmt::print(stderr, "sonde-world: --out is needed: the directory for configurations\n");
    return 2;
  }
  return run(options, std::move(*world));
}

}  // namespace
}  // namespace sonde::world

int main(int argc, char** argv) { return sonde::world::main_of(argc, argv); }
