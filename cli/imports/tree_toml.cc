// TOML to a tree with places. The only file that sees toml++, which is used from its headers: nothing to link.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/imports/tree.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using Kind = ConfigNode::Kind;

constexpr int kDepthMax = 64;

class Builder {
 public:
  Builder(std::string_view file, core::ConfigErrors& errors) : file_(file), errors_(errors) {}

  ConfigNode build(const toml::node& node, int depth) {
    ConfigNode out = place(node.source());
    if (depth > kDepthMax) {
      if (!too_deep_) {
        errors_.add(out.error(fmt::format("nested deeper than {} levels", kDepthMax),
                              fmt::format("嵌套超过 {} 层", kDepthMax)));
      }
      too_deep_ = true;
      return out;
    }
    if (const toml::table* table = node.as_table()) {
      out.kind = Kind::kMap;
      for (const auto& [key, value] : *table) {
        ConfigNode name = place(key.source());
        name.kind = Kind::kScalar;
        name.scalar = std::string{key.str()};
        out.entries.push_back({std::move(name), build(value, depth + 1)});
      }
      // The library keeps keys sorted; a reader wants them as they stand in the file.
      std::ranges::stable_sort(out.entries, {}, [](const core::ConfigEntry& e) {
        return std::pair{e.key.line, e.key.column};
      });
    } else if (const toml::array* array = node.as_array()) {
      out.kind = Kind::kSequence;
      for (const toml::node& item : *array) out.items.push_back(build(item, depth + 1));
    } else {
      out.kind = Kind::kScalar;
      scalar(node, out);
    }
    return out;
  }

 private:
  ConfigNode place(const toml::source_region& region) const {
    ConfigNode out;
    out.file = file_;
    out.line = static_cast<int>(region.begin.line);
    out.column = static_cast<int>(region.begin.column);
    return out;
  }

  static void scalar(const toml::node& node, ConfigNode& out) {
    if (const auto* text = node.as_string()) {
      out.quoted = true;
      out.scalar = text->get();
    } else if (const auto* whole = node.as_integer()) {
      out.scalar = std::to_string(whole->get());
    } else if (const auto* number = node.as_floating_point()) {
      out.scalar = fmt::format("{}", number->get());
    } else if (const auto* flag = node.as_boolean()) {
      out.scalar = flag->get() ? "true" : "false";
    } else {
      out.scalar = "a date or a time";  // no field that is read here has one
    }
  }

  std::string file_;
  core::ConfigErrors& errors_;
  bool too_deep_ = false;
};

}  // namespace

ConfigNode parse_toml_tree(std::string_view text, std::string_view file, core::ConfigErrors& errors) {
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    const toml::source_position at = result.error().source().begin;
    errors.add({std::string{file}, static_cast<int>(at.line), static_cast<int>(at.column),
                "this is not TOML: " + std::string{result.error().description()},
                "此处不是 TOML：" + std::string{result.error().description()}});
    return {};
  }
  const std::size_t before = errors.all().size();
  ConfigNode root = Builder{file, errors}.build(result.table(), 1);
  return errors.all().size() == before ? std::move(root) : ConfigNode{};
}

}  // namespace sonde::cli::imports
