// Reading the hosts file.
#include "io/hosts_file.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/text.h"

namespace sonde::io {
namespace {

constexpr std::size_t kBytesMax = 1024 * 1024;  // lists that block advertisements have some 100,000 lines
constexpr Duration kLookEvery = std::chrono::seconds{1};
constexpr std::string_view kSpace = " \t\r\f\v";

/// Takes the first word off `line`; empty at its end.
std::string_view next_word(std::string_view& line) {
  const std::size_t from = std::min(line.find_first_not_of(kSpace), line.size());
  line.remove_prefix(from);
  const std::size_t size = std::min(line.find_first_of(kSpace), line.size());
  const std::string_view word = line.substr(0, size);
  line.remove_prefix(size);
  return word;
}

std::string key_of(std::string_view host) {
  if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
  return core::lower_ascii(host);
}

void read_line(std::string_view line, HostAddresses& out) {
  line = line.substr(0, line.find('#'));
  const auto address = parse_address(next_word(line));
  if (!address) return;
  for (std::string_view name = next_word(line); !name.empty(); name = next_word(line)) {
    auto& known = out[key_of(name)];
    if (std::ranges::find(known, *address) == known.end()) known.push_back(*address);
  }
}

}  // namespace

HostAddresses parse_hosts(std::string_view text) {
  HostAddresses out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end), out);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

HostsFile::HostsFile(Loop& loop, Files& files, std::string path) : loop_(loop), files_(files), path_(std::move(path)) {}

void HostsFile::look() {
  if (looked_ && loop_.now() - *looked_ < kLookEvery) return;
  const bool first = !looked_;
  looked_ = loop_.now();
  const FileStamp stamp = stamp_of(path_);  // taken before it is read: a change meanwhile is seen the next time
  if (!first && stamp == stamp_) return;
  stamp_ = stamp;
  const auto text = stamp.there ? files_.read_all(path_, kBytesMax) : core::Result<std::string>{std::string{}};
  addresses_ = text ? parse_hosts(*text) : HostAddresses{};
}

std::vector<IpAddress> HostsFile::find(std::string_view host, IpAddress::Family family) {
  look();
  std::vector<IpAddress> out;
  if (addresses_.empty()) return out;
  const auto it = addresses_.find(key_of(host));
  if (it == addresses_.end()) return out;
  std::ranges::copy_if(it->second, std::back_inserter(out),
                       [family](const IpAddress& a) { return a.family == family; });
  return out;
}

}  // namespace sonde::io
