"""What is asked of both: modules as a blackbox.yml writes them, and a target for each. Every module field that
blackbox_exporter 0.23 and Sonde both have is in at least one case."""

import dataclasses
import re


@dataclasses.dataclass
class Case:
    name: str  # of the module and of the case: "http_status"
    module: dict
    target: str
    parameters: dict = dataclasses.field(default_factory=dict)
    success: int = 1  # what blackbox_exporter says

    @property
    def by_address(self):
        """Whether the target is an address, which needs no lookup."""
        host = re.sub(r"^https?://", "", self.target).split("/")[0]
        return host.startswith(("127.", "["))


def http(name, target, success=1, parameters=None, timeout="5s", **fields):
    return Case("http_" + name, {"prober": "http", "timeout": timeout, "http": fields}, target, parameters or {}, success)


def tcp(name, target, success=1, parameters=None, timeout="5s", **fields):
    return Case("tcp_" + name, {"prober": "tcp", "timeout": timeout, "tcp": fields}, target, parameters or {}, success)


def dns(name, target, success=1, timeout="5s", **fields):
    return Case("dns_" + name, {"prober": "dns", "timeout": timeout, "dns": fields}, target, {}, success)


def http_cases(s):
    at = f"127.0.0.1:{s.http}"
    rule = {"header": "X-Kind", "regexp": "^good$"}
    missing = {"header": "X-Missing", "regexp": "x"}
    yield http("plain", f"http://{at}/ok")
    yield http("no_scheme", f"{at}/ok")
    yield http("by_name", f"http://localhost:{s.http}/ok")
    yield http("name_ip4", f"http://localhost:{s.http}/ok", preferred_ip_protocol="ip4")
    yield http("name_ip6", f"http://localhost:{s.http}/ok", 0, preferred_ip_protocol="ip6", ip_protocol_fallback=False)
    yield http("literal_ip6", f"http://[::1]:{s.http}/ok")
    yield http("literal_ip4_no_fallback", f"http://{at}/ok", 0, preferred_ip_protocol="ip6", ip_protocol_fallback=False)
    yield http("refused", f"http://127.0.0.1:{s.nobody}/", 0)
    yield http("no_such_name", "http://nothing.invalid/", 0)
    yield http("status_404", f"http://{at}/status/404", 0)
    yield http("status_204", f"http://{at}/status/204")
    yield http("status_301_no_location", f"http://{at}/status/301", 0)
    yield http("valid_404", f"http://{at}/status/404", valid_status_codes=[200, 404])
    yield http("valid_not_200", f"http://{at}/ok", 0, valid_status_codes=[204])
    yield http("versions", f"http://{at}/ok", valid_http_versions=["HTTP/1.1", "HTTP/2.0"])
    yield http("versions_wrong", f"http://{at}/ok", 0, valid_http_versions=["HTTP/2.0"])
    yield http("version_10", f"http://127.0.0.1:{s.http10}/ok", valid_http_versions=["HTTP/1.0"])
    yield http("redirect", f"http://{at}/redirect/1")
    yield http("redirect_3", f"http://{at}/redirect/3")
    yield http("redirect_off", f"http://{at}/redirect/1", 0, follow_redirects=False)
    yield http("redirect_off_302", f"http://{at}/redirect/1", follow_redirects=False, valid_status_codes=[302])
    yield http("redirect_loop", f"http://{at}/loop", 0)
    yield http("redirect_12", f"http://{at}/redirect/12", 0)
    yield http("head", f"http://{at}/ok", method="HEAD")
    yield http("post", f"http://{at}/echo", method="POST", body="ping")
    yield http("post_wrong", f"http://{at}/echo", 0, method="POST", body="pong")
    yield http("headers", f"http://{at}/needs-header", headers={"X-Probe": "yes"})
    yield http("headers_none", f"http://{at}/needs-header", 0)
    yield http("host_header", f"http://{at}/needs-host", headers={"Host": "shop.example.com"})
    yield http("hostname", f"http://{at}/needs-host", parameters={"hostname": "shop.example.com"})
    yield http("chunked", f"http://{at}/chunked")
    yield http("last_modified", f"http://{at}/headers")
    yield http("big", f"http://{at}/big")
    yield http("limit", f"http://{at}/big", 0, body_size_limit="10KB")
    yield http("limit_fits", f"http://{at}/big", body_size_limit="1MB")
    yield http("gzip", f"http://{at}/gzip", compression="gzip", headers={"Accept-Encoding": "gzip"},
               fail_if_body_not_matches_regexp=["hello world, hello"])
    yield http("gzip_alone", f"http://{at}/gzip", 0, compression="gzip")
    yield http("gzip_off", f"http://{at}/gzip", fail_if_body_not_matches_regexp=["hello world, hello"])
    yield http("gzip_unasked", f"http://{at}/always-gzip")
    yield http("gzip_not_sent", f"http://{at}/ok", 0, compression="gzip")
    yield http("body_not_matches", f"http://{at}/ok", fail_if_body_not_matches_regexp=["^hello", "world"])
    yield http("body_not_matches_fails", f"http://{at}/ok", 0, fail_if_body_not_matches_regexp=["hello", "moon"])
    yield http("body_matches", f"http://{at}/ok", fail_if_body_matches_regexp=["moon"])
    yield http("body_matches_fails", f"http://{at}/ok", 0, fail_if_body_matches_regexp=["moon", "wor.d"])
    yield http("header_not_matches", f"http://{at}/headers", fail_if_header_not_matches=[rule])
    yield http("header_not_matches_fails", f"http://{at}/headers", 0,
               fail_if_header_not_matches=[{"header": "x-kind", "regexp": "bad"}])
    yield http("header_many", f"http://{at}/headers", fail_if_header_not_matches=[{"header": "X-Many", "regexp": "two"}])
    yield http("header_missing", f"http://{at}/headers", 0, fail_if_header_not_matches=[missing])
    yield http("header_may_miss", f"http://{at}/headers", fail_if_header_not_matches=[{**missing, "allow_missing": True}])
    yield http("header_matches", f"http://{at}/headers", fail_if_header_matches=[{"header": "X-Kind", "regexp": "bad"}])
    yield http("header_matches_fails", f"http://{at}/headers", 0, fail_if_header_matches=[rule])
    yield http("header_matches_missing", f"http://{at}/headers", 0, fail_if_header_matches=[missing])
    yield http("header_matches_may_miss", f"http://{at}/headers", fail_if_header_matches=[{**missing, "allow_missing": True}])
    yield http("fail_if_ssl", f"http://{at}/ok", fail_if_ssl=True)
    yield http("fail_if_not_ssl", f"http://{at}/ok", 0, fail_if_not_ssl=True)
    yield http("slow", f"http://{at}/slow", 0, timeout="2s")
    yield http("stalls", f"http://{at}/stalls", 0, timeout="2s")
    yield http("cut", f"http://{at}/cut", 0)
    yield http("empty", f"http://{at}/empty", 0)
    yield http("basic_auth", f"http://{at}/needs-basic", basic_auth={"username": "user", "password": "pass"})
    yield http("basic_auth_file", f"http://{at}/needs-basic",
               basic_auth={"username": "user", "password_file": s.certificates.path("password")})
    yield http("bearer", f"http://{at}/needs-bearer", bearer_token="t0ken")
    yield http("bearer_file", f"http://{at}/needs-bearer", bearer_token_file=s.certificates.path("token"))
    yield http("authorization", f"http://{at}/needs-bearer", authorization={"credentials": "t0ken"})
    yield http("authorization_file", f"http://{at}/needs-bearer",
               authorization={"type": "Bearer", "credentials_file": s.certificates.path("token")})
    yield http("authorization_wrong", f"http://{at}/needs-bearer", 0, authorization={"credentials": "other"})
    yield http("proxy", f"http://{at}/ok", proxy_url=f"http://127.0.0.1:{s.proxy}")
    yield http("proxy_no_resolve", "http://shop.example.com/ok", proxy_url=f"http://127.0.0.1:{s.proxy}",
               skip_resolve_phase_with_proxy=True)


