// YAML text to a ConfigNode tree. yaml-cpp reads; the checks that it does not make are made here
// (it accepts duplicate keys and keeps the first, and follows aliases).
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/config_node.h"

namespace sonde::core {
namespace {

constexpr int kDepthMax = 32;
constexpr std::size_t kForeignNodesMax = 200'000;  // aliases of aliases would grow without bound

/// Whose file it is: our own with variables, or that of another program, taken as it stands.
enum class Dialect { kOwn, kForeign };

std::size_t count_nodes(const ConfigNode& n) {
  std::size_t count = 1;
  for (const ConfigNode& item : n.items) count += count_nodes(item);
  for (const auto& [key, value] : n.entries) count += 1 + count_nodes(value);
  return count;
}

int depth_of(const ConfigNode& n) {
  int below = 0;
  for (const ConfigNode& item : n.items) below = std::max(below, depth_of(item));
  for (const auto& [key, value] : n.entries) below = std::max(below, depth_of(value));
  const bool holds = n.kind == ConfigNode::Kind::kSequence || n.kind == ConfigNode::Kind::kMap;
  return below + (holds ? 1 : 0);
}

// Builds our tree from yaml-cpp's event stream: events carry marks and anchors, its node tree hides aliases.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view file, const VariableLookup* variables, Dialect dialect, ConfigErrors& errors)
      : file_(file), variables_(variables), foreign_(dialect == Dialect::kForeign), errors_(errors) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(node(ConfigNode::Kind::kNull, mark, "?", anchor), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    ConfigNode n = node(ConfigNode::Kind::kNull, mark);
    if (foreign_) return add(follow(std::move(n), anchor));
    errors_.add(n.error("aliases (*name) are not supported; write the value out", "不支持别名（*name）；请直接写出值"));
    add(std::move(n));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode n = node(ConfigNode::Kind::kScalar, mark, tag, anchor);
    n.quoted = tag == "!";
    n.scalar = value;
    if (!foreign_ && value.find('$') != std::string::npos) expand(n);
    if (!n.quoted && (value == "~" || value == "null")) n.kind = ConfigNode::Kind::kNull;
    finish(std::move(n), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(node(ConfigNode::Kind::kSequence, mark, tag, anchor), anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(node(ConfigNode::Kind::kMap, mark, tag, anchor), anchor);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] ConfigNode take() { return std::move(root_); }
  [[nodiscard]] bool too_deep() const { return too_deep_; }

 private:
  struct Level {
    ConfigNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool has_key = false;
    ConfigNode key;
    std::unordered_map<std::string, int> lines = {};  // of the keys
    std::vector<ConfigNode> merged = {};              // what stands under `<<`
  };

  // yaml-cpp gives "!" to quoted scalars and "?" to all else that has no tag.
  ConfigNode node(ConfigNode::Kind kind, const YAML::Mark& mark, std::string_view tag = "?",
                  YAML::anchor_t anchor = YAML::NullAnchor) {
    ConfigNode n;
    n.kind = kind;
    n.file = file_;
    n.line = mark.line + 1;
    n.column = mark.column + 1;
    if (anchor != YAML::NullAnchor && !foreign_) {
      errors_.add(n.error("anchors (&name) are not supported; write the value out each time",
                          "不支持锚点（&name）；请每次都直接写出值"));
    }
    if (tag != "?" && tag != "!" && !tag.empty()) {
      errors_.add(n.error("tags (!name) are not supported", "不支持标签（!name）"));
    }
    return n;
  }

  void open(ConfigNode n, YAML::anchor_t anchor) {
    if (stack_.size() == kDepthMax) refuse_depth(n);
    stack_.push_back(Level{.node = std::move(n), .anchor = anchor, .has_key = false, .key = {}});
  }

  void close() {
    Level level = std::move(stack_.back());
    stack_.pop_back();
    for (ConfigNode& merged : level.merged) merge(std::move(merged), level);
    finish(std::move(level.node), level.anchor);
  }

  /// A node that is complete: remembered where an alias may ask for it, and put where it belongs.
  void finish(ConfigNode n, YAML::anchor_t anchor) {
    if (foreign_ && anchor != YAML::NullAnchor) anchors_[anchor] = n;
    add(std::move(n));
  }

  void refuse_depth(const ConfigNode& at) {
    if (too_deep_) return;
    errors_.add(
        at.error(fmt::format("nested deeper than {} levels", kDepthMax), fmt::format("嵌套超过 {} 层", kDepthMax)));
    too_deep_ = true;
  }

  ConfigNode follow(ConfigNode at, YAML::anchor_t anchor) {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) {
      errors_.add(at.error("an alias that stands inside of what it names", "别名位于它所指的内容之中"));
      return at;
    }
    if (static_cast<int>(stack_.size()) + depth_of(it->second) > kDepthMax) {
      refuse_depth(at);
      return at;
    }
    nodes_ += count_nodes(it->second);
    if (nodes_ <= kForeignNodesMax) return it->second;
    if (!too_many_) {
      errors_.add(at.error(fmt::format("aliases make more than {} values of this file", kForeignNodesMax),
                           fmt::format("别名使此文件超过 {} 个值", kForeignNodesMax)));
    }
    too_many_ = true;
    return at;
  }

  /// The keys of `from` that are not there yet (https://yaml.org/type/merge.html).
  static void merge(ConfigNode from, Level& into) {
    for (ConfigNode& item : from.items) merge(std::move(item), into);
    for (ConfigEntry& entry : from.entries) {
      if (into.lines.emplace(entry.key.scalar, entry.key.line).second) into.node.entries.push_back(std::move(entry));
    }
  }

  void add(ConfigNode n) {
    if (stack_.empty()) {
      root_ = std::move(n);
      return;
    }
    Level& level = stack_.back();
    if (level.node.kind == ConfigNode::Kind::kSequence) {
      level.node.items.push_back(std::move(n));
    } else if (!level.has_key) {
      take_key(level, std::move(n));
    } else {
      if (foreign_ && level.key.scalar == "<<" && !level.key.quoted) {
        level.merged.push_back(std::move(n));
      } else if (!level.key.scalar.empty()) {
        level.node.entries.push_back({std::move(level.key), std::move(n)});
      }
      level.has_key = false;
    }
  }

  void take_key(Level& level, ConfigNode key) {
    level.has_key = true;
    const bool merges = foreign_ && key.scalar == "<<" && !key.quoted;
    if (key.kind != ConfigNode::Kind::kScalar || key.scalar.empty()) {
      errors_.add(key.error("a key must be a single word", "键必须是单个词"));
      key.scalar.clear();
    } else if (const auto [first, fresh] = level.lines.emplace(key.scalar, key.line); !fresh && !merges) {
      errors_.add(
          key.error(fmt::format("the key \"{}\" stands twice; the first is on line {}", key.scalar, first->second),
                    fmt::format("键“{}”出现了两次；第一次在第 {} 行", key.scalar, first->second)));
      key.scalar.clear();
    }
    level.key = std::move(key);
  }

  // ${NAME} anywhere in a value; $$ is a single $, and a $ before anything else stays.
  void expand(ConfigNode& n) {
    const bool is_key = !stack_.empty() && stack_.back().node.kind == ConfigNode::Kind::kMap && !stack_.back().has_key;
    const std::string value = std::exchange(n.scalar, {});
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value.compare(i, 2, "$$") == 0) {
        n.scalar += value[i++];
      } else if (value.compare(i, 2, "${") != 0) {
        n.scalar += value[i];
      } else if (is_key) {
        errors_.add(n.error("variables are for values, not for keys", "变量只能用于值，不能用于键"));
        n.scalar = value;
        return;
      } else {
        const std::size_t close = std::min(value.find('}', i), value.size());
        n.scalar += look_up(value.substr(i + 2, close - i - 2), close < value.size(), n);
        i = close;
      }
    }
    n.written = value;
  }

