// `sonde run`: starts what the configuration says and stays until a signal.
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "cli/configuration_keeper.h"
#include "cli/files_in.h"
#include "cli/machine.h"
#include "cli/service.h"
#include "cli/verbs.h"
#include "io/system_loop.h"

namespace sonde::cli {
namespace {

constexpr core::Duration kFirstLook = std::chrono::seconds{20};
constexpr core::Duration kDescribed = std::chrono::seconds{15};

/// The log's own codes tell a service manager whether to try again (RELIABILITY 1.7).
int exit_code_of(core::ErrorCode code) {
  if (code == core::ErrorCode::kBusy) return exit_code::kBusy;
  if (code == core::ErrorCode::kUnsupported) return exit_code::kNewer;
  return exit_code::kUsage;
}

class Run {
 public:
  Run(const RunOptions& options, const Context& context)
      : options_(options),
        err_(context.err),
        loop_(io::make_system_loop()),
        files_(io::make_system_files()),
        keeper_({.loop = *loop_,
                 .files = *files_,
                 .catalogue = catalogue_,
                 .variables = variables_,
                 .host_name = host_name(),
                 .state_directory = default_state_directory(),
                 .language = err_.language,
                 .keep_written = false},
                options.config, [this](ConfigurationKeeper::Tone tone, const std::string& text) { say(tone, text); }) {}

  int execute() {
    std::optional<Configuration> configuration = keeper_.load();
    if (!configuration) return exit_code::kUsage;
    const bool by_default = options_.config.empty();
    service_.emplace(*loop_, *files_, std::move(*configuration));
    service_->on_reload([this] { return keeper_.reload(); });
    const io::Handle signals = io::watch_signals(*loop_, [this](int number) { on_signal(number); });
    if (const auto started = service_->start(options_.once, [this] { end(); }); !started) {
      say(Color::kRed, fmt::format("{}: {}", err_.say("error", "错误"), started.error().message));
      return exit_code_of(started.error().code);
    }
    service_->reloaded(keeper_.good());
    if (!options_.once) {
      keeper_.follow([this](Configuration c) { return service_->reconfigure(std::move(c)); },
                     [this](bool good) {
                       service_->reloaded(good);
                       give_back_memory();
                     });
    }
    give_back_memory();
    greet();
    io::Handle first_look;
    if (by_default) first_look = loop_->after(kFirstLook, [this] { look_for_a_way_out(); });
    loop_->run();
    fmt::print(stderr, "{}", service_->accounts());
    return exit_code::kOk;
  }

 private:
  /// What reading a configuration took: its trees are several times as large as what comes of them, and the allocator
  /// keeps pages that were freed in between others.
  /// So does describing all targets to the log and the sinks, which comes right after: hence once more (3 MiB of 55
  /// with 10,000 targets, in a third of a millisecond).
  void give_back_memory() {
    malloc_trim(0);
    described_ = loop_->after(kDescribed, [] { malloc_trim(0); });
  }

  void say(ConfigurationKeeper::Tone tone, const std::string& text) const {
    switch (tone) {
      case ConfigurationKeeper::Tone::kGood:
        return say(Color::kGreen, text);
      case ConfigurationKeeper::Tone::kBad:
        return say(Color::kRed, text);
      case ConfigurationKeeper::Tone::kPlain:
        fmt::print(stderr, "{}\n", text);
        std::fflush(stderr);
    }
  }

  void say(Color color, std::string_view text) const {
    fmt::print(stderr, "{}\n", err_.paint(color, text));
    std::fflush(stderr);
  }

  void greet() const {
    if (const prober::Prober* prober = service_->prober()) {
      say(Color::kBold,
          fmt::format(fmt::runtime(err_.say("Probing {} targets from {}.", "正在从 {1} 探测 {0} 个目标。")),
                      prober->snapshot().targets, prober->config().vantage.name));
    }
    if (const std::string url = service_->page_url(); !url.empty()) {
      say(Color::kBold, fmt::format("{} {}", err_.say("The page:", "页面："), url));
    }
    if (const std::string url = service_->metrics_url(); !url.empty()) {
      say(Color::kBold, fmt::format("{} {}", err_.say("Metrics:", "指标："), url));
    }
  }

  // A newcomer behind a closed network should not wonder why everything is red.
  void look_for_a_way_out() const {
    const prober::Prober* prober = service_->prober();
    if (prober == nullptr) return;
    const prober::ProberSnapshot s = prober->snapshot();
    if (s.ok > 0 || s.failed + s.unknown == 0) return;
    say(Color::kYellow,
        err_.say(
            "Nothing answers from here: this vantage has no way out to the Internet (or its resolver does not work).\n"
            "That says nothing about the clouds. To see Sonde at work without the Internet: ./run --demo",
            "从这里没有任何应答：这个观测点没有通往互联网的出口（或解析服务器不可用）。\n"
            "这不说明云有问题。不需要互联网就能看 Sonde 如何工作：./run --demo"));
  }

  // The first time gives the sinks a few seconds; a second signal does not wait.
  void end() {
    if (ending_) {
      loop_->stop();
      return;
    }
    ending_ = true;
    service_->stop([this] { loop_->stop(); });
  }

  void on_signal(int number) {
    if (number != SIGHUP) {
      end();
      return;
    }
    if (!ending_ && !options_.once) (void)keeper_.reload();
  }

  RunOptions options_;
  Terminal err_;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::Files> files_;
  EmbeddedCatalogue catalogue_;
  EnvironmentVariables variables_;
  ConfigurationKeeper keeper_;
  std::optional<Service> service_;
  io::Handle described_;
  bool ending_ = false;
};

}  // namespace

int run_verb(const RunOptions& options, const Context& context) { return Run{options, context}.execute(); }

}  // namespace sonde::cli
