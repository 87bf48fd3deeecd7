// Splits the card into trials, runs them on some threads and sums up.
#include "card.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "baselines.h"

namespace sonde::sim {
namespace {

constexpr int kFaultsPerTrial = 33;

struct Job {
  std::size_t part = 0;
  TrialSpec spec;
};

std::vector<std::string> kinds_of(const CardOptions& o) {
  if (!o.kinds.empty()) return o.kinds;
  std::vector<std::string> names;
  for (const FaultKind& k : fault_kinds()) {
    if (!k.off_model) names.emplace_back(k.name);
  }
  return names;
}

std::vector<std::string> off_model_kinds() {
  std::vector<std::string> names;
  for (const FaultKind& k : fault_kinds()) {
    if (k.off_model) names.emplace_back(k.name);
  }
  return names;
}

class Planner {
 public:
  Planner(const CardOptions& o, const std::vector<Part>& parts) : o_(o), parts_(parts) {}

  std::vector<Job> plan() {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (parts_[p].healthy) {
        add_healthy(p);
      } else {
        add_faults(p);
      }
    }
    // The longest first would be better for threads; but the order of parts lets a budget cut the least important.
    return std::move(jobs_);
  }

 private:
  /// Kinds in turn, so that each has its share whatever the number is.
  void add_faults(std::size_t p) {
    const std::vector<std::string> kinds = kinds_of(o_);
    const std::vector<std::string> outside = off_model_kinds();
    std::size_t next = 0;
    std::size_t next_outside = 0;
    for (int left = parts_[p].faults; left > 0;) {
      TrialSpec spec = trial(p);
      const int count = std::min(left, kFaultsPerTrial);
      for (int i = 0; i < count; ++i) spec.script.kinds.push_back(kinds[next++ % kinds.size()]);
      // 15 % of all.
      const int extra = parts_[p].off_model && o_.kinds.empty() ? std::max(1, count * 15 / 85) : 0;
      for (int i = 0; i < extra; ++i) spec.script.kinds.push_back(outside[next_outside++ % outside.size()]);
      left -= count;
      jobs_.push_back({p, std::move(spec)});
    }
  }

  void add_healthy(std::size_t p) {
    const double rounds_per_day = 86'400'000.0 / static_cast<double>(o_.script.manner.round_ms);
    for (double left = parts_[p].days; left > 0; left -= 1) {
      TrialSpec spec = trial(p);
      spec.script.healthy_rounds = static_cast<int>(std::min(left, 1.0) * rounds_per_day);
      jobs_.push_back({p, std::move(spec)});
    }
  }

  TrialSpec trial(std::size_t p) {
    const Part& part = parts_[p];
    TrialSpec spec;
    spec.seed = o_.seed + jobs_.size();
    spec.shape = o_.shape;
    spec.shape.topology = o_.topologies[jobs_.size() % o_.topologies.size()];
    spec.shape.vantages = part.vantages;
    spec.shape.references = part.references;
    spec.shape.seed = spec.seed;
    spec.script = o_.script;
    spec.script.seed = spec.seed;
    spec.script.kinds.clear();
    spec.script.pairs = part.pairs;
    spec.script.bursts_per_day = o_.noise.bursts_per_day;
    spec.noise = o_.noise;
    spec.baselines = part.baselines;
    spec.judge = o_.judge;
    if (!o_.write_to.empty()) spec.write_to = o_.write_to + "-" + std::to_string(jobs_.size() + 1);
    return spec;
  }

  const CardOptions& o_;
  const std::vector<Part>& parts_;
  std::vector<Job> jobs_;
};

bool wanted(const CardOptions& o, const Part& p) {
  return o.parts.empty() ||
         std::ranges::any_of(o.parts, [&](const std::string& name) { return p.name.starts_with(name); });
}

void add(Card& card, PartResult& part, TrialResult&& r, const TrialSpec& spec) {
  part.judged.push_back(std::move(r.judged));
  part.baselines.resize(std::max(part.baselines.size(), r.baselines.size()));
  for (std::size_t i = 0; i < r.baselines.size(); ++i) part.baselines[i].push_back(std::move(r.baselines[i]));
  part.story += "== " + part.part.name + ", topology " + spec.shape.topology + ", seed " + std::to_string(spec.seed) +
                "\n" + r.story;
  card.results += r.results;
  card.rounds += r.rounds;
  if (spec.shape.vantages >= 27) card.tick_ms.insert(card.tick_ms.end(), r.tick_ms.begin(), r.tick_ms.end());
  card.cpu_seconds += r.cpu_seconds;
  ++card.trials;
  if (!r.error.empty()) card.error = r.error;
}

}  // namespace

std::vector<Part> parts_of(const CardOptions& o) {
  const int n = o.faults;
  const std::vector<Part> all = {
      {.name = "27 vantages", .baselines = true, .faults = n, .off_model = true},
      {.name = "healthy", .healthy = true, .days = o.healthy_days},
      {.name = "two faults", .pairs = true, .faults = n},
      {.name = "1 vantage", .vantages = 1, .faults = n / 2},
      {.name = "no references", .references = false, .faults = n / 2},
      {.name = "2 vantages", .vantages = 2, .faults = n / 2},
      {.name = "3 vantages", .vantages = 3, .faults = n / 2},
      {.name = "5 vantages", .vantages = 5, .faults = n / 2},
      {.name = "10 vantages", .vantages = 10, .faults = n / 2},
  };
  std::vector<Part> some;
  for (const Part& p : all) {
    if (wanted(o, p) && (p.healthy ? p.days > 0 : p.faults > 0)) some.push_back(p);
  }
  return some;
}

Card make_card(const CardOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  const auto elapsed = [began] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  Card card;
  card.options = options;
  const std::vector<Part> parts = parts_of(options);
  const std::vector<Job> jobs = Planner{options, parts}.plan();
  std::vector<std::optional<TrialResult>> done(jobs.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      if (options.budget_seconds > 0 && elapsed() > options.budget_seconds) return;
      done[i] = run_trial(jobs[i].spec);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < std::max(1, options.threads); ++i) threads.emplace_back(work);
  work();
  for (std::thread& t : threads) t.join();
  for (const Part& p : parts) card.parts.push_back({.part = p, .judged = {}, .baselines = {}, .story = {}});
  // In the order of jobs, so that the card does not depend on threads.
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!done[i]) {
      ++card.trials_left_out;
      continue;
    }
    add(card, card.parts[jobs[i].part], std::move(*done[i]), jobs[i].spec);
  }
  const World world = make_world(options.shape, std::chrono::milliseconds{options.script.manner.round_ms});
  card.cells = world.cells();
  card.wall_seconds = elapsed();
  return card;
}

}  // namespace sonde::sim
