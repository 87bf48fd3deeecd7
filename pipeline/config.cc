// Reads `log:` and `sinks:`.
#include "pipeline/config.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/config_table.h"
#include "core/target.h"
#include "io/secret_file.h"
#include "pipeline/cursor_store.h"

namespace sonde::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kTiB = 1024 * 1024 * kMiB;

void read_text(core::MapReader& map, std::string_view key, std::string& to, core::ConfigErrors& errors) {
  if (const auto* n = map.key(key)) to = core::read_string(*n, errors).value_or("");
}

void read_size(core::MapReader& map, std::string_view key, std::int64_t min, std::int64_t max, std::uint64_t& to,
               core::ConfigErrors& errors) {
  const auto* n = map.key(key);
  if (n == nullptr) return;
  if (const auto value = core::read_bytes(*n, min, max, errors)) to = static_cast<std::uint64_t>(*value);
}

InfluxOptions::OmitStrings read_omit(const core::ConfigNode& n, core::ConfigErrors& errors) {
  static constexpr std::string_view kAllowed[] = {"auto", "true", "false"};
  const auto text = core::read_choice(n, kAllowed, errors);
  if (text == "true") return InfluxOptions::OmitStrings::kYes;
  if (text == "false") return InfluxOptions::OmitStrings::kNo;
  return InfluxOptions::OmitStrings::kAuto;
}

void read_tuning(core::MapReader& map, InfluxOptions& o, core::ConfigErrors& errors) {
  if (const auto* n = map.key("gzip")) o.gzip = core::read_bool(*n, errors).value_or(o.gzip);
  if (const auto* n = map.key("omit_strings")) o.omit_strings = read_omit(*n, errors);
  if (const auto* n = map.key("ack_hold")) o.ack_hold = core::read_duration(*n, seconds{0}, hours{1}, errors);
  std::uint64_t batch = o.batch_bytes;
  read_size(map, "batch_bytes", 16 * kKiB, 32 * kMiB, batch, errors);
  o.batch_bytes = batch;
  if (const auto* n = map.key("timeout")) {
    o.timeout = core::read_duration(*n, milliseconds{100}, minutes{10}, errors).value_or(o.timeout);
  }
}

void check_together(const InfluxConfig& c, const core::ConfigNode& node, core::ConfigErrors& errors) {
  const InfluxOptions& o = c.options;
  if (!o.database.empty() && !o.bucket.empty()) {
    errors.add(node.error("an influx sink has a database (v1) or a bucket (v2), not both"));
  }
  if (o.bucket.empty() != o.org.empty()) errors.add(node.error("org and bucket go together"));
  if (!c.token_file.empty() && !o.username.empty()) {
    errors.add(node.error("an influx sink has a token_file or a username, not both"));
  }
  if (o.username.empty() != c.password_file.empty()) errors.add(node.error("username and password_file go together"));
  if (o.client_cert_file.empty() != o.client_key_file.empty()) {
    errors.add(node.error("client_cert_file and client_key_file go together"));
  }
}

InfluxConfig read_influx(const core::ConfigNode& node, core::ConfigErrors& errors) {
  InfluxConfig c;
  c.at = node;
  InfluxOptions& o = c.options;
  core::MapReader map{node, "influx", errors};
  if (const auto* n = map.required("url")) {
    o.url = core::read_string(*n, errors).value_or("");
    const auto url = core::parse_url(o.url);
    if (!o.url.empty() && (!url || (url->scheme != "http" && url->scheme != "https"))) {
      errors.add(n->error("url must be http://HOST[:PORT][/PREFIX] or the same with https; found '" + o.url + "'"));
    } else if (url) {
      // With the port: two databases on one host are common.
      o.name = ("influx-" + url->host + "-" + std::to_string(url->port)).substr(0, kCursorNameBytesMax);
    }
  }
  read_text(map, "name", o.name, errors);
  read_text(map, "database", o.database, errors);
  read_text(map, "org", o.org, errors);
  read_text(map, "bucket", o.bucket, errors);
  read_text(map, "token_file", c.token_file, errors);
  read_text(map, "username", o.username, errors);
  read_text(map, "password_file", c.password_file, errors);
  read_text(map, "ca_file", o.ca_file, errors);
  read_text(map, "client_cert_file", o.client_cert_file, errors);
  read_text(map, "client_key_file", o.client_key_file, errors);
  read_tuning(map, o, errors);
  map.finish();
  check_together(c, node, errors);
  return c;
}

