// One endpoint of a Gatus configuration on its way to a target. Internal to gatus*.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/imports/draft.h"
#include "cli/imports/gatus_conditions.h"

namespace sonde::cli::imports {

class Endpoint {
 public:
  Endpoint(const core::ConfigNode& map, Targets& targets);

  // One for each field; `seen` is for those that are looked up where another field needs them.
  void seen(const core::ConfigNode& /*node*/) {}
  void name(const core::ConfigNode& node);
  void extra_labels(const core::ConfigNode& node);
  void method(const core::ConfigNode& node);
  void headers(const core::ConfigNode& node);
  void interval(const core::ConfigNode& node);
  void conditions(const core::ConfigNode& node);
  void dns(const core::ConfigNode& node);
  void client(const core::ConfigNode& node);
  // Of `client`.
  void insecure(const core::ConfigNode& node);
  void ignore_redirect(const core::ConfigNode& node);
  void timeout(const core::ConfigNode& node);
  void resolver(const core::ConfigNode& node);
  void proxy(const core::ConfigNode& node);
  void client_tls(const core::ConfigNode& node);
  void certificate(const core::ConfigNode& node);
  void private_key(const core::ConfigNode& node);

  /// Whether it is switched on and of a kind of ours; what is not is said.
  [[nodiscard]] bool is_ours();
  /// Makes the target.
  void finish();

 private:
  enum class Type { kOther, kHttp, kTcp, kTls, kStartTls, kDns };
  [[nodiscard]] core::ConfigNode text_of(const core::ConfigNode& node) const;
  [[nodiscard]] std::string scalar(std::string_view field) const;
  [[nodiscard]] core::ConfigNode body() const;
  void finish_http();
  void finish_stream();
  void finish_dns();

  const core::ConfigNode& map_;
  Targets& targets_;
  Notes& notes_;
  Draft draft_;
  core::ConfigNode url_;
  Type type_ = Type::kOther;
  std::string query_name_;
  std::string query_type_ = "A";
  std::vector<Condition> conditions_;
};

/// The table of `client`, for walking and for the documentation.
[[nodiscard]] std::span<const Row<Endpoint>> gatus_client_rows();

}  // namespace sonde::cli::imports
