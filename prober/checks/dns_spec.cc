// Reading a dns target.
#include "prober/checks/dns_spec.h"

#include <algorithm>
#include <array>

#include "core/percent.h"

namespace sonde::prober {
namespace {

constexpr int kDotPort = 853;  // RFC 7858 3.1

constexpr std::array<std::string_view, 3> kTransports = {"udp", "tcp", "dot"};

constexpr std::array kKeys = {
    core::Key{.name = "transport",
              .kind = core::KeyKind::kChoice,
              .choices = kTransports,
              .standard = "udp",
              .en = "udp, tcp, or dot (DNS over TLS, port 853 unless the URL names one)",
              .zh = "udp、tcp 或 dot（DNS over TLS，URL 未写端口时为 853）"},
    core::Key{
        .name = "type",
        .kind = core::KeyKind::kText,
        .en = "the record type: A, AAAA, CNAME, MX, TXT, NS, SOA, SRV, CAA, PTR, HTTPS, ANY, ... or TYPE and its "
              "number; also as ?type= in the URL; A where neither says",
        .zh = "记录类型：A、AAAA、CNAME、MX、TXT、NS、SOA、SRV、CAA、PTR、HTTPS、ANY 等，或 TYPE 加编号；也可写在 URL "
              "的 ?type= 中；都没有时为 A"},
    core::Key{.name = "class",
              .kind = core::KeyKind::kText,
              .standard = "IN",
              .en = "the class: IN, CH, HS, ANY or a number",
              .zh = "类别：IN、CH、HS、ANY 或编号"},
    core::Key{.name = "recursion",
              .kind = core::KeyKind::kBool,
              .standard = "true",
              .en = "ask for recursion (RD)",
              .zh = "请求递归（RD）"},
    core::Key{.name = "edns",
              .kind = core::KeyKind::kBool,
              .standard = "true",
              .en = "send EDNS; a server that dislikes it is asked again without",
              .zh = "使用 EDNS；服务器不接受时不带 EDNS 再问一次"},
    core::Key{.name = "dnssec",
              .kind = core::KeyKind::kBool,
              .standard = "false",
              .en = "ask for DNSSEC records (DO); needs edns",
              .zh = "请求 DNSSEC 记录（DO），需要 edns"},
    core::Key{.name = "checking_disabled",
              .kind = core::KeyKind::kBool,
              .standard = "false",
              .en = "ask the resolver not to validate (CD)",
              .zh = "请求解析服务器不做验证（CD）"},
    core::Key{
        .name = "linger",
        .kind = core::KeyKind::kDuration,
        .min = 0,
        .max = 10'000,
        .en = "how long to go on listening over UDP after the first answer, for a second one that differs (conflict); "
              "it is not part of the run's duration; without it ten times as long as the first answer took, at most "
              "300ms, and not at all when that came within 1ms",
        .zh = "UDP "
              "收到第一个应答后继续监听的时长，以发现第二个不同的应答（conflict），不计入探测时长；默认为首个应答耗时的"
              "十倍，最多 300ms；首个应答在 1ms 内到达时不监听"},
};

/// Percent escapes of a URL's path become the bytes they stand for, in the escapes of RFC 1035 5.1 where not plain.
std::optional<std::string> name_of_path(std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (path.starts_with('/')) path.remove_prefix(1);
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    int byte = static_cast<unsigned char>(path[i]);
    const bool escaped = path[i] == '%';
    if (escaped) {
      if (i + 2 >= path.size() || core::hex_digit(path[i + 1]) < 0 || core::hex_digit(path[i + 2]) < 0)
        return std::nullopt;
      byte = core::hex_digit(path[i + 1]) * 16 + core::hex_digit(path[i + 2]);
      i += 2;
    }
    if (byte >= 0x80) return std::nullopt;
    if (escaped && (byte <= 0x20 || byte == '.' || byte == '\\' || byte == 0x7F)) {
      out += '\\';
      for (const int unit : {100, 10, 1}) out += static_cast<char>('0' + byte / unit % 10);
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

/// True when the URL itself names a port: the default depends on the transport.
bool has_port(std::string_view url) {
  const std::size_t from = std::min(url.find("://") + 3, url.size());
  const std::string_view authority = url.substr(from, url.find_first_of("/?", from) - from);
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

class SpecReader {
 public:
  SpecReader(const core::Target& target, const SpecNodes& nodes, core::ConfigErrors& errors)
      : target_(target), nodes_(nodes), errors_(errors) {}

  std::unique_ptr<const CheckSpec> read() {
    auto spec = std::make_unique<DnsSpec>();
    if (auto url = core::parse_url(target_.url)) read_url(*url, *spec);
    if (nodes_.request != nullptr) read_request(*nodes_.request, *spec);
    if (nodes_.expect != nullptr) spec->expect = read_dns_expect(*nodes_.expect, errors_);
    finish(*spec);
    return spec;
  }

 private:
  void url_error(std::string message, std::string zh = {}) {
    errors_.add(nodes_.url != nullptr ? nodes_.url->error(std::move(message), std::move(zh))
                                      : core::ConfigError{{}, 0, 0, std::move(message), std::move(zh)});
  }

  static core::Error no_type(const std::string& text) {
    return {core::ErrorCode::kInvalid,
            text +
                " is no record type; use A, AAAA, CNAME, NS, MX, TXT, SOA, SRV, PTR, CAA, HTTPS, ANY, another name of "
                "the IANA list, or TYPE and its number",
            text +
                " 不是记录类型；可用 A、AAAA、CNAME、NS、MX、TXT、SOA、SRV、PTR、CAA、HTTPS、ANY、IANA "
                "列表中的其他名称，或 "
                "TYPE 加编号"};
  }

  void read_url(const core::Url& url, DnsSpec& spec) {
    spec.host = url.host;
    spec.port = url.port;
    if (const auto name = name_of_path(url.path)) {
      question_.name = *name;
    } else {
      url_error("the name in " + target_.url + " is not ASCII; write an international name in its form with xn--",
                target_.url + " 中的域名不是 ASCII；国际化域名请写成 xn-- 形式");
    }
    if (url.query.empty()) return;
    constexpr std::string_view kKey = "type=";
    const auto type = url.query.starts_with(kKey)
                          ? core::dns::parse_type(std::string_view{url.query}.substr(kKey.size()))
                          : std::nullopt;
    if (type) question_.type = *type;
    if (!type) {
      core::Error e = no_type("?" + url.query);
      url_error(std::move(e.message), std::move(e.zh));
    }
    type_in_url_ = true;
  }

  void read_request(const core::ConfigNode& node, DnsSpec& spec) {
    const core::TableReader request{node, kDnsRequestTable, errors_};
    if (const auto text = request.choice("transport")) {
      spec.transport = static_cast<DnsTransport>(std::ranges::find(kTransports, *text) - kTransports.begin());
    }
    if (const auto text = request.text("type")) {
      const auto type = core::dns::parse_type(*text);
      if (!type) errors_.add(request.node("type")->error(no_type("\"" + *text + "\"")));
      if (type_in_url_)
        errors_.add(request.node("type")->error("the type stands in the URL already", "URL 中已写明类型"));
      question_.type = type.value_or(question_.type);
    }
    if (const auto text = request.text("class")) {
      const auto klass = core::dns::parse_class(*text);
      if (!klass)
        errors_.add(request.node("class")->error("\"" + *text + "\" is no class; use IN, CH, HS, ANY or a number",
                                                 "\"" + *text + "\" 不是类别；可用 IN、CH、HS、ANY 或编号"));
      question_.klass = klass.value_or(question_.klass);
    }
    question_.recursion = request.boolean("recursion").value_or(true);
    question_.edns = request.boolean("edns").value_or(true);
    question_.dnssec = request.boolean("dnssec").value_or(false);
    question_.checking_disabled = request.boolean("checking_disabled").value_or(false);
    if (question_.dnssec && !question_.edns)
      errors_.add(request.node("dnssec")->error("dnssec needs edns", "dnssec 需要 edns"));
    spec.linger = request.duration("linger");
    if (spec.linger && spec.transport != DnsTransport::kUdp) {
      errors_.add(request.node("linger")->error("linger is for transport udp: a stream has no second answer",
                                                "linger 仅用于 udp：流式传输没有第二个应答"));
    }
  }

  void finish(DnsSpec& spec) {
    if (spec.transport != DnsTransport::kDot) {
      refuse_tls(nodes_, "dns", errors_);
    } else {
      spec.tls = read_tls_spec(nodes_.tls, spec.host, errors_);
      if (!has_port(target_.url)) spec.port = kDotPort;
    }
    if (const auto address = io::parse_address(spec.host)) {
      spec.server = io::Endpoint{*address, spec.port};
      spec.server_text = to_string(*address);
    }
    spec.name = canonical_name(question_.name);
    spec.type = question_.type;
    spec.klass = question_.klass;
    spec.explain = question_.edns && question_.recursion && !question_.checking_disabled;
    auto packet = io::DnsPacket::make(question_);
    if (packet) {
      spec.packet = std::move(*packet);
    } else {
      url_error(packet.error().message, packet.error().zh);
    }
    if (spec.expect.silence && spec.transport != DnsTransport::kUdp) {
      errors_.add(nodes_.expect->error("silence is for transport udp", "silence 仅用于 udp"));
    }
  }

  const core::Target& target_;
  const SpecNodes& nodes_;
  core::ConfigErrors& errors_;
  io::DnsQuestion question_;
  bool type_in_url_ = false;
};

}  // namespace

const core::KeyTable kDnsRequestTable{"request", kKeys};

std::string_view name(DnsTransport t) { return kTransports[static_cast<std::size_t>(t)]; }

std::unique_ptr<const CheckSpec> parse_dns_spec(const core::Target& target, const SpecNodes& nodes,
                                                core::ConfigErrors& errors) {
  return SpecReader{target, nodes, errors}.read();
}

}  // namespace sonde::prober
