"""Where Sonde answers otherwise than blackbox_exporter, and why. The test fails on a difference that is not here, and on
one that is here and no longer occurs; docs/blackbox.md and docs/blackbox.zh-CN.md list the same texts."""

import dataclasses
import re


@dataclasses.dataclass
class Difference:
    kind: str  # "more": only Sonde has the sample; "less": only blackbox_exporter; "value": both, not the same
    metric: str  # pattern of the sample's name, with its labels
    cases: str  # pattern of the case's name, or "addresses": all whose target is an address
    en: str
    zh: str
    theirs: float | None = None  # the value that blackbox_exporter gives there; None = any

    def covers(self, kind, sample, case, theirs):
        named = case.by_address if self.cases == "addresses" else re.fullmatch(self.cases, case.name)
        value = self.theirs is None or self.theirs == theirs
        return bool(kind == self.kind and value and named and re.fullmatch(self.metric, sample))


GO_ZERO_TIME = -62135596800.0  # the year 1: no time at all
UNVERIFIED = r".*_(untrusted|other|other_name|expired|min_13|client_missing)"

DIFFERENCES = [
    Difference("more", r"probe_(status_code|cause_code|cause_info\{.*\}|suspect|(loop_lag|late|tls_wait|resolve|connect|tls"
               r"|processing|transfer|tcp_rtt)_seconds|tcp_retransmits|addresses|http_(body_bytes|date_skew_seconds"
               r"|last_modified)|dns_(rcode|answers|answer_records|min_ttl|authority|additional|authoritative|attempts"
               r"|duplicates|spoofed|ede)|ssl_last_chain_expiry|clock_step_ms)", r".*",
               "Sonde's own facts under its own names: why a run failed, and what else it saw.",
               "Sonde 自己的测量值，使用自己的名称：失败的原因以及其他观察结果。"),
    Difference("less", r"probe_http_(status_code|content_length|uncompressed_body_length|version|redirects|ssl)"
               r"|probe_(http|dns)_duration_seconds\{.*\}|probe_dns_(answer|authority|additional)_rrs"
               r"|probe_ip_(protocol|addr_hash)", r".*",
               "What was not reached is absent, so that an average is not pulled down by it; blackbox_exporter says 0.",
               "没有到达的阶段不出现，以免拉低平均值；blackbox_exporter 报告 0。", 0.0),
    Difference("less", r'probe_dns_lookup_time_seconds|probe_http_duration_seconds\{phase="resolve"\}', "addresses",
               "An address needs no lookup, so there is no time of one; blackbox_exporter gives the microseconds in which "
               "it saw that.",
               "地址不需要解析，因此没有解析时间；blackbox_exporter 给出识别地址所用的几微秒。"),
    Difference("less", r'probe_dns_lookup_time_seconds|probe_dns_duration_seconds\{phase="resolve"\}', r"dns_.*",
               "The lookup of the DNS server's own name is not measured apart from the query.",
               "DNS 服务器自身名称的解析不与查询分开测量。"),
    Difference("less", r'probe_dns_duration_seconds\{phase="connect"\}', r"dns_.*",
               "Over UDP nothing is connected; over TCP and TLS Sonde has the phase unless it failed.",
               "UDP 没有连接阶段；TCP 和 TLS 下除非连接失败，Sonde 都给出该阶段。"),
    Difference("less", r'probe_dns_duration_seconds\{phase="request"\}', r"dns_silent",
               "A query that nobody answered has no time of an answer; probe_duration_seconds says how long was waited.",
               "无人应答的查询没有应答时间；等待了多久见 probe_duration_seconds。"),
    Difference("less", r'probe_http_duration_seconds\{phase="transfer"\}', r"http_(limit|stalls|cut)",
               "A body that did not arrive whole has no time of transfer.",
               "没有完整到达的响应体没有传输时间。"),
    Difference("less", r"probe_http_content_length", r"http_chunked",
               "No length was announced, so there is none; blackbox_exporter says -1.",
               "没有声明长度，因此不出现；blackbox_exporter 报告 -1。", -1.0),
    Difference("less", r"probe_ssl_last_chain_expiry_timestamp_seconds", r".*_unverified",
               "No chain was verified, so none has an end; blackbox_exporter gives the year 1.",
               "没有验证任何证书链，因此没有到期时间；blackbox_exporter 给出公元 1 年。", GO_ZERO_TIME),
    Difference("more", r"probe_ssl_.*|probe_tls_version_info\{.*\}", UNVERIFIED,
               "What was seen of a certificate is kept also when the handshake fails.",
               "握手失败时也保留所见的证书信息。"),
    Difference("more", r"probe_ssl_.*|probe_tls_version_info\{.*\}", r"dns_dot.*",
               "The certificate of a DNS server over TLS is a fact too.",
               "DNS over TLS 服务器的证书信息同样给出。"),
    Difference("more", r'probe_ssl_last_chain_info\{.*issuer="Test CA".*\}', r".*",
               "The label issuer is the issuer's common name or organisation, as everywhere in Sonde.",
               "标签 issuer 是颁发者的通用名或组织名，与 Sonde 其他各处一致。"),
    Difference("less", r'probe_ssl_last_chain_info\{.*issuer="CN=Test CA".*\}', r".*",
               "blackbox_exporter has the issuer's whole distinguished name there.",
               "blackbox_exporter 在此给出颁发者的完整可分辨名称。"),
    Difference("more", r"probe_ip_(protocol|addr_hash)", r"http_proxy_no_resolve",
               "The address used is the proxy's; blackbox_exporter says nothing when it does not resolve itself.",
               "所用地址是代理的地址；blackbox_exporter 自己不解析时不给出。"),
    Difference("value", r"probe_http_redirects", r"http_redirect_(off|off_302|loop|12)",
               "Redirects that were followed count; blackbox_exporter counts the one that it did not follow too. A loop is "
               "seen at its first turn.",
               "只计已跟随的重定向；blackbox_exporter 把未跟随的那一次也计入。循环在第一圈即被发现。"),
    Difference("value", r"probe_http_uncompressed_body_length", r"http_redirect_(off|off_302|loop|12)",
               "The body of a redirect that is not followed is read like any other; blackbox_exporter does not read it.",
               "未跟随的重定向，其响应体照常读取；blackbox_exporter 不读取。"),
    Difference("value", r"probe_http_uncompressed_body_length", r"http_limit",
               "Of a body that is too large the bytes that had arrived count; blackbox_exporter says the limit.",
               "响应体过大时计已到达的字节；blackbox_exporter 给出限制值。"),
    Difference("value", r"probe_success|probe_http_(content_length|uncompressed_body_length)", r"http_gzip_alone",
               "compression asks for the encoding by itself; blackbox_exporter 0.23 fails unless headers ask for it too.",
               "compression 会自行请求该编码；blackbox_exporter 0.23 须另在 headers 中请求，否则失败。"),
    Difference("value", r"probe_http_uncompressed_body_length", r"http_gzip_not_sent",
               "A body that came plain although it was asked for packed fails on both, and its bytes count here.",
               "要求压缩而响应未压缩时两者都失败；此处仍计其字节。"),
    Difference("value", r"probe_success", r"tcp_tls_hostname",
               "The parameter hostname is the name of the TLS server for tcp modules too, as in later versions of "
               "blackbox_exporter.",
               "参数 hostname 对 tcp 模块也作为 TLS 服务器名，与较新版本的 blackbox_exporter 相同。"),
    Difference("more", r"probe_ssl_.*|probe_tls_version_info\{.*\}", r"tcp_tls_hostname",
               "So its handshake succeeds, and its facts are there.",
               "因此握手成功，其信息也随之给出。"),
]
