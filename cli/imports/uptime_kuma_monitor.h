// One monitor of an export on its way to a target. Internal to uptime_kuma*.cc.
#pragma once

#include <map>
#include <string>

#include "cli/imports/draft.h"

namespace sonde::cli::imports {

/// What monitors refer to by number.
struct KumaLists {
  std::map<std::string, const core::ConfigNode*> monitors;
  std::map<std::string, const core::ConfigNode*> proxies;
};

class Monitor {
 public:
  Monitor(const core::ConfigNode& map, const KumaLists& lists, Targets& targets);

  // One for each field; `seen` is for those that are looked up where another field needs them.
  void seen(const core::ConfigNode& /*node*/) {}
  void name(const core::ConfigNode& node);
  void tags(const core::ConfigNode& node);
  void parent(const core::ConfigNode& node);
  void interval(const core::ConfigNode& node);
  void timeout(const core::ConfigNode& node);
  void method(const core::ConfigNode& node);
  void headers(const core::ConfigNode& node);
  void body(const core::ConfigNode& node);
  void max_redirects(const core::ConfigNode& node);
  void status_codes(const core::ConfigNode& node);
  void ignore_tls(const core::ConfigNode& node);
  void expiry(const core::ConfigNode& node);
  void keyword(const core::ConfigNode& node);
  void json_path(const core::ConfigNode& node);
  void proxy(const core::ConfigNode& node);
  void auth_method(const core::ConfigNode& node);
  void user(const core::ConfigNode& node);
  void ip_family(const core::ConfigNode& node);

  /// Whether its type is one of ours; what is not is said.
  [[nodiscard]] bool is_ours();
  /// Makes the target.
  void finish();

 private:
  [[nodiscard]] const core::ConfigNode* value(std::string_view field) const;
  [[nodiscard]] std::string scalar(std::string_view field) const;
  [[nodiscard]] bool is_http() const { return type_ == "http" || type_ == "keyword" || type_ == "json-query"; }
  void content_type();
  void make_url();
  void make_dns_urls();

  const core::ConfigNode& map_;
  const KumaLists& lists_;
  Targets& targets_;
  Notes& notes_;
  Draft draft_;
  std::string type_;
};

}  // namespace sonde::cli::imports
