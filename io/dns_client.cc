// Queries over channels: fallbacks, lingering, explaining.
#include "io/dns_client.h"

#include <ares.h>

#include <algorithm>
#include <utility>

#include "io/dns_channel.h"
#include "io/dns_stream.h"
#include "io/tcp_dialer.h"

namespace sonde::io {
namespace {

namespace dns = core::dns;

constexpr std::size_t kChannelsMax = 64;    // 73 KiB each
constexpr std::size_t kQueriesMax = 256;    // under way on one channel: what its receive buffer surely holds
constexpr std::size_t kNameserversMax = 3;  // MAXNS of resolv.conf(5)
constexpr Duration kExplainMax = std::chrono::milliseconds{500};
constexpr Duration kTick = std::chrono::milliseconds{1};

DnsError error_of(DnsArrival::End end) {
  switch (end) {
    case DnsArrival::End::kAnswer:
      return DnsError::kNone;
    case DnsArrival::End::kUnreachable:
      return DnsError::kUnreachable;
    case DnsArrival::End::kNoRoute:
      return DnsError::kNoRoute;
    case DnsArrival::End::kNoResource:
      return DnsError::kNoResource;
    case DnsArrival::End::kBadSource:
      return DnsError::kBadSource;
  }
  return DnsError::kMalformed;
}

/// Of the TCP connection that a truncated answer leads to.
DnsError error_of(DialError error) {
  switch (error) {
    case DialError::kNone:
      return DnsError::kNone;
    case DialError::kRefused:
    case DialError::kReset:
    case DialError::kSelfConnect:
      return DnsError::kTcpRefused;
    case DialError::kTimeout:
      return DnsError::kTcpTimeout;
    case DialError::kUnreachable:
    case DialError::kProhibited:
      return DnsError::kUnreachable;
    case DialError::kNoRoute:
    case DialError::kBlocked:
    case DialError::kPolicy:
      return DnsError::kNoRoute;
    case DialError::kNoResource:
      return DnsError::kNoResource;
    case DialError::kBadSource:
      return DnsError::kBadSource;
  }
  return DnsError::kNoResource;
}

/// A resolver may be anywhere: the caller has decided that it may be asked.
DialerOptions anywhere(const std::optional<IpAddress>& source) {
  DialerOptions out;
  out.source = source;
  out.policy.allow("0.0.0.0/0");
  out.policy.allow("::/0");
  return out;
}

/// Code and records of the answer section in any order, without TTLs: what two equal answers share.
std::vector<std::string> essence(const dns::Message& m) {
  std::vector<std::string> out{dns::rcode_name(m.rcode)};
  for (const dns::ResourceRecord& r : m.answers) out.push_back(r.name + ' ' + dns::type_name(r.type) + ' ' + r.data);
  std::ranges::sort(out);
  return out;
}

class Client;

class Lookup final : public DnsLookup, public DnsChannel::Waiter {
 public:
  Lookup(Client& client, Loop& loop, std::span<const Endpoint> servers, const DnsPacket& packet,
         const DnsOptions& options, Callback<void(DnsReply)> done)
      : client_(client),
        loop_(loop),
        asked_(packet),
        packet_(&packet),
        options_(options),
        done_(std::move(done)),
        servers_(servers) {}
  ~Lookup() override { forget(); }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  void start() {
    started_ = loop_.precise_now();
    send(*packet_);
  }

  [[nodiscard]] bool over_tcp() const override { return dialer_.has_value(); }
  [[nodiscard]] int strays() const override { return reply_.strays + (channel_ ? channel_->strays(id_).count : 0); }
  [[nodiscard]] std::string stray() const override { return channel_ ? channel_->strays(id_).first : std::string{}; }

  [[nodiscard]] std::optional<Duration> take_late() override {
    if (channel_ != nullptr) return channel_->take_late(asked_.wire());
    return std::exchange(late_, {});
  }

  void on_arrival(DnsArrival arrival) override;

 private:
  enum class Phase { kAsking, kLingering, kExplaining };

  void send(const DnsPacket& packet);
  void forget();
  void on_first(const DnsArrival& arrival);
  void after_reply();
  void linger();
  void on_further(const DnsArrival& arrival);
  void explain();
  void on_explanation(const DnsArrival& arrival);
  void go_to_tcp(const Endpoint& server);
  void on_dialed(DialResult result);
  void finish();

