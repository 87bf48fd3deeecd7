// Wires world, script, player, judge and scorer together.
#include "trial.h"

#include <ctime>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "baselines.h"
#include "core/line_protocol.h"
#include "player.h"

namespace sonde::sim {
namespace {

using hub::judge::VerdictEvent;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Hands everything to the judge, the baselines and the files.
class Hearing final : public Audience {
 public:
  Hearing(const TrialSpec& spec, const World& world, const Components& components, const Script& script)
      : spec_(spec),
        script_(script),
        view_{world, components, {}},
        judge_(options(spec, script)),
        tally_(world.cells()) {
    said_.resize(spec.baselines ? baselines().size() : 0);
    if (!spec.write_to.empty()) lines_.open(spec.write_to + ".lp", std::ios::binary);
  }

  void record(const core::Record& r) override {
    judge_.observe(r);
    if (!lines_.is_open()) return;
    line_.clear();
    core::encode_line(r, line_);
    lines_ << line_;
  }

  void run(std::size_t cell, std::int64_t /*at_ms*/, const Seen& seen) override {
    if (spec_.baselines) tally_.note(cell, !seen.ok());
  }

  void round_over(std::int64_t end_ms) override {
    const double before = cpu_seconds();
    hear(judge_.advance(core::from_unix_ms(end_ms)));
    result_.tick_ms.push_back(static_cast<float>(1000 * (cpu_seconds() - before)));
    if (!spec_.baselines) return;
    if (end_ms >= script_.trained_ms) tally_.trained();
    ask_baselines(end_ms);
    tally_.round_over();
  }

  std::vector<core::CompanionAsk> asks() override { return judge_.take_asks(); }

  TrialResult finish() {
    hear(judge_.advance(core::from_unix_ms(script_.end_ms() + 3 * script_.round_ms)));
    const std::vector<hub::judge::Truth> truths = script_.truths();
    const hub::judge::ScoreOptions o{.round = std::chrono::milliseconds{script_.round_ms},
                                     .from = core::from_unix_ms(script_.trained_ms),
                                     .to = core::from_unix_ms(script_.end_ms())};
    result_.judged = hub::judge::assess(truths, events_, o);
    for (const auto& said : said_) result_.baselines.push_back(hub::judge::assess(truths, said, o));
    result_.results = judge_.counters().results;
    result_.rounds = script_.rounds;
    result_.components = view_.components.all().size();
    write_truths(truths);
    return std::move(result_);
  }

 private:
  static hub::judge::JudgeOptions options(const TrialSpec& spec, const Script& script) {
    hub::judge::JudgeOptions o = spec.judge;
    o.round = std::chrono::milliseconds{script.round_ms};
    o.watermark = {};
    return o;
  }

  void hear(std::vector<VerdictEvent> events) {
    for (VerdictEvent& e : events) {
      if (core::to_unix_ms(e.time) <= script_.trained_ms) continue;
      tell(e);
      e.evidence.clear();  // not scored, and long
      events_.push_back(std::move(e));
    }
  }

  void tell(const VerdictEvent& e) {
    const std::int64_t round = (core::to_unix_ms(e.time) - script_.start_ms) / script_.round_ms;
    std::string line =
        fmt::format("{:>5} {} {} {} {} conf={:.2f} sev={:.2f} {}", round, core::format_utc(e.time), name(e.event),
                    name(e.grade), e.component_key, e.confidence.value_or(0), e.severity, e.id);
    for (const hub::judge::Candidate& c : e.candidates) line += fmt::format(" {}={:.2f}", c.key, c.confidence);
    result_.story += line + '\n';
  }

  /// Ten rounds after its onset each fault is judged by all baselines.
  void ask_baselines(std::int64_t end_ms) {
    for (const Fault& f : script_.faults) {
      const std::int64_t due = f.start_ms + 10 * script_.round_ms;
      if (f.truth.optional || due > end_ms || due <= end_ms - script_.round_ms) continue;
      view_.bad = tally_.bad();
      for (std::size_t i = 0; i < said_.size(); ++i) {
        const std::string key = baselines()[i].blame(view_);
        if (key.empty()) continue;
        VerdictEvent& e = said_[i].emplace_back();
        e.id = f.truth.id;
        e.time = e.since = f.truth.start + std::chrono::milliseconds{10 * script_.round_ms};
        e.grade = hub::judge::Grade::kConvicted;
        e.blame = hub::judge::class_of_key(key);
        e.component_key = key;
        e.confidence = 0.9;
        e.severity = 1;
      }
    }
  }

  void write_truths(const std::vector<hub::judge::Truth>& truths) {
    if (spec_.write_to.empty()) return;
    std::ofstream out{spec_.write_to + ".truth.jsonl", std::ios::binary};
    for (const hub::judge::Truth& t : truths) out << to_json_line(t);
    out.close();
    lines_.close();
    if (!out || !lines_) result_.error = spec_.write_to + ".lp or .truth.jsonl cannot be written";
  }

  const TrialSpec& spec_;
  const Script& script_;
  View view_;
  hub::judge::Judge judge_;
  Tally tally_;
  std::vector<VerdictEvent> events_;
  std::vector<std::vector<VerdictEvent>> said_;
  std::ofstream lines_;
  std::string line_;
  TrialResult result_;
};

}  // namespace

TrialResult run_trial(const TrialSpec& spec) {
  const double before = cpu_seconds();
  const World world = make_world(spec.shape, std::chrono::milliseconds{spec.script.manner.round_ms});
  const Components components{world};
  const Script script = make_script(world, components, spec.script);
  Hearing hearing{spec, world, components, script};
  Player player{world, script, spec.noise, spec.seed};
  player.play(hearing);
  TrialResult out = hearing.finish();
  out.cpu_seconds = cpu_seconds() - before;
  return out;
}

}  // namespace sonde::sim
