// Asks each library for its version.
#include "io/library_versions.h"

#include <ares.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

#include <boost/version.hpp>

namespace sonde::io {

std::vector<std::pair<std::string, std::string>> library_versions() {
  const curl_version_info_data& curl = *curl_version_info(CURLVERSION_NOW);
  std::vector<std::pair<std::string, std::string>> out{
      {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"libcurl", curl.version},
      {"c-ares", ares_version(nullptr)},
      {"boost", std::to_string(BOOST_VERSION / 100'000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) + "." +
                    std::to_string(BOOST_VERSION % 100)},
  };
  if ((curl.features & CURL_VERSION_HTTP2) != 0 && curl.nghttp2_version != nullptr) {
    out.emplace_back("nghttp2", curl.nghttp2_version);
  }
  return out;
}

}  // namespace sonde::io
