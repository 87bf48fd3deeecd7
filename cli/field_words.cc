// The meaning of each field of a record in Chinese; the English one is in the table of fields itself.
#include <algorithm>
#include <array>
#include <utility>

#include "cli/facts.h"

namespace sonde::cli {
namespace {

using Words = std::pair<std::string_view, std::string_view>;

constexpr std::array kChinese{
    Words{"success", "状态为正常或降级时为 1，否则为 0"},
    Words{"status_code", "0 正常，1 降级，2 失败，3 未知"},
    Words{"cause_code", "原因编号，见原因表"},
    Words{"status", "状态"},
    Words{"stage", "探测结束时所处的阶段：dns tcp tls http done"},
    Words{"cause", "原因"},
    Words{"detail", "经过清理的证据，最多 256 字节"},
    Words{"suspect", "探针不信任自己的这次结果时为 1"},
    Words{"suspect_why", "不信任的原因：lag、clock、captive 或 uplink"},
    Words{"clock_step_ms", "最近一分钟内系统时钟跳变的幅度；没有跳变时不存在"},
    Words{"duration_seconds", "整次探测"},
    Words{"resolve_seconds", "域名解析"},
    Words{"connect_seconds", "TCP 连接"},
    Words{"tls_wait_seconds", "连接之后、TLS 之前等待本机握手名额的时间；没有等待时不存在"},
    Words{"tls_seconds", "TLS 握手"},
    Words{"processing_seconds", "从发出请求到应答的第一个字节"},
    Words{"transfer_seconds", "从应答的第一个字节到最后一个字节"},
    Words{"tcp_rtt_seconds", "内核测得的 SYN 往返时间"},
    Words{"tcp_retransmits", "重传的段数"},
    Words{"loop_lag_seconds", "探测期间本机事件循环的最大延迟"},
    Words{"late_seconds", "相对时间槽开始得晚了多少"},
    Words{"ip", "使用的地址"},
    Words{"addresses", "解析得到的地址数"},
    Words{"addresses_failed", "逐个尝试时失败的地址数"},
    Words{"dns_rcode", "响应码"},
    Words{"dns_answers", "所查类型的应答记录数"},
    Words{"dns_min_ttl", "应答中最小的 TTL"},
    Words{"dns_answer_set", "应答集合，已排序，以逗号分隔"},
    Words{"dns_transport", "应答的传输方式：udp、tcp 或 dot"},
    Words{"dns_authoritative", "服务器权威应答时为 1"},
    Words{"dns_answer_records", "应答部分的记录数（其中含有所查类型以外的记录时）"},
    Words{"dns_authority", "权威部分的记录数"},
    Words{"dns_additional", "附加部分的记录数，不含 OPT"},
    Words{"dns_serial", "查询 SOA 时区域的序列号"},
    Words{"dns_ede", "扩展错误码"},
    Words{"dns_attempts", "得到应答前发出的查询数（一次不够时）"},
    Words{"dns_duplicates", "同一查询收到的其他相同应答数"},
    Words{"dns_spoofed", "被忽略的数据报数：编号、问题或来源不符，或过短"},
    Words{"dns_late_seconds", "此前某次探测已放弃等待的应答在提问后多久才到达；记在下一次相同提问的记录中"},
    Words{"expect_match", "对话中最后一项期望匹配到的内容"},
    Words{"tls_version", "协商的版本，例如 TLSv1.3"},
    Words{"tls_cipher", "协商的加密套件"},
    Words{"tls_group", "密钥交换的组，例如 X25519、P-256 或 DH 2048"},
    Words{"alpn", "协商的应用协议"},
    Words{"ssl_earliest_cert_expiry", "服务器发送的证书中最早的到期时间"},
    Words{"ssl_last_chain_expiry", "验证通过的证书链（含根证书）中最早的到期时间"},
    Words{"cert_fingerprint", "服务器证书的 SHA-256，小写十六进制"},
    Words{"cert_issuer", "服务器证书颁发者的通用名或组织"},
    Words{"cert_subject", "服务器证书的主体"},
    Words{"cert_names", "服务器证书的域名（SAN），前 32 个"},
    Words{"cert_serial", "服务器证书的序列号，小写十六进制"},
    Words{"cert_key", "服务器证书密钥的类型和位数，例如 EC 256"},
    Words{"cert_signature", "服务器证书的签名算法"},
    Words{"cert_chain", "发送的证书：数量，以及每张的名称和到期日"},
    Words{"ocsp_staple", "good、revoked、unknown、none 或 bad（未通过验证、不属于此证书或已过期）"},
    Words{"tls_notes", "异常但不算错误之处，以逗号分隔"},
    Words{"http_status_code", "状态码"},
    Words{"http_version", "1.0、1.1 或 2"},
    Words{"http_content_length", "响应头声明的长度"},
    Words{"http_body_bytes", "收到的响应体字节数（解码后）"},
    Words{"http_redirects", "跟随的重定向次数"},
    Words{"http_hops", "重定向时每一跳的网址、状态码和各阶段耗时，JSON 格式"},
    Words{"http_last_modified", "响应内容最后修改的时间"},
    Words{"http_date_skew_seconds", "响应的 Date 与本机时钟之差（相差超过 60 秒时）"},
    Words{"http_notes", "异常但不算错误之处，以逗号分隔"},
    Words{"seq", "每个观测点、目标和检查的探测序号；缺号意味着有丢失"},
};

}  // namespace

std::string_view meaning_of(const core::Field& field, const Terminal& t) {
  const auto it = std::ranges::find(kChinese, field.name, &Words::first);
  return it == kChinese.end() ? field.meaning : t.say(field.meaning, it->second);
}

}  // namespace sonde::cli
