// What a kind of check is: a descriptor with its fields, the reading of its expectations, and the making of one run.
// To add a kind: one file in prober/checks/, one line in the list in prober/checks/checks.cc, one test file.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/callback.h"
#include "core/config_node.h"
#include "core/config_table.h"
#include "core/measurement.h"
#include "core/schema.h"
#include "core/target.h"
#include "io/dns_client.h"
#include "io/files.h"
#include "io/hosts_file.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "io/tcp_dialer.h"
#include "io/tls_client.h"
#include "prober/net_spec.h"

namespace sonde::prober {

using core::Callback;
using core::Duration;
using core::MonoTime;
using core::WallTime;

class HandshakeGate;

/// What runs may use; one per prober. References must outlive every run.
struct CheckContext {
  io::Loop& loop;
  io::DnsClient& dns;
  io::TcpDialer& dialer;
  io::TlsClient& tls;
  io::HttpClient& http;
  std::optional<io::Endpoint> resolver;  // own resolver; nothing when none is configured or known
  std::string user_agent;
  std::vector<io::Endpoint> more_resolvers{};  // further own ones, asked where the first does not answer
  HandshakeGate* handshakes = nullptr;         // null: no cap on handshakes in flight
  io::HostsFile* hosts = nullptr;              // asked before the own resolvers, as the system does; null: not asked
};

/// What a target expects, read once from its configuration; const and shared by all its runs.
class CheckSpec {
 public:
  virtual ~CheckSpec() = default;
};

/// The parts of a target's configuration that only its check understands.
struct SpecNodes {
  const core::ConfigNode* url = nullptr;      // where the URL stands, for errors; null for a URL from elsewhere
  const core::ConfigNode* expect = nullptr;   // what a good answer is
  const core::ConfigNode* request = nullptr;  // what is asked, where that can be chosen
  const core::ConfigNode* tls = nullptr;      // trust, identity and versions (prober/tls_spec.h)
  io::Files* files = nullptr;                 // for io/secret_file.h; null only where both maps are
};

/// One run; destroying it cancels.
class Check {
 public:
  virtual ~Check() = default;
  /// `done` is called once, later, never from inside start; it may destroy the check. `deadline` is when the runner
  /// will call give_up: a check needs it only to hand a budget to a library, it holds no timer of its own.
  virtual void start(MonoTime deadline, Callback<void(core::Measurement)> done) = 0;
  /// Ends the run and reports the stage reached so far with `why`. `done` will not be called any more.
  [[nodiscard]] virtual core::Measurement give_up(core::Cause why) = 0;
};

struct CheckType {
  core::CheckKind kind;
  std::span<const core::Field* const> fields;  // what its records can carry beside outcome and timing
  const core::KeyTable* expect;                // the keys of a target's `expect` map
  const core::KeyTable* request;               // of its `request` map; null where nothing can be chosen
  /// Reads a target's `expect` and `request` maps (null pointer = the defaults). Adds an error for each mistake; the
  /// result is then not for use.
  std::unique_ptr<const CheckSpec> (*parse)(const core::Target& target, const SpecNodes& nodes,
                                            core::ConfigErrors& errors);
  /// `spec`, `target` and `net` must outlive the run.
  std::unique_ptr<Check> (*make)(const CheckSpec& spec, const core::Target& target, const NetSpec& net,
                                 CheckContext& context);
};

}  // namespace sonde::prober
