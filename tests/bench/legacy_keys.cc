// An ENGINE that returns the built-in methods for EC and RSA keys. Its presence makes libcrypto 3.0 decode such keys by
// the built-in code instead of by a chain of provider decoders (x_pubkey.c, "Try to decode with legacy method first").
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/opensslconf.h>

#include "tests/bench/bare_loop.h"
#ifndef OPENSSL_NO_ENGINE
#include <openssl/engine.h>
#include <openssl/evp.h>

namespace sonde::bench {
namespace {

int built_in_methods(ENGINE*, EVP_PKEY_METHOD** method, const int** nids, int nid) {
  static const int kNids[] = {EVP_PKEY_EC, EVP_PKEY_RSA};
  if (method == nullptr) {
    *nids = kNids;
    return 2;
  }
  *method = const_cast<EVP_PKEY_METHOD*>(EVP_PKEY_meth_find(nid));
  return *method != nullptr ? 1 : 0;
}

}  // namespace

bool decode_keys_the_legacy_way() {
  ENGINE* engine = ENGINE_new();
  ENGINE_set_id(engine, "bench-legacy-keys");
  ENGINE_set_name(engine, "built-in methods for EC and RSA keys");
  ENGINE_set_pkey_meths(engine, built_in_methods);
  return ENGINE_add(engine) == 1 && ENGINE_set_default_pkey_meths(engine) == 1;
}

}  // namespace sonde::bench
#else
namespace sonde::bench {
bool decode_keys_the_legacy_way() { return false; }
}  // namespace sonde::bench
#endif
