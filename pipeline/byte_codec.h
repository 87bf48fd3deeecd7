// Numbers as little-endian bytes, and the checksum, for the formats of the log (docs/log-format.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::pipeline {

/// CRC-32C (Castagnoli; RFC 3720 B.4), chained by passing the last result as `before`.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
/// The same without the processor's instruction for it: what crc32c() is where there is none.
[[nodiscard]] std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);

template <typename Unsigned>
void put_number(std::string& out, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
  }
}

/// Reads forward; the first read past the end makes it fail for good, and it then gives zeros.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view left() const { return left_; }

  template <typename Unsigned>
  Unsigned number() {
    const std::string_view b = bytes(sizeof(Unsigned));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(b[i])) << (8 * i);
    }
    return static_cast<Unsigned>(value);
  }
  std::string_view bytes(std::size_t n) {
    if (!ok_ || n > left_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view b = left_.substr(0, n);
    left_.remove_prefix(n);
    return b;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace sonde::pipeline