  std::string look_up(const std::string& name, bool closed, const ConfigNode& at) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    if (!closed || name.empty() || name.find_first_not_of(kLetters) != std::string::npos) {
      errors_.add(
          at.error("a variable is written ${NAME}; for a plain $ write $$", "变量写作 ${NAME}；普通的 $ 请写 $$"));
      return {};
    }
    if (variables_ == nullptr) {
      errors_.add(at.error("variables are replaced only in files of this machine", "只有本机文件中的变量才会被替换"));
      return {};
    }
    const auto found = variables_->find(name);
    if (!found) {
      errors_.add(at.error(fmt::format("the variable {} is not set", name), fmt::format("变量 {} 没有设置", name)));
    }
    return found.value_or("");
  }

  std::string file_;
  const VariableLookup* variables_;
  bool foreign_;
  ConfigErrors& errors_;
  std::vector<Level> stack_;
  ConfigNode root_;
  std::map<YAML::anchor_t, ConfigNode> anchors_;  // what has one, as far as it is complete
  std::size_t nodes_ = 0;                         // that aliases added
  bool too_deep_ = false;
  bool too_many_ = false;
};

ConfigNode parse(std::string_view text, std::string_view file, const VariableLookup* variables, Dialect dialect,
                 ConfigErrors& errors) {
  Builder builder{file, variables, dialect, errors};
  try {  // yaml-cpp reports syntax errors by exceptions; they end here
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    parser.HandleNextDocument(builder);
    if (parser.HandleNextDocument(builder)) {
      errors.add(
          ConfigError{std::string{file}, 0, 0, "only one YAML document per file", "每个文件只能有一个 YAML 文档"});
    }
  } catch (const YAML::Exception& e) {
    errors.add(ConfigError{std::string{file}, e.mark.line + 1, e.mark.column + 1, e.msg, "YAML 语法错误：" + e.msg});
    return {};
  }
  if (builder.too_deep()) return {};
  return builder.take();
}

}  // namespace

ConfigNode parse_yaml(std::string_view text, std::string_view file, const VariableLookup* variables,
                      ConfigErrors& errors) {
  return parse(text, file, variables, Dialect::kOwn, errors);
}

ConfigNode parse_foreign_yaml(std::string_view text, std::string_view file, ConfigErrors& errors) {
  return parse(text, file, nullptr, Dialect::kForeign, errors);
}

}  // namespace sonde::core
