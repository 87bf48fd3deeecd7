// A target as it is put together from the words of another program, and the list that drafts become.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/imports/notes.h"
#include "cli/imports/values.h"
#include "core/target.h"
#include "io/files.h"

namespace sonde::cli::imports {

struct Draft {
  /// `at` is where the check stands in the other program's file.
  explicit Draft(const core::ConfigNode& at);

  core::ConfigNode at;
  std::string name;  // need not be unique, or clean
  core::ConfigNode url;
  core::ConfigNode labels;  // maps, perhaps empty
  core::ConfigNode expect;
  core::ConfigNode request;
  core::ConfigNode tls;
  core::ConfigNode reach;  // family, source, interface, resolver, timeouts
  std::optional<core::Duration> every;
  std::optional<core::Duration> timeout;

  /// The host and the kind of check, from the URL; nothing where it is no URL of ours.
  [[nodiscard]] std::optional<core::Url> parsed_url() const;
  /// Whether TLS is spoken to it.
  [[nodiscard]] bool speaks_tls() const;
};

/// Finished targets. A draft is finished by giving it a name that is free, taking secrets out, fitting it into our
/// limits and showing it to the strict reader; what that refuses is skipped, with its words.
class Targets {
 public:
  /// Both must outlive this.
  Targets(Notes& notes, io::Files& files) : notes_(notes), files_(files) {}

  void add(Draft draft);
  /// Maps in the form of `apps[]`, in the order of the files.
  [[nodiscard]] const std::vector<core::ConfigNode>& all() const { return all_; }
  /// The names of variables that stand for secrets, in the order of their use.
  [[nodiscard]] const std::vector<std::string>& secrets() const { return secret_names_; }
  [[nodiscard]] bool has_name(std::string_view name) const { return names_.contains(name); }
  [[nodiscard]] Notes& notes() { return notes_; }
  [[nodiscard]] io::Files& files() { return files_; }

  /// A variable in the place of a secret; the same secret has one variable. `hint` becomes part of its name, `key` says
  /// in the note where it stands.
  [[nodiscard]] core::ConfigNode secret(const core::ConfigNode& at, std::string_view value, std::string_view hint,
                                        std::string_view key);

 private:
  void name_it(Draft& draft);
  void hide_secrets(Draft& draft);
  static void take_user(Draft& draft);
  void hide_in_url(Draft& draft);
  void hide_in_request(Draft& draft);
  void hide_in_steps(Draft& draft);
  void fit_pace(Draft& draft);
  void warn_of_address(const Draft& draft);
  void warn_of_paths(const Draft& draft);
  [[nodiscard]] core::ConfigNode finished(const Draft& draft) const;

  Notes& notes_;
  io::Files& files_;
  std::vector<core::ConfigNode> all_;
  std::set<std::string, std::less<>> names_;
  std::map<std::string, int> last_number_;  // of each name that several have: a file may have ten thousands of it
  std::map<std::string, std::string, std::less<>> secrets_;  // value -> variable
  std::set<std::string> secret_names_seen_;
  std::map<std::string, int> last_secret_number_;
  std::vector<std::string> secret_names_;
};

/// Adds a label; more of them than a target can use are left out, and that is said once.
void set_label(Draft& draft, std::string_view key, core::ConfigNode value, Notes& notes);
/// Sets `key` of a map, in the place of what it had.
void set(core::ConfigNode& map, std::string_view key, core::ConfigNode value);
/// Adds to a list under `key` that is made where it is missing.
void append(core::ConfigNode& map, std::string_view key, core::ConfigNode item);
/// A rule of `expect.json` or of `expect.header_matches`: a map of one or two keys at the place of `at`.
[[nodiscard]] core::ConfigNode rule(const core::ConfigNode& at,
                                    std::vector<std::pair<std::string_view, core::ConfigNode>> entries);

}  // namespace sonde::cli::imports
