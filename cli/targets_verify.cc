// `sonde targets verify`: every entry of the catalogue once, politely, and what its answer says about the catalogue.
#include <algorithm>

#include <fmt/format.h>

#include "cli/configuration.h"
#include "cli/files_in.h"
#include "cli/polite_queue.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "cli/verify_report.h"
#include "io/system_loop.h"
#include "prober/catalogue_folder.h"
#include "prober/prober.h"

namespace sonde::cli {
namespace {

constexpr core::Duration kHostGap = std::chrono::seconds{1};
constexpr core::Duration kTick = std::chrono::seconds{1};

void complain(std::string_view message, const Terminal& t) {
  write_err(fmt::format("{}: {}\n", t.paint(Color::kRed, t.say("error", "错误")), shown(message)));
}

std::vector<std::string> hosts_of(const std::vector<prober::TargetEntry>& entries) {
  std::vector<std::string> out;
  for (const prober::TargetEntry& e : entries) {
    const auto url = core::parse_url(e.target.url);
    out.push_back(url ? url->host : std::string{});
  }
  return out;
}

/// Runs all entries and keeps what they found.
class Session {
 public:
  Session(const VerifyOptions& options, const Terminal& err, io::Loop& loop, prober::Prober& prober,
          const std::vector<prober::TargetEntry>& entries)
      : loop_(loop),
        prober_(prober),
        entries_(entries),
        queue_(hosts_of(entries), static_cast<std::size_t>(options.parallel), kHostGap),
        runs_(entries.size()),
        results_(entries.size()),
        progress_(err, entries.size(), true) {}

  /// False when it was interrupted.
  bool execute() {
    const io::Handle signals = io::watch_signals(loop_, [this](int) {
      interrupted_ = true;
      loop_.stop();
    });
    begin_ = loop_.soon([this] { begin_those_that_may(); });
    tick();
    loop_.run();
    progress_.clear();
    return !interrupted_;
  }

  [[nodiscard]] const std::optional<core::Measurement>& result(std::size_t i) const { return results_[i]; }

 private:
  void begin_those_that_may() {
    while (const auto i = queue_.next(loop_.now())) {
      running_ = *i;
      runs_[*i] = prober_.run_once(entries_[*i], [this, i = *i](core::Measurement m) { on_ended(i, std::move(m)); });
    }
    if (const auto when = queue_.when()) begin_ = loop_.at(*when, [this] { begin_those_that_may(); });
  }

  void on_ended(std::size_t i, core::Measurement m) {
    queue_.ended(i, loop_.now());
    progress_.ended(loop_.now(), !core::is_success(m.outcome.status), entries_[running_].target.name);
    results_[i] = std::move(m);
    if (queue_.all_ended()) return loop_.stop();
    begin_those_that_may();
  }

  void tick() {
    timer_ = loop_.after(kTick, [this] {
      progress_.tick(loop_.now(), entries_[running_].target.name);
      tick();
    });
  }

  io::Loop& loop_;
  prober::Prober& prober_;
  const std::vector<prober::TargetEntry>& entries_;
  PoliteQueue queue_;
  std::vector<io::Handle> runs_;
  std::vector<std::optional<core::Measurement>> results_;
  Progress progress_;
  io::Handle begin_;
  io::Handle timer_;
  std::size_t running_ = 0;  // the newest, for the progress
  bool interrupted_ = false;
};

class Verify {
 public:
  Verify(const VerifyOptions& options, const Context& context)
      : options_(options), out_(context.out), err_(context.err), files_(io::make_system_files()) {}

  int execute() {
    if (!open_catalogue() || !load() || !choose()) return exit_code::kUsage;
    const auto loop = io::make_system_loop();
    const auto http = io::make_http_client(*loop);
    const std::string vantage = config_.vantage.name;
    auto prober = prober::make_prober(*loop, *files_, *http, std::move(config_), read_resolv_conf(*files_),
                                      [](const core::Record&) {});
    if (!prober) {
      complain(prober.error().message, err_);
      return exit_code::kUsage;
    }
    const core::WallTime at = loop->wall_now();
    Session session{options_, err_, *loop, **prober, entries_};
    const bool whole = session.execute();
    const int code = report(read(session, vantage, at));
    if (whole) return code;
    write_err(err_.paint(Color::kYellow,
                         err_.say("interrupted: only what is there is reported", "被中断：只报告已有的结果")) +
              "\n");
    return exit_code::kInterrupted;
  }

