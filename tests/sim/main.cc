// sonde_scorecard: how good is the judge? Plays generated faults and healthy days through it and prints one card.
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "ablation.h"
#include "card.h"
#include "core/text.h"

namespace {

using sonde::sim::Card;
using sonde::sim::CardOptions;

/// What must hold whatever else is said: a card that breaks one of these ends with exit code 1.
struct Floors {
  double wrong_most = 1;    // share of faults
  double right_least = 0;   // share of faults
  double false_most = 1e9;  // false verdicts per healthy day
  double far_false_most = 1e9;
};

/// Prints what does not hold; true when all does.
bool holds(const Card& card, const Floors& floors) {
  bool good = true;
  const auto need = [&good](bool ok, const std::string& words) {
    if (!ok) fmt::print(stderr, "error: {}\n", words);
    good = good && ok;
  };
  for (const auto& part : card.parts) {
    const auto s = sonde::hub::judge::summarize(part.judged);
    if (part.part.healthy) {
      need(s.healthy_days > 0, "no healthy time was played");
      const double days = s.healthy_days > 0 ? s.healthy_days : 1;
      const auto far = s.false_verdicts[0] + s.false_verdicts[1] + s.false_verdicts[2];
      need(static_cast<double>(s.all_false()) / days <= floors.false_most,
           fmt::format("{} false verdicts in {:.1f} healthy days, at most {} a day are allowed", s.all_false(), days,
                       floors.false_most));
      need(static_cast<double>(far) / days <= floors.far_false_most,
           fmt::format(
               "{} false verdicts against app, provider or dns in {:.1f} healthy days, at most {} a day are allowed",
               far, days, floors.far_false_most));
      continue;
    }
    need(s.wrong_class.of > 0, fmt::format("{}: no fault was played", part.part.name));
    need(s.wrong_class.value().value_or(0) <= floors.wrong_most,
         fmt::format("{}: {} of {} faults were blamed on the wrong class, at most {:.1f} % may be", part.part.name,
                     s.wrong_class.hits, s.wrong_class.of, 100 * floors.wrong_most));
    if (part.part.name != "27 vantages") continue;
    need(s.right_class.value().value_or(0) >= floors.right_least,
         fmt::format("{}: {} of {} faults were convicted rightly, at least {:.1f} % must be", part.part.name,
                     s.right_class.hits, s.right_class.of, 100 * floors.right_least));
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays generated faults and healthy days through the judge and prints its score card."};
  CardOptions o;
  Floors floors;
  bool markdown = false;
  bool json = false;
  bool story = false;
  bool ablate = false;
  bool list = false;
  bool when_long = false;
  std::string topology = "dev";
  std::string round = "30s";
  std::vector<std::string> gates_off;
  app.add_option("--faults", o.faults, "faults of the main part; the other parts have half of them (default 165)");
  app.add_option("--healthy-days", o.healthy_days, "healthy days with bursts and drift (default 1)");
  app.add_option("--parts", o.parts,
                 "only these parts, by the beginning of their names, comma-separated: \"27 vantages\", healthy, \"two "
                 "faults\", \"10 vantages\", …")
      ->delimiter(',');
  app.add_option("--kinds", o.kinds, "only these kinds of faults, comma-separated (see --list)")->delimiter(',');
  app.add_option("--seed", o.seed, "first seed; each trial takes the next one (default 1)");
  app.add_option("--topology", topology,
                 "dev (all for tuning), held-out (all for scoring only), or one of --list (default dev)");
  app.add_option("-j,--threads", o.threads, "trials at a time (default 1)")->check(CLI::Range(1, 256));
  app.add_option("--budget", o.budget_seconds, "begin no further trial after so many seconds");
  app.add_option("--round", round, "probing interval (default 30s)");
  app.add_option("--providers", o.shape.providers, "2 … 8")->check(CLI::Range(2, 8));
  app.add_option("--regions", o.shape.regions, "of all providers together")->check(CLI::Range(2, 60));
  app.add_option("--services", o.shape.services, "in each region")->check(CLI::Range(1, 4));
  app.add_option("--apps", o.shape.apps, "1 … 24")->check(CLI::Range(1, 24));
  app.add_option("--bursts", o.noise.bursts_per_day, "short troubles a day that nobody must name (default 50)");
  app.add_option("--loss", o.noise.loss, "times the usual loss (default 1)");
  app.add_option("--drift", o.noise.drift, "0 none, 1 as documented (default 1)");
  app.add_option("--gates-off", gates_off,
                 "switch gates off: posterior evidence bayes twins freshness minimum companions")
      ->delimiter(',')
      ->check(CLI::IsMember(sonde::sim::gate_names()));
  app.add_option("--write", o.write_to,
                 "also write each trial's records and truth to PREFIX-N.lp and PREFIX-N.truth.jsonl");
  app.add_option("--wrong-most", floors.wrong_most,
                 "fail where more than this share of faults is blamed on a wrong class");
  app.add_option("--right-least", floors.right_least, "fail where less than this share is right (27 vantages)");
  app.add_option("--false-most", floors.false_most, "fail with more false verdicts a healthy day");
  app.add_option("--far-false-most", floors.far_false_most, "the same for app, provider and dns");
  app.add_flag("--markdown", markdown, "as tables for docs/verdicts.md");
  app.add_flag("--json", json, "one JSON object");
  app.add_flag("--story", story, "everything the judge said, before the card");
  app.add_flag("--ablate", ablate, "instead of the card: the same with each gate off in turn, one line each");
  app.add_flag("--list", list, "names of topologies and kinds");
  app.add_flag("--when-long", when_long, "do nothing and end with 77 unless SONDE_LONG is set (for ctest)");
  CLI11_PARSE(app, argc, argv);
  if (when_long && std::getenv("SONDE_LONG") == nullptr) return 77;

  if (list) {
    fmt::print("topologies: {}\nkinds:", fmt::join(sonde::sim::topology_names(), " "));
    for (const auto& kind : sonde::sim::fault_kinds()) fmt::print(" {}{}", kind.name, kind.off_model ? "*" : "");
    fmt::print("\n(* its cause is outside the judge's model)\n");
    return 0;
  }
  o.topologies.clear();
  for (const std::string& name : sonde::sim::topology_names()) {
    if (name == topology || ((topology == "dev" || topology == "held-out") && name.starts_with(topology)))
      o.topologies.push_back(name);
  }
  const auto every = sonde::core::parse_duration(round);
  for (const std::string& kind : o.kinds) {
    if (sonde::sim::find_fault_kind(kind) == nullptr) o.topologies.clear();
  }
  if (o.topologies.empty() || !every || *every < std::chrono::seconds{6}) {
    fmt::print(stderr, "error: unknown topology or kind (see --list), or a round shorter than 6s\n");
    return 2;
  }
  o.shape.topology = o.topologies.front();
  o.script.manner.round_ms = *every / std::chrono::milliseconds{1};
  for (const std::string& gate : gates_off) sonde::sim::switch_off(o.judge, gate);
  if (ablate) {
    fmt::print("{}", sonde::sim::ablation(o, markdown));
    return 0;
  }

  const Card card = sonde::sim::make_card(o);
  if (!card.error.empty()) {
    fmt::print(stderr, "error: {}\n", card.error);
    return 1;
  }
  if (story) {
    for (const auto& part : card.parts) fmt::print("{}", part.story);
  }
  fmt::print("{}", json ? sonde::sim::to_json(card) : sonde::sim::to_text(card, markdown));
  return holds(card, floors) ? 0 : 1;
}