def https_cases(s):
    ca = {"ca_file": s.certificates.path("ca.pem")}
    identity = {"cert_file": s.certificates.path("client.pem"), "key_file": s.certificates.path("client.key")}
    at = f"https://localhost:{s.https}/ok"
    yield http("tls", at, tls_config=ca, fail_if_not_ssl=True)
    yield http("tls_is_failure", at, 0, tls_config=ca, fail_if_ssl=True)
    yield http("tls_untrusted", at, 0)
    yield http("tls_unverified", at, tls_config={"insecure_skip_verify": True})
    yield http("tls_by_address", f"https://127.0.0.1:{s.https}/ok", tls_config=ca)
    yield http("tls_other_name", f"https://localhost:{s.https_other}/ok", 0, tls_config=ca)
    yield http("tls_server_name", f"https://localhost:{s.https_other}/ok",
               tls_config={**ca, "server_name": "other.example.com"})
    yield http("tls_hostname", f"https://127.0.0.1:{s.https}/needs-host", tls_config=ca,
               parameters={"hostname": "shop.example.com"})
    yield http("tls_expired", f"https://localhost:{s.https_expired}/ok", 0, tls_config=ca)
    yield http("tls_12", f"https://localhost:{s.https12}/ok", tls_config=ca)
    yield http("tls_min_13", f"https://localhost:{s.https12}/ok", 0, tls_config={**ca, "min_version": "TLS13"})
    yield http("tls_client", f"https://localhost:{s.https_client}/ok", tls_config={**ca, **identity})
    yield http("tls_client_missing", f"https://localhost:{s.https_client}/ok", 0, tls_config=ca)
    yield http("tls_on_plain", f"https://localhost:{s.http}/ok", 0, tls_config=ca)
    yield http("plain_on_tls", f"http://localhost:{s.https}/ok", 0)
    yield http("h2", f"https://localhost:{s.h2}/ok", tls_config=ca, valid_http_versions=["HTTP/2.0"])
    yield http("h2_off", f"https://localhost:{s.h2}/ok", tls_config=ca, enable_http2=False,
               valid_http_versions=["HTTP/1.1"])


