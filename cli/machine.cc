// Inputs from this machine.
#include "cli/machine.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace sonde::cli {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string{value};
}

}  // namespace

std::optional<std::string> EnvironmentVariables::find(std::string_view variable) const {
  return environment(std::string{variable});
}

std::string read_resolv_conf(io::Files& files) {
  core::Result<std::string> text = files.read_all("/etc/resolv.conf", 64 * 1024);
  return text ? std::move(*text) : std::string{};
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::string default_state_directory() {
  if (const auto systemd = environment("STATE_DIRECTORY")) return *systemd;
  if (const auto xdg = environment("XDG_STATE_HOME"); xdg && !xdg->empty()) return *xdg + "/sonde";
  return environment("HOME").value_or("/tmp") + "/.local/state/sonde";
}

}  // namespace sonde::cli