  Client& client_;
  Loop& loop_;
  const DnsPacket& asked_;
  const DnsPacket* packet_;  // what is being asked just now
  std::unique_ptr<DnsPacket> other_packet_;
  DnsOptions options_;
  Callback<void(DnsReply)> done_;
  std::span<const Endpoint> servers_;
  Phase phase_ = Phase::kAsking;
  DnsChannel* channel_ = nullptr;  // with an id of ours
  std::uint16_t id_ = 0;
  MonoTime started_{};
  MonoTime first_at_{};
  DnsReply reply_;
  std::optional<Duration> late_;
  std::optional<TcpDialer> dialer_;
  UniqueFd fd_;  // before the handles: they must go first
  Handle timer_;
  Handle pending_;
};

class Client final : public DnsClient {
 public:
  Client(Loop& loop, DnsClientOptions options) : loop_(loop), options_(options) {
    ares_library_init(ARES_LIB_INIT_ALL);
  }
  ~Client() override {
    channels_.clear();
    ares_library_cleanup();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::unique_ptr<DnsLookup> query(std::span<const Endpoint> servers, const DnsPacket& packet,
                                   const DnsOptions& options, Callback<void(DnsReply)> done) override {
    auto lookup = std::make_unique<Lookup>(*this, loop_, servers, packet, options, std::move(done));
    lookup->start();
    return lookup;
  }

  /// A channel for these servers and options with room for one more query.
  DnsChannel& channel(std::span<const Endpoint> servers, const DnsOptions& options) {
    const auto& source = options.source ? options.source : options_.source;
    for (const Slot& s : channels_) {
      if (s.channel->waiting() < kQueriesMax && std::ranges::equal(s.key.servers, servers) &&
          s.key.repeat == options.repeat && s.key.source == source && s.key.interface == options.interface) {
        return *s.channel;
      }
    }
    if (channels_.size() >= kChannelsMax) {
      const auto idle = std::ranges::find_if(channels_, [](const Slot& s) { return s.channel->waiting() == 0; });
      if (idle != channels_.end()) {
        loop_.retire(std::move(idle->channel));  // it may be one of those that are on the stack just now
        channels_.erase(idle);
      }
    }
    DnsChannelOptions key{.servers = {servers.begin(), servers.end()},
                          .repeat = options.repeat,
                          .source = source,
                          .interface = std::string{options.interface}};
    channels_.push_back({.key = key, .channel = make_dns_channel(loop_, key)});
    return *channels_.back().channel;
  }

  [[nodiscard]] const std::optional<IpAddress>& source() const { return options_.source; }

 private:
  struct Slot {
    DnsChannelOptions key;
    std::unique_ptr<DnsChannel> channel;
  };
  Loop& loop_;
  DnsClientOptions options_;
  std::vector<Slot> channels_;  // oldest first
};

void Lookup::send(const DnsPacket& packet) {
  channel_ = &client_.channel(servers_, options_);
  id_ = channel_->send(packet.wire(), *this);
}

void Lookup::forget() {
  if (channel_ == nullptr) return;
  reply_.strays += channel_->strays(id_).count;
  channel_->forget(id_);
  channel_ = nullptr;
}

void Lookup::on_arrival(DnsArrival arrival) {
  switch (phase_) {
    case Phase::kAsking:
      return on_first(arrival);
    case Phase::kLingering:
      return on_further(arrival);
    case Phase::kExplaining:
      return on_explanation(arrival);
  }
}

void Lookup::on_first(const DnsArrival& arrival) {
  constexpr std::uint8_t kTruncated = 0x02;  // in the third byte, RFC 1035 4.1.1
  const int sendings = channel_->sendings(id_);
  first_at_ = arrival.at;
  const auto settle = [&](DnsReply reply) {
    reply.attempts = std::max(sendings, 1);
    reply.strays = reply_.strays;
    reply.edns_broken = reply_.edns_broken && reply.error == DnsError::kNone && !dislikes_edns(reply.message);
    reply.server = arrival.server;
    reply.elapsed = arrival.at - started_;
    reply_ = std::move(reply);
  };
  if (arrival.end != DnsArrival::End::kAnswer) {
    DnsReply failed;
    failed.error = error_of(arrival.end);
    settle(std::move(failed));
    return finish();
  }
  // What follows a truncation may be cut anywhere: not worth decoding. More than was asked for is no better (D27).
  const bool cut = arrival.cut || arrival.wire.size() > packet_->udp_payload();
  if (cut || (arrival.wire[2] & kTruncated) != 0) return go_to_tcp(arrival.server);
  DnsReply reply = read_dns_reply(arrival.wire, *packet_);
  if (reply.error == DnsError::kNone && packet_->edns() && dislikes_edns(reply.message)) {
    forget();  // a server older than EDNS, or a broken one: ask plainly once
    reply_.edns_broken = true;
    other_packet_ = std::make_unique<DnsPacket>(packet_->plain());
    packet_ = other_packet_.get();
    return send(*packet_);
  }
  settle(std::move(reply));
  after_reply();
}

void Lookup::after_reply() {
  const bool servfail = reply_.message.rcode == static_cast<std::uint16_t>(dns::Rcode::kServFail);
  if (reply_.error == DnsError::kNone && servfail && options_.explain) return explain();
  linger();
}

void Lookup::linger() {
  Duration wanted = options_.linger.value_or(Duration{});
  if (!options_.linger && reply_.elapsed > kDnsNearby)
    wanted = std::min(reply_.elapsed * kDnsLingerFactor, kDnsLingerMax);
  if (reply_.error != DnsError::kNone || wanted <= Duration{}) return finish();
  // Whole ticks, so that queries that end together share a timer's wake-up.
  const auto end = std::chrono::ceil<std::chrono::milliseconds>(first_at_ + wanted) + Duration{};
  phase_ = Phase::kLingering;
  timer_ = loop_.at(std::min<MonoTime>(end, options_.latest - kTick), [this] { finish(); });
}

void Lookup::on_further(const DnsArrival& arrival) {
  if (arrival.end != DnsArrival::End::kAnswer) return;  // late news about a server that did answer
  DnsReply further = read_dns_reply(arrival.wire, *packet_);
  if (further.error != DnsError::kNone) {
    ++reply_.strays;
  } else if (essence(further.message) == essence(reply_.message)) {
    ++reply_.duplicates;
  } else if (!reply_.other) {
    reply_.other = std::move(further.message);
  }
}

void Lookup::explain() {
  forget();
  phase_ = Phase::kExplaining;
  other_packet_ = std::make_unique<DnsPacket>(packet_->unchecked());
  packet_ = other_packet_.get();
  timer_ = loop_.at(std::min<MonoTime>(loop_.now() + kExplainMax, options_.latest - kTick), [this] { finish(); });
  servers_ = {&reply_.server, 1};
  send(*packet_);
}

void Lookup::on_explanation(const DnsArrival& arrival) {
  if (arrival.end == DnsArrival::End::kAnswer) {
    const DnsReply r = read_dns_reply(arrival.wire, *packet_);
    reply_.bogus = r.error == DnsError::kNone && r.message.rcode == 0 && !r.message.answers.empty();
  }
  finish();
}

void Lookup::go_to_tcp(const Endpoint& server) {
  forget();
  reply_.server = server;
  dialer_.emplace(loop_, anywhere(options_.source ? options_.source : client_.source()));
  pending_ = dialer_->dial(server, {.source = std::nullopt, .interface = options_.interface},
                           [this](DialResult r) { on_dialed(std::move(r)); });
}

void Lookup::on_dialed(DialResult result) {
  const Duration before = loop_.precise_now() - started_;
  const auto done = [this, before](DnsReply reply) {
    reply.server = reply_.server;
    reply.strays = reply_.strays;
    reply.edns_broken = reply.edns_broken || (reply_.edns_broken && !dislikes_edns(reply.message));
    reply.tcp = true;
    reply.elapsed += before;
    reply_ = std::move(reply);
    finish();
  };
  if (result.error != DialError::kNone) {
    DnsReply failed;
    failed.error = error_of(result.error);
    failed.detail = "truncated over UDP, then over TCP: " + result.detail;
    return done(std::move(failed));
  }
  fd_ = std::move(result.fd);
  pending_ = ask_over_stream(loop_, fd_.get(), *packet_, done);
}

void Lookup::finish() {
  if (phase_ == Phase::kLingering) reply_.lingered = loop_.precise_now() - first_at_;
  if (channel_ != nullptr) late_ = channel_->take_late(asked_.wire());
  forget();
  timer_.reset();
  auto done = std::move(done_);
  done(std::move(reply_));  // may destroy this
}

}  // namespace

std::unique_ptr<DnsClient> make_dns_client(Loop& loop, DnsClientOptions options) {
  return std::make_unique<Client>(loop, options);
}

std::vector<Endpoint> parse_resolv_conf(std::string_view text) {
  std::vector<Endpoint> out;
  constexpr std::string_view kSpace = " \t\r";
  while (!text.empty() && out.size() < kNameserversMax) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    constexpr std::string_view kKey = "nameserver";
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    const auto from = line.find_first_not_of(kSpace);
    if (from == 0 || from == std::string_view::npos) continue;
    line = line.substr(from);
    line = line.substr(0, line.find_first_of(kSpace));
    if (const auto address = parse_address(line)) out.push_back({*address, 53});
  }
  return out;
}

}  // namespace sonde::io
