// The reader and the writer of DNS bytes.
#include "core/dns_wire.h"

#include <array>

namespace sonde::core::dns {
namespace {

constexpr std::size_t kLabelBytesMax = 63;
constexpr std::size_t kNameBytesMax = 255;  // on the wire, with length bytes and the final zero
constexpr int kPointersMax = 64;

bool letter_or_digit(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool digit(char c) { return c >= '0' && c <= '9'; }

// Host names and what is common beside them: service labels (_), wildcards (*), reverse zones of RFC 2317 (/).
constexpr std::string_view kPlainInLabels = "-_*/";

// A label in lower case and escaped, at `at`, which has room for four characters a byte. Returns its end.
char* put_label(char* at, std::span<const std::uint8_t> label) {
  for (const std::uint8_t c : label) {
    if (c >= 'A' && c <= 'Z') {
      *at++ = static_cast<char>(c + ('a' - 'A'));
    } else if (letter_or_digit(c) ||
               (c < 0x80 && kPlainInLabels.find(static_cast<char>(c)) != std::string_view::npos)) {
      *at++ = static_cast<char>(c);
    } else {
      *at++ = '\\';
      for (const int unit : {100, 10, 1}) *at++ = static_cast<char>('0' + c / unit % 10);
    }
  }
  return at;
}

}  // namespace

void append_escaped(std::string& out, std::span<const std::uint8_t> b, std::string_view also_plain) {
  for (const std::uint8_t c : b) {
    if (letter_or_digit(c) || (c < 0x80 && also_plain.find(static_cast<char>(c)) != std::string_view::npos)) {
      out += static_cast<char>(c);
      continue;
    }
    out += '\\';
    out += static_cast<char>('0' + c / 100);
    out += static_cast<char>('0' + c / 10 % 10);
    out += static_cast<char>('0' + c % 10);
  }
}

int take_escaped(std::string_view& text) {
  if (text.empty()) return -1;
  const char first = text.front();
  text.remove_prefix(1);
  if (first != '\\') return static_cast<std::uint8_t>(first);
  if (text.empty()) return -1;
  if (!digit(text.front())) {
    const char escaped = text.front();
    text.remove_prefix(1);
    return static_cast<std::uint8_t>(escaped);
  }
  if (text.size() < 3 || !digit(text[1]) || !digit(text[2])) return -1;
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  text.remove_prefix(3);
  return value <= 255 ? value : -1;
}

std::uint8_t WireReader::u8() {
  const auto b = bytes(1);
  return b.empty() ? std::uint8_t{0} : b[0];
}

std::uint16_t WireReader::u16() {
  const auto b = bytes(2);
  return b.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(b[0] << 8U | b[1]);
}

std::uint32_t WireReader::u32() {
  const std::uint32_t high = u16();
  return high << 16U | u16();
}

std::span<const std::uint8_t> WireReader::bytes(std::size_t n) {
  if (!ok_ || n > end_ - at_) {
    ok_ = false;
    return {};
  }
  const auto b = message_.subspan(at_, n);
  at_ += n;
  return b;
}

std::span<const std::uint8_t> WireReader::counted() { return bytes(u8()); }

WireReader WireReader::part(std::size_t n) {
  WireReader inner = *this;
  if (!ok_ || n > end_ - at_) {
    ok_ = false;
    inner.ok_ = false;
    return inner;
  }
  inner.end_ = at_ + n;
  at_ += n;
  return inner;
}

std::string WireReader::name() {
  std::array<char, 4 * kNameBytesMax> out;  // escaped, a byte takes four characters at the most
  char* end_of_out = out.data();
  std::size_t wire_bytes = 1;     // the final zero
  std::size_t run_start = at_;    // where the current run of labels began; pointers must lead before it
  std::size_t after_pointer = 0;  // where this reader goes on when the name ends elsewhere
  const std::size_t own_end = end_;
  for (int pointers = 0; ok_;) {
    const std::size_t length = u8();
    if (!ok_ || length == 0) break;
    if ((length & 0xC0U) == 0xC0U) {
      const std::size_t target = (length & 0x3FU) << 8U | u8();
      // Strictly backwards makes every chain end; the count only bounds the work.
      if (!ok_ || target >= run_start || ++pointers > kPointersMax) return fail(), std::string{};
      if (pointers == 1) after_pointer = at_;
      at_ = run_start = target;
      end_ = message_.size();
      continue;
    }
    wire_bytes += length + 1;
    const auto label = length <= kLabelBytesMax ? bytes(length) : std::span<const std::uint8_t>{};
    if (label.empty() || wire_bytes > kNameBytesMax) return fail(), std::string{};
    if (end_of_out != out.data()) *end_of_out++ = '.';
    end_of_out = put_label(end_of_out, label);
  }
  end_ = own_end;
  if (after_pointer != 0) at_ = after_pointer;
  if (!ok_) return {};
  return end_of_out == out.data() ? "." : std::string{out.data(), end_of_out};
}

void WireWriter::u16(std::uint16_t v) {
  u8(static_cast<std::uint8_t>(v >> 8U));
  u8(static_cast<std::uint8_t>(v & 0xFFU));
}

void WireWriter::u32(std::uint32_t v) {
  u16(static_cast<std::uint16_t>(v >> 16U));
  u16(static_cast<std::uint16_t>(v & 0xFFFFU));
}

void WireWriter::set_u16(std::size_t offset, std::uint16_t v) {
  out_[offset] = static_cast<std::uint8_t>(v >> 8U);
  out_[offset + 1] = static_cast<std::uint8_t>(v & 0xFFU);
}

void WireWriter::counted(std::span<const std::uint8_t> b) {
  if (b.size() > 255) return fail();
  u8(static_cast<std::uint8_t>(b.size()));
  bytes(b);
}

void WireWriter::name(std::string_view text) {
  if (text == ".") text = {};
  std::size_t wire_bytes = 1;
  while (!text.empty()) {
    std::vector<std::uint8_t> label;
    while (!text.empty() && text.front() != '.') {
      const int c = take_escaped(text);
      if (c < 0) return fail();
      label.push_back(static_cast<std::uint8_t>(c));
    }
    if (!text.empty()) text.remove_prefix(1);  // the dot
    wire_bytes += label.size() + 1;
    if (label.empty() || label.size() > kLabelBytesMax || wire_bytes > kNameBytesMax) return fail();
    counted(label);
  }
  u8(0);
}

}  // namespace sonde::core::dns
