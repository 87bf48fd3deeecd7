// Loading, watching and reloading.
#include "cli/configuration_keeper.h"

#include <utility>

#include <fmt/format.h>

#include "cli/machine.h"
#include "io/system_loop.h"
#include "prober/config_vantage.h"

namespace sonde::cli {
ConfigurationKeeper::ConfigurationKeeper(Parts parts, std::string path, Say say)
    : parts_(std::move(parts)),
      path_(std::move(path)),
      say_(std::move(say)),
      http_(io::make_http_client(parts_.loop)),
      documents_(
          {parts_.loop, *http_, parts_.files, parts_.state_directory + "/documents"}, [this] { on_documents(); },
          [this](const core::BilingualText& text) { this->say(Tone::kPlain, text.en, text.zh); }) {}

ConfigurationKeeper::~ConfigurationKeeper() = default;

ConfigurationInputs ConfigurationKeeper::inputs() {
  return {.files = *seen_,
          .catalogue = parts_.catalogue,
          .variables = parts_.variables,
          .host_name = parts_.host_name,
          .state_directory = parts_.state_directory,
          .detection = detection_ ? &*detection_ : nullptr,
          .vantage_needed = parts_.vantage_needed,
          .keep_written = parts_.keep_written};
}

// The first half of an attempt: the tree, and with it which documents are needed. False when it has mistakes already.
bool ConfigurationKeeper::prepare(Attempt& attempt) {
  seen_.emplace(parts_.files);
  auto tree = read_configuration_tree(path_, inputs(), attempt.errors);
  if (!tree) return false;
  attempt.tree = std::move(*tree);
  attempt.sources = prober::read_target_sources(attempt.tree);
  documents_.add(attempt.sources);
  ask_for_vantage(attempt.tree);
  return true;
}

// Once, and again only where another address is to be asked.
void ConfigurationKeeper::ask_for_vantage(const core::ConfigNode& tree) {
  auto wanted = prober::read_detection(tree);
  if (!wanted || ((detection_ || asking_) && detected_at_ == wanted->address)) return;
  wanted->version = SONDE_VERSION;
  detected_at_ = wanted->address;
  detection_.reset();
  core::ConfigErrors unheard;  // of the catalogue: ours
  asking_ = prober::detect_vantage(parts_.loop, *http_, parts_.catalogue.read(unheard), *wanted,
                                   [this](prober::VantageDetection d) { on_detection(std::move(d)); });
}

bool ConfigurationKeeper::complete() const { return documents_.complete() && !asking_; }

std::optional<Configuration> ConfigurationKeeper::read_with(const prober::TargetDocuments& documents, Attempt& attempt,
                                                            core::ConfigErrors& errors) {
  ConfigurationInputs in = inputs();
  in.documents = &documents;
  return read_configuration(attempt.tree, path_, in, errors);
}

// The second half: with the newest documents, or, where these have mistakes, with those that were good before.
void ConfigurationKeeper::read(Attempt& attempt) {
  core::ConfigErrors errors = attempt.errors;  // of the tree: variables that are not set, keys that stand twice
  const bool good_tree = errors.empty();
  attempt.configuration = read_with(documents_.newest(), attempt, errors);
  if (!attempt.configuration && good_tree && documents_.differ()) {
    core::ConfigErrors of_last_good;
    attempt.configuration = read_with(documents_.last_good(), attempt, of_last_good);
    if (attempt.configuration) attempt.of_newest = errors;
  }
  if (attempt.configuration) attempt.told = attempt.configuration->prober.vantage_told;
  attempt.errors = attempt.configuration ? core::ConfigErrors{} : std::move(errors);
}

// After a good attempt.
void ConfigurationKeeper::settle(Attempt& attempt) {
  documents_.keep_only(attempt.sources);
  const core::BilingualText& told = attempt.told;
  if (!told.en.empty() && told.en != vantage_said_.en) say(Tone::kPlain, "vantage: " + told.en, "观测点：" + told.zh);
  vantage_said_ = told;
  good_ = attempt.of_newest.empty();
  if (good_) return documents_.accept();
  say_errors(attempt.of_newest);
  say(Tone::kBad, "A new document of targets has mistakes: the one before it stays in force.",
      "新的目标文档有错误：之前的文档继续生效。");
}

std::optional<Configuration> ConfigurationKeeper::load(core::Duration wait_max, core::ConfigErrors* errors,
                                                       core::ConfigNode* root) {
  Attempt attempt;
  if (prepare(attempt)) {
    if (!complete()) {
      waiting_ = true;
      const io::Handle enough = parts_.loop.after(wait_max, [this] { parts_.loop.stop(); });
      parts_.loop.run();  // until on_documents()
      waiting_ = false;
    }
    read(attempt);
  }
  digest_ = seen_->digest();
  if (errors != nullptr) *errors = attempt.errors;
  if (!attempt.configuration) {
    say_errors(attempt.errors);
    return std::nullopt;
  }
  settle(attempt);
  if (root != nullptr) *root = std::move(attempt.tree);
  return std::move(attempt.configuration);
}

void ConfigurationKeeper::follow(std::function<core::Result<void>(Configuration)> apply,
                                 std::function<void(bool good)> told) {
  apply_ = std::move(apply);
  told_ = std::move(told);
  if (path_.empty()) return;  // everything by default: nothing can change
  watch_ = io::make_file_watch(parts_.loop, parts_.watch, [this] { on_files(); });
  watch_->watch(seen_->stamps());
}

core::Result<void> ConfigurationKeeper::reload() {
  documents_.refresh();
  return take_over();
}

core::Result<void> ConfigurationKeeper::take_over() {
  Attempt attempt;
  const bool readable = prepare(attempt);
  if (readable && !complete()) {
    waiting_ = true;
    const core::Error error =
        asking_ ? core::Error{core::ErrorCode::kBusy, "asking the metadata services", "正在询问元数据服务"}
                : core::Error{core::ErrorCode::kBusy, "waiting for the documents of new URLs", "正在等待新 URL 的文档"};
    say(Tone::kPlain, error.message, error.zh);
    return error;
  }
  waiting_ = false;
  if (readable) read(attempt);
  digest_ = seen_->digest();
  if (watch_) watch_->watch(seen_->stamps());
  core::Result<void> done = apply(attempt);
  if (done) {
    settle(attempt);
    say(Tone::kGood, "The new configuration is in force.", "新配置已生效。");
  } else {
    say(Tone::kBad, "The old configuration stays in force: " + done.error().message,
        "旧配置继续生效：" + (done.error().zh.empty() ? done.error().message : done.error().zh));
  }
  if (told_) told_(done.has_value() && good_);
  return done;
}

core::Result<void> ConfigurationKeeper::apply(Attempt& attempt) {
  if (!attempt.configuration) {
    say_errors(attempt.errors);
    return core::Error{core::ErrorCode::kInvalid, "the new one has mistakes", "新配置有错误"};
  }
  return apply_(std::move(*attempt.configuration));
}

// An editor's other files, or a file that was only touched, change nothing: then nothing is said either.
void ConfigurationKeeper::on_files() {
  Attempt look;
  if (prepare(look) && complete()) read(look);
  if (seen_->digest() != digest_) {
    (void)take_over();
  } else if (watch_) {
    watch_->watch(seen_->stamps());
  }
}

void ConfigurationKeeper::on_documents() {
  if (!complete()) return;
  if (!apply_) {
    if (waiting_) parts_.loop.stop();
  } else if (waiting_ || documents_.differ() || !good_) {
    (void)take_over();
  }
}

void ConfigurationKeeper::on_detection(prober::VantageDetection detection) {
  detection_ = std::move(detection);
  asking_.reset();
  if (waiting_) on_documents();
}

void ConfigurationKeeper::say_errors(const core::ConfigErrors& errors) const {
  for (const core::ConfigError& e : errors.all()) say_(Tone::kPlain, core::to_string(e, parts_.language));
}

void ConfigurationKeeper::say(Tone tone, std::string_view en, std::string_view zh) const {
  say_(tone, std::string{parts_.language == core::Language::kChinese ? zh : en});
}

std::optional<Configuration> load_configuration(const std::string& path, io::Files& files,
                                                const prober::CatalogueSource& catalogue, core::ConfigErrors& errors,
                                                core::ConfigNode* root) {
  const auto loop = io::make_system_loop();
  const EnvironmentVariables variables;
  ConfigurationKeeper keeper{{.loop = *loop,
                              .files = files,
                              .catalogue = catalogue,
                              .variables = variables,
                              .host_name = host_name(),
                              .state_directory = default_state_directory(),
                              .vantage_needed = false},
                             path,
                             [](ConfigurationKeeper::Tone, const std::string&) {}};
  return keeper.load(std::chrono::seconds{10}, &errors, root);
}

}  // namespace sonde::cli
