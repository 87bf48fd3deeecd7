// The system's hosts file: names that this machine's administrator has given addresses to. Read again when it changes.
// Source: hosts(5).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/address.h"
#include "io/file_watch.h"
#include "io/files.h"
#include "io/loop.h"

namespace sonde::io {

/// Lower-case names without a final dot, each with its addresses in the order of the file.
using HostAddresses = std::map<std::string, std::vector<IpAddress>, std::less<>>;

/// Reads the text of a hosts file. Lines without an address (or with one that has a zone) are passed over; so is what
/// follows `#`. Pure.
[[nodiscard]] HostAddresses parse_hosts(std::string_view text);

class HostsFile {
 public:
  /// `path` is looked at (stat(2)) at most once a second, when a name is asked for. `loop` and `files` must outlive
  /// this.
  HostsFile(Loop& loop, Files& files, std::string path);

  /// The addresses of `host` that are of `family`, in the file's order; none where the file does not name it, cannot
  /// be read, or is larger than 1 MiB. Letters count without their case, a final dot not at all.
  [[nodiscard]] std::vector<IpAddress> find(std::string_view host, IpAddress::Family family);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void look();

  Loop& loop_;
  Files& files_;
  std::string path_;
  std::optional<MonoTime> looked_;
  FileStamp stamp_;
  HostAddresses addresses_;
};

}  // namespace sonde::io
