// Asking others.
#include "prober/checks/dns_compare.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "prober/checks/dns_expect.h"

namespace sonde::prober {
namespace {

using core::Cause;

constexpr Duration kPatience = std::chrono::seconds{1};
constexpr Duration kTick = std::chrono::milliseconds{1};
constexpr std::size_t kNetworkBytes4 = 2;
constexpr std::size_t kNetworkBytes6 = 4;

bool has_records(const DnsAnswer& a) { return a.cause == Cause::kNone && !a.data.empty(); }
bool has_none(const DnsAnswer& a) { return a.cause == Cause::kNxdomain || a.cause == Cause::kNodata; }

bool same_network(const std::string& a, const std::string& b) {
  const auto x = io::parse_address(a);
  const auto y = io::parse_address(b);
  if (!x || !y || x->family != y->family) return a == b;
  const std::size_t bytes = x->family == io::IpAddress::Family::kIp4 ? kNetworkBytes4 : kNetworkBytes6;
  return std::equal(x->bytes.begin(), x->bytes.begin() + static_cast<std::ptrdiff_t>(bytes), y->bytes.begin());
}

/// The last two labels of a name: who runs it, or, under a suffix of two labels, at least not fewer than that.
std::string_view domain_of(std::string_view name) {
  const std::size_t last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return name;
  const std::size_t before = name.rfind('.', last - 1);
  return before == std::string_view::npos ? name : name.substr(before + 1);
}

bool share_alias(const DnsAnswer& a, const DnsAnswer& b) {
  if (a.aliases.empty() || b.aliases.empty()) return false;
  if (domain_of(a.aliases.back()) == domain_of(b.aliases.back())) return true;
  return std::ranges::find_first_of(a.aliases, b.aliases) != a.aliases.end();
}

}  // namespace

bool disagree(const DnsAnswer& a, const DnsAnswer& b) {
  if ((has_records(a) && has_none(b)) || (has_none(a) && has_records(b))) return true;
  if (!has_records(a) || !has_records(b)) return false;
  return !share_alias(a, b) && std::ranges::find_first_of(a.data, b.data, same_network) == a.data.end();
}

DnsCompare::DnsCompare(CheckContext& context, const DnsSpec& spec, const io::DnsOptions& options)
    : context_(context), spec_(spec), left_(spec.compare_with.size()) {
  asked_.reserve(spec.compare_with.size());
  for (const io::Endpoint& server : spec.compare_with) {
    const std::size_t index = asked_.size();
    asked_.push_back({.server = &server, .answer = std::nullopt, .lookup = nullptr});
    asked_.back().lookup = context.dns.query({&server, 1}, *spec.packet, options,
                                             [this, index](const io::DnsReply& r) { on_reply(index, r); });
  }
}

void DnsCompare::on_reply(std::size_t index, const io::DnsReply& reply) {
  asked_[index].answer = read_answer(reply, spec_.name, spec_.type, spec_.klass);
  std::ranges::sort(asked_[index].answer->data);
  if (--left_ == 0 && done_) finish();
}

void DnsCompare::wait(MonoTime latest, Callback<void()> done) {
  done_ = std::move(done);
  if (left_ == 0) {
    timer_ = context_.loop.soon([this] { finish(); });
  } else {
    timer_ = context_.loop.at(std::min(latest - kTick, context_.loop.precise_now() + kPatience), [this] { finish(); });
  }
}

void DnsCompare::finish() {
  timer_.reset();
  auto done = std::exchange(done_, {});
  done();  // may destroy this
}

std::string DnsCompare::who_disagrees_with(const DnsAnswer& first) const {
  std::string out;
  for (const Asked& a : asked_) {
    if (!a.answer || !disagree(first, *a.answer)) continue;
    const std::string says = a.answer->data.empty() ? std::string{name(a.answer->cause)} : joined(a.answer->data);
    out += (out.empty() ? "" : "; ") + to_string(*a.server) + ": " + says;
  }
  return out;
}

}  // namespace sonde::prober
