// DNS answers of one vantage's resolver.
#include "dns_server.h"

#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace sonde::world {
namespace {

namespace asio = boost::asio;
namespace dns = core::dns;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

constexpr std::uint32_t kTtl = 30;
constexpr auto kInjectedLead = std::chrono::milliseconds{10};  // an injected answer is so much nearer
constexpr auto kStreamIdleMax = std::chrono::seconds{30};

std::uint16_t number(dns::Rcode r) { return static_cast<std::uint16_t>(r); }

void add_soa(dns::Message& reply) {
  reply.authorities.push_back({"test", dns::Type::kSoa, 1, kTtl, "ns.test hostmaster.test 1 3600 600 86400 30"});
}

}  // namespace

/// One TCP connection; kept alive by its pending operations (shared_ptr: several handlers hold it at once).
struct DnsServer::Stream {
  explicit Stream(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {}
  tcp::socket socket;
  asio::steady_timer timer;
  std::array<std::uint8_t, 2> length{};
  std::vector<std::uint8_t> data;
};

DnsServer::DnsServer(asio::io_context& io, Services& services, std::size_t vantage, const Target* target)
    : io_(io), services_(services), vantage_(vantage), target_(target), udp_(io), tcp_(io) {}

core::Result<void> DnsServer::listen() {
  const Plan& plan = services_.plan;
  const auto address =
      asio::ip::make_address(target_ == nullptr ? plan.resolver(vantage_) : plan.target(vantage_, *target_));
  const auto port = static_cast<std::uint16_t>(services_.plan.dns_port());
  error_code error;
  udp_.open(udp::v4(), error);
  if (!error) udp_.bind({address, port}, error);
  if (!error) tcp_.open(tcp::v4(), error);
  if (!error) tcp_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) tcp_.bind({address, port}, error);
  if (!error) tcp_.listen(64, error);
  if (error) {
    return core::Error{core::ErrorCode::kBusy,
                       "cannot listen on " + address.to_string() + ':' + std::to_string(port) + ": " + error.message()};
  }
  receive();
  accept();
  return {};
}

void DnsServer::receive() {
  udp_.async_receive_from(asio::buffer(buffer_), sender_, [this](error_code error, std::size_t n) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      services_.count_source(vantage_, sender_.address().to_string());
      for (Answer& a : answers({buffer_.data(), n}, true)) send_later(std::move(a), sender_);
    }
    receive();
  });
}

void DnsServer::send_later(Answer a, const udp::endpoint& to) {
  auto timer = std::make_shared<asio::steady_timer>(io_, a.delay);
  // The handler keeps its timer alive. A send that would block is a lost datagram, as on a real network.
  timer->async_wait([this, timer, to, wire = std::move(a.wire)](error_code error) {
    error_code ignored;
    if (!error && udp_.is_open()) udp_.send_to(asio::buffer(wire), to, 0, ignored);
  });
}

void DnsServer::accept() {
  tcp_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      error_code gone;
      const auto remote = socket.remote_endpoint(gone);
      if (!gone) services_.count_source(vantage_, remote.address().to_string());
      read_length(std::make_shared<Stream>(std::move(socket)));
    }
    accept();
  });
}

void DnsServer::read_length(const std::shared_ptr<Stream>& s) {
  s->timer.expires_after(kStreamIdleMax);
  s->timer.async_wait([weak = std::weak_ptr<Stream>(s)](error_code error) {
    const auto stream = weak.lock();
    if (!error && stream != nullptr) stream->socket.close(error);
  });
  asio::async_read(s->socket, asio::buffer(s->length), [this, s](error_code error, std::size_t) {
    if (error) return;
    s->data.resize(static_cast<std::size_t>(s->length[0]) << 8U | s->length[1]);
    read_query(s);
  });
}

void DnsServer::read_query(const std::shared_ptr<Stream>& s) {
  asio::async_read(s->socket, asio::buffer(s->data), [this, s](error_code error, std::size_t) {
    if (error) return;
    std::vector<Answer> all = answers(s->data, false);
    if (all.empty()) return read_length(s);
    write_later(s, std::move(all.front()));
  });
}

