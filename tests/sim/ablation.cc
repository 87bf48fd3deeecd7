// Plays one card per gate.
#include "ablation.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace sonde::sim {
namespace {

using hub::judge::JudgeOptions;

const std::array<std::pair<std::string, bool JudgeOptions::*>, 7>& gates() {
  static const std::array<std::pair<std::string, bool JudgeOptions::*>, 7> all{
      {{"posterior", &JudgeOptions::gate_posterior},
       {"evidence", &JudgeOptions::gate_evidence},
       {"bayes", &JudgeOptions::gate_bayes_factor},
       {"twins", &JudgeOptions::gate_twins},
       {"freshness", &JudgeOptions::gate_freshness},
       {"minimum", &JudgeOptions::gate_minimum_evidence},
       {"companions", &JudgeOptions::ask}}};
  return all;
}

std::string share(const hub::judge::Proportion& p) { return p.of == 0 ? "-" : fmt::format("{}/{}", p.hits, p.of); }

std::string line(const std::string& off, const CardOptions& options, bool markdown) {
  const Card card = make_card(options);
  if (!card.error.empty()) return "error: " + card.error + "\n";
  std::string lines;
  for (const PartResult& part : card.parts) {
    const hub::judge::Score s = hub::judge::summarize(part.judged);
    lines += fmt::format(fmt::runtime(markdown ? "| {} | {} | {} | {} | {} | {} | {:.1f} |\n"
                                               : "{:<10} {:<14} {:>9} {:>9} {:>9} {:>7} {:>7.1f}\n"),
                         off, part.part.name, share(s.wrong_class), share(s.right_class), share(s.precision),
                         s.all_false(), s.rounds_p50.value);
  }
  return lines;
}

}  // namespace

bool switch_off(JudgeOptions& judge, const std::string& gate) {
  for (const auto& [name, member] : gates()) {
    if (name != gate) continue;
    judge.*member = false;
    return true;
  }
  return false;
}

const std::vector<std::string>& gate_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& g : gates()) all.push_back(g.first);
    return all;
  }();
  return names;
}

std::string ablation(CardOptions options, bool markdown) {
  std::string text = markdown ? "| gate off | part | wrong class | right class | precision | false | rounds p50 |\n"
                                "|---|---|---|---|---|---|---|\n"
                              : "gate off   part               wrong     right precision   false  rounds\n";
  text += line("none", options, markdown);
  for (const std::string& gate : gate_names()) {
    CardOptions one = options;
    switch_off(one.judge, gate);
    text += line(gate, one, markdown);
  }
  return text;
}

}  // namespace sonde::sim
