// The routes of docs/api.md over store, incidents and events.
#pragma once

#include <memory>
#include <string>

#include "core/callback.h"
#include "hub/assets.h"
#include "hub/events.h"
#include "hub/guard.h"
#include "hub/incidents.h"
#include "hub/ingest.h"
#include "hub/store.h"
#include "io/http_server.h"
#include "io/loop.h"

namespace sonde::hub {

/// What the routes are answered from. All references must outlive the Api.
struct ApiParts {
  io::Loop& loop;
  const Guard& guard;
  Store& store;
  Incidents& incidents;
  EventHub& events;
  Ingest& ingest;
  const AssetSource& assets;
  core::Callback<std::string()> metrics;    // empty = no such path
  core::Callback<std::string()> not_ready;  // "" once everything kept has been read back, else why not yet
  std::string version;
};

class Api {
 public:
  explicit Api(ApiParts parts);

  /// Answers any request, with the security headers.
  void handle(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder);

  /// Tells the watchers the overview when it has changed since they were told. Call at most once a second.
  void tell_changes();

 private:
  void route(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder);
  [[nodiscard]] io::ServerResponse answer(const io::ServerRequest& request);
  [[nodiscard]] io::ServerResponse answer_api(const io::ServerRequest& request);
  [[nodiscard]] io::ServerResponse target(const std::string& name);
  [[nodiscard]] io::ServerResponse series(const io::ServerRequest& request);
  [[nodiscard]] io::ServerResponse incidents(const io::ServerRequest& request);
  [[nodiscard]] io::ServerResponse incident(const std::string& id);
  [[nodiscard]] io::ServerResponse asset(const io::ServerRequest& request);
  [[nodiscard]] std::string overview() const;

  ApiParts parts_;
  std::uint64_t told_version_ = 0;  // of store and incidents together
  core::WallTime told_at_{};
};

}  // namespace sonde::hub
