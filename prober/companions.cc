// Which resolver and address a companion uses, its budget, and its record.
#include "prober/companions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "prober/checks/checks.h"

namespace sonde::prober {
namespace {

// The first two of each partition's most used operators in targets/resolvers.yaml.
constexpr std::array kDomestic{"223.5.5.5", "119.29.29.29"};
constexpr std::array kOverseas{"1.1.1.1", "8.8.8.8"};

bool is_own(const CheckContext& context, const io::Endpoint& resolver) {
  return context.resolver == resolver ||
         std::ranges::find(context.more_resolvers, resolver) != context.more_resolvers.end();
}

bool is_name(const core::Url& url) { return !io::parse_address(url.host); }

// One family and one address: a companion asks one question.
NetSpec narrowed(NetSpec net) {
  net.all_addresses = false;
  if (net.family == NetSpec::Family::kBoth) net.family = NetSpec::Family::kAny;
  return net;
}

void pin(NetSpec& net, const io::IpAddress& address) {
  net.pinned = address;
  net.family = address.family == io::IpAddress::Family::kIp4 ? NetSpec::Family::kIp4 : NetSpec::Family::kIp6;
}

}  // namespace

std::optional<io::Endpoint> second_resolver(std::string_view configured, core::Partition partition,
                                            const CheckContext& context, bool catalogued) {
  if (configured == "none") return std::nullopt;
  if (!configured.empty()) return io::parse_endpoint(configured, 53);
  if (!context.more_resolvers.empty()) return context.more_resolvers.front();
  if (!catalogued) return std::nullopt;
  for (const char* address : partition == core::Partition::kDomestic ? kDomestic : kOverseas) {
    const auto resolver = io::parse_endpoint(address, 53);
    if (resolver && !is_own(context, *resolver)) return resolver;
  }
  return std::nullopt;
}

std::optional<TargetEntry> companion_entry(core::CompanionKind kind, const TargetEntry& of,
                                           const std::optional<io::Endpoint>& second,
                                           const std::optional<io::IpAddress>& last_address) {
  const auto url = core::parse_url(of.target.url);
  if (!url || of.target.check == core::CheckKind::kDns) return std::nullopt;
  TargetEntry entry{.target = of.target, .type = of.type, .spec = of.spec, .net = narrowed(of.net), .written = {}};
  switch (kind) {
    case core::CompanionKind::kSecondResolver:
      if (!second || !is_name(*url)) return std::nullopt;
      entry.net.resolver = second;
      return entry;
    case core::CompanionKind::kLastAddress:
      if (!last_address || !is_name(*url)) return std::nullopt;
      pin(entry.net, *last_address);
      return entry;
    case core::CompanionKind::kPlainPort: {
      const bool ip6 = url->host.find(':') != std::string::npos;
      auto plain = target_from_url("tcp://" + (ip6 ? "[" + url->host + "]" : url->host) + ":80", of.target.timeout);
      if (!plain) return std::nullopt;
      entry.target.check = core::CheckKind::kTcp;
      entry.target.url = plain->target.url;
      entry.type = plain->type;
      entry.spec = plain->spec;
      if (last_address && is_name(*url)) pin(entry.net, *last_address);
      return entry;
    }
  }
  return std::nullopt;
}

struct CompanionRuns::Running {
  Running(Waiting w, const SelfWatch& watch) : what(std::move(w)), run(what.entry, *what.clients->context, watch) {}
  Waiting what;
  Run run;
};

CompanionRuns::CompanionRuns(io::Loop& loop, const SelfWatch& watch, Callback<void(core::Record)>& emit)
    : loop_(loop), watch_(watch), emit_(emit) {}
CompanionRuns::~CompanionRuns() = default;

void CompanionRuns::configure(core::Vantage vantage, double schedule_per_second) {
  vantage_ = std::move(vantage);
  per_second_ = std::max(schedule_per_second * kCompanionShare, 1 / core::to_seconds(kCompanionEveryMax));
}

void CompanionRuns::ask(core::CompanionKind kind, const TargetState* of, const ProberConfig& config,
                        std::shared_ptr<Clients> clients) {
  std::optional<TargetEntry> entry;
  if (of != nullptr && config.companions) {
    const auto second =
        second_resolver(config.second_resolver, config.vantage.partition, *clients->context, of->entry->catalogued);
    entry = companion_entry(kind, *of->entry, second, io::parse_address(of->last_address));
  }
  const auto waits = [&](const Waiting& w) { return w.kind == kind && w.entry.target.name == entry->target.name; };
  if (!entry || waiting_.size() == kCompanionsWaitingMax || std::ranges::any_of(waiting_, waits)) {
    ++refused_;
    return;
  }
  waiting_.push_back({kind, std::move(*entry), std::move(clients)});
  if (!running_ && !timer_) next();
}

void CompanionRuns::drop() {
  timer_.reset();
  running_.reset();
  waiting_.clear();
}

void CompanionRuns::refill() {
  const MonoTime now = loop_.now();
  if (refilled_ != MonoTime{})
    saved_ = std::min(kCompanionBurst, saved_ + per_second_ * core::to_seconds(now - refilled_));
  refilled_ = now;
}

// Waits for the pause and for the budget, whichever is longer.
void CompanionRuns::next() {
  timer_.reset();
  if (waiting_.empty()) return;
  refill();
  const MonoTime now = loop_.now();
  MonoTime at = begun_ == MonoTime{} ? now : std::max(now, begun_ + kCompanionPause);
  if (saved_ < 1) at = std::max(at, now + core::from_seconds((1 - saved_) / per_second_));
  timer_ = loop_.at(at, [this] { begin(); });
}

void CompanionRuns::begin() {
  timer_.reset();
  if (waiting_.empty()) return;
  refill();
  saved_ -= 1;
  begun_ = loop_.now();
  running_ = std::make_unique<Running>(std::move(waiting_.front()), watch_);
  waiting_.pop_front();
  running_->run.start([this](core::Measurement m) { ended(std::move(m)); });
}

void CompanionRuns::ended(core::Measurement m) {
  const std::unique_ptr<Running> ended = std::move(running_);
  ++made_;
  const WallTime now = core::from_unix_ms(core::to_unix_ms(loop_.wall_now()));
  last_stamp_ = std::max(now, last_stamp_ + std::chrono::milliseconds{1});
  core::Record record = core::to_record(m, vantage_, ended->what.entry.target, last_stamp_);
  record.measurement = core::kCompanionMeasurement;
  record.add_tag(core::kCompanionTag, core::name(ended->what.kind));
  emit_(std::move(record));
  next();
}

}  // namespace sonde::prober
