// HTTP answers as bytes: the good one of each kind of target, and the broken ones.
#pragma once

#include <string>

#include "endpoint.h"
#include "fault.h"

namespace sonde::world {

struct Answer {
  std::string bytes;
  bool stays_open = false;  // silence follows instead of a close
};

/// `fault` is null or of layer HTTP. `broken_dependency` is a service that takes this app with it, or "".
[[nodiscard]] Answer make_answer(const EndpointIdentity& identity, const Fault* fault,
                                 const std::string& broken_dependency);

}  // namespace sonde::world
