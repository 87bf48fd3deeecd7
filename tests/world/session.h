// One accepted connection: TLS if the protocol has it, one request, one answer, with delay and faults on the way.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "endpoint.h"
#include "services.h"

namespace sonde::world {

/// Serves the connection until it ends. `services` and `identity` must outlive the event loop's run.
void start_session(Services& services, const EndpointIdentity& identity, boost::asio::ip::tcp::socket socket);

}  // namespace sonde::world
