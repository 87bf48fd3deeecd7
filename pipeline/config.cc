// Reads `log:` and `sinks:`.
#include "pipeline/config.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/target.h"
#include "io/secret_file.h"
#include "pipeline/cursor_store.h"

namespace sonde::pipeline {
namespace {

using core::Key;
using core::KeyKind;
using core::TableReader;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::int64_t kTiB = 1024 * kGiB;
constexpr std::int64_t kMinute = 60'000;  // limits of durations are milliseconds
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::array kLogKeys = {
    Key{.name = "directory",
        .kind = KeyKind::kPath,
        .en = "where it is kept; log in the state directory where left out",
        .zh = "存放位置；默认为状态目录下的 log"},
    Key{.name = "max_bytes",
        .kind = KeyKind::kBytes,
        .min = 4 * kMiB,
        .max = 64 * kTiB,
        .standard = "1GiB",
        .en = "size at which the oldest records go, counted as evicted",
        .zh = "达到此大小后最旧的记录被淘汰，并计数"},
    Key{.name = "max_age",
        .kind = KeyKind::kDuration,
        .min = kMinute,
        .max = 3660 * kDay,
        .standard = "7d",
        .en = "age at which records go",
        .zh = "记录保留的最长时间"},
    Key{.name = "min_free",
        .kind = KeyKind::kBytes,
        .min = 0,
        .max = 64 * kTiB,
        .standard = "256MiB",
        .en = "space of the disk that is left free for others",
        .zh = "磁盘上为其他程序保留的空间"},
    Key{.name = "commit_interval",
        .kind = KeyKind::kDuration,
        .min = 0,
        .max = 1000,
        .standard = "200ms",
        .en = "how long records may wait to be made durable together; 0s makes each durable at once",
        .zh = "记录合并落盘的等待时间；0s 表示立即落盘"},
    Key{.name = "segment_bytes",
        .kind = KeyKind::kBytes,
        .min = 64 * kKiB,
        .max = kGiB,
        .standard = "8MiB",
        .en = "size of one file of the log",
        .zh = "单个日志文件的大小"}};

constexpr std::array<std::string_view, 3> kOmitStrings = {"auto", "true", "false"};
constexpr std::array<std::string_view, 3> kApis = {"v1", "v2", "v3"};  // in the order of InfluxOptions::Api

constexpr std::array kInfluxKeys = {
    Key{.name = "url",
        .pattern = "^https?://",
        .required = true,
        .en = "http(s)://HOST[:PORT][/PREFIX] of InfluxDB 1, 2 or 3, VictoriaMetrics, or another hub",
        .zh = "InfluxDB 1、2、3、VictoriaMetrics 或另一个中心的地址：http(s)://主机[:端口][/前缀]"},
    Key{.name = "name",
        .en = "name of the sink and of its place in the log, unique; influx-HOST-PORT where left out",
        .zh = "出口及其日志读取位置的名称，唯一；默认为 influx-主机-端口"},
    Key{.name = "api",
        .kind = KeyKind::kChoice,
        .choices = kApis,
        .en = "write path: v1 (/write), v2 (/api/v2/write) or v3 (/api/v3/write_lp); by default v2 where there is a "
              "bucket, else v1, which VictoriaMetrics and InfluxDB 3 take too",
        .zh = "写入路径：v1（/write）、v2（/api/v2/write）或 v3（/api/v3/write_lp）；默认有 bucket 时为 v2，否则为 v1，"
              "VictoriaMetrics 与 InfluxDB 3 也接受 v1"},
    Key{.name = "database",
        .en = "database of InfluxDB 1 (/write?db=) or 3",
        .zh = "InfluxDB 1（/write?db=）或 InfluxDB 3 的数据库"},
    Key{.name = "org", .en = "organization of InfluxDB 2, with bucket", .zh = "InfluxDB 2 的组织，与 bucket 一起使用"},
    Key{.name = "bucket", .en = "bucket of InfluxDB 2, with org", .zh = "InfluxDB 2 的存储桶，与 org 一起使用"},
    Key{.name = "token_file",
        .kind = KeyKind::kPath,
        .en = "file with the token; only its owner may read it",
        .zh = "令牌文件；只允许其所有者读取"},
    Key{.name = "username",
        .en = "user of basic authentication, with password_file",
        .zh = "基本认证的用户名，与 password_file 一起使用"},
    Key{.name = "password_file",
        .kind = KeyKind::kPath,
        .en = "file with the password; only its owner may read it",
        .zh = "密码文件；只允许其所有者读取"},
    Key{.name = "ca_file",
        .kind = KeyKind::kPath,
        .en = "trusted issuers (PEM); the system's where left out",
        .zh = "受信签发者（PEM）；默认使用系统的"},
    Key{.name = "client_cert_file",
        .kind = KeyKind::kPath,
        .en = "own certificate (PEM), with client_key_file",
        .zh = "客户端证书（PEM），与 client_key_file 一起使用"},
    Key{.name = "client_key_file", .kind = KeyKind::kPath, .en = "its key (PEM)", .zh = "客户端证书的私钥（PEM）"},
    Key{.name = "gzip",
        .kind = KeyKind::kBool,
        .standard = "true",
        .en = "compress what is sent",
        .zh = "压缩发送内容"},
    Key{.name = "omit_strings",
        .kind = KeyKind::kChoice,
        .choices = kOmitStrings,
        .standard = "auto",
        .en = "leave string fields out; auto does so for VictoriaMetrics, which stores them as 0",
        .zh = "省略字符串字段；auto 对 VictoriaMetrics 省略（它会存成 0）"},
    Key{.name = "ack_hold",
        .kind = KeyKind::kDuration,
        .min = 0,
        .max = kHour,
        .en = "how long acknowledged records are kept to be sent again; 30s for VictoriaMetrics, else 0s",
        .zh = "已确认的记录再保留多久以便重发；VictoriaMetrics 默认 30s，其余 0s"},
    Key{.name = "batch_bytes",
        .kind = KeyKind::kBytes,
        .min = 16 * kKiB,
        .max = 32 * kMiB,
        .standard = "1MiB",
        .en = "text of one request, before compression",
        .zh = "单次请求的文本大小（压缩前）"},
    Key{.name = "timeout",
        .kind = KeyKind::kDuration,
        .min = 100,
        .max = 10 * kMinute,
        .standard = "30s",
        .en = "longest time of one request",
        .zh = "单次请求的最长时间"}};

constexpr std::array kRotateKeys = {
    Key{.name = "bytes",
        .kind = KeyKind::kBytes,
        .min = 64 * kKiB,
        .max = kTiB,
        .en = "begin a new file before this one grows larger",
        .zh = "文件将超过此大小时另起新文件"},
    Key{.name = "every",
        .kind = KeyKind::kDuration,
        .min = 1000,
        .max = 366 * kDay,
        .en = "begin a new file once this one is so old; its first line is then a comment with its beginning",
        .zh = "文件达到此时长后另起新文件；此时文件首行是记录其开始时间的注释"},
    Key{.name = "keep",
        .kind = KeyKind::kInteger,
        .min = 1,
        .max = 100'000,
        .en = "keep so many old files and remove the oldest beyond; without it all are kept",
        .zh = "保留的旧文件数，超出时删除最旧的；不设则全部保留"},
    Key{.name = "gzip",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "pack old files, a little at a time",
        .zh = "逐步压缩旧文件"}};
constexpr core::KeyTable kRotateTable{.what = "rotate", .keys = kRotateKeys};

constexpr std::array kFileKeys = {Key{.name = "path",
                                      .kind = KeyKind::kPath,
                                      .required = true,
                                      .en = "file that line protocol is appended to",
                                      .zh = "追加行协议的文件"},
                                  Key{.name = "name",
                                      .standard = "file",
                                      .en = "name of the sink and of its place in the log, unique",
                                      .zh = "出口的名称，也是其在日志中的读取位置名，唯一"},
                                  Key{.name = "rotate",
                                      .kind = KeyKind::kMap,
                                      .of = &kRotateTable,
                                      .en = "when a new file is begun; without it never",
                                      .zh = "何时另起新文件；不设则从不"}};

constexpr std::array kStdoutKeys = {
    Key{.name = "name", .standard = "stdout", .en = "name of the sink, unique", .zh = "出口名称，唯一"}};

constexpr core::KeyTable kLogTable{.what = "log", .keys = kLogKeys};
constexpr core::KeyTable kInfluxTable{.what = "influx", .keys = kInfluxKeys};
constexpr core::KeyTable kFileTable{.what = "file", .keys = kFileKeys};
constexpr core::KeyTable kStdoutTable{.what = "stdout", .keys = kStdoutKeys};

constexpr std::array kSinkKeys = {
    Key{.name = "influx",
        .kind = KeyKind::kMap,
        .of = &kInfluxTable,
        .en = "a database that takes InfluxDB line protocol, or another hub",
        .zh = "接受 InfluxDB 行协议的数据库，或另一个中心"},
    Key{.name = "file", .kind = KeyKind::kMap, .of = &kFileTable, .en = "a file of line protocol", .zh = "行协议文件"},
    Key{.name = "stdout",
        .kind = KeyKind::kMap,
        .of = &kStdoutTable,
        .en = "line protocol on standard output",
        .zh = "在标准输出上写行协议"}};
constexpr core::KeyTable kSinkTable{.what = "sink", .keys = kSinkKeys, .exactly_one = true};

constexpr std::array kPipelineKeys = {Key{.name = "log",
                                          .kind = KeyKind::kMap,
                                          .of = &kLogTable,
                                          .en = "what was measured and not yet delivered, on disk",
                                          .zh = "磁盘上的日志：已测量、尚未送达的记录"},
                                      Key{.name = "sinks",
                                          .kind = KeyKind::kList,
                                          .of = &kSinkTable,
                                          .en = "where results go; without sinks a hub runs in the same process",
                                          .zh = "结果送往何处；没有 sinks 时在同一进程内运行中心"}};

InfluxOptions::OmitStrings omit_strings(const TableReader& map) {
  const auto text = map.choice("omit_strings");
  if (text == "true") return InfluxOptions::OmitStrings::kYes;
  if (text == "false") return InfluxOptions::OmitStrings::kNo;
  return InfluxOptions::OmitStrings::kAuto;
}

void check_together(const InfluxConfig& c, const core::ConfigNode& node, core::ConfigErrors& errors) {
  const InfluxOptions& o = c.options;
  if (!o.database.empty() && !o.bucket.empty()) {
    errors.add(node.error("an influx sink has a database (v1, v3) or a bucket (v2), not both",
                          "influx 出口只能有 database（v1、v3）或 bucket（v2）之一"));
  }
  if (o.api == InfluxOptions::Api::kV2 && o.bucket.empty()) {
    errors.add(node.error("api: v2 needs org and bucket", "api: v2 需要 org 与 bucket"));
  }
  if (o.api == InfluxOptions::Api::kV1 && !o.bucket.empty()) {
    errors.add(node.error("a bucket is of api: v2", "bucket 属于 api: v2"));
  }
  if (o.api == InfluxOptions::Api::kV3 && o.database.empty()) {
    errors.add(node.error("api: v3 needs a database", "api: v3 需要 database"));
  }
  if (o.bucket.empty() != o.org.empty())
    errors.add(node.error("org and bucket go together", "org 与 bucket 须同时填写"));
  if (!c.token_file.empty() && !o.username.empty()) {
    errors.add(node.error("an influx sink has a token_file or a username, not both",
                          "influx 出口只能有 token_file 或 username 之一"));
  }
  if (o.username.empty() != c.password_file.empty())
    errors.add(node.error("username and password_file go together", "username 与 password_file 须同时填写"));
  if (o.client_cert_file.empty() != o.client_key_file.empty()) {
    errors.add(node.error("client_cert_file and client_key_file go together",
                          "client_cert_file 与 client_key_file 须同时填写"));
  }
}

InfluxConfig read_influx(const core::ConfigNode& node, core::ConfigErrors& errors) {
  InfluxConfig c;
  c.at = node;
  InfluxOptions& o = c.options;
  const TableReader map{node, kInfluxTable, errors};
  const auto take = [](std::optional<std::string> from, std::string& to) {
    if (from) to = std::move(*from);
  };
  if (const auto text = map.text("url")) {
    o.url = *text;
    const auto url = core::parse_url(o.url);
    if (!url || (url->scheme != "http" && url->scheme != "https")) {
      errors.add(map.node("url")->error(
          "url must be http://HOST[:PORT][/PREFIX] or the same with https; found \"" + o.url + "\"",
          "url 应为 http://主机[:端口][/前缀] 或 https；实际是“" + o.url + "”"));
    } else {
      // With the port: two databases on one host are common.
      o.name = ("influx-" + url->host + "-" + std::to_string(url->port)).substr(0, kCursorNameBytesMax);
    }
  }
  take(map.text("name"), o.name);
  if (const auto api = map.choice("api")) {
    o.api = static_cast<InfluxOptions::Api>(std::ranges::find(kApis, *api) - kApis.begin() + 1);
  }
  take(map.text("database"), o.database);
  take(map.text("org"), o.org);
  take(map.text("bucket"), o.bucket);
  take(map.path("token_file"), c.token_file);
  take(map.text("username"), o.username);
  take(map.path("password_file"), c.password_file);
  take(map.path("ca_file"), o.ca_file);
  take(map.path("client_cert_file"), o.client_cert_file);
  take(map.path("client_key_file"), o.client_key_file);
  o.gzip = map.boolean("gzip").value_or(o.gzip);
  o.omit_strings = omit_strings(map);
  o.ack_hold = map.duration("ack_hold");
  if (const auto bytes = map.bytes("batch_bytes")) o.batch_bytes = static_cast<std::size_t>(*bytes);
  o.timeout = map.duration("timeout").value_or(o.timeout);
  check_together(c, node, errors);
  return c;
}

FileSinkOptions read_file(const core::ConfigNode& node, core::ConfigErrors& errors) {
  const TableReader file{node, kFileTable, errors};
  FileSinkOptions o{.name = file.text("name").value_or("file"), .path = file.path("path").value_or(""), .rotation = {}};
  const auto* at = file.node("rotate");
  if (at == nullptr) return o;
  const TableReader rotate{*at, kRotateTable, errors};
  o.rotation.bytes = static_cast<std::uint64_t>(rotate.bytes("bytes").value_or(0));
  o.rotation.every = rotate.duration("every").value_or(core::Duration{});
  o.rotation.keep = static_cast<int>(rotate.integer("keep").value_or(0));
  o.rotation.gzip = rotate.boolean("gzip").value_or(false);
  if (at->find("bytes") == nullptr && at->find("every") == nullptr) {
    errors.add(at->error("rotate needs bytes or every, as in: rotate: {bytes: 64MiB, keep: 10}",
                         "rotate 需要 bytes 或 every，例如 rotate: {bytes: 64MiB, keep: 10}"));
  }
  return o;
}

// One item of the list: a map with the sink's kind as its only key.
std::optional<SinkConfig> read_sink(const core::ConfigNode& node, core::ConfigErrors& errors) {
  const std::size_t before = errors.all().size();
  const TableReader map{node, kSinkTable, errors};
  if (errors.all().size() != before) return std::nullopt;
  if (const auto* influx = map.node("influx")) return read_influx(*influx, errors);
  if (const auto* file = map.node("file")) return read_file(*file, errors);
  const TableReader fields{*map.node("stdout"), kStdoutTable, errors};
  return StdoutConfig{.name = fields.text("name").value_or("stdout")};
}

bool load_secret(const std::string& path, const core::ConfigNode& at, io::Files& files, std::string& to,
                 core::ConfigErrors& errors) {
  if (path.empty()) return true;
  auto secret = io::read_secret(files, path);
  if (secret) {
    to = std::move(*secret);
  } else {
    errors.add(at.error(secret.error()));
  }
  return secret.has_value();
}

}  // namespace

std::string_view name(const SinkConfig& sink) {
  if (const auto* influx = std::get_if<InfluxConfig>(&sink)) return influx->options.name;
  if (const auto* file = std::get_if<FileSinkOptions>(&sink)) return file->name;
  return std::get<StdoutConfig>(sink).name;
}

const core::KeyTable kPipelineTable{.what = "configuration", .keys = kPipelineKeys};

LogOptions read_log_config(const core::ConfigNode& node, core::ConfigErrors& errors) {
  LogOptions o;
  const TableReader map{node, kLogTable, errors};
  const auto take = [&map](std::string_view key, std::uint64_t& to) {
    if (const auto value = map.bytes(key)) to = static_cast<std::uint64_t>(*value);
  };
  o.directory = map.path("directory").value_or("");
  take("max_bytes", o.bytes_max);
  take("min_free", o.free_bytes_min);
  take("segment_bytes", o.segment_bytes);
  o.age_max = map.duration("max_age").value_or(o.age_max);
  o.commit_interval = map.duration("commit_interval").value_or(o.commit_interval);
  return o;
}

std::vector<SinkConfig> read_sinks_config(const core::TableReader& root, core::ConfigErrors& errors) {
  std::vector<SinkConfig> out;
  std::set<std::string, std::less<>> names;
  for (const core::ConfigNode& item : root.list("sinks")) {
    auto sink = read_sink(item, errors);
    if (!sink) continue;
    const std::string own{name(*sink)};
    if (own.empty() || own.size() > kCursorNameBytesMax) {
      errors.add(item.error("a sink's name has 1 to 64 bytes", "出口名称为 1 到 64 字节"));
    } else if (!names.insert(own).second) {
      errors.add(item.error("two sinks are called \"" + own + "\": give one of them a name",
                            "有两个出口都叫“" + own + "”：请给其中一个取名"));
    }
    out.push_back(std::move(*sink));
  }
  return out;
}

bool load_secrets(InfluxConfig& config, io::Files& files, core::ConfigErrors& errors) {
  InfluxOptions& o = config.options;
  const bool token = load_secret(config.token_file, config.at, files, o.token, errors);
  const bool password = load_secret(config.password_file, config.at, files, o.password, errors);
  return token && password;
}

}  // namespace sonde::pipeline
