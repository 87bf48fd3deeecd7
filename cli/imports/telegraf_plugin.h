// One plugin of a telegraf.conf on its way to targets. Internal to telegraf*.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/imports/draft.h"

namespace sonde::cli::imports {

/// "5s", or a number of seconds.
[[nodiscard]] std::optional<core::Duration> telegraf_duration(const core::ConfigNode& node, Notes& notes);

class Plugin {
 public:
  enum class Kind { kHttp, kDns, kNet };
  Plugin(Kind kind, const core::ConfigNode& at, core::Duration every, Targets& targets);

  // One for each field.
  void interval(const core::ConfigNode& node);
  void alias(const core::ConfigNode& node);
  void tags(const core::ConfigNode& node);
  void urls(const core::ConfigNode& node);
  void method(const core::ConfigNode& node);
  void headers(const core::ConfigNode& node);
  void body(const core::ConfigNode& node);
  void follow_redirects(const core::ConfigNode& node);
  void timeout(const core::ConfigNode& node);
  void status(const core::ConfigNode& node);
  void body_match(const core::ConfigNode& node);
  void body_size(const core::ConfigNode& node);
  void username(const core::ConfigNode& node);
  void password(const core::ConfigNode& node);
  void bearer(const core::ConfigNode& node);
  void proxy(const core::ConfigNode& node);
  void interface(const core::ConfigNode& node);
  void tls_ca(const core::ConfigNode& node);
  void tls_cert(const core::ConfigNode& node);
  void tls_key(const core::ConfigNode& node);
  void tls_server_name(const core::ConfigNode& node);
  void tls_min_version(const core::ConfigNode& node);
  void insecure(const core::ConfigNode& node);
  void servers(const core::ConfigNode& node);
  void domains(const core::ConfigNode& node);
  void record_type(const core::ConfigNode& node);
  void port(const core::ConfigNode& node);
  void network(const core::ConfigNode& node);
  void protocol(const core::ConfigNode& node);
  void address(const core::ConfigNode& node);
  void read_timeout(const core::ConfigNode& node);
  void send(const core::ConfigNode& node);
  void expect(const core::ConfigNode& node);

  /// Makes the targets.
  void finish();

 private:
  [[nodiscard]] core::ConfigNode text_of(const core::ConfigNode& node);
  void tls_file(std::string_view key, const core::ConfigNode& node);
  void add(core::ConfigNode url, std::string_view name);
  void finish_http();
  void finish_dns();
  void finish_net();

  Kind kind_;
  Targets& targets_;
  Draft draft_;  // what all targets of the plugin share
  std::string alias_;
  std::vector<core::ConfigNode> urls_;     // http: URLs; dns: servers; net: the address
  std::vector<core::ConfigNode> domains_;  // of dns
  std::string record_type_ = "NS";
  std::string port_ = "53";
  std::string protocol_;
  core::ConfigNode protocol_at_;
  core::ConfigNode auth_;
  std::optional<core::ConfigNode> send_;
  std::optional<core::ConfigNode> expect_;
  core::Duration timeout_{};
  core::Duration read_timeout_ = std::chrono::seconds{1};
};

}  // namespace sonde::cli::imports
