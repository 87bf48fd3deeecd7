// YAML text to a ConfigNode tree. yaml-cpp reads; the checks that it does not make are made here
// (it accepts duplicate keys and keeps the first, and follows aliases).
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "core/config_node.h"

namespace sonde::core {
namespace {

constexpr int kDepthMax = 32;

// Builds our tree from yaml-cpp's event stream: events carry marks and anchors, its node tree hides aliases.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view file, const VariableLookup* variables, ConfigErrors& errors)
      : file_(file), variables_(variables), errors_(errors) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(node(ConfigNode::Kind::kNull, mark, "?", anchor));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    ConfigNode n = node(ConfigNode::Kind::kNull, mark);
    errors_.add(n.error("aliases (*name) are not supported; write the value out", "不支持别名（*name）；请直接写出值"));
    add(std::move(n));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode n = node(ConfigNode::Kind::kScalar, mark, tag, anchor);
    n.quoted = tag == "!";
    n.scalar = value;
    if (value.find('$') != std::string::npos) expand(n);
    if (!n.quoted && (value == "~" || value == "null")) n.kind = ConfigNode::Kind::kNull;
    add(std::move(n));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(node(ConfigNode::Kind::kSequence, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(node(ConfigNode::Kind::kMap, mark, tag, anchor));
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] ConfigNode take() { return std::move(root_); }
  [[nodiscard]] bool too_deep() const { return too_deep_; }

 private:
  struct Level {
    ConfigNode node;
    bool has_key = false;
    ConfigNode key;
  };

  // yaml-cpp gives "!" to quoted scalars and "?" to all else that has no tag.
  ConfigNode node(ConfigNode::Kind kind, const YAML::Mark& mark, std::string_view tag = "?",
                  YAML::anchor_t anchor = YAML::NullAnchor) {
    ConfigNode n;
    n.kind = kind;
    n.file = file_;
    n.line = mark.line + 1;
    n.column = mark.column + 1;
    if (anchor != YAML::NullAnchor) {
      errors_.add(n.error("anchors (&name) are not supported; write the value out each time",
                          "不支持锚点（&name）；请每次都直接写出值"));
    }
    if (tag != "?" && tag != "!" && !tag.empty()) {
      errors_.add(n.error("tags (!name) are not supported", "不支持标签（!name）"));
    }
    return n;
  }

  void open(ConfigNode n) {
    if (stack_.size() == kDepthMax && !too_deep_) {
      errors_.add(
          n.error(fmt::format("nested deeper than {} levels", kDepthMax), fmt::format("嵌套超过 {} 层", kDepthMax)));
      too_deep_ = true;
    }
    stack_.push_back(Level{.node = std::move(n), .has_key = false, .key = {}});
  }

  void close() {
    ConfigNode finished = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(finished));
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
      if (!level.key.scalar.empty()) level.node.entries.push_back({std::move(level.key), std::move(n)});
      level.has_key = false;
    }
  }

  void take_key(Level& level, ConfigNode key) {
    level.has_key = true;
    if (key.kind != ConfigNode::Kind::kScalar || key.scalar.empty()) {
      errors_.add(key.error("a key must be a single word", "键必须是单个词"));
      key.scalar.clear();
    } else if (const ConfigNode* first = level.node.find(key.scalar)) {
      errors_.add(
          key.error(fmt::format("the key \"{}\" stands twice; the first is on line {}", key.scalar, first->line),
                    fmt::format("键“{}”出现了两次；第一次在第 {} 行", key.scalar, first->line)));
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
  ConfigErrors& errors_;
  std::vector<Level> stack_;
  ConfigNode root_;
  bool too_deep_ = false;
};

}  // namespace

ConfigNode parse_yaml(std::string_view text, std::string_view file, const VariableLookup* variables,
                      ConfigErrors& errors) {
  Builder builder{file, variables, errors};
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

}  // namespace sonde::core
