// `sonde config check FILE`, `print`, `schema`, `reference`.
#include <filesystem>

#include <fmt/format.h>

#include "cli/config_print.h"
#include "cli/config_reference.h"
#include "cli/config_schema.h"
#include "cli/configuration.h"
#include "cli/files_in.h"
#include "cli/verbs.h"

namespace sonde::cli {

namespace {

int report(const core::ConfigErrors& errors, const Terminal& err) {
  fmt::print(stderr, "{}", errors.to_string(err.language));
  const auto count = errors.all().size();
  fmt::print(stderr, "{}\n",
             fmt::format(fmt::runtime(err.say("{} mistake(s); nothing was started.", "{} 处错误；没有启动任何东西。")),
                         count));
  return exit_code::kUsage;
}

}  // namespace

int config_check_verb(const ConfigOptions& options, const Context& context) {
  const auto files = io::make_system_files();
  const EmbeddedCatalogue catalogue;
  core::ConfigErrors errors;
  const auto c = load_configuration(options.config, *files, catalogue, errors);
  if (!c) return report(errors, context.err);
  const Terminal& t = context.out;
  fmt::print("{}: {}\n", options.config, t.paint(Color::kGreen, t.say("fine", "正确")));
  if (c->runs_prober) {
    fmt::print("  {}\n",
               fmt::format(fmt::runtime(t.say("prober: vantage {}, {} targets", "探针：观测点 {}，{} 个目标")),
                           c->prober.vantage.name, c->prober.targets.size()));
    if (const std::string& told = c->prober.vantage_told.in(t.language); !told.empty()) {
      fmt::print("  {}\n", fmt::format(fmt::runtime(t.say("vantage: auto: {}", "vantage: auto：{}")), told));
    }
  }
  if (c->runs_hub) {
    fmt::print("  {}\n", fmt::format(fmt::runtime(t.say("hub: {}:{}", "中心：{}:{}")), c->hub.address, c->hub.port));
  }
  for (const pipeline::SinkConfig& sink : c->sinks) {
    fmt::print("  {}\n", fmt::format(fmt::runtime(t.say("sink: {}", "出口：{}")), pipeline::name(sink)));
  }
  return exit_code::kOk;
}

int config_print_verb(const ConfigOptions& options, const Context& context) {
  const auto files = io::make_system_files();
  const EmbeddedCatalogue catalogue;
  core::ConfigErrors errors;
  core::ConfigNode root;
  const auto c = load_configuration(options.config, *files, catalogue, errors, &root);
  if (!c) return report(errors, context.err);
  fmt::print("{}", print_configuration(root, *c, std::filesystem::current_path().string(), context.out.language));
  return exit_code::kOk;
}

int config_schema_verb(const ConfigOptions& options, const Context& context) {
  const SchemaOf of = options.targets ? SchemaOf::kTargets : SchemaOf::kConfiguration;
  fmt::print("{}", config_schema(of, context.out.language));
  return exit_code::kOk;
}

int config_reference_verb(const Context& context) {
  fmt::print("{}", config_reference(context.out.language));
  return exit_code::kOk;
}

}  // namespace sonde::cli
