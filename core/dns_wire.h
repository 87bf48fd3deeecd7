// Bytes of a DNS message: a reader that cannot leave the message and a writer, both with names.
// Used by the codec alone (dns_message.cc, dns_rdata.cc). Source: RFC 1035 3.1, 4.1.4, 5.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::core::dns {

/// Reads forward through `message` from `begin` to `end`. The first read that does not fit makes the reader fail for
/// good: it then returns zeroes and empty values, so that callers test ok() once. Pointers of compressed names may lead
/// anywhere before the name, within `message`. The span must outlive the reader.
class WireReader {
 public:
  explicit WireReader(std::span<const std::uint8_t> message) : message_(message), end_(message.size()) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return ok_ ? end_ - at_ : 0; }
  void fail() { ok_ = false; }

  [[nodiscard]] std::uint8_t u8();
  [[nodiscard]] std::uint16_t u16();
  [[nodiscard]] std::uint32_t u32();
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t n);
  /// A character string: one length byte, then so many bytes (RFC 1035 3.3).
  [[nodiscard]] std::span<const std::uint8_t> counted();
  /// A name in presentation form, as in Question::name.
  [[nodiscard]] std::string name();
  /// A reader of the next `n` bytes (which this one passes over), with the same message for pointers.
  [[nodiscard]] WireReader part(std::size_t n);

 private:
  std::span<const std::uint8_t> message_;
  std::size_t at_ = 0;
  std::size_t end_;
  bool ok_ = true;
};

/// Appends to a message. A value that has no wire form (a label over 63 bytes, …) makes the writer fail for good.
class WireWriter {
 public:
  [[nodiscard]] bool ok() const { return ok_; }
  void fail() { ok_ = false; }
  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v);
  void u32(std::uint32_t v);
  void bytes(std::span<const std::uint8_t> b) { out_.insert(out_.end(), b.begin(), b.end()); }
  void counted(std::span<const std::uint8_t> b);
  /// Presentation form to wire, never compressed; "." and "" are the root, one trailing dot is allowed.
  void name(std::string_view presentation);
  void set_u16(std::size_t offset, std::uint16_t v);
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(out_); }

 private:
  std::vector<std::uint8_t> out_;
  bool ok_ = true;
};

/// Appends `b` so that it is safe in a presentation: letters, digits and `also_plain` as they are, all else as \DDD.
void append_escaped(std::string& out, std::span<const std::uint8_t> b, std::string_view also_plain);

/// Reads one possibly escaped character (`x`, `\x`, `\DDD`) at the front of `text` and removes it.
/// Returns -1 when the escape is broken or `text` is empty.
[[nodiscard]] int take_escaped(std::string_view& text);

}  // namespace sonde::core::dns
