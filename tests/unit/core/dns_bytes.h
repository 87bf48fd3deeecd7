// DNS messages put together byte by byte, for the tests of the codec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns_message.h"

namespace sonde::core::dns {

using Bytes = std::vector<std::uint8_t>;

inline void append(Bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }
inline void append16(Bytes& out, unsigned v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8U));
  out.push_back(static_cast<std::uint8_t>(v & 0xFFU));
}

// A response header with the given counts.
inline Bytes header(unsigned questions, unsigned answers, unsigned additionals = 0) {
  Bytes b;
  for (const unsigned v : {0x1234U, 0x8180U, questions, answers, 0U, additionals}) append16(b, v);
  return b;
}

// One answer record: `name` and `rdata` are wire bytes.
inline void append_record(Bytes& out, std::string_view name, Type type, std::string_view rdata,
                          std::uint32_t ttl = 60) {
  append(out, name);
  append16(out, static_cast<unsigned>(type));
  append16(out, 1);
  append16(out, ttl >> 16U);
  append16(out, ttl & 0xFFFFU);
  append16(out, static_cast<unsigned>(rdata.size()));
  append(out, rdata);
}

using namespace std::string_view_literals;
constexpr std::string_view kRoot = "\0"sv;
constexpr std::string_view kExample =
    "\x07"
    "example"
    "\x04"
    "test"
    "\0"sv;

inline Bytes one_answer(std::string_view name, Type type, std::string_view rdata, std::uint32_t ttl = 60) {
  Bytes b = header(0, 1);
  append_record(b, name, type, rdata, ttl);
  return b;
}

inline std::string data_of(Type type, std::string_view rdata) {
  const auto m = decode(one_answer(kExample, type, rdata));
  return m ? m->answers.at(0).data : "error: " + m.error().message;
}

inline bool is_corrupt(const Bytes& wire) {
  const auto m = decode(wire);
  return !m && m.error().code == ErrorCode::kCorrupt;
}

}  // namespace sonde::core::dns
