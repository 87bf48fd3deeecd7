// JSON to a tree with places. nlohmann reads; where a token stands is found from where its reader has got to.
#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/imports/tree.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using Kind = ConfigNode::Kind;
using Json = nlohmann::json;

constexpr std::size_t kDepthMax = 64;

/// Reads a text and tells how far it has been read.
class Counted {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Counted(const char* at, const char** seen) : at_(at), seen_(seen) {}
  reference operator*() const { return *at_; }
  Counted& operator++() {
    ++at_;
    *seen_ = at_;
    return *this;
  }
  Counted operator++(int) {
    Counted before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Counted& a, const Counted& b) { return a.at_ == b.at_; }
  friend bool operator!=(const Counted& a, const Counted& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  const char** seen_;
};

/// Lines and columns of places that are asked for in rising order.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {}
  void stand(ConfigNode& node, std::size_t at) {
    for (; at_ < at && at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        begin_ = at_ + 1;
      }
    }
    node.line = line_;
    node.column = static_cast<int>(std::max(at, begin_) - begin_) + 1;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the line
  int line_ = 1;
};

class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string_view file, core::ConfigErrors& errors)
      : text_(text), file_(file), errors_(errors), places_(text) {}

  const char* seen = nullptr;  // just behind the last character that was read

  bool null() override { return add(word(Kind::kNull, "")); }
  bool boolean(bool value) override { return add(word(Kind::kScalar, value ? "true" : "false")); }
  bool number_integer(number_integer_t value) override { return add(word(Kind::kScalar, std::to_string(value))); }
  bool number_unsigned(number_unsigned_t value) override { return add(word(Kind::kScalar, std::to_string(value))); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { return add(word(Kind::kScalar, text)); }
  bool string(string_t& value) override { return add(quoted(value)); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override { return open(Kind::kMap); }
  bool start_array(std::size_t /*elements*/) override { return open(Kind::kSequence); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    Level& level = stack_.back();
    level.key = quoted(value);
    if (level.keys.insert(value).second) return true;
    errors_.add(
        level.key.error(fmt::format("the key \"{}\" stands twice", value), fmt::format("键“{}”出现了两次", value)));
    return false;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*e*/) override {
    ConfigNode at = new_node(Kind::kNull, offset() == 0 ? 0 : offset() - 1);
    errors_.add(at.error("this is not JSON", "此处不是 JSON"));
    return false;
  }

  [[nodiscard]] ConfigNode take() { return std::move(root_); }

 private:
  struct Level {
    ConfigNode node;
    ConfigNode key;
    std::unordered_set<std::string> keys;
  };

  [[nodiscard]] std::size_t offset() const {
    return seen == nullptr ? 0 : std::min(static_cast<std::size_t>(seen - text_.data()), text_.size());
  }

  ConfigNode new_node(Kind kind, std::size_t at) {
    ConfigNode n;
    n.kind = kind;
    n.file = file_;
    places_.stand(n, at);
    return n;
  }

  /// A number, true, false or null: it ends where the reader is, or one character before.
  ConfigNode word(Kind kind, std::string text) {
    constexpr std::string_view kLetters = "+-.0123456789EINaeflnrstuy";
    const std::size_t end = text_.find_last_of(kLetters, offset() == 0 ? 0 : offset() - 1);
    const std::size_t before = end == std::string_view::npos ? end : text_.find_last_not_of(kLetters, end);
    ConfigNode n = new_node(kind, before == std::string_view::npos ? 0 : before + 1);
    n.scalar = std::move(text);
    return n;
  }

  /// A text: inside, each " has an odd number of \ before it, so the first that has not is its beginning.
  ConfigNode quoted(std::string text) {
    std::size_t at = text_.rfind('"', offset() == 0 ? 0 : offset() - 1);
    while (at != std::string_view::npos && at > 0) {
      at = text_.rfind('"', at - 1);
      if (at == std::string_view::npos) break;
      std::size_t slashes = 0;
      while (slashes < at && text_[at - slashes - 1] == '\\') ++slashes;
      if (slashes % 2 == 0) break;
    }
    ConfigNode n = new_node(Kind::kScalar, at == std::string_view::npos ? 0 : at);
    n.quoted = true;
    n.scalar = std::move(text);
    return n;
  }

  bool open(Kind kind) {
    ConfigNode n = new_node(kind, offset() == 0 ? 0 : offset() - 1);
    if (stack_.size() == kDepthMax) {
      errors_.add(
          n.error(fmt::format("nested deeper than {} levels", kDepthMax), fmt::format("嵌套超过 {} 层", kDepthMax)));
      return false;
    }
    stack_.push_back(Level{std::move(n), {}, {}});
    return true;
  }

  bool close() {
    ConfigNode finished = std::move(stack_.back().node);
    stack_.pop_back();
    return add(std::move(finished));
  }

  bool add(ConfigNode n) {
    if (stack_.empty()) {
      root_ = std::move(n);
    } else if (stack_.back().node.kind == Kind::kSequence) {
      stack_.back().node.items.push_back(std::move(n));
    } else {
      stack_.back().node.entries.push_back({std::move(stack_.back().key), std::move(n)});
    }
    return true;
  }

  std::string_view text_;
  std::string file_;
  core::ConfigErrors& errors_;
  Places places_;
  std::vector<Level> stack_;
  ConfigNode root_;
};

}  // namespace

ConfigNode parse_json_tree(std::string_view text, std::string_view file, core::ConfigErrors& errors) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";  // of UTF-8, as editors of Windows put it
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  Builder builder{text, file, errors};
  const char* end = text.data() + text.size();
  if (!Json::sax_parse(Counted{text.data(), &builder.seen}, Counted{end, &builder.seen}, &builder)) return {};
  return builder.take();
}

}  // namespace sonde::cli::imports
