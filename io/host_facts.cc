// Asks the kernel.
#include "io/host_facts.h"

#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>

#include "io/sockaddr.h"
#include "io/unique_fd.h"

namespace sonde::io {
namespace {

constexpr std::size_t kProcBytesMax = 64 * 1024;
constexpr std::uint64_t kKiB = 1024;
constexpr int kDiscardPort = 9;

std::optional<std::uint64_t> read_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_in(Files& files, const std::string& path) {
  const auto text = files.read_all(path, kProcBytesMax);
  return text ? read_number(*text) : std::nullopt;
}

// The line of /proc/self/cgroup that begins with "0::".
std::optional<std::string> cgroup_path(Files& files) {
  const auto text = files.read_all("/proc/self/cgroup", kProcBytesMax);
  if (!text) return std::nullopt;
  const std::size_t at = text->starts_with("0::") ? 0 : text->find("\n0::");
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = text->find("0::", at) + 3;
  std::string path = text->substr(begin, text->find('\n', begin) - begin);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

// What is left below the limits of this process's group and of those above it.
std::optional<std::uint64_t> left_in_cgroup(Files& files) {
  auto path = cgroup_path(files);
  if (!path) return std::nullopt;
  std::optional<std::uint64_t> least;
  while (true) {
    const std::string folder = "/sys/fs/cgroup" + *path;
    const auto max = number_in(files, folder + "/memory.max");  // "max" is no number: no limit
    const auto current = number_in(files, folder + "/memory.current");
    if (max && current) least = std::min(least.value_or(*max), *max - std::min(*max, *current));
    if (path->empty()) return least;
    path->resize(path->rfind('/'));
  }
}

core::Error failed(const std::string& what, int error) {
  return {error == ENETUNREACH || error == EHOSTUNREACH ? core::ErrorCode::kNotFound : core::ErrorCode::kIo,
          what + ": " + std::generic_category().message(error)};
}

}  // namespace

FileLimits file_limits() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  return {.soft = limit.rlim_cur, .hard = limit.rlim_max};
}

std::optional<std::uint64_t> available_memory(Files& files) {
  const auto text = files.read_all("/proc/meminfo", kProcBytesMax);
  if (!text) return std::nullopt;
  constexpr std::string_view kKey = "MemAvailable:";
  const std::size_t at = text->find(kKey);
  if (at == std::string::npos) return std::nullopt;
  const auto kib = read_number(std::string_view{*text}.substr(at + kKey.size()));
  if (!kib) return std::nullopt;
  return std::min(*kib * kKiB, left_in_cgroup(files).value_or(*kib * kKiB));
}

std::optional<KernelClock> kernel_clock() {
  timex state{};  // modes 0: only read
  const int answer = ::adjtimex(&state);
  if (answer < 0) return std::nullopt;
  const bool synchronised = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return KernelClock{
      .synchronised = synchronised,
      .error_max = synchronised ? core::Duration{std::chrono::microseconds{state.maxerror}} : core::Duration{}};
}

Result<IpAddress> source_towards(const IpAddress& to) {
  const std::string what = "no way to " + to_string(to);
  UniqueFd fd{::socket(socket_family(to), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!fd) return failed(what, errno);
  const SocketAddress address = to_socket_address({.address = to, .port = kDiscardPort});
  // On a datagram socket connect(2) only looks the route up.
  if (::connect(fd.get(), address.get(), address.length) != 0) return failed(what, errno);
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &length) != 0) return failed(what, errno);
  IpAddress out{.family = to.family, .bytes = {}};
  if (own.ss_family == AF_INET) {
    std::memcpy(out.bytes.data(), &reinterpret_cast<const sockaddr_in*>(&own)->sin_addr, sizeof(in_addr));
  } else {
    std::memcpy(out.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(&own)->sin6_addr, sizeof(in6_addr));
  }
  return out;
}

Result<void> may_write_in(const std::string& directory) {
  std::string at = directory;
  while (::access(at.c_str(), F_OK) != 0 && errno == ENOENT) {
    const std::size_t slash = at.rfind('/');
    if (slash == std::string::npos) {
      at = ".";
    } else {
      at.resize(std::max<std::size_t>(slash, 1));
    }
    if (at == "/" || at == ".") break;
  }
  if (::access(at.c_str(), W_OK | X_OK) == 0) return {};
  return failed("cannot write in " + at, errno);
}

}  // namespace sonde::io
