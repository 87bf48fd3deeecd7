// Host name to addresses.
#include "prober/stages/resolve.h"

#include <utility>

#include "prober/stages/dns_answer.h"

namespace sonde::prober {
namespace {
constexpr std::size_t kAddressesMax = 64;  // RELIABILITY D26
}

void Resolve::start(Callback<void(Resolved)> done) {
  done_ = std::move(done);
  if (const auto literal = io::parse_address(host_)) {
    result_.addresses.push_back(*literal);
    result_.offered = 1;
    pending_ = context_.loop.soon([this] { finish(); });
  } else if (!context_.resolver) {
    result_.cause = core::Cause::kNoResolver;
    result_.detail = "no resolver is configured and /etc/resolv.conf names none";
    pending_ = context_.loop.soon([this] { finish(); });
  } else {
    ask(core::dns::Type::kA);
  }
}

void Resolve::ask(core::dns::Type type) {
  pending_ =
      context_.dns.query(*context_.resolver, host_, type, [this, type](io::DnsReply reply) { on_reply(type, reply); });
}

void Resolve::on_reply(core::dns::Type type, const io::DnsReply& reply) {
  result_.elapsed = result_.elapsed.value_or(Duration{}) + reply.elapsed;
  DnsAnswer answer = read_answer(reply, host_, type);
  if (answer.cause == core::Cause::kNodata && type == core::dns::Type::kA) return ask(core::dns::Type::kAaaa);
  result_.cause = answer.cause;
  result_.detail = std::move(answer.detail);
  if (answer.cause == core::Cause::kUnreachable) {
    result_.cause = core::Cause::kNoResolver;  // it is our own: nothing is known about the name
    result_.detail = "nobody answers at " + to_string(*context_.resolver);
  }
  result_.offered = answer.data.size();
  for (const std::string& text : answer.data) {
    const auto address = io::parse_address(text);
    if (address && result_.addresses.size() < kAddressesMax) result_.addresses.push_back(*address);
  }
  finish();
}

void Resolve::finish() {
  auto done = std::move(done_);
  Resolved result = std::move(result_);
  done(std::move(result));  // may destroy this
}

}  // namespace sonde::prober
