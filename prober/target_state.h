// What the prober knows of one target while it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/probe_line.h"
#include "prober/clients.h"
#include "prober/runner.h"

namespace sonde::prober {

/// A run and what it began with, which a new configuration may have replaced meanwhile.
struct InFlight {
  InFlight(std::shared_ptr<const TargetEntry> e, std::shared_ptr<Clients> c, const SelfWatch& watch)
      : entry(std::move(e)), clients(std::move(c)), run(*entry, *clients->context, watch) {}
  std::shared_ptr<const TargetEntry> entry;
  std::shared_ptr<Clients> clients;
  Run run;
};

/// A run outside the schedule; destroying it cancels.
struct OneRun final : io::Handle::Pending {
  OneRun(const TargetEntry& entry, std::shared_ptr<Clients> c, const SelfWatch& watch)
      : clients(std::move(c)), run(entry, *clients->context, watch) {}
  std::shared_ptr<Clients> clients;
  Run run;
};

/// What is known of one target while the prober runs. Its number is its place in the list; it keeps it for ever.
struct TargetState {
  std::shared_ptr<const TargetEntry> entry;  // shared with the run in flight; null: a number that is free
  core::ProbeTags tags;                      // made with the first result
  std::int64_t seq = 0;
  std::string last_address;  // at which a run last succeeded; empty: none yet
  std::unique_ptr<InFlight> in_flight;
  WallTime stamp{};  // of the run in flight or waiting
  Duration late{};
  core::MonoTime due{};  // when it was due, while it waits
  bool waiting = false;

  /// Remembers where a run succeeded.
  void note_address(const core::Measurement& m) {
    if (m.outcome.status != core::Status::kOk && m.outcome.status != core::Status::kDegraded) return;
    const core::FieldValue* ip = m.get(core::field::kIp);
    if (ip == nullptr) return;
    if (const auto* text = std::get_if<std::string>(ip); text != nullptr && *text != last_address) last_address = *text;
  }
};

}  // namespace sonde::prober
