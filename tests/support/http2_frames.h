// HTTP/2 frames by hand (RFC 9113 4.1), for servers that break the rules.
#pragma once

#include <cstdint>
#include <string>

namespace sonde::test {

inline std::string http2_frame(int type, int flags, int stream, const std::string& payload) {
  std::string out;
  for (const int shift : {16, 8, 0}) out += static_cast<char>((payload.size() >> static_cast<unsigned>(shift)) & 0xFFU);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  out += std::string(3, '\0');
  out += static_cast<char>(stream);
  return out + payload;
}

inline std::string four_bytes(std::uint32_t n) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>((n >> shift) & 0xFFU);
  return out;
}

inline std::string http2_settings() { return http2_frame(4, 0, 0, ""); }
/// A head of ":status 200" (static table, RFC 7541 appendix A) and what else is given; the body follows.
inline std::string http2_head(const std::string& more = "", bool end_stream = false) {
  return http2_frame(1, end_stream ? 0x5 : 0x4, 1, "\x88" + more);
}
/// A header field that is not indexed (RFC 7541 6.2.2), for names and values below 127 bytes.
inline std::string http2_field(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
}
inline std::string http2_data(const std::string& body, bool end_stream = true) {
  return http2_frame(0, end_stream ? 1 : 0, 1, body);
}
inline std::string http2_reset(std::uint32_t code) { return http2_frame(3, 0, 1, four_bytes(code)); }
inline std::string http2_goaway(std::uint32_t last_stream, std::uint32_t code) {
  return http2_frame(7, 0, 0, four_bytes(last_stream) + four_bytes(code));
}

}  // namespace sonde::test
