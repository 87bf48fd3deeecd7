// The card for machines.
#include <nlohmann/json.hpp>

#include "baselines.h"
#include "card.h"

namespace sonde::sim {

std::string to_json(const Card& card) {
  using Json = nlohmann::ordered_json;
  Json out = {{"topologies", card.options.topologies},   {"seed", card.options.seed}, {"trials", card.trials},
              {"trials_left_out", card.trials_left_out}, {"rounds", card.rounds},     {"results", card.results},
              {"cpu_seconds", card.cpu_seconds}};
  for (const PartResult& p : card.parts) {
    out["parts"][p.part.name] = Json::parse(hub::judge::to_json(hub::judge::summarize(p.judged)));
    for (std::size_t i = 0; i < p.baselines.size(); ++i) {
      out["baselines"][std::string{baselines()[i].name}] =
          Json::parse(hub::judge::to_json(hub::judge::summarize(p.baselines[i])));
    }
  }
  return out.dump() + '\n';
}

}  // namespace sonde::sim
