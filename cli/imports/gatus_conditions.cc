// From conditions to expectations.
#include "cli/imports/gatus_conditions.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "cli/imports/json_path.h"
#include "core/text.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;

constexpr std::array<std::string_view, 6> kOperators = {"==", "!=", "<=", ">=", ">", "<"};  // in Gatus's order
constexpr int kStatusMin = 100;
constexpr int kStatusMax = 599;
constexpr double kMsPerDay = 86'400'000.0;

std::string upper(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// What stands in NAME(…); nothing where it is no such call.
std::optional<std::string> argument(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || !text.ends_with(')') || text.size() <= name.size() + 1) return std::nullopt;
  if (text[name.size()] != '(') return std::nullopt;
  return std::string{text.substr(name.size() + 1, text.size() - name.size() - 2)};
}

std::vector<std::string> options_of(std::string_view list) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t comma = std::min(list.find(','), list.size());
    out.emplace_back(trim(list.substr(0, comma)));
    if (comma == list.size()) return out;
    list.remove_prefix(comma + 1);
  }
}

/// A number, or a duration in milliseconds.
std::optional<double> number_of(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc{} && end == text.data() + text.size() && std::isfinite(out)) return out;
  const auto duration = core::parse_go_duration(text);
  return duration ? std::optional{core::to_seconds(*duration) * 1000} : std::nullopt;
}

bool compare(double a, std::string_view op, double b) {
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  return a >= b;
}

/// The pattern of pat() as a regular expression; nothing for classes and escapes.
std::optional<std::string> regex_of_pattern(std::string_view pattern) {
  if (pattern.find_first_of("[]\\") != std::string_view::npos) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      out += ".*";
    } else if (pattern[i] == '?') {
      out += '.';
    } else {
      const std::size_t end = std::min(pattern.find_first_of("*?", i), pattern.size());
      out += quote_pattern(pattern.substr(i, end - i));
      i = end - 1;
    }
  }
  return out;
}

/// The text of pat(*text*).
std::optional<std::string> contained(std::string_view value) {
  const auto pattern = argument(value, "pat");
  if (!pattern || pattern->size() < 3 || !pattern->starts_with('*') || !pattern->ends_with('*')) return std::nullopt;
  std::string inside = pattern->substr(1, pattern->size() - 2);
  if (inside.find_first_of("*?[]\\") != std::string::npos) return std::nullopt;
  return inside;
}

/// What the whole of a text must be to equal `value`: a text, pat() or any().
std::optional<std::string> regex_of_value(std::string_view value) {
  if (const auto pattern = argument(value, "pat")) return regex_of_pattern(*pattern);
  const auto any = argument(value, "any");
  if (!any) return quote_pattern(value);
  std::string out;
  for (const std::string& option : options_of(*any)) out += (out.empty() ? "" : "|") + quote_pattern(option);
  return "(?:" + out + ")";
}

bool status_equals(const std::string& code, std::string_view value) {
  if (const auto pattern = argument(value, "pat")) return core::glob_match(*pattern, code);
  if (const auto any = argument(value, "any")) {
    const auto options = options_of(*any);
    return std::ranges::find(options, code) != options.end();
  }
  return code == value;
}

class Carrier {
 public:
  Carrier(ConditionsOf kind, Draft& draft, Notes& notes) : kind_(kind), draft_(draft), notes_(notes) { status_.set(); }

  void carry(const Condition& c) {
    const std::string name = upper(c.left);
    if (name == "[STATUS]") {
      kind_ == ConditionsOf::kHttp ? status(c) : lost(c, "only HTTP has a status", "只有 HTTP 有状态码");
    } else if (name == "[RESPONSE_TIME]") {
      response_time(c);
    } else if (name == "[CERTIFICATE_EXPIRATION]") {
      certificate(c);
    } else if (name == "[CONNECTED]") {
      if (c.op != "==" || c.right != "true") lost(c, "a target is good when it answers", "目标有应答才算正常");
    } else if (name == "[DNS_RCODE]") {
      rcode(c);
    } else if (name == "[BODY]") {
      whole_body(c);
    } else if (name.starts_with("[HEADER].")) {
      header(c, c.left.substr(9));
    } else if (name == "[IP]") {
      lost(c, "the address is a fact, not an expectation", "地址是记录的事实，不是期望");
    } else if (name == "[DOMAIN_EXPIRATION]") {
      lost(c, "the registration of names is not looked at", "不查看域名注册信息");
    } else if (kind_ == ConditionsOf::kHttp && !name.starts_with("AGE(") && name.find("[BODY]") != std::string::npos) {
      json(c);
    } else {
      lost(c, "there is no such expectation", "没有对应的期望");
    }
  }

