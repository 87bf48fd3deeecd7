// Record data type by type: one function each way.
#include "core/dns_rdata.h"

#include <array>
#include <charconv>

#include "core/dns_address.h"

namespace sonde::core::dns {
namespace {

// What may stand unescaped inside a quoted string: printable ASCII without the quote and the backslash.
constexpr std::string_view kPlainInQuotes = " !#$%&'()*+,-./:;<=>?@[]^_`{|}~";

std::string quoted(std::span<const std::uint8_t> b) {
  std::string out = "\"";
  append_escaped(out, b, kPlainInQuotes);
  return out + '"';
}

std::string present_mx(WireReader& r) {
  const auto preference = r.u16();
  return std::to_string(preference) + ' ' + r.name();
}

std::string present_soa(WireReader& r) {
  std::string out = r.name();
  out += ' ' + r.name();
  for (int i = 0; i < 5; ++i) out += ' ' + std::to_string(r.u32());
  return out;
}

std::string present_srv(WireReader& r) {
  std::string out;
  for (int i = 0; i < 3; ++i) out += std::to_string(r.u16()) + ' ';
  return out + r.name();
}

std::string present_txt(WireReader& r) {
  std::string out;
  do {  // at least one string (RFC 1035 3.3.14)
    if (!out.empty()) out += ' ';
    out += quoted(r.counted());
  } while (r.left() > 0);
  return out;
}

std::string present_caa(WireReader& r) {
  std::string out = std::to_string(r.u8()) + ' ';
  const auto tag = r.counted();
  if (tag.empty()) r.fail();
  const std::size_t from = out.size();
  append_escaped(out, tag, {});
  if (out.find('\\', from) != std::string::npos) r.fail();  // a tag is letters and digits (RFC 8659 4.1)
  return out + ' ' + quoted(r.bytes(r.left()));
}

std::string address_list(WireReader& r, std::size_t bytes_each) {
  std::string out;
  do {
    const auto b = r.bytes(bytes_each);
    if (b.empty()) break;
    if (!out.empty()) out += ',';
    out += bytes_each == 4 ? present_ip4(b) : present_ip6(b);
  } while (r.left() > 0);
  return out;
}

std::string alpn_list(WireReader& r) {
  std::string out;
  do {
    if (!out.empty()) out += ',';
    append_escaped(out, r.counted(), "-./");
  } while (r.left() > 0);
  return out;
}

std::string present_service_parameter(std::uint16_t key, WireReader& value) {
  switch (key) {  // RFC 9460 14.3.2; others in the generic form of 2.1
    case 1:
      return "alpn=" + alpn_list(value);
    case 2:
      return "no-default-alpn";
    case 3:
      return "port=" + std::to_string(value.u16());
    case 4:
      return "ipv4hint=" + address_list(value, 4);
    case 6:
      return "ipv6hint=" + address_list(value, 16);
    default:
      return "key" + std::to_string(key) + '=' + quoted(value.bytes(value.left()));
  }
}

std::string present_https(WireReader& r) {
  std::string out = std::to_string(r.u16()) + ' ';
  out += r.name();
  while (r.left() > 0) {
    const auto key = r.u16();
    WireReader value = r.part(r.u16());
    out += ' ' + present_service_parameter(key, value);
    if (!value.ok() || value.left() != 0) r.fail();
  }
  return out;
}

std::string present_naptr(WireReader& r) {
  std::string out = std::to_string(r.u16()) + ' ';
  out += std::to_string(r.u16());
  for (int i = 0; i < 3; ++i) out += ' ' + quoted(r.counted());
  return out + ' ' + r.name();
}

std::string hex(std::span<const std::uint8_t> b) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t c : b) {
    out += kHex[c >> 4U];
    out += kHex[c & 0xFU];
  }
  return out;
}

// Key tag, algorithm, digest type, digest; it cannot be empty.
std::string present_ds(WireReader& r) {
  std::string out = std::to_string(r.u16()) + ' ';
  out += std::to_string(r.u8()) + ' ';
  out += std::to_string(r.u8()) + ' ';
  if (r.left() == 0) r.fail();
  return out + hex(r.bytes(r.left()));
}

std::string present_tlsa(WireReader& r) {
  std::string out;
  for (int i = 0; i < 3; ++i) out += std::to_string(r.u8()) + ' ';
  if (r.left() == 0) r.fail();
  return out + hex(r.bytes(r.left()));
}

std::string present_generic(WireReader& r) {
  const auto b = r.bytes(r.left());
  return "\\# " + std::to_string(b.size()) + (b.empty() ? "" : " ") + hex(b);
}

