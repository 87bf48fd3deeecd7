"""Where Sonde answers otherwise than blackbox_exporter, and why. The test fails on a difference that is not here, and on
one that is here and no longer occurs; docs/blackbox.md and docs/blackbox.zh-CN.md list the same texts."""

import dataclasses
import re


@dataclasses.dataclass
class Difference:
    kind: str  # "more": only Sonde has the sample; "less": only blackbox_exporter; "value": both, not the same
    metric: str  # pattern of the sample's name, with its labels
    cases: str  # pattern of the case's name
    en: str
    zh: str

    def covers(self, kind, sample, case):
        return kind == self.kind and re.fullmatch(self.metric, sample) and re.fullmatch(self.cases, case)


DIFFERENCES = [
    Difference('more', r'probe_(addresses|cause_code|cause_info\{.*\}|status_code|suspect|loop_lag_seconds|resolve_seconds|connect_seconds|tls_seconds|processing_seconds|transfer_seconds|tcp_rtt_seconds|tcp_retransmits|dns_additional|dns_answers|dns_answer_records|dns_authoritative|dns_authority|dns_min_ttl|dns_rcode|http_body_bytes|http_date_skew_seconds|http_last_modified|ssl_last_chain_expiry)',
               '.*',
               "Sonde's own fields under the names that VictoriaMetrics gives them: why a probe failed, its phases, what the kernel saw.",
               'Sonde 自己的字段，名称与 VictoriaMetrics 中一致：失败原因、各阶段耗时、内核所见。'),
    Difference('more', r'probe_(ssl_earliest_cert_expiry|tls_version_info\{.*\})',
               '.*',
               'Certificate facts are kept when verification fails; blackbox_exporter has them only after a good handshake.',
               '验证失败时也保留证书事实；blackbox_exporter 只在握手成功后才有。'),
    Difference('more', r'probe_ssl_last_chain_info\{.*\}',
               '.*',
               "The issuer is its common name or organisation, as in all of Sonde's records; and the sample is there when verification fails, too.",
               '颁发者是其通用名或组织，与 Sonde 的所有记录一致；验证失败时也有此样本。'),
    Difference('less', r'probe_ssl_last_chain_info\{.*\}',
               '.*',
               "The same sample with the issuer's whole distinguished name.",
               '同一样本，其中颁发者是完整的可分辨名称。'),
    Difference('more', 'probe_ssl_last_chain_expiry_timestamp_seconds',
               'tcp_tls_hostname|dns_dot',
               'There wherever a chain was verified, for DNS over TLS too.',
               '凡验证过证书链就有，DNS over TLS 也一样。'),
    Difference('less', 'probe_ssl_last_chain_expiry_timestamp_seconds',
               'http_tls_unverified|tcp_tls_unverified',
               'Without verification there is no verified chain; blackbox_exporter then says the year 1.',
               '不验证就没有验证过的证书链；blackbox_exporter 此时给出公元 1 年。'),
    Difference('more', 'probe_ip_(protocol|addr_hash)',
               'http_proxy_no_resolve',
               'The address of the proxy, which is what was connected to.',
               '代理的地址，即实际连接的地址。'),
    Difference('less', 'probe_ip_(protocol|addr_hash)',
               '.*',
               'Absent where no address was chosen; blackbox_exporter says 0.',
               '没有选定地址时不存在；blackbox_exporter 给出 0。'),
    Difference('less', 'probe_http_(status_code|version|ssl|content_length|uncompressed_body_length|redirects)',
               '.*',
               'Absent where no answer came; blackbox_exporter says 0.',
               '没有应答时不存在；blackbox_exporter 给出 0。'),
    Difference('less', r'probe_http_duration_seconds\{phase="(resolve|tls|processing|transfer)"\}',
               '.*',
               'A phase that was not reached, or not needed, is absent; blackbox_exporter says 0, and times the parsing of an address that needs no resolving.',
               '没有走到或不需要的阶段不存在；blackbox_exporter 给出 0，对无需解析的地址也计时。'),
    Difference('less', 'probe_dns_lookup_time_seconds',
               '.*',
               'Absent where nothing had to be resolved; blackbox_exporter times the parsing of an address.',
               '无需解析时不存在；blackbox_exporter 对解析地址文本计时。'),
    Difference('less', r'probe_dns_duration_seconds\{phase="(resolve|connect|request)"\}',
               '.*',
               'A server given by its address needs no resolving, a datagram no connection, and what did not end has no time.',
               '以地址给出的服务器无需解析，数据报无需连接，没有结束的阶段没有耗时。'),
    Difference('less', 'probe_dns_(answer|authority|additional)_rrs',
               '.*',
               'Absent where no answer came; blackbox_exporter says 0.',
               '没有应答时不存在；blackbox_exporter 给出 0。'),
    Difference('value', 'probe_http_redirects',
               'http_redirect_.*',
               'Redirects that were followed; blackbox_exporter counts the one that it did not follow, too.',
               '已跟随的重定向数；blackbox_exporter 连没有跟随的也计入。'),
    Difference('value', 'probe_http_uncompressed_body_length',
               'http_redirect_.*|http_gzip_not_sent|http_limit',
               'Bytes of the body that came, decoded; blackbox_exporter stops reading an answer that is bad already.',
               '收到的响应体字节数（解码后）；blackbox_exporter 对已判定失败的应答不再读取。'),
    Difference('value', 'probe_success',
               'http_gzip_not_sent|http_gzip_alone',
               '`compression` asks for an encoding and takes an answer without it; blackbox_exporter fails it.',
               '`compression` 请求某种编码，也接受未编码的应答；blackbox_exporter 判为失败。'),
    Difference('value', 'probe_http_(content_length|uncompressed_body_length)',
               'http_gzip_alone',
               "The server's own length and the decoded bytes, whatever header the module set by hand.",
               '服务器声明的长度和解码后的字节数，与模块手工设置的请求头无关。'),
    Difference('value', 'probe_success',
               'tcp_tls_hostname',
               '`hostname` names the certificate of a tcp module with TLS, too; blackbox_exporter uses it for http alone.',
               '`hostname` 也用于带 TLS 的 tcp 模块的证书名；blackbox_exporter 只用于 http。'),
]