 private:
  bool open_catalogue() {
    if (options_.catalogue.empty()) {
      catalogue_ = std::make_unique<EmbeddedCatalogue>();
      return true;
    }
    auto folder = prober::open_catalogue(*files_, options_.catalogue);
    if (!folder) {
      complain(out_.say(folder.error().message, folder.error().zh.empty() ? folder.error().message : folder.error().zh),
               err_);
      return false;
    }
    catalogue_ = std::move(*folder);
    return true;
  }

  bool said(const core::ConfigErrors& errors) const {
    for (const core::ConfigError& e : errors.all()) complain(core::to_string(e, err_.language), err_);
    return !errors.empty();
  }

  /// The vantage and how it asks; and all entries, with that resolver and trust.
  bool load() {
    core::ConfigErrors errors;
    auto c = load_configuration(options_.config, *files_, *catalogue_, errors);
    if (said(errors) || !c) return false;
    config_ = std::move(c->prober);
    config_.targets.clear();
    core::ConfigErrors of_catalogue;
    entries_ = prober::whole_catalogue({.catalogue = *catalogue_, .files = *files_, .variables = nullptr},
                                       options_.timeout, of_catalogue);
    return !said(of_catalogue);
  }

  bool choose() {
    core::ConfigErrors unheard;
    const prober::CatalogueProvider* known = catalogue_->read(unheard).find(options_.provider);
    const std::string provider = known == nullptr ? options_.provider : known->name;
    for (const std::string& pattern : options_.names) {
      const auto fits = [&pattern](const auto& e) { return core::glob_match(pattern, e.target.name); };
      if (!std::ranges::any_of(entries_, fits)) return complain_of(pattern);
    }
    std::erase_if(entries_, [&](const prober::TargetEntry& e) {
      const core::Target& t = e.target;
      const auto fits = [&t](const std::string& pattern) { return core::glob_match(pattern, t.name); };
      return (!options_.role.empty() && name(t.role) != options_.role) ||
             (!provider.empty() && !core::glob_match(provider, t.provider)) ||
             (!options_.names.empty() && std::ranges::none_of(options_.names, fits));
    });
    if (!entries_.empty()) return true;
    complain(err_.say("no entry of the catalogue is chosen", "没有选中任何目录项"), err_);
    return false;
  }

  bool complain_of(const std::string& pattern) const {
    std::vector<std::string_view> names;
    for (const auto& e : entries_) names.emplace_back(e.target.name);
    const core::BilingualText close = core::did_you_mean(pattern, names);
    complain(fmt::format(fmt::runtime(err_.say("no entry is called \"{}\"{}", "没有名为“{}”的目录项{}")), pattern,
                         close.in(err_.language)),
             err_);
    return false;
  }

  [[nodiscard]] VerifyReport read(const Session& session, const std::string& vantage, core::WallTime at) const {
    core::ConfigErrors unheard;
    const auto endpoints = endpoints_by_name(catalogue_->read(unheard));
    VerifyReport out{{}, vantage, at};
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto& m = session.result(i);
      if (!m) continue;
      out.entries.push_back({&entries_[i], m->outcome, verify(*endpoints.at(entries_[i].target.name), *m)});
    }
    return out;
  }

  int report(const VerifyReport& r) {
    const CataloguePatch patch = patch_for(r, *catalogue_);
    const std::string diff = patch_file(r, patch, out_);
    const std::string text =
        options_.json ? report_json(r) : report_text(r, patch, options_.patch == "-" ? err_ : out_);
    bool written = true;
    if (options_.patch == "-") {
      write_err(text);
      written = write_out(diff);
    } else {
      const bool behind = options_.patch.empty() && !options_.json && !diff.empty();
      written = write_out(text + (behind ? "\n" + diff : ""));
      if (!options_.patch.empty()) written = write_patch(diff) && written;
    }
    if (!written || r.cut_off()) return exit_code::kUnknown;
    const bool fine = std::ranges::all_of(r.entries, [](const VerifiedEntry& e) {
      return e.verification.kind == Verification::Kind::kAsExpected ||
             e.verification.kind == Verification::Kind::kWider;
    });
    return fine ? exit_code::kOk : exit_code::kFailed;
  }

  bool write_patch(const std::string& diff) {
    const auto done = files_->replace(options_.patch, diff);
    if (!done) complain(done.error().message, err_);
    return done.has_value();
  }

  const VerifyOptions& options_;
  Terminal out_;
  Terminal err_;
  std::unique_ptr<io::Files> files_;
  std::unique_ptr<prober::CatalogueSource> catalogue_;
  prober::ProberConfig config_;
  std::vector<prober::TargetEntry> entries_;
};

}  // namespace

int targets_verify_verb(const VerifyOptions& options, const Context& context) {
  return Verify{options, context}.execute();
}

}  // namespace sonde::cli