// Words of a presentation, separated by spaces.
class Words {
 public:
  explicit Words(std::string_view text) : left_(text) { skip(); }
  [[nodiscard]] bool empty() const { return left_.empty(); }
  std::string_view next() {
    const std::size_t n = std::min(left_.find(' '), left_.size());
    const auto word = left_.substr(0, n);
    left_.remove_prefix(n);
    skip();
    return word;
  }
  // A quoted string with escapes, or a plain word; false if the quotes do not close.
  bool next_string(std::vector<std::uint8_t>& out) {
    out.clear();
    const bool in_quotes = !left_.empty() && left_.front() == '"';
    if (in_quotes) left_.remove_prefix(1);
    while (!left_.empty() && left_.front() != (in_quotes ? '"' : ' ')) {
      const int c = take_escaped(left_);
      if (c < 0) return false;
      out.push_back(static_cast<std::uint8_t>(c));
    }
    if (in_quotes) {
      if (left_.empty()) return false;
      left_.remove_prefix(1);
    }
    skip();
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  void skip() {
    while (!left_.empty() && left_.front() == ' ') left_.remove_prefix(1);
  }
  std::string_view left_;
};

// A missing word is an error, not the root.
void write_name(std::string_view word, WireWriter& out) {
  if (word.empty()) return out.fail();
  out.name(word);
}

template <typename T>
T number(std::string_view word, WireWriter& out) {
  T value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) out.fail();
  return value;
}

void write_address(std::string_view text, Type type, WireWriter& out) {
  if (type == Type::kA) {
    const auto b = parse_ip4(text);
    return b ? out.bytes(*b) : out.fail();
  }
  const auto b = parse_ip6(text);
  return b ? out.bytes(*b) : out.fail();
}

void write_txt(Words& words, WireWriter& out) {
  std::vector<std::uint8_t> piece;
  do {
    if (!words.next_string(piece)) return out.fail();
    out.counted(piece);
  } while (!words.empty());
}

void write_caa(Words& words, WireWriter& out) {
  out.u8(number<std::uint8_t>(words.next(), out));
  std::vector<std::uint8_t> piece;
  if (!words.next_string(piece) || piece.empty()) return out.fail();
  out.counted(piece);
  if (words.empty() || !words.next_string(piece)) return out.fail();
  out.bytes(piece);
}

void write_generic(Words& words, WireWriter& out) {
  (void)words.next();  // the mark
  const auto size = number<std::uint16_t>(words.next(), out);
  std::size_t digits = 0;
  std::uint8_t byte = 0;
  for (const char c : words.rest()) {
    if (c == ' ') continue;
    const bool decimal = c >= '0' && c <= '9';
    const bool hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!decimal && !hex) return out.fail();
    byte = static_cast<std::uint8_t>((byte << 4U) | (decimal ? c - '0' : (c | 0x20) - 'a' + 10));
    if (++digits % 2 == 0) out.u8(byte);
  }
  if (digits != std::size_t{size} * 2) out.fail();
}

void write_known(Type type, Words& words, WireWriter& out) {
  switch (type) {
    case Type::kA:
    case Type::kAaaa:
      return write_address(words.next(), type, out);
    case Type::kCname:
    case Type::kNs:
    case Type::kPtr:
    case Type::kDname:
      return write_name(words.next(), out);
    case Type::kMx:
      out.u16(number<std::uint16_t>(words.next(), out));
      return write_name(words.next(), out);
    case Type::kSrv:
      for (int i = 0; i < 3; ++i) out.u16(number<std::uint16_t>(words.next(), out));
      return write_name(words.next(), out);
    case Type::kSoa:
      write_name(words.next(), out);
      write_name(words.next(), out);
      for (int i = 0; i < 5; ++i) out.u32(number<std::uint32_t>(words.next(), out));
      return;
    case Type::kTxt:
      return write_txt(words, out);
    case Type::kCaa:
      return write_caa(words, out);
    case Type::kOpt:
    case Type::kNaptr:
    case Type::kDs:
    case Type::kTlsa:
    case Type::kSvcb:
    case Type::kHttps:
    case Type::kAny:
      return out.fail();
  }
  out.fail();
}

}  // namespace

std::string present_rdata(Type type, WireReader& r) {
  switch (type) {
    case Type::kA:
      return r.left() == 4 ? present_ip4(r.bytes(4)) : (r.fail(), std::string{});
    case Type::kAaaa:
      return r.left() == 16 ? present_ip6(r.bytes(16)) : (r.fail(), std::string{});
    case Type::kCname:
    case Type::kNs:
    case Type::kPtr:
    case Type::kDname:
      return r.name();
    case Type::kMx:
      return present_mx(r);
    case Type::kSoa:
      return present_soa(r);
    case Type::kSrv:
      return present_srv(r);
    case Type::kTxt:
      return present_txt(r);
    case Type::kCaa:
      return present_caa(r);
    case Type::kSvcb:
    case Type::kHttps:
      return present_https(r);
    case Type::kNaptr:
      return present_naptr(r);
    case Type::kDs:
      return present_ds(r);
    case Type::kTlsa:
      return present_tlsa(r);
    case Type::kOpt:  // never data: dns_message.cc reads it
    case Type::kAny:  // never a record
      break;
  }
  return present_generic(r);
}

void write_rdata(Type type, std::string_view presentation, WireWriter& out) {
  Words words(presentation);
  if (words.rest().starts_with("\\# ")) return write_generic(words, out);
  if (words.empty()) return out.fail();
  write_known(type, words, out);
  if (!words.empty()) out.fail();
}

}  // namespace sonde::core::dns