  void finish() {
    if (kind_ != ConditionsOf::kHttp) return;
    ConfigNode list = core::list_node(draft_.at);
    for (int first = kStatusMin; first <= kStatusMax; ++first) {
      if (!status_[bit(first)]) continue;
      int last = first;
      while (last < kStatusMax && status_[bit(last + 1)]) ++last;
      list.items.push_back(
          word(draft_.at, first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last)));
      first = last;
    }
    if (list.items.empty()) {
      notes_.mistake(draft_.at, "no status can meet all conditions", "没有状态码能满足所有条件");
    }
    set(draft_.expect, "status", list.items.size() == 1 ? list.items.front() : list);
  }

 private:
  static std::size_t bit(int code) { return static_cast<std::size_t>(code - kStatusMin); }

  void lost(const Condition& c, std::string_view en, std::string_view zh) {
    const std::string whole = fmt::format("{} {} {}", c.left, c.op, c.right);
    notes_.lost(c.at, fmt::format("the condition {}: {}", whole, en), fmt::format("条件 {}：{}", whole, zh));
  }
  void differs(const Condition& c, std::string_view en, std::string_view zh) {
    const std::string whole = fmt::format("{} {} {}", c.left, c.op, c.right);
    notes_.differs(c.at, fmt::format("the condition {}: {}", whole, en), fmt::format("条件 {}：{}", whole, zh));
  }

  void status(const Condition& c) {
    const bool equality = c.op == "==" || c.op == "!=";
    const auto number = number_of(c.right);
    if (!equality && !number) return lost(c, "this is no number", "这不是数字");
    for (int code = kStatusMin; code <= kStatusMax; ++code) {
      const bool good =
          equality ? status_equals(fmt::format("{}", code), c.right) == (c.op == "==") : compare(code, c.op, *number);
      if (!good) status_.reset(bit(code));
    }
  }

  void response_time(const Condition& c) {
    const auto ms = number_of(c.right);
    if (!ms || *ms < 1 || *ms > 300'000 || (c.op != "<" && c.op != "<=")) {
      return lost(c, "only < and <= up to 5m are carried over", "只能带入不超过 5m 的 < 和 <=");
    }
    set(draft_.expect, "max_duration", word(c.at, core::format_duration(core::from_seconds(*ms / 1000))));
    differs(c, "a slower run is degraded and does not fail (max_duration)",
            "更慢的探测为 degraded，不算失败（max_duration）");
  }

  void certificate(const Condition& c) {
    const auto ms = number_of(c.right);
    const bool later = c.op == ">" || c.op == ">=";
    const auto url = draft_.parsed_url();
    const bool plain = url && url->scheme == "http";
    if (!ms || *ms < 0 || *ms > 3650 * kMsPerDay || !later || plain || kind_ == ConditionsOf::kDns) {
      return lost(c, "only > and >= of targets with TLS are carried over", "只能带入使用 TLS 的目标的 > 和 >=");
    }
    const auto days = static_cast<int>(std::ceil(*ms / kMsPerDay));
    set(draft_.expect, "cert_days", word(c.at, fmt::format("{}", days)));
    differs(c, "fewer days make the target degraded, and each certificate of the chain counts (cert_days)",
            "天数不足时目标为 degraded，且证书链中的每张证书都计入（cert_days）");
  }

  void rcode(const Condition& c) {
    if (kind_ != ConditionsOf::kDns || c.op != "==" || argument(c.right, "pat")) {
      return lost(c, "only == of a name, or any(), is carried over", "只能带入 == 加名称或 any()");
    }
    ConfigNode list = core::list_node(c.at);
    for (const std::string& option : options_of(argument(c.right, "any").value_or(c.right))) {
      list.items.push_back(word(c.at, option));
    }
    set(draft_.expect, "rcode", list.items.size() == 1 ? list.items.front() : list);
  }

  void whole_body(const Condition& c) {
    const bool equal = c.op == "==";
    if (!equal && c.op != "!=") return lost(c, "only == and != are carried over", "只能带入 == 和 !=");
    const auto regex = regex_of_value(c.right);
    if (!regex) return lost(c, "only * and ? of patterns are carried over", "模式中只能带入 * 和 ?");
    switch (kind_) {
      case ConditionsOf::kHttp: {
        const auto inside = contained(c.right);
        if (equal && inside && draft_.expect.find("body") == nullptr) {
          return set(draft_.expect, "body", text(c.at, *inside));
        }
        const std::string pattern = inside ? quote_pattern(*inside) : fmt::format("(?s)^\\s*{}\\s*$", *regex);
        return append(draft_.expect, equal ? "body_matches" : "body_not_matches", text(c.at, pattern));
      }
      case ConditionsOf::kStream:
        if (!equal) return lost(c, "a dialogue waits for what it expects", "对话只等待期望的内容");
        append(draft_.expect, "steps", rule(c.at, {{"expect", text(c.at, line_pattern(c.right, *regex))}}));
        return differs(c, "it is looked for line by line in what comes", "在收到的内容中逐行查找");
      case ConditionsOf::kDns:
        return dns_answer(c, equal, *regex);
    }
  }

  static std::string line_pattern(std::string_view value, const std::string& regex) {
    const auto inside = contained(value);
    return inside ? quote_pattern(*inside) : "^" + regex + "$";
  }

  void dns_answer(const Condition& c, bool equal, const std::string& regex) {
    if (!equal) return lost(c, "only == is carried over", "只能带入 ==");
    if (draft_.expect.find("answers") != nullptr) {
      return lost(c, "one condition on the answer is carried over", "对应答只能带入一个条件");
    }
    ConfigNode list = core::list_node(c.at);
    const bool pattern = argument(c.right, "pat").has_value();
    const auto any = argument(c.right, "any");
    for (const std::string& option : options_of(any.value_or(c.right))) {
      list.items.push_back(text(c.at, pattern ? "/^" + regex + "$/" : option));
    }
    set(draft_.expect, "answers", rule(c.at, {{"intersects", std::move(list)}}));
    differs(c, "one of the answers must be it; Gatus looks at the last one", "应答之一须与之相符；Gatus 只看最后一个");
  }

  void header(const Condition& c, const std::string& name) {
    const bool equal = c.op == "==";
    const auto regex = regex_of_value(c.right);
    if (kind_ != ConditionsOf::kHttp || !regex || (!equal && c.op != "!=")) {
      return lost(c, "only == and != of HTTP headers are carried over", "只能带入 HTTP 头的 == 和 !=");
    }
    const auto inside = contained(c.right);
    ConfigNode check = rule(c.at, {{"name", text(c.at, name)},
                                   {"regex", text(c.at, inside ? quote_pattern(*inside) : "^" + *regex + "$")}});
    if (!equal) core::put(check, "allow_missing", word(c.at, "true"));
    append(draft_.expect, equal ? "header_matches" : "header_not_matches", std::move(check));
  }

  /// [BODY].path, len([BODY].path), has([BODY].path).
  void json(const Condition& c) {
    const auto len = argument(c.left, "len");
    const auto has = argument(c.left, "has");
    const std::string inner = len.value_or(has.value_or(c.left));
    constexpr std::size_t kPlaceholder = 6;  // "[BODY]"
    const auto pointer = upper(inner).starts_with("[BODY]") ? json_pointer(inner.substr(kPlaceholder)) : std::nullopt;
    if (!pointer) return lost(c, "only names and indices of a path are carried over", "路径中只能带入名称和下标");
    ConfigNode check = rule(c.at, {{"pointer", text(c.at, *pointer)}});
    bool carried = false;
    if (len) {
      carried = length(c, *pointer, check);
    } else if (has) {
      const bool wanted = (c.right == "true") == (c.op == "==");
      carried = (c.op == "==" || c.op == "!=") && (c.right == "true" || c.right == "false");
      if (carried) core::put(check, "exists", word(c.at, wanted ? "true" : "false"));
    } else {
      carried = json_value(c, check);
    }
    if (carried) return append(draft_.expect, "json", std::move(check));
    lost(c, "expect.json has no such comparison", "expect.json 没有这种比较");
  }

  /// `> n` means that there is an item number n.
  bool length(const Condition& c, const std::string& pointer, ConfigNode& check) {
    const auto number = number_of(c.right);
    if (!number || *number < 0 || *number > 1e9 || *number != std::floor(*number)) return false;
    const auto n = static_cast<std::int64_t>(*number);
    if (c.op == "==") {
      core::put(check, "length", word(c.at, fmt::format("{}", n)));
      return true;
    }
    const std::int64_t last = c.op == ">" ? n : n - 1;
    if ((c.op != ">" && c.op != ">=") || last < 0) return false;
    set(check, "pointer", text(c.at, fmt::format("{}/{}", pointer, last)));
    core::put(check, "exists", word(c.at, "true"));
    differs(c, "it is meant of a list: its item must exist", "按列表理解：对应的元素必须存在");
    return true;
  }

  bool json_value(const Condition& c, ConfigNode& check) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOrder = {
        {{"<", "less"}, {">", "greater"}, {"<=", "less_or_equal"}, {">=", "greater_or_equal"}}};
    for (const auto& [op, key] : kOrder) {
      if (c.op != op) continue;
      if (!is_json_number(c.right)) return false;
      core::put(check, key, word(c.at, c.right));
      return true;
    }
    const bool call = argument(c.right, "pat") || argument(c.right, "any");
    if (!call) {
      core::put(check, c.op == "==" ? "equals" : "not_equals", json_operand(c.at, c.right));
      if (is_json_word(c.right)) {
        differs(c, "it is no text here: the same in quotes in the answer is another value",
                "此处不是文本：响应中带引号的同样内容是另一个值");
      }
      return true;
    }
    const auto regex = regex_of_value(c.right);
    if (c.op != "==" || !regex) return false;
    core::put(check, "matches", text(c.at, line_pattern(c.right, *regex)));
    differs(c, "only a text matches, no number", "只有文本能匹配，数字不能");
    return true;
  }

  ConditionsOf kind_;
  Draft& draft_;
  Notes& notes_;
  std::bitset<kStatusMax - kStatusMin + 1> status_;
};

}  // namespace

