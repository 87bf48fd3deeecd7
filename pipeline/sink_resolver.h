// Addresses of sinks and hubs, apart from what probes use, and kept when they can no longer be asked for
// (RELIABILITY P10: the monitored failure must not break the monitor).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/callback.h"
#include "io/loop.h"
#include "io/name_resolver.h"

namespace sonde::pipeline {

/// Where addresses came from. The numbers are those of the metric `sonde_sink_dns`.
enum class AddressSource { kFresh = 0, kStale = 1, kStatic = 2, kNone = 3 };
[[nodiscard]] std::string_view name(AddressSource s);

struct Addresses {
  std::vector<std::string> list;  // literal addresses, best first; empty with kNone
  AddressSource source = AddressSource::kNone;
};

struct AddressBookOptions {
  core::Duration fresh_for = std::chrono::seconds{60};    // asked again after that
  core::Duration stale_for = std::chrono::hours{24};      // kept that long when nobody answers
  std::map<std::string, std::vector<std::string>> fixed;  // used when there is neither a fresh nor a stale answer
};

/// Looks names up, remembers the answers, and gives the last good one when the look-up fails. Literal addresses and
/// `localhost` never ask. `loop` and `resolver` must outlive it.
class AddressBook {
 public:
  AddressBook(io::Loop& loop, io::NameResolver& resolver, AddressBookOptions options = {});

  /// `done` is called once, later, never from inside. Destroying the handle cancels. The book must outlive the handle.
  [[nodiscard]] io::Handle find(std::string_view host, core::Callback<void(Addresses)> done);

  /// Where the last answer for `host` came from; kNone when it was never asked for.
  [[nodiscard]] AddressSource last_source(std::string_view host) const;

 private:
  struct Entry {
    std::vector<std::string> addresses;
    core::MonoTime answered{};
    bool known = false;
    AddressSource last = AddressSource::kNone;
  };
  struct Question;
  Addresses settle(const std::string& host, bool answered, std::vector<std::string> addresses);

  io::Loop& loop_;
  io::NameResolver& resolver_;
  AddressBookOptions options_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sonde::pipeline