void DnsServer::write_later(const std::shared_ptr<Stream>& s, Answer a) {
  s->data = std::move(a.wire);
  s->length = {static_cast<std::uint8_t>(s->data.size() >> 8U), static_cast<std::uint8_t>(s->data.size() & 0xFFU)};
  s->timer.expires_after(a.delay);
  s->timer.async_wait([this, s](error_code waited) {
    if (waited) return;
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(s->length), asio::buffer(s->data)};
    asio::async_write(s->socket, parts, [this, s](error_code error, std::size_t) {
      if (!error) read_length(s);
    });
  });
}

std::vector<DnsServer::Answer> DnsServer::answers(std::span<const std::uint8_t> bytes, bool udp) {
  ++services_.counters[vantage_].dns_queries;
  if (services_.uplink_lost(vantage_)) return {};
  if (target_ != nullptr && services_.listener(vantage_, *target_) != ListenerMode::kOpen) return {};
  const auto query = dns::decode(bytes);
  if (!query || query->response || query->questions.size() != 1) return {};
  const Target* t = target_of(query->questions[0].name);
  DnsStep step{t == nullptr ? DnsReply::kNxdomain : DnsReply::kAddress, {}};
  if (t == nullptr || query->opcode != 0) {
    step.delay = services_.jitter();
  } else {
    step = services_.resolve(vantage_, *t);
  }
  if (step.reply == DnsReply::kSilent) return {};
  std::vector<Answer> out;
  if (step.reply == DnsReply::kInjected) {
    if (udp) out.push_back({wire(*query, t, DnsReply::kWrong), {}});
    step = {DnsReply::kAddress, step.delay + kInjectedLead};
  }
  out.push_back({wire(*query, t, step.reply), step.delay});
  std::erase_if(out, [](const Answer& a) { return a.wire.empty(); });
  return out;
}

std::vector<std::uint8_t> DnsServer::wire(const dns::Message& query, const Target* t, DnsReply what) {
  dns::Message reply;
  reply.id = query.id;
  reply.response = true;
  reply.opcode = query.opcode;
  reply.recursion_desired = query.recursion_desired;
  reply.recursion_available = true;
  reply.questions = query.questions;
  reply.edns = query.edns;
  reply.udp_payload = 1232;
  if (query.opcode != 0) {
    reply.rcode = number(dns::Rcode::kNotImp);
  } else {
    fill(query.questions[0], t, what, reply);
  }
  auto encoded = dns::encode(reply);
  return encoded ? std::move(*encoded) : std::vector<std::uint8_t>{};
}

void DnsServer::fill(const dns::Question& q, const Target* t, DnsReply what, dns::Message& reply) {
  switch (what) {
    case DnsReply::kAddress:
    case DnsReply::kInjected:
      return fill_good(q, *t, reply);
    case DnsReply::kNxdomain:
      reply.rcode = number(dns::Rcode::kNxDomain);
      return add_soa(reply);
    case DnsReply::kServfail:
      reply.rcode = number(dns::Rcode::kServFail);
      return;
    case DnsReply::kRefused:
      reply.rcode = number(dns::Rcode::kRefused);
      return;
    case DnsReply::kWrong:
      return fill_address(q, services_.plan.parked(vantage_), reply);
    case DnsReply::kEmpty:
      return add_soa(reply);
    case DnsReply::kSilent:
      return;
  }
}

const Target* DnsServer::target_of(const std::string& name) const {
  if (target_ != nullptr) return target_;
  const auto found = services_.targets_by_host.find(name);
  return found == services_.targets_by_host.end() ? nullptr : found->second.front();
}

void DnsServer::fill_good(const dns::Question& q, const Target& t, dns::Message& reply) {
  if (target_ == nullptr) return fill_address(q, services_.plan.target(vantage_, t), reply);
  add_soa(reply);
  if (q.type == dns::Type::kSoa) reply.answers.push_back({q.name, q.type, 1, kTtl, reply.authorities.front().data});
}

void DnsServer::fill_address(const dns::Question& q, std::string address, dns::Message& reply) {
  if (q.type == dns::Type::kA && q.klass == 1) {
    reply.answers.push_back({q.name, dns::Type::kA, 1, kTtl, std::move(address)});
  } else {
    add_soa(reply);  // the world has no IPv6
  }
}

}  // namespace sonde::world
