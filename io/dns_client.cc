// Queries over channels: encoding, EDNS and TCP fallbacks, and judging whether an answer is one.
#include "io/dns_client.h"

#include <ares.h>

#include <map>
#include <tuple>
#include <utility>

#include "io/dns_channel.h"

namespace sonde::io {
namespace {

namespace dns = core::dns;

constexpr std::uint16_t kUdpPayload = 1232;  // DNS flag day 2020: fits every path without fragments
constexpr std::size_t kChannelsMax = 64;     // 73 KiB each
constexpr std::size_t kNameserversMax = 3;   // MAXNS of resolv.conf(5)

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

  Handle query(const Endpoint& resolver, std::string_view name, dns::Type type,
               Callback<void(DnsReply)> done) override {
    const std::uint64_t ticket = ++tickets_;
    Query& q = queries_[ticket];
    q.resolver = resolver;
    q.question = {.name = std::string{name}, .type = type, .klass = 1};
    q.done = std::move(done);
    q.started = loop_.precise_now();
    send(ticket, q);
    return Handle{std::make_unique<Ticket>(*this, ticket)};
  }

 private:
  struct Query {
    Endpoint resolver;
    dns::Question question;
    Callback<void(DnsReply)> done;
    MonoTime started{};
    bool edns = true;
    bool tcp = false;
    DnsReply reply;
    Handle later;
  };
  struct Ticket final : Handle::Pending {
    Ticket(Client& c, std::uint64_t n) : client(c), number(n) {}
    ~Ticket() override { client.queries_.erase(number); }
    Client& client;
    std::uint64_t number;
  };

  void send(std::uint64_t ticket, Query& q) {
    dns::Message m;
    m.recursion_desired = true;
    m.questions.push_back(q.question);
    m.edns = q.edns;
    m.udp_payload = kUdpPayload;
    auto wire = dns::encode(m);
    if (!wire) {
      q.reply.error = DnsError::kBadName;
      q.reply.detail = wire.error().message;
      q.later = loop_.soon([this, ticket] { finish(ticket); });
      return;
    }
    channel(q.resolver, q.tcp).send(std::move(*wire), ticket);
  }

  DnsChannel& channel(const Endpoint& resolver, bool tcp) {
    const auto key = std::tuple{to_string(resolver), tcp};
    if (const auto it = channels_.find(key); it != channels_.end()) return *it->second;
    if (channels_.size() >= kChannelsMax) {
      for (auto it = channels_.begin(); it != channels_.end(); ++it) {
        if (!it->second->idle()) continue;
        // It may be one of those that are on the stack just now: let the turn end first.
        loop_.retire(std::move(it->second));
        channels_.erase(it);
        break;
      }
    }
    auto made = make_dns_channel(
        loop_, {.resolver = resolver, .tcp = tcp, .source = options_.source, .timeout = options_.timeout},
        [this](DnsTransfer t) { on_end(std::move(t)); });
    return *channels_.emplace(key, std::move(made)).first->second;
  }

  void on_end(DnsTransfer t) {
    const auto it = queries_.find(t.ticket);
    if (it == queries_.end()) return;  // the caller went away
    Query& q = it->second;
    q.reply.elapsed = t.at - q.started;
    q.reply.tcp = q.tcp;
    if (t.end != DnsTransfer::End::kAnswer) {
      q.reply.error = error_of(t.end, q.tcp);
      return finish(t.ticket);
    }
    judge(t.ticket, q, t.wire);
  }

  static DnsError error_of(DnsTransfer::End end, bool tcp) {
    switch (end) {
      case DnsTransfer::End::kAnswer:
        return DnsError::kNone;
      case DnsTransfer::End::kTimeout:
        return tcp ? DnsError::kTcpTimeout : DnsError::kTimeout;
      case DnsTransfer::End::kUnreachable:
        return DnsError::kUnreachable;
      case DnsTransfer::End::kRefused:
        return DnsError::kTcpRefused;
      case DnsTransfer::End::kShort:
        return DnsError::kTcpShort;
      case DnsTransfer::End::kNoRoute:
        return DnsError::kNoRoute;
      case DnsTransfer::End::kNoResource:
        return DnsError::kNoResource;
      case DnsTransfer::End::kMalformed:
        return DnsError::kMalformed;
    }
    return DnsError::kMalformed;
  }

  void judge(std::uint64_t ticket, Query& q, std::span<const std::uint8_t> wire) {
    constexpr std::uint8_t kTruncated = 0x02;  // in the third byte, RFC 1035 4.1.1
    constexpr std::uint8_t kResponse = 0x80;
    if (wire.size() < 12 || (wire[2] & kResponse) == 0)
      return malformed(ticket, q, "the answer is a query (QR is clear)");
    if (!q.tcp && (wire[2] & kTruncated) != 0) {  // what follows may be cut anywhere: not worth decoding
      q.tcp = true;
      return send(ticket, q);
    }
    auto message = dns::decode(wire);
    if (!message) return malformed(ticket, q, message.error().message);
    if (!answers(*message, q.question)) return malformed(ticket, q, "the answer is for another question");
    const bool formerr = message->rcode == static_cast<std::uint16_t>(dns::Rcode::kFormErr);
    if (formerr && q.edns) {  // a server older than EDNS, or a broken one: ask plainly once
      q.edns = false;
      q.reply.edns_broken = true;
      return send(ticket, q);
    }
    q.reply.edns_broken = q.reply.edns_broken && !formerr;
    q.reply.message = std::move(*message);
    finish(ticket);
  }

  static bool answers(const dns::Message& m, const dns::Question& asked) {
    if (m.questions.size() != 1) return false;
    const dns::Question& got = m.questions.front();
    std::string_view name = asked.name;
    if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
    if (got.type != asked.type || got.klass != asked.klass || got.name.size() != name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const char c = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
      if (c != got.name[i]) return false;
    }
    return true;
  }

  void malformed(std::uint64_t ticket, Query& q, std::string detail) {
    q.reply.error = DnsError::kMalformed;
    q.reply.detail = std::move(detail);
    finish(ticket);
  }

  void finish(std::uint64_t ticket) {
    const auto it = queries_.find(ticket);
    if (it == queries_.end() || !it->second.done) return;
    auto done = std::move(it->second.done);
    DnsReply reply = std::move(it->second.reply);
    done(std::move(reply));  // may destroy the ticket, and with it the query
  }

  Loop& loop_;
  DnsClientOptions options_;
  std::uint64_t tickets_ = 0;
  std::map<std::uint64_t, Query> queries_;
  std::map<std::tuple<std::string, bool>, std::unique_ptr<DnsChannel>> channels_;
};

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
