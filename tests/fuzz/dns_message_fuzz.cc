// Fuzz target: DNS messages from the wire. What decodes can be looked at; what does not is an error, never a crash.
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/check.h"
#include "core/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::core;
  const Result<dns::Message> message = dns::decode(std::span<const std::uint8_t>{data, size});
  if (!message) return 0;
  SONDE_CHECK(message->answers.size() + message->authorities.size() + message->additionals.size() <= 4096,
              "more records than are kept");
  (void)dns::encode(*message);
  return 0;
}
