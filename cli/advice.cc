// What to do next, by cause. A cause without a line of its own has that of its stage.
#include <algorithm>
#include <array>

#include "cli/facts.h"

namespace sonde::cli {
namespace {

struct Advice {
  std::string_view cause;
  std::string_view en;
  std::string_view zh;
};

constexpr std::array kByCause{
    // dns
    Advice{"nxdomain", "Look for a typing mistake, then whether the domain is registered, paid for and delegated.",
           "先检查是否拼写错误，再查域名是否已注册、未欠费、已委派。"},
    Advice{"nodata", "Add the record that is missing (A or AAAA), or ask for another type or family.",
           "补上缺少的记录（A 或 AAAA），或改查其他类型、其他地址族。"},
    Advice{"servfail",
           "Ask another resolver (--resolver 1.1.1.1); if all fail, look at the domain's own name servers "
           "and its DNSSEC.",
           "换一个解析服务器再试（--resolver 223.5.5.5）；若都失败，检查该域名的权威服务器和 DNSSEC。"},
    Advice{"bogon", "Compare with another resolver: the name's records are wrong, or somebody answers in its place.",
           "与另一个解析服务器对比：记录有误，或有人冒名应答。"},
    Advice{"conflict", "Compare with another resolver and over TCP: somebody on the path forges answers.",
           "换解析服务器并用 TCP 对比：路径上有人伪造应答。"},
    Advice{"disagree",
           "See who is right: ask the zone's own name servers (sonde check 'dns://NAMESERVER/NAME'); a cache may be "
           "stale, "
           "or somebody on the path forges answers.",
           "先查明谁对：询问该域名的权威服务器（sonde check "
           "'dns://权威服务器/域名'）；可能是缓存过期，或路径上有人伪造应答。"},
    Advice{"injected", "Compare with another resolver and over TCP: somebody on the path forges answers.",
           "换解析服务器并用 TCP 对比：路径上有人伪造应答。"},
    Advice{"cname_loop", "Break the circle in the zone: one of its aliases must point to an address.",
           "在区域文件中打破循环：其中一个别名必须指向地址。"},
    Advice{"cname_depth", "Shorten the chain of aliases in the zone: resolvers follow about a dozen and then give up.",
           "缩短区域中的 CNAME 链：解析服务器一般只跟随十余层。"},
    Advice{"bogus", "Look at the zone's DNSSEC: a signature that has run out, or a DS record that is not the key's.",
           "检查该域名的 DNSSEC：签名已过期，或上级的 DS 记录与密钥不符。"},
    Advice{"lame", "Ask a server that has the zone, or correct the delegation: this one has no authority for the name.",
           "改查拥有该区域的服务器，或修正委派：此服务器对该域名没有权威。"},
    Advice{"answer_mismatch",
           "Compare the answer above with what the zone should say; a change may still be spreading.",
           "把上面的应答与区域应有的内容对比；变更可能仍在传播。"},
    // tcp
    Advice{"refused", "The machine is there but nothing listens on this port: start the service, or look at its port.",
           "主机在线，但该端口没有服务监听：启动服务，或检查端口是否正确。"},
    Advice{"unreachable",
           "A router says that there is no way: look at routes, security groups and whether the host is up.",
           "路由器报告不可达：检查路由、安全组以及主机是否在线。"},
    Advice{"reset", "Something cut the connection: a firewall on the path, a full backlog, or a service that crashed.",
           "连接被切断：路径上的防火墙、监听队列已满，或服务崩溃。"},
    Advice{"closed", "The service took the connection and closed it: look at its log and its limits.",
           "服务接受了连接又关闭：查看其日志和连接数限制。"},
    Advice{"expect_mismatch", "Compare what it said with what is expected: another service may be on this port.",
           "把它的应答与期望对比：该端口上可能是另一个服务。"},
    // tls
    Advice{"expired",
           "Renew the certificate and load it into the server (a renewed file that was never reloaded is the "
           "usual reason).",
           "续期证书并让服务器重新加载（最常见的原因是续期后没有重新加载）。"},
    Advice{"not_yet_valid", "Look at this machine's clock first, then at the certificate's first day.",
           "先检查本机时钟，再看证书的生效日期。"},
    Advice{"name_mismatch", "Put this name into the certificate's SAN list, or ask under a name that is in it.",
           "把该域名加入证书的 SAN 列表，或使用证书中已有的域名。"},
    Advice{"self_signed", "Install a certificate of a known issuer, or trust this one with --ca-file.",
           "安装受信任机构颁发的证书，或用 --ca-file 信任它。"},
    Advice{"untrusted",
           "If the issuer is your own, give its certificate with --ca-file; else somebody may sit between.",
           "若是自有颁发者，用 --ca-file 指定其证书；否则中间可能有人拦截。"},
    Advice{"chain_incomplete",
           "Make the server send the intermediate certificates (the file often called fullchain.pem).",
           "让服务器发送中间证书（通常是 fullchain.pem）。"},
    Advice{"chain_expired", "Replace the expired intermediate certificate in what the server sends.",
           "更换服务器发送的已过期的中间证书。"},
    Advice{"revoked", "Get a new certificate: the issuer has withdrawn this one. Find out why before you do.",
           "更换证书：颁发者已吊销它。更换前先弄清原因。"},
    Advice{"client_cert_required", "Give the target a client certificate and key in its tls settings.",
           "在目标的 tls 设置中配置客户端证书和私钥。"},
    Advice{"not_tls", "Nothing speaks TLS on this port: look at the port, or use tcp:// or http:// instead.",
           "该端口不是 TLS 服务：检查端口，或改用 tcp:// 或 http://。"},
    Advice{"old_protocol", "Switch TLS 1.2 and 1.3 on in the server.", "在服务器上启用 TLS 1.2 和 1.3。"},
    Advice{"pin_mismatch",
           "If the certificate was changed on purpose, write down its new fingerprint; else somebody may "
           "sit between.",
           "若证书是有意更换的，更新固定的指纹；否则中间可能有人拦截。"},
    // http
    Advice{"status", "Ask the same URL with curl -i, then look into the service's log for this time.",
           "用 curl -i 请求同一网址，再查看服务在该时间的日志。"},
    Advice{"content_mismatch", "Look at the body with curl: the service answers, but not with what is expected.",
           "用 curl 查看响应内容：服务有应答，但内容与期望不符。"},
    Advice{"header_mismatch", "Look at the headers with curl -I, and at proxies that change them.",
           "用 curl -I 查看响应头，并检查会修改响应头的代理。"},
    Advice{"redirect_loop", "Follow it with curl -IL: two rules send the request to each other.",
           "用 curl -IL 跟踪：两条规则互相跳转。"},
    Advice{"ssrf_blocked", "The redirect leads into a private range. If that is meant, allow it in policy.allow.",
           "重定向指向私有地址。若符合本意，请在 policy.allow 中放行。"},
    Advice{"truncated", "The service or a proxy ended in the middle of the answer: look at their logs and time limits.",
           "服务或代理在响应中途断开：查看它们的日志和超时设置。"},
    // degraded
    Advice{"slow", "Look which bar above is longest: that is where the time goes.",
           "看上面哪一条最长：时间就花在那里。"},
    Advice{"expiring", "Renew the certificate before its last day.", "在到期之前续期证书。"},
    Advice{"some_addresses",
           "Take the dead addresses out of DNS, or repair what is behind them (--all-addresses shows "
           "which).",
           "把失效地址从 DNS 移除或修复其服务（--all-addresses 可看到是哪些）。"},
    // this side
    Advice{"no_route", "Look at this machine's routes (ip route get ADDRESS) and whether it has this address family.",
           "检查本机路由（ip route get 地址），以及本机是否有该类型的地址。"},
    Advice{"no_fd", "Raise the limit of open files (ulimit -n), or run fewer checks at a time.",
           "提高打开文件数上限（ulimit -n），或减少同时进行的检查。"},
    Advice{"no_resolver", "Look at /etc/resolv.conf, or name a resolver with --resolver.",
           "检查 /etc/resolv.conf，或用 --resolver 指定解析服务器。"},
    Advice{"clock", "Set this machine's clock (timedatectl).", "校准本机时钟（timedatectl）。"},
    Advice{"policy", "If the address is meant to be probed, allow its range in policy.allow.",
           "若确实要探测该地址，请在 policy.allow 中放行其网段。"},
    Advice{"config", "Look at the setting that the text above names.", "检查上文提到的设置。"},
    Advice{"overload", "Give this machine more room, or probe less often.", "为本机增加资源，或降低探测频率。"},
};

constexpr std::array kByStage{
    Advice{"dns", "Ask another resolver with --resolver and compare.", "用 --resolver 换一个解析服务器对比。"},
    Advice{"tcp",
           "Try from another place: if it answers there, the path or a firewall is at fault, else the service itself.",
           "换一个地点再试：若那里正常，是路径或防火墙的问题，否则是服务本身的问题。"},
    Advice{"tls", "Look at the server's TLS settings and log; --explain shows all that it sent.",
           "检查服务器的 TLS 设置和日志；--explain 可显示它发来的全部内容。"},
    Advice{"http", "The connection works, the answer does not: look into the service's log for this time.",
           "连接正常但应答有问题：查看服务在该时间的日志。"},
    Advice{"done", "Look at the detail above.", "查看上面的细节。"},
};

template <typename Table>
const Advice* find(const Table& table, std::string_view name) {
  const auto it = std::ranges::find(table, name, &Advice::cause);
  return it == table.end() ? nullptr : &*it;
}

}  // namespace

std::string_view advice(const core::Outcome& outcome, const Terminal& t) {
  if (outcome.cause == core::Cause::kNone) return {};
  const Advice* found = find(kByCause, name(outcome.cause));
  // "Unreachable" at the resolver is another matter than at the service.
  const bool resolver_silent = outcome.stage == core::Stage::kDns && outcome.cause <= core::Cause::kMalformed;
  if (found == nullptr || resolver_silent) found = find(kByStage, name(outcome.stage));
  return found == nullptr ? std::string_view{} : t.say(found->en, found->zh);
}

}  // namespace sonde::cli