constexpr std::array kRotateKeys = {
    core::Key{.name = "bytes",
              .kind = core::KeyKind::kBytes,
              .min = 64 * kKiB,
              .max = 1024 * 1024 * kMiB,
              .en = "begin a new file before this one grows larger",
              .zh = "文件将超过此大小时另起新文件"},
    core::Key{.name = "every",
              .kind = core::KeyKind::kDuration,
              .min = 1000,
              .max = 366LL * 24 * 3'600'000,
              .en = "begin a new file once this one is so old; its first line is then a comment with its beginning",
              .zh = "文件达到此时长后另起新文件；此时文件首行是记录其开始时间的注释"},
    core::Key{.name = "keep",
              .kind = core::KeyKind::kInteger,
              .min = 1,
              .max = 100'000,
              .en = "keep so many old files and remove the oldest beyond; without it all are kept",
              .zh = "保留的旧文件数，超出时删除最旧的；不设则全部保留"},
    core::Key{.name = "gzip",
              .kind = core::KeyKind::kBool,
              .standard = "false",
              .en = "pack old files, a little at a time",
              .zh = "逐步压缩旧文件"}};
constexpr core::KeyTable kRotate{"rotate", kRotateKeys};

constexpr std::array kFileKeys = {
    core::Key{.name = "path", .required = true, .en = "file to append to", .zh = "追加写入的文件"},
    core::Key{.name = "name",
              .standard = "file",
              .en = "name of the sink and of its place in the log",
              .zh = "输出的名称，也是其在日志中的读取位置名"},
    core::Key{.name = "rotate",
              .kind = core::KeyKind::kMap,
              .of = &kRotate,
              .en = "when a new file is begun; without it never",
              .zh = "何时另起新文件；不设则从不"}};
constexpr core::KeyTable kFile{"file", kFileKeys};

FileSinkOptions read_file(const core::ConfigNode& node, core::ConfigErrors& errors) {
  const core::TableReader file{node, kFile, errors};
  FileSinkOptions o{.name = file.text("name").value_or("file"), .path = file.text("path").value_or(""), .rotation = {}};
  const auto* at = file.node("rotate");
  if (at == nullptr) return o;
  const core::TableReader rotate{*at, kRotate, errors};
  o.rotation.bytes = static_cast<std::uint64_t>(rotate.bytes("bytes").value_or(0));
  o.rotation.every = rotate.duration("every").value_or(core::Duration{});
  o.rotation.keep = static_cast<int>(rotate.integer("keep").value_or(0));
  o.rotation.gzip = rotate.boolean("gzip").value_or(false);
  if (at->find("bytes") == nullptr && at->find("every") == nullptr) {
    errors.add(at->error("rotate needs bytes or every, as in: rotate: {bytes: 64MiB, keep: 10}"));
  }
  return o;
}

// One item of the list: a map with the sink's kind as its only key.
std::optional<SinkConfig> read_sink(const core::ConfigNode& node, core::ConfigErrors& errors) {
  core::MapReader map{node, "sink", errors};
  const auto* influx = map.key("influx");
  const auto* file = map.key("file");
  const auto* out = map.key("stdout");
  map.finish();
  if ((influx != nullptr) + (file != nullptr) + (out != nullptr) != 1) {
    errors.add(node.error("a sink is one of influx, file, stdout, as in: - influx: {url: …}"));
    return std::nullopt;
  }
  if (influx != nullptr) return read_influx(*influx, errors);
  if (file != nullptr) {
    return read_file(*file, errors);
  }
  StdoutConfig c{.name = "stdout"};
  if (out->kind == core::ConfigNode::Kind::kNull) return c;  // "- stdout:" says all
  core::MapReader fields{*out, "stdout", errors};
  read_text(fields, "name", c.name, errors);
  fields.finish();
  return c;
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

LogOptions read_log_config(const core::ConfigNode& node, core::ConfigErrors& errors) {
  LogOptions o;
  core::MapReader map{node, "log", errors};
  read_text(map, "directory", o.directory, errors);
  read_size(map, "max_bytes", 4 * kMiB, 64 * kTiB, o.bytes_max, errors);
  read_size(map, "min_free", 0, 64 * kTiB, o.free_bytes_min, errors);
  read_size(map, "segment_bytes", 64 * kKiB, 1024 * kMiB, o.segment_bytes, errors);
  if (const auto* n = map.key("max_age")) {
    o.age_max = core::read_duration(*n, minutes{1}, hours{24 * 3660}, errors).value_or(o.age_max);
  }
  if (const auto* n = map.key("commit_interval")) {
    o.commit_interval = core::read_duration(*n, seconds{0}, seconds{1}, errors).value_or(o.commit_interval);
  }
  map.finish();
  return o;
}

std::vector<SinkConfig> read_sinks_config(const core::ConfigNode& node, core::ConfigErrors& errors) {
  std::vector<SinkConfig> out;
  if (node.kind != core::ConfigNode::Kind::kSequence) {
    errors.add(node.error("sinks is a list, as in: - influx: {url: …}"));
    return out;
  }
  std::set<std::string, std::less<>> names;
  for (const core::ConfigNode& item : node.items) {
    auto sink = read_sink(item, errors);
    if (!sink) continue;
    const std::string_view own = name(*sink);
    if (own.empty() || own.size() > kCursorNameBytesMax) {
      errors.add(item.error("a sink's name has 1 to 64 bytes"));
    } else if (!names.insert(std::string{own}).second) {
      errors.add(item.error("two sinks are called '" + std::string{own} + "': give one of them a name"));
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
