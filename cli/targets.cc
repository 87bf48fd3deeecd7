// `sonde targets list`.
#include <algorithm>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/configuration.h"
#include "cli/verbs.h"

namespace sonde::cli {
namespace {

void print_json(const core::Target& target) {
  const core::Record record = core::to_record(target, {});
  nlohmann::ordered_json object{{"target", target.name}};
  for (const auto& [key, value] : record.fields) {
    std::visit([&object, &key = key](const auto& held) { object[key] = held; }, value);
  }
  fmt::print("{}\n", object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_table(const std::vector<prober::TargetEntry>& targets, const Terminal& t) {
  int width = 8;
  for (const auto& entry : targets) width = std::max(width, core::display_width(entry.target.name));
  width = std::min(width, 48);
  fmt::print("{}\n", t.paint(Color::kBold, fmt::format("{}  {}  {}  {}  {}", pad(t.say("TARGET", "目标"), width),
                                                       pad(t.say("CHECK", "检查"), 5), pad(t.say("ROLE", "角色"), 9),
                                                       pad(t.say("EVERY", "间隔"), 5), t.say("URL", "网址"))));
  for (const auto& entry : targets) {
    const core::Target& target = entry.target;
    fmt::print("{}  {}  {}  {}  {}\n", pad(target.name, width), pad(core::name(target.check), 5),
               pad(core::name(target.role), 9), pad(core::format_duration(target.every), 5), target.url);
  }
}

}  // namespace

int targets_list_verb(const TargetsOptions& options, const Context& context) {
  const auto files = io::make_system_files();
  const EmbeddedCatalogue catalogue;
  core::ConfigErrors errors;
  const auto c = load_configuration(options.config, *files, catalogue, errors);
  if (!c) {
    fmt::print(stderr, "{}", errors.to_string());
    return exit_code::kUsage;
  }
  if (options.json) {
    for (const auto& entry : c->prober.targets) print_json(entry.target);
  } else {
    print_table(c->prober.targets, context.out);
  }
  return exit_code::kOk;
}

}  // namespace sonde::cli