def tcp_cases(s):
    ca = {"ca_file": s.certificates.path("ca.pem")}
    starttls = [{"expect": "^220 "}, {"send": "EHLO prober\r"}, {"expect": "^250 STARTTLS"}, {"send": "STARTTLS\r"},
                {"expect": "^220"}, {"starttls": True}, {"send": "EHLO prober\r"}, {"expect": "^250 secure"}]
    yield tcp("connect", f"127.0.0.1:{s.banner}")
    yield tcp("by_name", f"localhost:{s.banner}", preferred_ip_protocol="ip4")
    yield tcp("source", f"127.0.0.1:{s.banner}", source_ip_address="127.0.0.1")
    yield tcp("refused", f"127.0.0.1:{s.nobody}", 0)
    yield tcp("no_port", "127.0.0.1", 0)
    yield tcp("no_such_name", "nothing.invalid:80", 0)
    yield tcp("banner", f"127.0.0.1:{s.banner}", query_response=[{"expect": "^220 .*ESMTP"}])
    yield tcp("banner_wrong", f"127.0.0.1:{s.banner}", 0, query_response=[{"expect": "^SSH-2.0-"}], timeout="1s")
    yield tcp("irc", f"127.0.0.1:{s.irc}",
              query_response=[{"send": "NICK prober"}, {"expect": "PING :([^ ]+)", "send": "PONG ${1}"},
                              {"expect": "^:[^ ]+ 001"}])
    yield tcp("irc_wrong", f"127.0.0.1:{s.irc}", 0, timeout="1s",
              query_response=[{"send": "NICK other"}, {"expect": "PING :([^ ]+)", "send": "PONG ${1}"},
                              {"expect": "^:[^ ]+ 001"}])
    yield tcp("closes", f"127.0.0.1:{s.closes}", 0, query_response=[{"expect": "."}])
    yield tcp("silent", f"127.0.0.1:{s.silent}", 0, query_response=[{"expect": "."}], timeout="1s")
    yield tcp("starttls", f"localhost:{s.starttls}", query_response=starttls, tls_config=ca, preferred_ip_protocol="ip4")
    yield tcp("starttls_untrusted", f"localhost:{s.starttls}", 0, query_response=starttls, preferred_ip_protocol="ip4")
    yield tcp("tls", f"localhost:{s.pop3s}", tls=True, tls_config=ca, preferred_ip_protocol="ip4")
    yield tcp("tls_banner", f"localhost:{s.pop3s}", tls=True, tls_config=ca, preferred_ip_protocol="ip4",
              query_response=[{"expect": "^\\+OK"}])
    yield tcp("tls_other", f"localhost:{s.pop3s_other}", 0, tls=True, tls_config=ca, preferred_ip_protocol="ip4")
    yield tcp("tls_hostname", f"127.0.0.1:{s.pop3s_other}", 0, tls=True, tls_config=ca,
              parameters={"hostname": "other.example.com"})
    yield tcp("tls_unverified", f"localhost:{s.pop3s_other}", tls=True, tls_config={"insecure_skip_verify": True},
              preferred_ip_protocol="ip4")
    yield tcp("tls_on_plain", f"127.0.0.1:{s.banner}", 0, tls=True, tls_config=ca)


