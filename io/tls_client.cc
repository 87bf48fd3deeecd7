// The client: what its sessions share.
#include "io/tls_client.h"

#include <utility>

#include "io/tls_context.h"
#include "io/tls_facts.h"
#include "io/tls_session.h"

namespace sonde::io {
namespace {

class Client final : public TlsClient {
 public:
  Client(Loop& loop, TlsContexts contexts) : loop_(loop), contexts_(std::move(contexts)) {}
  std::unique_ptr<TlsSession> open(UniqueFd fd, TlsRequest request) override {
    return std::make_unique<Session>(loop_, contexts_, memo_, std::move(fd), std::move(request));
  }

 private:
  Loop& loop_;
  TlsContexts contexts_;
  TlsMemo memo_;
};

}  // namespace

core::Result<std::unique_ptr<TlsClient>> make_tls_client(Loop& loop, const TlsOptions& options) {
  TlsContexts contexts{options.ca_file};
  const auto context = contexts.get({}, TlsStrictness::kStrict, loop.now());
  if (!context) return context.error();
  return std::unique_ptr<TlsClient>{std::make_unique<Client>(loop, std::move(contexts))};
}

}  // namespace sonde::io
