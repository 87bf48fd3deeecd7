// This machine, as far as a process can see it.
#include "cli/doctor_machine.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "io/dns_client.h"
#include "io/host_facts.h"

namespace sonde::cli {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
/// docs/performance.md: 20 MiB for the program, about 3.3 KiB for a target, 54 KiB for an HTTPS check in flight.
constexpr std::uint64_t kProgramBytes = 32 * kMiB;
constexpr std::uint64_t kTargetBytes = 4 * 1024;
constexpr std::uint64_t kRunBytes = 64 * 1024;
/// A run holds a socket for its name and one for its connection, or the pair that pumps TLS.
constexpr std::uint64_t kFilesPerRun = 3;
constexpr std::uint64_t kFilesOfOwn = 64;
constexpr core::Duration kResolverPatience = std::chrono::seconds{3};
constexpr core::Duration kClockErrorMax = std::chrono::milliseconds{500};  // RELIABILITY P11
constexpr int kDnsPort = 53;

Diagnosis on_machine(Grade grade, std::string_view check, std::string_view promise, core::BilingualText text,
                     core::BilingualText advice = {}) {
  return {grade, "machine", check, promise, std::move(text), std::move(advice)};
}

std::uint64_t runs_at_a_time(const Configuration& c) {
  return c.runs_prober ? std::min<std::uint64_t>(c.prober.targets.size(), c.prober.runs_in_flight_max) : 0;
}

Diagnosis clock() {
  const auto clock = io::kernel_clock();
  if (clock && clock->synchronised && clock->error_max <= kClockErrorMax) {
    return on_machine(Grade::kOk, "clock", "P11",
                      both("the kernel's clock is synchronised, at most {} off", "内核时钟已同步，误差不超过 {}",
                           core::human_duration(clock->error_max)));
  }
  const core::BilingualText advice =
      both("run a time service (chrony, systemd-timesyncd); see also what the sinks' Date says",
           "请运行时间服务（chrony、systemd-timesyncd）；另见各出口的 Date");
  if (clock && clock->synchronised) {
    return on_machine(
        Grade::kWarn, "clock", "P11",
        both("the kernel's clock may be {} off", "内核时钟误差可能达 {}", core::human_duration(clock->error_max)),
        advice);
  }
  return on_machine(Grade::kWarn, "clock", "P11",
                    both("no time service steers the kernel's clock", "没有时间服务在校准内核时钟"), advice);
}

Diagnosis descriptors(const Configuration& c) {
  const io::FileLimits limits = io::file_limits();
  const std::uint64_t need = kFilesOfOwn + kFilesPerRun * runs_at_a_time(c);
  const core::BilingualText text =
      both("{} files may be open, {} may be needed", "可打开 {} 个文件，可能需要 {} 个", limits.soft, need);
  if (limits.soft >= need) return on_machine(Grade::kOk, "files", "", text);
  return on_machine(Grade::kWarn, "files", "", text,
                    both("raise `ulimit -n` or LimitNOFILE=; a run that gets no descriptor is unknown, not fail",
                         "提高 `ulimit -n` 或 LimitNOFILE=；得不到描述符的探测记为未知，而非失败"));
}

Diagnosis memory(const Configuration& c, io::Files& files) {
  const std::uint64_t targets = c.runs_prober ? c.prober.targets.size() : 0;
  const std::uint64_t need =
      kProgramBytes + targets * kTargetBytes + runs_at_a_time(c) * kRunBytes + c.log.memory_bytes_max;
  const auto left = io::available_memory(files);
  if (!left) {
    return on_machine(Grade::kWarn, "memory", "P14",
                      both("the kernel does not say how much memory is left", "内核未说明剩余内存"),
                      both("look at it by other means", "请用其他方法查看"));
  }
  const core::BilingualText text =
      both("{} MiB are available, {} MiB may be needed", "可用 {} MiB，可能需要 {} MiB", *left / kMiB, need / kMiB);
  if (*left >= need) return on_machine(Grade::kOk, "memory", "P14", text);
  return on_machine(Grade::kWarn, "memory", "P14", text,
                    both("give it more (MemoryMax=, the container's limit), or fewer targets",
                         "请增加内存（MemoryMax=、容器限额）或减少目标"));
}

// The addresses are for documentation (RFC 5737, RFC 3849): whatever way leads to them is the default route.
void routes(const Configuration& c, std::vector<Diagnosis>& out) {
  const auto ip4 = io::source_towards(*io::parse_address("198.51.100.1"));
  const auto ip6 = io::source_towards(*io::parse_address("2001:db8::1"));
  const bool needs = c.runs_prober && !c.prober.targets.empty();
  if (ip4) {
    out.push_back(
        on_machine(Grade::kOk, "route", "", both("IPv4 leaves by {}", "IPv4 从 {} 出去", io::to_string(*ip4))));
  }
  if (ip6) {
    out.push_back(
        on_machine(Grade::kOk, "route", "", both("IPv6 leaves by {}", "IPv6 从 {} 出去", io::to_string(*ip6))));
  }
  if (!ip4) {
    out.push_back(on_machine(!ip6 && needs ? Grade::kFail : Grade::kWarn, "route", "",
                             both("there is no default route for IPv4", "没有 IPv4 默认路由"),
                             both("runs that need it end as unknown (no_route): look at `ip -4 route`",
                                  "需要它的探测会记为未知（no_route）：请看 `ip -4 route`")));
  }
  if (!ip6) {
    out.push_back(
        on_machine(Grade::kOk, "route", "",
                   both("there is no default route for IPv6: targets with IPv6 addresses only are unknown (no_route)",
                        "没有 IPv6 默认路由：只有 IPv6 地址的目标会记为未知（no_route）")));
  }
}

/// One question to each resolver, side by side.
class Resolvers final : public io::Handle::Pending {
 public:
  Resolvers(io::Loop& loop, std::vector<io::Endpoint> servers, core::Callback<void(std::vector<Diagnosis>)> done)
      : loop_(loop), dns_(io::make_dns_client(loop, {})), servers_(std::move(servers)), done_(std::move(done)) {}

