// A plain send-and-read over a connected socket.
#pragma once

#include <cstddef>
#include <string>

#include "io/loop.h"

namespace sonde::io {

/// How a talk over a connection ended.
enum class TalkError { kNone, kReset, kClosed, kTooLarge };

struct TalkResult {
  TalkError error = TalkError::kNone;
  std::string received;
};

/// Sends `send`, then reads until `expect` was seen in what arrived (anything at all when `expect` is empty), the peer
/// closed, or `bytes_max` came without it. `fd` stays the caller's and must outlive the handle.
[[nodiscard]] Handle talk(Loop& loop, int fd, std::string send, std::string expect, std::size_t bytes_max,
                          Callback<void(TalkResult)> done);

}  // namespace sonde::io
