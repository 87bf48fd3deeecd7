// Fuzz target: line protocol. Whatever is read can be written and read again to the same value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "core/line_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::core;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  decode_lines(
      text, Precision::kNanoseconds, {},
      [](const Record& record) {
        std::string line;
        if (!encode_line(record, line)) return;
        const Result<Record> back =
            decode_line(std::string_view{line}.substr(0, line.size() - 1), Precision::kNanoseconds, {});
        SONDE_CHECK(back.has_value(), "a line that was written cannot be read");
        SONDE_CHECK(back->fields.size() == record.fields.size(), "a field was lost or made");
        SONDE_CHECK(back->time == record.time, "the time changed");
      },
      [](const LineError&) {});
  return 0;
}
