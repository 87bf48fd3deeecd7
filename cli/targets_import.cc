// `sonde targets import FILE…`.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "cli/imports/import.h"
#include "cli/verbs.h"
#include "io/files.h"

namespace sonde::cli {
namespace {

using imports::Imported;
using imports::Source;

constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;
constexpr std::string_view kStdin = "-";

core::Result<std::string> read_stdin() {
  std::string text;
  std::string buffer(1 << 16, '\0');
  while (true) {
    const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return core::Error{core::ErrorCode::kIo, "stdin cannot be read", "无法读取标准输入"};
    text.append(buffer, 0, static_cast<std::size_t>(n));
    if (text.size() > kFileBytesMax) return core::Error{core::ErrorCode::kNoSpace, "more than 16 MiB", "超过 16 MiB"};
  }
}

/// Nothing when a file cannot be read: that is said.
std::optional<std::vector<Source>> read_sources(const std::vector<std::string>& paths, io::Files& files,
                                                const Terminal& t) {
  std::vector<Source> out;
  bool whole = true;
  for (const std::string& path : paths) {
    auto text = path == kStdin ? read_stdin() : files.read_all(path, kFileBytesMax);
    if (text) {
      out.push_back({path == kStdin ? "stdin" : path, std::move(*text)});
      continue;
    }
    whole = false;
    const core::ConfigError e{path, 0, 0, text.error().message, text.error().zh};
    write_err(core::to_string(e, t.language) + "\n");
  }
  return whole ? std::optional{std::move(out)} : std::nullopt;
}

std::string head(const std::vector<Source>& sources, const Imported& imported) {
  std::string out = "# Written by `sonde targets import`. From:\n";
  for (const Source& s : sources) out += fmt::format("#   {}\n", shown(s.name));
  if (!imported.secrets.empty()) out += "# Variables that must be set where sonde runs:\n";
  for (const std::string& name : imported.secrets) out += fmt::format("#   {}\n", name);
  return out;
}

std::string summary(const Imported& imported, const Terminal& t) {
  if (imported.notes.empty()) {
    return fmt::format(fmt::runtime(t.say("{} target(s), all carried over\n", "{} 个目标，全部带入\n")),
                       imported.targets);
  }
  return fmt::format(fmt::runtime(t.say("{} target(s); {} thing(s) to look at\n", "{} 个目标；{} 处需要查看\n")),
                     imported.targets, imported.notes.size());
}

std::string fields_text(imports::Format format, const Terminal& t) {
  std::string out;
  for (const imports::FieldTable& table : imports::field_tables(format)) {
    int width = 0;
    for (const auto& row : table.rows) width = std::max(width, core::display_width(row.field));
    out += (out.empty() ? "" : "\n") + t.paint(Color::kBold, table.title) + "\n";
    for (const auto& row : table.rows) {
      const std::string_view sign = row.carried ? t.sign("→ ", "-> ") : t.sign("✗ ", "x  ");
      out += fmt::format("  {}  {}{}\n", pad(row.field, width),
                         t.paint(row.carried ? Color::kGreen : Color::kRed, sign), t.say(row.en, row.zh));
    }
  }
  return out;
}

}  // namespace

int targets_import_verb(const ImportOptions& options, const Context& context) {
  if (const auto format = imports::parse_format(options.fields)) {
    return write_out(fields_text(*format, context.out)) ? exit_code::kOk : exit_code::kUnknown;
  }
  const auto files = io::make_system_files();
  const Terminal& t = context.err;
  const auto sources = read_sources(options.files, *files, t);
  if (!sources) return exit_code::kUsage;
  const Imported imported = imports::import_sources(*sources, imports::parse_format(options.from), *files);
  if (!imported.unreadable.empty()) {
    write_err(imported.unreadable.to_string(t.language));
    return exit_code::kUsage;
  }
  std::string said;
  for (const imports::Note& note : imported.notes) said += imports::to_string(note, t.language) + "\n";
  write_err(said + summary(imported, t));
  if (!write_out(head(*sources, imported) + imported.yaml)) return exit_code::kUnknown;
  return imported.notes.empty() && imported.targets > 0 ? exit_code::kOk : exit_code::kFailed;
}

}  // namespace sonde::cli
