// Bounded inflate.
#include "hub/gunzip.h"

#include <zlib.h>

#include <array>

namespace sonde::hub {
namespace {

class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&z_, 16 + MAX_WBITS) == Z_OK; }  // 16: gzip only, no zlib header
  ~Inflater() { inflateEnd(&z_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  [[nodiscard]] bool ready() const { return ready_; }
  z_stream& stream() { return z_; }

 private:
  z_stream z_{};
  bool ready_ = false;
};

core::Error invalid(const char* why) { return {core::ErrorCode::kInvalid, why}; }

}  // namespace

core::Result<std::string> gunzip(std::string_view packed, const GunzipLimits& limits) {
  Inflater inflater;
  if (!inflater.ready()) return invalid("zlib has no memory");
  z_stream& z = inflater.stream();
  // zlib does not write through next_in; its type lacks the const.
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  std::array<char, 64 * 1024> chunk;
  while (true) {
    z.next_out = reinterpret_cast<Bytef*>(chunk.data());
    z.avail_out = static_cast<uInt>(chunk.size());
    const int code = inflate(&z, Z_NO_FLUSH);
    out.append(chunk.data(), chunk.size() - z.avail_out);
    const bool over_ratio =
        out.size() > limits.ratio_free_bytes && out.size() > limits.ratio_max * (packed.size() - z.avail_in);
    if (out.size() > limits.bytes_max || over_ratio) {
      return core::Error{core::ErrorCode::kNoSpace, "the body unpacks to more than is allowed"};
    }
    if (code == Z_STREAM_END) {
      if (z.avail_in == 0) return out;
      if (inflateReset(&z) != Z_OK) return invalid("the body is not gzip");
    } else if (code != Z_OK) {
      return invalid(code == Z_BUF_ERROR ? "the gzip body is cut short" : "the body is not gzip");
    } else if (z.avail_in == 0 && z.avail_out > 0) {
      return invalid("the gzip body is cut short");
    }
  }
}

}  // namespace sonde::hub
