// Names of sinks and hubs to addresses, apart from what probes use: hosts file first, then the system's resolvers, on a
// c-ares channel of its own (RELIABILITY P10: the monitored failure must not break the monitor).
// Source: ares_getaddrinfo(3), c-ares 1.18.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/loop.h"

namespace sonde::io {

class NameResolver {
 public:
  virtual ~NameResolver() = default;
  /// All addresses of `host` as text, in the order the library prefers; a literal address answers itself.
  /// Error kNotFound when the name has none, kIo when nobody answered within about 6 s. `done` is called once, later,
  /// never from inside. Destroying the handle drops the answer.
  [[nodiscard]] virtual Handle resolve(std::string_view host,
                                       Callback<void(core::Result<std::vector<std::string>>)> done) = 0;
};

/// The loop must outlive it.
[[nodiscard]] std::unique_ptr<NameResolver> make_name_resolver(Loop& loop);

}  // namespace sonde::io
