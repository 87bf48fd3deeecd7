// One SSL_CTX per distinct policy, made at first use and made again when its files have changed.
// Internal to io/tls_*.cc: sees OpenSSL.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "io/tls_client.h"

namespace sonde::io {

struct FreeTlsContext {
  void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

/// Strict decides; diagnostic accepts what strict refuses (old versions, every cipher, small groups), so that there is
/// something to see. Both verify certificates at the same level.
enum class TlsStrictness { kStrict, kDiagnostic };

/// TLS1_2_VERSION and its like.
[[nodiscard]] int protocol_number(TlsVersion v);

class TlsContexts {
 public:
  /// `ca_file` is for policies without an own one; empty = the system's store.
  explicit TlsContexts(std::string ca_file) : ca_file_(std::move(ca_file)) {}

  /// Valid until the next call; a session takes its own reference (SSL_new(3)). Files are looked at once a second.
  /// Errors: which file cannot be used and why.
  [[nodiscard]] core::Result<SSL_CTX*> get(const TlsPolicy& policy, TlsStrictness strictness, MonoTime now);

 private:
  struct FileStamp {
    std::string path;
    ino_t inode = 0;
    off_t size = 0;
    WallTime changed{};
    bool operator==(const FileStamp&) const = default;
  };
  struct Entry {
    TlsContext context;  // null: `error` says why
    core::Error error{core::ErrorCode::kInvalid, {}};
    std::vector<FileStamp> files;
    MonoTime looked{};
  };

  void build(const TlsPolicy& policy, TlsStrictness strictness, Entry& entry) const;
  static FileStamp stamp(const std::string& path);
  [[nodiscard]] std::vector<FileStamp> stamps(const TlsPolicy& policy) const;

  std::string ca_file_;
  std::map<std::pair<TlsPolicy, TlsStrictness>, Entry> entries_;
};

}  // namespace sonde::io
