// Running headless from the command line.
#include "headless_command.h"

#include <charconv>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "core/text.h"
#include "headless.h"
#include "truth.h"

namespace sonde::world {
namespace {

constexpr int kExitUsage = 2;

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, Close>;

File open(const std::string& path) { return File{path == "-" ? stdout : std::fopen(path.c_str(), "wb")}; }

int cannot_write(const std::string& path) {
  fmt::print(stderr, "sonde-world: cannot write {}\n", path);
  return 1;
}

}  // namespace

std::optional<core::WallTime> parse_start(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size() && seconds >= 0 && seconds < 1LL << 33) {
    return core::WallTime{std::chrono::seconds{seconds}};
  }
  return core::parse_utc(text);
}

void HeadlessCommand::add_options(CLI::App& app, CLI::Option* headless) {
  app.add_option("--duration", duration, "headless: how long, such as 30m")->needs(headless)->capture_default_str();
  app.add_option("--start", start, "headless: when it starts, UTC, or seconds since 1970")
      ->needs(headless)
      ->capture_default_str();
  app.add_option("-o,--output", output, "headless: where the line protocol goes; - is stdout")
      ->needs(headless)
      ->capture_default_str();
  app.add_option("--truth", truth, "headless: write there what was broken when, as JSON lines")->needs(headless);
}

int HeadlessCommand::run(World world, const Plan& plan, bool timeline, bool repeat) const {
  HeadlessOptions options{.timeline = timeline, .repeat = repeat};
  const auto length = core::parse_duration(duration);
  if (!length || *length <= core::Duration{} || *length > std::chrono::hours{24 * 366}) {
    fmt::print(stderr, "sonde-world: --duration: a duration up to 366d, such as 30m\n");
    return kExitUsage;
  }
  const auto begin = parse_start(start);
  if (!begin) {
    fmt::print(stderr, "sonde-world: --start: a time such as 2026-01-01T00:00:00Z, or seconds since 1970\n");
    return kExitUsage;
  }
  options.duration = *length;
  options.start = *begin;
  if (!truth.empty()) {
    const File file = open(truth);
    if (!file) return cannot_write(truth);
    for (const hub::judge::Truth& t : truth_of(world, plan, options)) fmt::print(file.get(), "{}", to_json_line(t));
    if (std::fflush(file.get()) != 0) return cannot_write(truth);
  }
  const File file = open(output);
  if (!file) return cannot_write(output);
  bool whole = true;
  const auto results = run_headless(std::move(world), plan, options, [&file, &whole](std::string_view lines) {
    whole = std::fwrite(lines.data(), 1, lines.size(), file.get()) == lines.size() && whole;
  });
  if (!results) {
    fmt::print(stderr, "sonde-world: {}\n", results.error().message);
    return 1;
  }
  if (!whole || std::fflush(file.get()) != 0) return cannot_write(output);
  fmt::print(stderr, "sonde-world: {} results\n", *results);
  return 0;
}

}  // namespace sonde::world
