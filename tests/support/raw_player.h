// Plays a RawScript on one connected socket. Shared by the raw servers and clients; internal to tests/support.
#pragma once

#include <string>

#include "io/loop.h"
#include "io/unique_fd.h"
#include "tests/support/raw_server.h"

namespace sonde::test {

struct RawPlayer {
  RawPlayer(io::Loop& l, io::UniqueFd socket, const RawScript& s, std::string& sink);

  void on_readable();
  void play();
  void more(std::string bytes);
  void end_now();
  void watch_reading();

  io::Loop& loop;
  io::UniqueFd fd;
  RawScript script;
  std::string& received;
  std::string own_received;  // of this connection, for wait_for
  std::string out;
  bool started = false;
  bool shut_when_sent = false;
  bool peer_ended = false;
  io::Handle read_watch;
  io::Handle write_watch;
  io::Handle pause;
};

}  // namespace sonde::test
