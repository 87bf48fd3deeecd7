// Reads `hub:`.
#include "hub/config.h"

#include <array>
#include <optional>

#include "io/http_guard.h"

namespace sonde::hub {
namespace {

using core::Key;
using core::KeyKind;

constexpr std::array kHubKeys = {
    Key{.name = "listen",
        .standard = "127.0.0.1:8686",
        .en = "ADDRESS:PORT of page and API; one that others can reach needs a token_file",
        .zh = "页面和 API 的 地址:端口；他人可访问的地址必须设置 token_file"},
    Key{.name = "directory",
        .kind = KeyKind::kPath,
        .en = "where history is kept; hub in the state directory where left out",
        .zh = "历史的存放位置；默认为状态目录下的 hub"},
    Key{.name = "round",
        .kind = KeyKind::kDuration,
        .min = 100,
        .max = 3'600'000,
        .standard = "10s",
        .en = "the usual interval of the targets: the unit of time in which the hub judges",
        .zh = "目标通常的探测间隔：中心判定的时间单位"},
    Key{.name = "retention",
        .kind = KeyKind::kDuration,
        .min = 3'600'000,
        .max = 366LL * 86'400'000,
        .standard = "7d",
        .en = "how long results and closed incidents are kept",
        .zh = "结果和已结束事件的保留时间"},
    Key{.name = "token_file",
        .kind = KeyKind::kPath,
        .en = "file of tokens, one a line, of which a request must bring one",
        .zh = "令牌文件，每行一个；请求须携带其中之一"},
    Key{.name = "allow_hosts",
        .kind = KeyKind::kTexts,
        .en = "further names by which the hub may be called (Host header), without port",
        .zh = "允许访问中心所用的其他主机名（Host 头），不含端口"}};
constexpr core::KeyTable kHub{.what = "hub", .keys = kHubKeys};

constexpr std::array kRootKeys = {Key{.name = "hub",
                                      .kind = KeyKind::kMap,
                                      .of = &kHub,
                                      .en = "takes in results of probers, judges them, and serves page and API",
                                      .zh = "接收各探针的结果，判定故障归属，并提供页面和 API"}};

}  // namespace

bool parse_listen(std::string_view text, HubConfig& config) {
  auto listen = io::parse_listen(text);
  if (!listen) return false;
  config.address = std::move(listen->address);
  config.port = listen->port;
  return true;
}

const core::KeyTable kHubTable{.what = "configuration", .keys = kRootKeys};

HubConfig read_hub_config(const core::ConfigNode& node, core::ConfigErrors& errors) {
  HubConfig config;
  const core::TableReader map{node, kHub, errors};
  const core::ConfigNode* listen = map.node("listen");
  const auto text = map.text("listen");
  if (text && !parse_listen(*text, config)) {
    errors.add(listen->error("listen must be ADDRESS:PORT or [ADDRESS]:PORT, such as 127.0.0.1:8686",
                             "listen 应为 地址:端口 或 [地址]:端口，例如 127.0.0.1:8686"));
  }
  config.directory = map.path("directory").value_or("");
  config.round = map.duration("round").value_or(config.round);
  config.retention = map.duration("retention").value_or(config.retention);
  config.token_file = map.path("token_file").value_or("");
  config.allow_hosts = map.texts("allow_hosts");
  if (!io::is_loopback(config.address) && map.node("token_file") == nullptr) {
    errors.add((listen != nullptr ? *listen : node)
                   .error("hub listens on " + config.address +
                              ", which others can reach: set token_file, or listen on 127.0.0.1",
                          "hub 监听在 " + config.address + "，他人可以访问：请设置 token_file，或改为监听 127.0.0.1"));
  }
  return config;
}

}  // namespace sonde::hub