std::optional<Condition> read_condition(const ConfigNode& node) {
  for (const std::string_view op : kOperators) {
    const std::string sign = fmt::format(" {} ", op);
    const std::size_t at = node.scalar.find(sign);
    if (at == std::string::npos) continue;
    const std::string_view whole = node.scalar;
    Condition c{std::string{trim(whole.substr(0, at))}, std::string{op},
                std::string{trim(whole.substr(at + sign.size()))}, node};
    const auto is_placeholder = [](const std::string& side) {
      return side.starts_with('[') || side.starts_with("len(") || side.starts_with("has(") || side.starts_with("age(");
    };
    if (!is_placeholder(c.left) && is_placeholder(c.right)) {
      std::swap(c.left, c.right);
      if (op.front() == '<' || op.front() == '>') c.op.front() = op.front() == '<' ? '>' : '<';
    }
    return c;
  }
  return std::nullopt;
}

void carry_conditions(const std::vector<Condition>& conditions, ConditionsOf kind, Draft& draft, Notes& notes) {
  Carrier carrier{kind, draft, notes};
  for (const Condition& c : conditions) carrier.carry(c);
  carrier.finish();
}

FieldTable gatus_condition_table() {
  return {"conditions",
          {{"[STATUS]", true, "expect.status; any status where no condition asks, as there",
            "expect.status；没有相关条件时与原来一样接受任何状态码"},
           {"[RESPONSE_TIME]", true, "expect.max_duration, for < and <=", "expect.max_duration，限 < 和 <="},
           {"[CERTIFICATE_EXPIRATION]", true, "expect.cert_days, for > and >=", "expect.cert_days，限 > 和 >="},
           {"[CONNECTED]", true, "== true: always so", "== true：总是如此"},
           {"[DNS_RCODE]", true, "expect.rcode", "expect.rcode"},
           {"[BODY]", true, "expect.body, body_matches, body_not_matches; of streams steps; of dns answers",
            "expect.body、body_matches、body_not_matches；流为 steps；dns 为 answers"},
           {"[BODY].path", true, "expect.json", "expect.json"},
           {"len()", true, "expect.json length, or the existence of an item", "expect.json 的 length，或某个元素存在"},
           {"has()", true, "expect.json exists", "expect.json 的 exists"},
           {"pat(), any()", true, "regular expressions and lists", "正则表达式和列表"},
           {"[HEADER].name", true, "expect.header_matches", "expect.header_matches"},
           {"[IP]", false, "the address is a fact, not an expectation", "地址是记录的事实，不是期望"},
           {"[DOMAIN_EXPIRATION]", false, "the registration of names is not looked at", "不查看域名注册信息"},
           {"age()", false, "there is no such expectation", "没有对应的期望"}}};
}

}  // namespace sonde::cli::imports
