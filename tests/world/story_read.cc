// Reading a story, strictly; and files that stand on another file.
#include "story_read.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "map_reader.h"

namespace sonde::world {
namespace {

using core::ConfigErrors;
using core::ConfigNode;

constexpr std::array<std::string_view, 4> kToday = {"convicts", "partly", "insufficient", "nothing"};

std::string text(const ConfigNode* n, ConfigErrors& errors) {
  return n == nullptr ? std::string{} : core::read_string(*n, errors).value_or("");
}

std::vector<std::string> texts(const ConfigNode* n, ConfigErrors& errors) {
  return n == nullptr ? std::vector<std::string>{} : core::read_strings(*n, errors);
}

core::Duration time(const ConfigNode* n, ConfigErrors& errors) {
  return n == nullptr ? core::Duration{}
                      : core::read_duration(*n, {}, std::chrono::hours{24}, errors).value_or(core::Duration{});
}

Story::Stage read_stage(const ConfigNode& node, ConfigErrors& errors) {
  MapReader map(node, "stage", errors);
  Story::Stage s;
  s.from = time(map.required("from"), errors);
  s.to = time(map.required("to"), errors);
  s.right = texts(map.required("right"), errors);
  s.also = texts(map.key("also"), errors);
  if (const auto* n = map.required("today")) s.today = core::read_choice(*n, kToday, errors).value_or("");
  s.why = text(map.key("why"), errors);
  s.wrong_today = texts(map.key("wrong_today"), errors);
  map.finish();
  if (s.to <= s.from) errors.add(node.error("a stage ends after it begins"));
  const bool as_it_should = s.today == "convicts" && s.wrong_today.empty();
  if (as_it_should != s.why.empty()) {
    errors.add(node.error("`why` stands where the judge does not do today what it should, and only there"));
  }
  return s;
}

}  // namespace

Story read_story(const ConfigNode& node, ConfigErrors& errors) {
  MapReader map(node, "museum", errors);
  Story out;
  out.title = text(map.required("title"), errors);
  out.when = text(map.required("when"), errors);
  out.source = text(map.required("source"), errors);
  out.happened.en = text(map.required("happened_en"), errors);
  out.happened.zh = text(map.required("happened_zh"), errors);
  out.naive = text(map.required("naive"), errors);
  if (const auto* n = map.required("verdicts"); n != nullptr && n->kind == ConfigNode::Kind::kSequence) {
    for (const ConfigNode& item : n->items) out.stages.push_back(read_stage(item, errors));
  }
  map.finish();
  if (out.stages.empty()) errors.add(node.error("a story needs `verdicts`: a list of stages"));
  return out;
}

ConfigNode read_world_file(const std::string& path, ConfigErrors& errors) {
  const auto parse = [&errors](const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) errors.add({.file = file, .message = "this file cannot be read", .zh = "无法读取此文件"});
    const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return in ? core::parse_yaml(content, file, nullptr, errors) : ConfigNode{};
  };
  ConfigNode root = parse(path);
  const ConfigNode* base = root.find("base");
  if (base == nullptr) return root;
  const auto name = core::read_string(*base, errors);
  ConfigNode whole = parse((std::filesystem::path(path).parent_path() / name.value_or("")).string());
  if (whole.find("base") != nullptr) errors.add(base->error("a base stands on no other base"));
  for (const auto& entry : root.entries) {
    std::erase_if(whole.entries, [&](const auto& e) { return e.key.scalar == entry.key.scalar; });
    whole.entries.push_back(entry);
  }
  return whole;
}

}  // namespace sonde::world
