// sonde_bench: what Sonde costs, beside what the machine allows and beside blackbox_exporter. docs/performance.md says
// how to read it. Absolute figures are one machine's; the ratios are what holds.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "tests/bench/benches.h"

namespace sonde::bench {
namespace {

using Bench = bool (*)(const Options&, Report&);

const std::map<std::string_view, Bench>& benches() {
  static const std::map<std::string_view, Bench> all{{"checks", checks_bench},     {"memory", memory_bench},
                                                     {"fidelity", fidelity_bench}, {"line-protocol", line_bench},
                                                     {"capacity", capacity_bench}, {"judge", judge_bench}};
  return all;
}

constexpr char kUsage[] =
    "sonde_bench [checks|memory|fidelity|line-protocol|capacity|judge]... [--short|--long] [--json]\n"
    "            [--only=KIND]... [--flight=N] [--sonde=PROGRAM]\n"
    "  Without a name all of them run. KIND: the beginning of dns, tcp, tls ecdsa, tls rsa, http, https ecdsa, ...\n"
    "sonde_bench repeat encode|parse|dns|http COUNT\n"
    "  Does one thing COUNT times, for counting instructions (tests/bench/instructions.py).\n";

int usage() {
  std::fputs(kUsage, stderr);
  return 2;
}

int run(int argc, char** argv) {
  if (argc == 4 && std::string_view{argv[1]} == "repeat") {
    return repeat(argv[2], static_cast<std::size_t>(std::strtoul(argv[3], nullptr, 10))) ? 0 : 1;
  }
  Options options;
  bool json = false;
  std::map<std::string_view, Bench> chosen;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const std::string_view value = arg.substr(std::min(arg.find('=') + 1, arg.size()));
    if (arg == "--json") {
      json = true;
    } else if (arg == "--short") {
      options.length = Length::kShort;
    } else if (arg == "--long") {
      options.length = Length::kLong;
    } else if (arg.starts_with("--only=")) {
      options.only.emplace_back(value);
    } else if (arg.starts_with("--sonde=")) {
      options.sonde = value;
    } else if (arg.starts_with("--flight=")) {
      options.in_flight = std::max(1UL, std::strtoul(value.data(), nullptr, 10));
    } else if (const auto it = benches().find(arg); it != benches().end()) {
      chosen.insert(*it);
    } else {
      return usage();
    }
  }
  if (chosen.empty()) chosen = benches();
  raise_descriptor_limit();
  Report report{json};
  bool ok = true;
  for (const auto& [name, bench] : chosen) ok &= bench(options, report);
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) { return sonde::bench::run(argc, argv); }