  void start() {
    auto packet = io::DnsPacket::make({.name = ".", .type = core::dns::Type::kNs});
    if (packet) packet_ = std::move(*packet);
    answers_.resize(servers_.size());
    timer_ = loop_.after(servers_.empty() ? core::Duration{} : kResolverPatience, [this] { finish(); });
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      lookups_.push_back(dns_->query(std::span{servers_}.subspan(i, 1), packet_, {},
                                     [this, i](io::DnsReply reply) { answered(i, std::move(reply)); }));
    }
  }

 private:
  void answered(std::size_t i, io::DnsReply reply) {
    answers_[i] = std::move(reply);
    if (++answered_ == servers_.size()) done_soon_ = loop_.soon([this] { finish(); });
  }

  [[nodiscard]] Diagnosis say(std::size_t i) const {
    const std::string server = io::to_string(servers_[i]);
    const core::BilingualText advice =
        both("name another `resolver`, or correct /etc/resolv.conf: names cannot be found by this one",
             "请改用其他 resolver，或更正 /etc/resolv.conf：靠它查不到域名");
    const auto& reply = answers_[i];
    if (!reply || reply->error != io::DnsError::kNone) {
      const std::string why = reply ? reply->detail : fmt::format("{}", core::format_duration(kResolverPatience));
      return on_machine(Grade::kFail, "resolver", "",
                        reply ? both("{}: {}", "{}：{}", server, why)
                              : both("{} does not answer within {}", "{} 在 {} 内没有应答", server, why),
                        advice);
    }
    if (reply->message.rcode != 0) {
      return on_machine(Grade::kFail, "resolver", "",
                        both("{} answers {} to the question for the root", "{} 对根的查询答复 {}", server,
                             core::dns::rcode_name(reply->message.rcode)),
                        advice);
    }
    return on_machine(Grade::kOk, "resolver", "",
                      both("{} answered in {}", "{} 应答用时 {}", server, core::human_duration(reply->elapsed)));
  }

  void finish() {
    if (std::exchange(finished_, true)) return;
    std::vector<Diagnosis> out;
    for (std::size_t i = 0; i < servers_.size(); ++i) out.push_back(say(i));
    auto done = std::move(done_);
    done(std::move(out));  // may destroy this
  }

  io::Loop& loop_;
  std::unique_ptr<io::DnsClient> dns_;
  std::vector<io::Endpoint> servers_;
  core::Callback<void(std::vector<Diagnosis>)> done_;
  io::DnsPacket packet_;
  std::vector<std::optional<io::DnsReply>> answers_;
  std::vector<std::unique_ptr<io::DnsLookup>> lookups_;
  std::size_t answered_ = 0;
  bool finished_ = false;
  io::Handle timer_;
  io::Handle done_soon_;
};

}  // namespace

std::vector<Diagnosis> diagnose_machine(const Configuration& configuration, io::Files& files) {
  std::vector<Diagnosis> out{clock(), descriptors(configuration), memory(configuration, files)};
  routes(configuration, out);
  return out;
}

io::Handle diagnose_resolvers(io::Loop& loop, const Configuration& configuration, const std::string& resolv_conf,
                              core::Callback<void(std::vector<Diagnosis>)> done) {
  std::vector<io::Endpoint> servers;
  if (configuration.runs_prober) {
    const auto own = io::parse_endpoint(configuration.prober.resolver, kDnsPort);
    servers = own ? std::vector<io::Endpoint>{*own} : io::parse_resolv_conf(resolv_conf);
    if (servers.empty()) {
      return loop.soon([done = std::move(done)]() mutable {
        done({on_machine(Grade::kFail, "resolver", "",
                         both("/etc/resolv.conf names no resolver", "/etc/resolv.conf 中没有解析服务器"),
                         both("name one by the key `resolver`", "用 resolver 键指定一个"))});
      });
    }
  }
  auto pending = std::make_unique<Resolvers>(loop, std::move(servers), std::move(done));
  pending->start();
  return io::Handle{std::move(pending)};
}

}  // namespace sonde::cli
