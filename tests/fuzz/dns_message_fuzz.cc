// Fuzz target: DNS messages from the wire. What decodes can be shown; what does not is an error, never a crash.
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
  for (const auto* section : {&message->answers, &message->authorities, &message->additionals}) {
    for (const dns::ResourceRecord& r : *section) {
      for (const char c : dns::record_text(r))
        SONDE_CHECK(c == '\t' || (c >= 0x20 && c < 0x7F), "a byte that is unsafe");
    }
  }
  (void)dns::encode(*message);
  return 0;
}
