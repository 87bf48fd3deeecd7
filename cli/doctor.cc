// `sonde doctor`: machine, log and sinks, examined side by side.
#include <algorithm>
#include <csignal>
#include <variant>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/doctor_machine.h"
#include "cli/doctor_sinks.h"
#include "cli/files_in.h"
#include "cli/machine.h"
#include "cli/verbs.h"
#include "io/http_client.h"
#include "io/name_resolver.h"
#include "io/system_loop.h"

namespace sonde::cli {
namespace {

class Doctor {
 public:
  explicit Doctor(Configuration configuration)
      : configuration_(std::move(configuration)),
        loop_(io::make_system_loop()),
        files_(io::make_system_files()),
        http_(io::make_http_client(*loop_)),
        names_(io::make_name_resolver(*loop_)),
        addresses_(*loop_, *names_) {}

  /// Everything that was found, in one order. Nothing when a signal ended it.
  std::optional<std::vector<Diagnosis>> examine() {
    const io::Handle signals = io::watch_signals(*loop_, [this](int number) {
      if (number == SIGHUP) return;
      interrupted_ = true;
      loop_->stop();
    });
    parts_.resize(2 + configuration_.sinks.size());
    parts_[0] = diagnose_machine(configuration_, *files_);
    pending_ = 1;
    handles_.push_back(
        diagnose_resolvers(*loop_, configuration_, read_resolv_conf(*files_), [this](std::vector<Diagnosis> found) {
          std::ranges::move(found, std::back_inserter(parts_[0]));
          part_done();
        }));
    parts_[1] = diagnose_log(configuration_, *files_);
    for (std::size_t i = 0; i < configuration_.sinks.size(); ++i) sink(configuration_.sinks[i], parts_[2 + i]);
    if (pending_ > 0) loop_->run();
    if (interrupted_) return std::nullopt;
    std::vector<Diagnosis> all;
    for (auto& part : parts_) std::ranges::move(part, std::back_inserter(all));
    return all;
  }

 private:
  void part_done() {
    if (--pending_ == 0) loop_->stop();
  }

  void sink(const pipeline::SinkConfig& config, std::vector<Diagnosis>& into) {
    const std::string& vantage = configuration_.prober.vantage.name;
    if (const auto* influx = std::get_if<pipeline::InfluxConfig>(&config)) {
      ++pending_;
      auto started = pipeline::examine_influx({*loop_, *files_, *http_, addresses_}, influx->options,
                                              vantage.empty() ? "hub" : vantage,
                                              [this, influx, &into](const pipeline::InfluxExamination& found) {
                                                into = diagnose_influx(influx->options, found);
                                                part_done();
                                              });
      if (started) {
        handles_.push_back(std::move(*started));
      } else {
        into.push_back({Grade::kFail, "sink " + influx->options.name, "reach", "",
                        both("{}", "{}", started.error().message), both("correct the sink", "请更正此出口")});
        --pending_;
      }
    } else if (const auto* file = std::get_if<pipeline::FileSinkOptions>(&config)) {
      into = examine_file(*loop_, *files_, *file, vantage);
    } else {
      into.push_back(diagnose_stdout(pipeline::name(config)));
    }
  }

  Configuration configuration_;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::Files> files_;
  std::unique_ptr<io::HttpClient> http_;
  std::unique_ptr<io::NameResolver> names_;
  pipeline::AddressBook addresses_;
  std::vector<std::vector<Diagnosis>> parts_;  // machine, log, then the sinks as they are configured
  std::vector<io::Handle> handles_;
  std::size_t pending_ = 0;
  bool interrupted_ = false;
};

}  // namespace

int doctor_verb(const DoctorOptions& options, const Context& context) {
  spdlog::set_level(spdlog::level::off);  // what sinks say while they are tried, the findings say
  const EmbeddedCatalogue catalogue;
  core::ConfigErrors errors;
  auto configuration = load_configuration(options.config, *io::make_system_files(), catalogue, errors);
  if (!configuration) {
    write_err(errors.to_string(context.err.language));
    return exit_code::kUsage;
  }
  const auto found = Doctor{std::move(*configuration)}.examine();
  if (!found) {
    write_err(std::string{context.err.say("ended before all was known; a canary may stay in measurement sonde_canary\n",
                                          "提前结束；sonde_canary 中可能留有金丝雀\n")});
    return exit_code::kInterrupted;
  }
  const std::string text =
      options.json ? diagnoses_json(*found, context.out.language) : diagnoses_text(*found, context.out);
  if (!write_out(text)) return exit_code::kUnknown;
  const bool failed = std::ranges::any_of(*found, [](const Diagnosis& d) { return d.grade == Grade::kFail; });
  return failed ? exit_code::kFailed : exit_code::kOk;
}

}  // namespace sonde::cli
