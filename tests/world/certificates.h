// The world's certificate authority: a root, one issuer per provider, leaves for every name, good and bad ones.
// Everything is made at start and kept in memory; only the root certificate is ever written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "core/result.h"

namespace sonde::world {

enum class CertificateKind { kGood, kExpired, kWrongName, kSelfSigned };

/// One thread. Server contexts are made when first asked for and live as long as this object.
class CertificateAuthority {
 public:
  [[nodiscard]] static core::Result<std::unique_ptr<CertificateAuthority>> create();
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  /// The root in PEM.
  [[nodiscard]] std::string root_pem() const;
  /// A server's context for `host`, issued by the authority named `issuer` (made when new). Never null.
  [[nodiscard]] boost::asio::ssl::context& server(const std::string& host, const std::string& issuer,
                                                  CertificateKind kind);

 private:
  struct Identity;
  CertificateAuthority();
  std::unique_ptr<Identity> root_;
  std::map<std::string, std::unique_ptr<Identity>> issuers_;
  std::map<std::string, std::unique_ptr<boost::asio::ssl::context>> servers_;
};

}  // namespace sonde::world
