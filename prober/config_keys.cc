// Tables of the prober's configuration keys. A key that several kinds of target share stands once, in its group.
#include "prober/config_keys.h"

#include <array>
#include <chrono>

#include "prober/config.h"
#include "prober/config_net.h"
#include "prober/tls_spec.h"

namespace sonde::prober {
namespace {

using core::Key;
using core::KeyKind;

constexpr std::array<std::string_view, 2> kPartitions = {"domestic", "overseas"};

// ---- groups ----

constexpr std::array kPlaceKeys = {
    Key{.name = "partition",
        .kind = KeyKind::kChoice,
        .choices = kPartitions,
        .en = "mainland China is domestic, all else overseas; known for a region of the catalogue",
        .zh = "中国大陆为 domestic，其余为 overseas；目录中的区域自带"},
    Key{.name = "country",
        .en = "two letters (ISO 3166) of where it is; known for a region of the catalogue",
        .zh = "所在国家或地区的两字母代码（ISO 3166）；目录中的区域自带"},
    Key{.name = "city",
        .en = "city where it is; known for a region of the catalogue",
        .zh = "所在城市；目录中的区域自带"},
    Key{.name = "lat",
        .kind = KeyKind::kNumber,
        .min = -90,
        .max = 90,
        .en = "latitude in degrees; known for a region of the catalogue",
        .zh = "纬度（度）；目录中的区域自带"},
    Key{.name = "lon",
        .kind = KeyKind::kNumber,
        .min = -180,
        .max = 180,
        .en = "longitude in degrees; known for a region of the catalogue",
        .zh = "经度（度）；目录中的区域自带"}};

constexpr Key every_key(std::string_view standard, std::chrono::milliseconds min = std::chrono::milliseconds{100}) {
  return {.name = "every",
          .kind = KeyKind::kDuration,
          .min = min.count(),
          .max = 86'400'000,
          .standard = standard,
          .en = "interval of its runs, in whole milliseconds",
          .zh = "探测间隔，精确到毫秒"};
}

constexpr Key kTimeoutKey{.name = "timeout",
                          .kind = KeyKind::kDuration,
                          .min = 10,
                          .max = 300'000,
                          .en = "longest time of a run, shorter than every; 5s, or 4/5 of every where that is less",
                          .zh = "单次探测的最长时间，须短于 every；默认 5s，或 every 的 4/5（取较小者）"};

constexpr Key kUrlKey{
    .name = "url",
    .pattern = "^(https?|tls|tcp|dns)://",
    .required = true,
    .en = "what is checked: https:// http:// tls://HOST:PORT tcp://HOST:PORT dns://RESOLVER/NAME?type=A",
    .zh = "检查的对象：https:// http:// tls://主机:端口 tcp://主机:端口 dns://解析服务器/域名?type=A"};

// How a target is reached and what is asked and expected there: every kind of target has these.
constexpr std::array kCheckKeys = {Key{.name = "expect",
                                       .kind = KeyKind::kOfCheck,
                                       .en = "what a good answer is; the keys depend on the check that the URL chose",
                                       .zh = "怎样的应答算正常；可用的键取决于 URL 所选的检查"},
                                   Key{.name = "request",
                                       .kind = KeyKind::kOfCheck,
                                       .en = "what is asked; the keys depend on the check that the URL chose",
                                       .zh = "请求什么；可用的键取决于 URL 所选的检查"},
                                   Key{.name = "tls",
                                       .kind = KeyKind::kMap,
                                       .of = &kTlsKeys,
                                       .en = "trust, identity and versions, for targets that speak TLS",
                                       .zh = "信任、身份与版本，用于使用 TLS 的目标"}};

// ---- kinds of target ----

constexpr std::array kAppOwnKeys = {
    Key{.name = "name", .required = true, .en = "name of the target, unique", .zh = "目标名称，唯一"},
    kUrlKey,
    Key{.name = "app",
        .en = "the app it belongs to, where several targets are one app; the name where left out",
        .zh = "所属应用（多个目标属于同一应用时填写）；默认与 name 相同"},
    Key{.name = "hosted_on",
        .pattern = "^[^/]+(/[^/]+)?$",
        .en =
            "where it runs, as PROVIDER/REGION, or REGION where one provider only has it; that region is then watched "
            "too",
        .zh = "运行位置，写作 云/区域；只有一个云有该区域时可只写区域；该区域也会被探测"},
    Key{.name = "depends_on",
        .kind = KeyKind::kTexts,
        .pattern = "^[^/]+/[^/]+(/[^/]+)?$",
        .en = "cloud services it needs, each as PROVIDER/REGION/SERVICE, or REGION/SERVICE where one provider only has "
              "that region; they are then watched too",
        .zh = "依赖的云服务，各写作 云/区域/服务；只有一个云有该区域时可写 区域/服务；这些服务也会被探测"},
    Key{.name = "service", .en = "name of its own service, for reports", .zh = "自身服务的名称，用于报告"},
    Key{.name = "zone",
        .en = "DNS zone of its name, shared by targets that fail together when the zone does",
        .zh = "其域名所在的 DNS 区；同区的目标会随该区一起故障"},
    Key{.name = "dns_provider", .en = "who serves that zone", .zh = "该 DNS 区的服务商"},
    Key{.name = "issuer", .en = "who issues its certificates", .zh = "其证书的签发者"},
    Key{.name = "labels",
        .kind = KeyKind::kTextMap,
        .en = "words of your own, such as the team",
        .zh = "自定义标签，例如团队"},
    every_key("10s"),
    kTimeoutKey};
constexpr auto kAppKeys = core::join_keys(kAppOwnKeys, kPlaceKeys, kNetKeys, kCheckKeys);

constexpr std::array kReferenceOwnKeys = {
    Key{.name = "name",
        .en = "name of the target, unique; PROVIDER/REGION/SERVICE where left out",
        .zh = "目标名称，唯一；默认为 云/区域/服务"},
    kUrlKey,
    Key{.name = "provider", .required = true, .en = "the cloud whose endpoint it is", .zh = "端点所属的云"},
    Key{.name = "region", .required = true, .en = "region of that cloud", .zh = "该云的区域"},
    Key{.name = "service",
        .required = true,
        .en = "service of that region, such as object-storage",
        .zh = "该区域的服务，例如 object-storage"},
    every_key("30s"),
    kTimeoutKey};
constexpr auto kReferenceKeys = core::join_keys(kReferenceOwnKeys, kPlaceKeys, kNetKeys, kCheckKeys);

constexpr std::array kControlOwnKeys = {
    Key{.name = "name",
        .required = true,
        .en = "name, unique; the target is called control/NAME",
        .zh = "名称，唯一；目标名为 control/名称"},
    kUrlKey,
    Key{.name = "provider", .en = "not used; for your own notes", .zh = "不使用；仅供备注"},
    Key{.name = "region", .en = "not used; for your own notes", .zh = "不使用；仅供备注"},
    Key{.name = "service", .en = "not used; for your own notes", .zh = "不使用；仅供备注"},
    Key{.name = "operator", .en = "not used; for your own notes", .zh = "不使用；仅供备注"},
    every_key("30s"),
    kTimeoutKey};
constexpr auto kControlKeys = core::join_keys(kControlOwnKeys, kPlaceKeys, kNetKeys, kCheckKeys);

// ---- lists and sources of targets ----

constexpr std::array kListKeys = {
    Key{.name = "apps", .kind = KeyKind::kList, .of = &kAppTable, .en = "your own endpoints", .zh = "您自己的端点"},
    Key{.name = "references",
        .kind = KeyKind::kList,
        .of = &kReferenceTable,
        .en = "endpoints of clouds, where the catalogue has not what you need",
        .zh = "云的端点（目录中没有时自行填写）"},
    Key{.name = "controls",
        .kind = KeyKind::kList,
        .of = &kControlTable,
        .en = "neutral endpoints that show whether the vantage itself is online",
        .zh = "中立端点，用于判断观测点自身是否在线"}};

constexpr std::array<std::string_view, 2> kSure = {"sourced", "any"};

constexpr std::array kCatalogueOwnKeys = {
    Key{.name = "catalogue",
        .kind = KeyKind::kTexts,
        .required = true,
        .en =
            "providers of the catalogue that Sonde ships, by name (alibaba) or alias (aliyun), with * and ?; default, "
            "alone: what is taken where there are no targets",
        .zh = "Sonde 自带目录中的云，可写名称（alibaba）或别名（aliyun），可用 * 和 ?；单独写 default 表示没有 targets "
              "时的默认选择"},
    Key{.name = "regions",
        .kind = KeyKind::kTexts,
        .en = "names of regions, with * and ?; global and global-cn are the provider-wide parts; all where left out; a "
              "restricted region only by its full name",
        .zh = "区域名称，可用 * 和 ?；global 和 global-cn 为该云的全局部分；省略为全部；受限区域须写全名"},
    Key{.name = "services",
        .kind = KeyKind::kTexts,
        .en = "only endpoints of these services, such as object-storage, kv, compute-api; all where left out",
        .zh = "只取这些服务的端点，例如 object-storage、kv、compute-api；省略为全部"},
    Key{.name = "partition",
        .kind = KeyKind::kChoice,
        .choices = kPartitions,
        .en = "only regions of mainland China (domestic), or only others (overseas); both where left out",
        .zh = "只取中国大陆的区域（domestic）或只取其余区域（overseas）；省略为两者"},
    Key{.name = "sure",
        .kind = KeyKind::kChoice,
        .choices = kSure,
        .standard = "any",
        .en = "sourced: only endpoints whose host and healthy answer both stand in a source",
        .zh = "sourced：只取主机和正常应答都有出处的端点"},
    Key{.name = "per_region",
        .kind = KeyKind::kInteger,
        .min = 1,
        .max = 8,
        .standard = "2",
        .en = "endpoints of each region at most, the surest first",
        .zh = "每个区域最多取几个端点，最可靠的优先"},
    Key{.name = "controls",
        .kind = KeyKind::kTexts,
        .standard = "true",
        .en =
            "also the controls of the vantage's own partition: true, false, or names of controls with * and ?; a spare "
            "one only by its full name",
        .zh = "同时包含观测点所在分区的对照目标：true、false，或对照目标的名称（可用 * 和 ?）；备用的须写全名"},
    every_key("30s", std::chrono::floor<std::chrono::milliseconds>(kCatalogueEveryMin)),
    kTimeoutKey};

constexpr auto kCatalogueItemKeys = core::join_keys(kCatalogueOwnKeys, kNetKeys);

constexpr std::array kFileItemKeys = {
    Key{.name = "file",
        .kind = KeyKind::kPath,
        .required = true,
        .en = "a file of targets; * and ? in its name choose several; a folder gives its *.yaml and *.yml, sorted",
        .zh = "目标文件；文件名可用 * 和 ?；写目录则按名称顺序读取其中的 *.yaml 和 *.yml"}};

constexpr std::array kUrlItemKeys = {
    Key{.name = "url",
        .pattern = "^https?://",
        .required = true,
        .en = "where a document of targets is fetched; a copy is kept for when it cannot be reached",
        .zh = "获取目标文档的地址；会保留一份副本，在无法访问时使用"},
    Key{.name = "refresh",
        .kind = KeyKind::kDuration,
        .min = 1'000,
        .max = 86'400'000,
        .standard = "60s",
        .en = "how often it is looked at again, give or take a tenth",
        .zh = "重新获取的间隔（上下浮动十分之一）"},
    Key{.name = "token_file",
        .kind = KeyKind::kPath,
        .en = "file with a token that is sent as Authorization: Bearer; only its owner may read it",
        .zh = "令牌文件，以 Authorization: Bearer 发送；只允许其所有者读取"},
    Key{.name = "ca_file",
        .kind = KeyKind::kPath,
        .en = "trusted issuers (PEM) for this URL; the system's where left out",
        .zh = "此 URL 的受信签发者（PEM）；默认使用系统的"}};

constexpr std::array<const core::KeyTable*, 3> kItemForms = {&kCatalogueItemTable, &kFileItemTable, &kAppTable};
constexpr core::KeyTable kTargetItemTable{.what = "targets item", .keys = kUrlItemKeys, .forms = kItemForms};

// ---- the prober itself ----

constexpr std::array kVantageOwnKeys = {
    Key{.name = "name", .en = "name of this vantage; the host name where left out", .zh = "观测点名称；默认为主机名"},
    Key{.name = "provider",
        .en = "cloud it runs on, such as aws; the aliases of the catalogue are known; auto: provider and region are "
              "what the cloud's metadata service tells at the start",
        .zh = "所在的云，例如 aws；可用目录中的别名；auto 表示启动时由云的元数据服务告知服务商和区域"},
    Key{.name = "region",
        .en = "region of that cloud, one of the catalogue or of your references",
        .zh = "该云的区域，须在目录或您的 references 中"},
    Key{.name = "metadata",
        .en =
            "ADDRESS or ADDRESS:PORT that auto asks in place of the metadata services' own addresses, such as a relay "
            "in a container",
        .zh = "auto 询问的地址，写作 地址 或 地址:端口，用于代替各元数据服务自身的地址，例如容器中的转发"},
    Key{.name = "isp", .en = "network operator it leaves by", .zh = "出口网络运营商"}};

// Defaults of all targets; the resolver of all is a key of the root.
constexpr auto without_the_last(const std::array<Key, kNetKeys.size()>& keys) {
  std::array<Key, kNetKeys.size() - 1> out{};
  std::copy_n(keys.begin(), out.size(), out.begin());
  return out;
}
constexpr auto kVantageNetKeys = without_the_last(kNetKeys);
constexpr auto kVantageKeys = core::join_keys(kVantageOwnKeys, kPlaceKeys, kVantageNetKeys);

constexpr std::array kTrustKeys = {Key{.name = "ca_file",
                                       .kind = KeyKind::kPath,
                                       .en = "trusted issuers (PEM) for all TLS checks; the system's where left out",
                                       .zh = "所有 TLS 检查的受信签发者（PEM）；默认使用系统的"}};

constexpr std::array kPolicyKeys = {
    Key{.name = "allow",
        .kind = KeyKind::kTexts,
        .en = "address ranges that may be probed although they are private or local, such as 10.0.0.0/8",
        .zh = "允许探测的私有或本地地址段，例如 10.0.0.0/8"}};

constexpr std::array kProberOwnKeys = {
    Key{.name = "vantage",
        .kind = KeyKind::kMap,
        .of = &kVantageTable,
        .word = kAuto,
        .en = "the place that probes run from; auto: as {provider: auto}",
        .zh = "探测的出发地（观测点）；auto 即 {provider: auto}"},
    Key{.name = "resolver",
        .en = "ADDRESS or ADDRESS:PORT of the DNS resolver to use; the first of /etc/resolv.conf where left out",
        .zh = "使用的 DNS 解析服务器：地址 或 地址:端口；默认为 /etc/resolv.conf 中的第一个"},
    Key{.name = "hosts_file",
        .kind = KeyKind::kPath,
        .en =
            "names with addresses of their own (hosts(5)), which go before the resolver's for https, http, tls and tcp "
            "targets; /etc/hosts where no resolver is named, none where one is",
        .zh = "为域名指定地址的文件（hosts(5)），对 https、http、tls、tcp 目标优先于解析服务器；未指定 resolver 时为 "
              "/etc/hosts，指定时没有"},
    Key{.name = "tls", .kind = KeyKind::kMap, .of = &kTlsTable, .en = "trust of TLS checks", .zh = "TLS 检查的信任"},
    Key{.name = "policy",
        .kind = KeyKind::kMap,
        .of = &kPolicyTable,
        .en = "which addresses may be probed",
        .zh = "允许探测哪些地址"},
    Key{.name = "runs_in_flight",
        .kind = KeyKind::kInteger,
        .min = 1,
        .max = 20'000,
        .standard = "512",
        .en = "runs that may be under way at a time",
        .zh = "同时进行的探测数上限"},
    Key{.name = "handshakes_in_flight",
        .kind = KeyKind::kInteger,
        .min = 1,
        .max = 20'000,
        .standard = "32",
        .en = "TLS handshakes that may be under way at a time; each takes a good part of a millisecond of the loop",
        .zh = "同时进行的 TLS 握手数上限；每次握手占用事件循环近一毫秒"},
    Key{.name = "companions",
        .kind = KeyKind::kBool,
        .standard = "true",
        .en = "whether the hub may have failing targets probed in another way to settle a doubt: the same checks by "
              "another resolver, at the last good address, or port 80; in the long run at most 1 % of the schedule",
        .zh = "是否允许中心为消除疑问而换一种方式探测故障目标：换解析服务、用最后可用的地址，或探测 80 端口；"
              "长期不超过计划探测的 1%"},
    Key{.name = "second_resolver",
        .en = "the other resolver for these, as ADDRESS or ADDRESS:PORT, or none; where left out the next of the "
              "system's, else, for names of the catalogue only, a public one",
        .zh = "用于上述探测的另一个解析服务，写作 地址 或 地址:端口，或 none；省略时为系统的下一个，"
              "否则仅对目录中的域名使用公共解析服务"},
    Key{.name = "captive_canary",
        .en =
            "an address reserved for documentation, such as 192.0.2.1:80: if something answers there, a captive portal "
            "stands in the way; no look-out where left out",
        .zh = "文档保留地址，例如 192.0.2.1:80：若该处有应答，说明途中有强制门户；省略则不检查"},
    Key{.name = "targets",
        .kind = KeyKind::kList,
        .of = &kTargetItemTable,
        .en =
            "where targets come from; what suits apps and vantage of the catalogue ({catalogue: default}) where there "
            "are neither targets nor references",
        .zh = "目标的来源；既无 targets 又无 references 时，按应用和观测点从目录中选取（{catalogue: default}）"}};
constexpr auto kProberKeys = core::join_keys(kProberOwnKeys, kListKeys);

}  // namespace

const core::KeyTable kAppTable{.what = "app", .keys = kAppKeys, .marker = "name"};
const core::KeyTable kReferenceTable{.what = "reference", .keys = kReferenceKeys};
const core::KeyTable kControlTable{.what = "control", .keys = kControlKeys};
const core::KeyTable kTargetFileTable{.what = "target file", .keys = kListKeys};
const core::KeyTable kCatalogueItemTable{.what = "catalogue", .keys = kCatalogueItemKeys, .marker = "catalogue"};
const core::KeyTable kFileItemTable{.what = "file", .keys = kFileItemKeys, .marker = "file"};
const core::KeyTable kUrlItemTable{.what = "url", .keys = kUrlItemKeys};
const core::KeyTable kVantageTable{.what = "vantage", .keys = kVantageKeys};
const core::KeyTable kTlsTable{.what = "tls", .keys = kTrustKeys};
const core::KeyTable kPolicyTable{.what = "policy", .keys = kPolicyKeys};
const core::KeyTable kProberTable{.what = "configuration", .keys = kProberKeys};

}  // namespace sonde::prober
