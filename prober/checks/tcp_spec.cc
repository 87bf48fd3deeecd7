// Reading a tcp target's `expect`.
#include "prober/checks/tcp_spec.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/percent.h"
#include "prober/checks/starttls.h"

namespace sonde::prober {
namespace {

using core::Key;
using core::KeyKind;

constexpr std::size_t kStepsMax = 64;

constexpr Key kSend{
    .name = "send",
    .en = "text to send, exactly as it stands; after expect, $1 or $${1} is what its first group caught",
    .zh = "要发送的文本，原样发出；在 expect 之后，$1 或 $${1} 是其第一组匹配的内容"};
constexpr Key kSendBytes{.name = "send_bytes",
                         .pattern = "^([0-9A-Fa-f]{2} ?)*$",
                         .en = "bytes to send, in hex",
                         .zh = "要发送的字节（十六进制）"};

constexpr std::array kStepKeys = {
    Key{.name = "expect",
        .en = "regular expression (RE2) that a line must match; lines before it are passed over",
        .zh = "某一行必须匹配的正则表达式（RE2）；之前的行被跳过"},
    Key{.name = "expect_bytes",
        .pattern = "^([0-9A-Fa-f]{2} ?)*$",
        .en = "bytes that must occur in what arrives, in hex",
        .zh = "收到的内容中必须出现的字节（十六进制）"},
    kSend, kSendBytes,
    Key{.name = "starttls",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "true: then TLS begins, on this connection",
        .zh = "true：随后在此连接上开始 TLS"}};
constexpr core::KeyTable kStep{"step", kStepKeys};

constexpr std::array kExpectKeys = {
    Key{.name = "send", .en = "text to send once connected", .zh = "连接后发送的文本"},
    Key{.name = "banner", .en = "text that must occur in what the service says", .zh = "服务返回内容中必须出现的文本"},
    Key{.name = "starttls",
        .kind = KeyKind::kChoice,
        .choices = kStarttlsProtocols,
        .en = "comes to TLS as this protocol does, before anything else; the certificate is judged",
        .zh = "先按此协议升级到 TLS，并检查证书"},
    Key{.name = "steps",
        .kind = KeyKind::kList,
        .of = &kStep,
        .en = "a dialogue, step by step: each waits for what it expects, then sends, then begins TLS",
        .zh = "逐步对话：每步先等待期望的内容，再发送，再开始 TLS"},
    kCertDaysKey,
    kMaxDurationKey};

std::optional<std::string> from_hex(std::string text) {
  std::erase(text, ' ');
  if (text.size() % 2 != 0 || !std::ranges::all_of(text, [](char c) { return core::hex_digit(c) >= 0; }))
    return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    out += static_cast<char>(core::hex_digit(text[i]) * 16 + core::hex_digit(text[i + 1]));
  }
  return out;
}

/// The bytes of a key in hex; an error, and nothing, when they are none.
std::optional<std::string> read_bytes_of(const core::TableReader& map, std::string_view key,
                                         core::ConfigErrors& errors) {
  const auto text = map.text(key);
  if (!text) return std::nullopt;
  auto bytes = from_hex(*text);
  if (!bytes || bytes->empty()) {
    errors.add(map.node(key)->error(std::string{key} + " is bytes in hex, such as \"0a ff\"",
                                    std::string{key} + " 是十六进制字节，例如 \"0a ff\""));
    return std::nullopt;
  }
  return bytes;
}

/// Both at once would leave open which counts.
void refuse_both(const core::TableReader& map, std::string_view a, std::string_view b, core::ConfigErrors& errors) {
  if (map.node(a) == nullptr || map.node(b) == nullptr) return;
  errors.add(map.node(b)->error(std::string{a} + " and " + std::string{b} + " exclude each other",
                                std::string{a} + " 与 " + std::string{b} + " 不能同时使用"));
}

DialogueStep read_step(const core::ConfigNode& node, core::ConfigErrors& errors) {
  const core::TableReader map{node, kStep, errors};
  DialogueStep step;
  refuse_both(map, "expect", "expect_bytes", errors);
  refuse_both(map, "send", "send_bytes", errors);
  if (const auto pattern = map.text("expect")) {
    std::string why;
    step.wait = DialogueStep::Wait::kLine;
    step.expect = compile(*pattern, why);
    if (step.expect == nullptr) {
      errors.add(map.node("expect")->error("no regular expression: " + why, "不是正则表达式：" + why));
    }
  } else if (auto bytes = read_bytes_of(map, "expect_bytes", errors)) {
    step.wait = DialogueStep::Wait::kBytes;
    step.bytes = std::move(*bytes);
  }
  step.send = map.text("send").value_or("");
  if (auto bytes = read_bytes_of(map, "send_bytes", errors)) step.send = std::move(*bytes);
  step.starttls = map.boolean("starttls").value_or(false);
  if (node.kind == core::ConfigNode::Kind::kMap && node.entries.empty()) {
    errors.add(node.error("a step needs expect, send or starttls", "一个步骤需要 expect、send 或 starttls"));
  }
  return step;
}

/// The short form: send, then the banner anywhere in the answer.
void read_short(const core::TableReader& expect, TcpSpec& spec, core::ConfigErrors& errors) {
  refuse_both(expect, "steps", "send", errors);
  refuse_both(expect, "steps", "banner", errors);
  const auto send = expect.text("send");
  const auto banner = expect.text("banner");
  if (send && !send->empty()) spec.steps.push_back({.send = *send});
  if (banner && !banner->empty()) {
    spec.steps.push_back({.wait = DialogueStep::Wait::kBytes, .bytes = *banner});
  } else if (send && !send->empty()) {
    spec.steps.push_back({.wait = DialogueStep::Wait::kAnything});
  }
}

void read_expect(const core::ConfigNode& node, TcpSpec& spec, core::ConfigErrors& errors) {
  const core::TableReader expect{node, kTcpExpect, errors};
  spec.common = read_common(expect, kTcpExpect);
  if (const auto protocol = expect.choice("starttls")) spec.steps = starttls_steps(*protocol, spec.url.host);
  const auto steps = expect.list("steps");
  if (steps.size() > kStepsMax) errors.add(expect.node("steps")->error("at most 64 steps", "最多 64 个步骤"));
  for (const core::ConfigNode& step : steps) spec.steps.push_back(read_step(step, errors));
  read_short(expect, spec, errors);
  const auto upgrades = std::ranges::count_if(spec.steps, &DialogueStep::starttls);
  if (upgrades > 1) {
    errors.add(node.error("TLS can begin once on a connection", "一个连接上只能开始一次 TLS"));
  }
  if (upgrades == 0 && spec.common.cert_days) {
    errors.add(expect.node("cert_days")->error("cert_days needs starttls", "cert_days 需要 starttls"));
  }
}

}  // namespace

const core::KeyTable kTcpExpect{"expect", kExpectKeys};

std::unique_ptr<const CheckSpec> parse_tcp_spec(const core::Target& target, const SpecNodes& nodes,
                                                core::ConfigErrors& errors) {
  auto spec = std::make_unique<TcpSpec>();
  if (auto url = core::parse_url(target.url)) spec->url = std::move(*url);
  refuse_request(nodes, "tcp", errors);
  if (nodes.expect != nullptr) read_expect(*nodes.expect, *spec, errors);
  if (std::ranges::any_of(spec->steps, &DialogueStep::starttls)) {
    spec->tls = read_tls_spec(nodes.tls, spec->url.host, errors);
    spec->tls->diagnose = false;  // another connection would have to talk its way to TLS first
  } else {
    refuse_tls(nodes, "tcp", errors);
  }
  return spec;
}

}  // namespace sonde::prober
