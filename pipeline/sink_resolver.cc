// Addresses with a memory.
#include "pipeline/sink_resolver.h"

#include <utility>

#include "io/address.h"

namespace sonde::pipeline {

std::string_view name(AddressSource s) {
  switch (s) {
    case AddressSource::kFresh:
      return "fresh";
    case AddressSource::kStale:
      return "stale";
    case AddressSource::kStatic:
      return "static";
    case AddressSource::kNone:
      return "none";
  }
  return "";
}

struct AddressBook::Question final : io::Handle::Pending {
  core::Callback<void(Addresses)> done;
  Addresses ready;  // when nobody has to be asked
  io::Handle step;

  void answer(Addresses addresses) {
    core::Callback<void(Addresses)> f = std::move(done);
    f(std::move(addresses));  // may destroy this
  }
};

AddressBook::AddressBook(io::Loop& loop, io::NameResolver& resolver, AddressBookOptions options)
    : loop_(loop), resolver_(resolver), options_(std::move(options)) {}

io::Handle AddressBook::find(std::string_view host, core::Callback<void(Addresses)> done) {
  auto question = std::make_unique<Question>();
  Question* q = question.get();
  q->done = std::move(done);
  Entry& entry = entries_[std::string{host}];
  const bool literal = io::parse_address(host).has_value();
  if (literal || host == "localhost") {
    q->ready = {.list = {std::string{host}}, .source = AddressSource::kFresh};
    if (!literal) q->ready.list = {"127.0.0.1", "::1"};
    entry.last = AddressSource::kFresh;
  } else if (entry.known && loop_.now() - entry.answered < options_.fresh_for) {
    q->ready = {.list = entry.addresses, .source = AddressSource::kFresh};
    entry.last = AddressSource::kFresh;
  } else {
    q->step = resolver_.resolve(host, [this, q, key = std::string{host}](auto found) {
      const bool answered = found.has_value() && !found->empty();
      q->answer(settle(key, answered, answered ? std::move(*found) : std::vector<std::string>{}));
    });
    return io::Handle{std::move(question)};
  }
  q->step = loop_.soon([q] { q->answer(std::move(q->ready)); });
  return io::Handle{std::move(question)};
}

Addresses AddressBook::settle(const std::string& host, bool answered, std::vector<std::string> addresses) {
  Entry& entry = entries_[host];
  if (answered) {
    entry.addresses = std::move(addresses);
    entry.answered = loop_.now();
    entry.known = true;
    entry.last = AddressSource::kFresh;
    return {.list = entry.addresses, .source = entry.last};
  }
  if (entry.known && loop_.now() - entry.answered < options_.stale_for) {
    entry.last = AddressSource::kStale;
    return {.list = entry.addresses, .source = entry.last};
  }
  const auto fixed = options_.fixed.find(host);
  entry.last = fixed == options_.fixed.end() ? AddressSource::kNone : AddressSource::kStatic;
  return {.list = fixed == options_.fixed.end() ? std::vector<std::string>{} : fixed->second, .source = entry.last};
}

AddressSource AddressBook::last_source(std::string_view host) const {
  const auto it = entries_.find(host);
  return it == entries_.end() ? AddressSource::kNone : it->second.last;
}

}  // namespace sonde::pipeline
