// Who is known to sign certificates in other people's names: products that open TLS on the way to a service.
// Says something only of a chain that is not trusted: a name alone proves nothing.
// Source: the certificates of badssl.com's "certificate" and "client" groups, and the products' own manuals.
#pragma once

#include <string>
#include <string_view>

namespace sonde::io {

/// "Superfish (adware)" where `issuer` (a distinguished name as RFC 2253 writes it) is that of such a product, else
/// empty. Pure.
[[nodiscard]] std::string interceptor_of(std::string_view issuer);

}  // namespace sonde::io