def dns_cases(s):
    at = f"127.0.0.1:{s.dns.port}"
    tcp_at = f"127.0.0.1:{s.dns.tcp.port}"
    ca = {"ca_file": s.certificates.path("ca.pem")}

    def two(name, success=1, section="answer", **validator):
        return dns(name, at, success, query_name="two.example.com", query_type="A",
                   **{f"validate_{section}_rrs": validator})

    yield dns("a", at, query_name="two.example.com", query_type="A")
    yield dns("any", at, query_name="two.example.com")
    yield dns("alias", at, query_name="alias.example.com", query_type="A")
    yield dns("soa", at, query_name="example.com", query_type="SOA")
    yield dns("txt", at, query_name="text.example.com", query_type="TXT",
              validate_answer_rrs={"fail_if_not_matches_regexp": ["hello"]})
    yield dns("mx", at, query_name="mail.example.com", query_type="MX",
              validate_answer_rrs={"fail_if_not_matches_regexp": ["\tMX\t10 mx.example.com."]})
    yield dns("class", at, query_name="two.example.com", query_type="A", query_class="CH")
    yield dns("nodata", at, query_name="nodata.example.com", query_type="A")
    yield dns("nxdomain", at, 0, query_name="nothing.example.com", query_type="A")
    yield dns("nxdomain_valid", at, query_name="nothing.example.com", query_type="A", valid_rcodes=["NXDOMAIN"])
    yield dns("rcodes", at, query_name="two.example.com", query_type="A", valid_rcodes=["NOERROR", "NXDOMAIN"])
    yield dns("servfail", at, 0, query_name="servfail.example.com", query_type="A")
    yield dns("recursion", at, query_name="recursion.example.com", query_type="A")
    yield dns("recursion_off", at, 0, query_name="recursion.example.com", query_type="A", recursion_desired=False)
    yield dns("tcp", tcp_at, query_name="two.example.com", query_type="A", transport_protocol="tcp")
    yield dns("dot", f"localhost:{s.dns.tls.port}", query_name="two.example.com", query_type="A",
              transport_protocol="tcp", dns_over_tls=True, tls_config=ca, preferred_ip_protocol="ip4")
    yield dns("dot_untrusted", f"localhost:{s.dns.tls.port}", 0, query_name="two.example.com", query_type="A",
              transport_protocol="tcp", dns_over_tls=True, preferred_ip_protocol="ip4")
    yield dns("source", at, query_name="two.example.com", query_type="A", source_ip_address="127.0.0.1")
    yield dns("by_name", f"localhost:{s.dns.port}", query_name="two.example.com", query_type="A",
              preferred_ip_protocol="ip4")
    yield dns("silent", at, 0, query_name="silent.example.com", query_type="A", timeout="1s")
    yield dns("tcp_refused", f"127.0.0.1:{s.nobody}", 0, query_name="two.example.com", query_type="A",
              transport_protocol="tcp")
    yield two("matches", fail_if_matches_regexp=["203.0.113"])
    yield two("matches_fails", 0, fail_if_matches_regexp=["192.0.2.7"])
    yield two("all_match", 0, fail_if_all_match_regexp=["127.0.0.1"])
    yield two("all_match_both", fail_if_all_match_regexp=["two.example.com"])
    yield two("not_matches", fail_if_not_matches_regexp=["two.example.com"])
    yield two("not_matches_fails", 0, fail_if_not_matches_regexp=["127.0.0.1"])
    yield two("none_matches", fail_if_none_matches_regexp=["127.0.0.1", "203.0.113.9"])
    yield two("none_matches_fails", 0, fail_if_none_matches_regexp=["203.0.113.9"])
    yield two("authority", section="authority", fail_if_not_matches_regexp=["ns.example.com"])
    yield two("authority_fails", 0, "authority", fail_if_matches_regexp=["ns.example.com"])
    yield two("additional", section="additional", fail_if_not_matches_regexp=["192.0.2.53"])
    yield two("additional_fails", 0, "additional", fail_if_not_matches_regexp=["192.0.2.54"])


def all_cases(servers):
    yield from http_cases(servers)
    yield from https_cases(servers)
    yield from tcp_cases(servers)
    yield from dns_cases(servers)
