// Reading targets.
#include "prober/config_targets.h"

#include <algorithm>

#include "core/text.h"
#include "prober/config_keys.h"
#include "prober/config_text.h"

namespace sonde::prober {
namespace {

using core::ConfigNode;
using core::TableReader;

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;

/// Whether `name` belongs to what was asked for: hidden files never do by accident.
bool is_chosen(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  if (pattern.empty()) return name.ends_with(".yaml") || name.ends_with(".yml");
  return core::glob_match(pattern, name);
}

bool is_url_item(const ConfigNode& item) {
  return item.find("url") != nullptr && item.find("name") == nullptr && item.find("catalogue") == nullptr &&
         item.find("file") == nullptr;
}

}  // namespace

TargetsReader::TargetsReader(const ConfigSources& sources, const Catalogue& catalogue, core::ConfigErrors& errors)
    : sources_(sources), catalogue_(catalogue), errors_(errors), places_(catalogue) {}

// ---- collecting ----

void TargetsReader::collect_lists(const TableReader& map) {
  for (const ConfigNode& item : map.list("apps")) apps_.push_back(&item);
  for (const ConfigNode& item : map.list("references")) references_.push_back(&item);
  for (const ConfigNode& item : map.list("controls")) controls_.push_back(&item);
}

void TargetsReader::collect_targets(std::span<const ConfigNode> items) {
  for (const ConfigNode& item : items) {
    if (item.find("catalogue") != nullptr) {
      collect_catalogue(item);
    } else if (item.find("file") != nullptr) {
      collect_files(item);
    } else if (is_url_item(item)) {
      collect_url(item);
    } else if (item.find("name") != nullptr) {
      apps_.push_back(&item);
    } else {
      errors_.add(
          item.error("an item of targets is {catalogue: [...]}, {file: ...}, {url: ...}, or a target with name and url",
                     "targets 的每一项为 {catalogue: [...]}、{file: ...}、{url: ...}，或带 name 和 url 的目标"));
    }
  }
}

void TargetsReader::collect_files(const ConfigNode& item) {
  const TableReader m{item, kFileItemTable, errors_};
  const auto path = m.path("file");
  if (!path) return;
  const ConfigNode& at = *m.node("file");
  const auto slash = path->rfind('/');
  std::string folder = slash == std::string::npos ? "." : path->substr(0, std::max<std::size_t>(slash, 1));
  std::string pattern = slash == std::string::npos ? *path : path->substr(slash + 1);
  const bool wildcard = pattern.find_first_of("*?") != std::string::npos;
  if (folder.find_first_of("*?") != std::string::npos) {
    return errors_.add(at.error("* and ? may stand in the name of the file, not in its folder",
                                "* 和 ? 只能出现在文件名中，不能出现在目录中"));
  }
  if (!pattern.empty() && !wildcard && sources_.files.list(*path)) {
    folder = *path;
    pattern.clear();
  }
  const auto names = sources_.files.list(folder);
  if (!names) return errors_.add(at.error(names.error()));
  bool any = false;
  for (const std::string& name : *names) {
    if (!is_chosen(pattern, name)) continue;
    any = true;
    collect_file(slash == std::string::npos ? name : folder + "/" + name, at);
  }
  if (any || wildcard || pattern.empty()) return;
  errors_.add(at.error("there is no file " + *path, "没有文件 " + *path));
}

void TargetsReader::collect_file(const std::string& path, const ConfigNode& at) {
  const auto content = sources_.files.read_all(path, kFileBytesMax);
  if (!content) return errors_.add(at.error(content.error()));
  collect_document(core::parse_yaml(*content, path, sources_.variables, errors_));
}

void TargetsReader::collect_url(const ConfigNode& item) {
  const TableReader m{item, kUrlItemTable, errors_};
  (void)m.duration("refresh");
  (void)m.path("token_file");
  (void)m.path("ca_file");
  const auto url = m.text("url");
  if (!url) return;
  const ConfigNode& at = *m.node("url");
  const auto parsed = core::parse_url(*url);
  if (!parsed) return errors_.add(at.error(parsed.error()));
  if (!core::is_remote(*url)) {
    return errors_.add(at.error("a document of targets comes from http:// or https://; a target needs a name too",
                                "目标文档须来自 http:// 或 https://；若是目标，还需要 name"));
  }
  const auto text =
      sources_.documents == nullptr
          ? core::Result<std::string_view>{core::Error{core::ErrorCode::kUnsupported,
                                                       "documents of URLs are not read here", "此处不读取 URL 文档"}}
          : sources_.documents->find(*url);
  if (!text) return errors_.add(at.error(text.error()));
  // No variables: whoever writes that document must not learn what this machine's environment holds.
  collect_document(core::parse_yaml(*text, *url, nullptr, errors_));
}

void TargetsReader::collect_document(ConfigNode document) {
  if (document.kind == ConfigNode::Kind::kNull) return;  // empty, or the error is said already
  files_.push_back(std::move(document));
  const TableReader m{files_.back(), kTargetFileTable, errors_};
  collect_lists(m);
}

std::vector<TargetEntry> TargetsReader::build(const core::Vantage& vantage) {
  for (const ConfigNode* node : references_) add_reference(*node);
  for (const ConfigNode* node : controls_) add_control(*node);
  for (const ConfigNode* node : apps_) add_app(*node);
  add_choices(vantage);
  return std::move(out_);
}

std::vector<TargetSource> read_target_sources(const ConfigNode& root) {
  std::vector<TargetSource> out;
  const ConfigNode* targets = root.find("targets");
  if (targets == nullptr) return out;
  core::ConfigErrors unheard;  // said by collect_url
  for (const ConfigNode& item : targets->items) {
    if (!is_url_item(item)) continue;
    const TableReader m{item, kUrlItemTable, unheard};
    TargetSource source;
    source.url = m.text("url").value_or("");
    source.refresh = m.duration("refresh").value_or(source.refresh);
    source.token_file = m.path("token_file").value_or("");
    source.ca_file = m.path("ca_file").value_or("");
    if (!core::is_remote(source.url) || !core::parse_url(source.url)) continue;
    if (std::ranges::find(out, source.url, &TargetSource::url) == out.end()) out.push_back(std::move(source));
  }
  return out;
}

}  // namespace sonde::prober
