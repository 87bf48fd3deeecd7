// Files of other programs as targets: finds out which program a file is of, reads it, and carries over what it can.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/imports/field_table.h"
#include "cli/imports/notes.h"
#include "io/files.h"

namespace sonde::cli::imports {

enum class Format { kBlackbox, kPrometheus, kGatus, kUptimeKuma, kTelegraf };

/// "blackbox", "prometheus", "gatus", "uptime-kuma", "telegraf".
[[nodiscard]] std::string_view name(Format format);
[[nodiscard]] std::span<const std::string_view> format_names();
[[nodiscard]] std::optional<Format> parse_format(std::string_view text);

/// A file as it was read; `name` is for messages, and folders of other files are taken from it.
struct Source {
  std::string name;
  std::string text;
};

/// What the file looks like; nothing when it looks like none of them.
[[nodiscard]] std::optional<Format> detect(std::string_view text);

struct Imported {
  std::string yaml;                  // a file of targets, valid for the strict reader
  std::size_t targets = 0;           // in it
  std::vector<Note> notes;           // in the order of the places
  std::vector<std::string> secrets;  // variables that must be set
  core::ConfigErrors unreadable;     // files that could not be read at all; then there is no yaml
};

/// Imports all sources together: modules of blackbox.yml are found by the jobs of any prometheus.yml. `format` holds
/// for all of them; without it each is looked at. `files` is for what they refer to. Pure but for that.
[[nodiscard]] Imported import_sources(std::span<const Source> sources, std::optional<Format> format, io::Files& files);

/// What becomes of every field of a format, for the documentation.
[[nodiscard]] std::vector<FieldTable> field_tables(Format format);

}  // namespace sonde::cli::imports
