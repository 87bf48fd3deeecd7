// Keeps the running configuration up to date: reads it, watches every file and URL that it came from, and takes over a
// changed one as a whole or not at all.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/configuration.h"
#include "cli/target_documents.h"
#include "core/text.h"
#include "io/file_watch.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "prober/vantage_detect.h"

namespace sonde::cli {

class ConfigurationKeeper {
 public:
  struct Parts {
    io::Loop& loop;
    io::Files& files;
    const prober::CatalogueSource& catalogue;
    const core::VariableLookup& variables;
    std::string host_name;
    std::string state_directory;
    core::Language language = core::Language::kEnglish;  // of what is said
    io::FileWatchOptions watch{};
    bool vantage_needed = true;  // as in prober::ConfigSources, and the next
    bool keep_written = true;
  };
  enum class Tone { kGood, kBad, kPlain };
  using Say = std::function<void(Tone, const std::string&)>;
  /// Everything in `parts` must outlive this. `say` gets whole lines for the one who runs this.
  ConfigurationKeeper(Parts parts, std::string path, Say say);
  ~ConfigurationKeeper();
  ConfigurationKeeper(const ConfigurationKeeper&) = delete;
  ConfigurationKeeper& operator=(const ConfigurationKeeper&) = delete;

  /// Reads the configuration. Runs the loop meanwhile, `wait_max` at most, until the documents of URLs are there and,
  /// for `vantage: auto`, the metadata services were asked; a document that does not come, or has mistakes, is replaced
  /// by its copy. Nothing when there are mistakes: they were said, and are in `errors` where it is given. `root` gets
  /// the tree that was read. Once, before follow().
  [[nodiscard]] std::optional<Configuration> load(core::Duration wait_max = std::chrono::seconds{10},
                                                  core::ConfigErrors* errors = nullptr,
                                                  core::ConfigNode* root = nullptr);
  /// False while a document of targets has mistakes and the one before it is used.
  [[nodiscard]] bool good() const { return good_; }

  /// From now on a change of a file or document is taken over by `apply`, which changes everything or nothing.
  /// `told` hears how each attempt went.
  void follow(std::function<core::Result<void>(Configuration)> apply, std::function<void(bool good)> told);
  /// Reads everything again (documents as far as they are there; they are asked for anew too). Errors, which were said,
  /// leave the old configuration in force. kBusy: documents of new URLs have to come first.
  core::Result<void> reload();

 private:
  struct Attempt {
    std::optional<Configuration> configuration;
    core::ConfigNode tree;
    core::ConfigErrors errors;     // why there is none
    core::BilingualText told;      // of the vantage
    core::ConfigErrors of_newest;  // mistakes of new documents, where their last good ones are used
    std::vector<prober::TargetSource> sources;
  };

  [[nodiscard]] bool prepare(Attempt& attempt);
  void ask_for_vantage(const core::ConfigNode& tree);
  [[nodiscard]] bool complete() const;
  void read(Attempt& attempt);
  [[nodiscard]] std::optional<Configuration> read_with(const prober::TargetDocuments& documents, Attempt& attempt,
                                                       core::ConfigErrors& errors);
  void settle(Attempt& attempt);
  core::Result<void> take_over();
  core::Result<void> apply(Attempt& attempt);
  void on_files();
  void on_documents();
  void on_detection(prober::VantageDetection detection);
  [[nodiscard]] ConfigurationInputs inputs();
  void say_errors(const core::ConfigErrors& errors) const;
  void say(Tone tone, std::string_view en, std::string_view zh) const;

  Parts parts_;
  std::string path_;
  Say say_;
  std::unique_ptr<io::HttpClient> http_;
  TargetDocuments documents_;
  std::unique_ptr<io::FileWatch> watch_;
  std::optional<io::StampedFiles> seen_;  // of the last attempt
  std::uint64_t digest_ = 0;              // of what the last attempt read
  std::function<core::Result<void>(Configuration)> apply_;
  std::function<void(bool)> told_;
  std::optional<prober::VantageDetection> detection_;  // once: a machine does not move
  std::string detected_at_;                            // the address that was asked for it
  core::BilingualText vantage_said_;
  io::Handle asking_;     // the metadata services
  bool waiting_ = false;  // for documents of new URLs, or for the vantage
  bool good_ = true;
};

}  // namespace sonde::cli
