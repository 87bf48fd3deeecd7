// A dialogue with a service as steps: expect, send, STARTTLS; over plain TCP or over TLS, it is the same.
// A step waits for what it expects, then sends, then asks for TLS.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/callback.h"
#include "core/outcome.h"
#include "io/tcp_talk.h"

namespace re2 {
class RE2;
}

namespace sonde::prober {

/// Shared because it is compiled once and steps are copied into specs.
using Regex = std::shared_ptr<const re2::RE2>;

struct DialogueStep {
  enum class Wait {
    kNothing,
    kAnything,  // at least one byte
    kBytes,     // `bytes` occurs in what arrived
    kLine,      // `expect` matches a line; lines before it are passed over
    kReply,     // `expect` matches the start of what arrived; the match is the reply, and `want` must be in it
  };
  Wait wait = Wait::kNothing;
  std::string bytes;
  Regex expect;
  Regex want;
  core::Cause without = core::Cause::kExpectMismatch;  // when a reply lacks `want`
  bool whole = false;  // the reply ends with what has arrived (for protocols whose length no expression can tell)
  std::string send;    // $1, ${1} and ${name} stand for what the step's own `expect` caught, $$ for $
  bool starttls = false;
};

/// A regular expression over bytes; nothing, and `error`, when it is none.
[[nodiscard]] Regex compile(std::string_view pattern, std::string& error);

class Dialogue {
 public:
  enum class Event { kDone, kStartTls, kFailed };

  /// `steps` and `loop` must outlive this.
  Dialogue(io::Loop& loop, const std::vector<DialogueStep>& steps) : loop_(loop), steps_(steps) {}
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  /// Goes on with the steps over `fd`, which must outlive the event: first over the plain socket, after kStartTls over
  /// the TLS stream. `done` is called once for each call, later, never from inside, and may destroy this.
  void go_on(int fd, core::Callback<void(Event)> done);

  /// After kFailed.
  [[nodiscard]] core::Cause cause() const { return cause_; }
  [[nodiscard]] const std::string& detail() const { return detail_; }
  /// What the newest expectation matched: the line, the bytes or the reply. Raw.
  [[nodiscard]] const std::string& matched() const { return matched_; }
  /// For a run that ends in the middle: what it waits for, with what has come instead. Empty when not under way.
  [[nodiscard]] std::string waiting_for() const;

 private:
  enum class Look { kFound, kNotYet, kFailed };

  void run();
  Look look(const DialogueStep& step);
  Look look_for_line(const DialogueStep& step);
  Look look_for_reply(const DialogueStep& step);
  Look look_for_bytes(const DialogueStep& step);
  Look without_match(const DialogueStep& step);
  void say(const DialogueStep& step);
  Look failed(core::Cause cause, std::string detail);
  void finish(Event event);

  io::Loop& loop_;
  const std::vector<DialogueStep>& steps_;
  std::size_t next_ = 0;
  std::unique_ptr<io::TcpTalk> talk_;
  std::size_t step_began_ = 0;  // bytes received before the step
  std::string last_;            // newest line that did not match
  std::string matched_;
  std::vector<std::pair<std::string, std::string>> captures_;  // number or name, text
  bool sent_ = false;
  core::Cause cause_ = core::Cause::kNone;
  std::string detail_;
  core::Callback<void(Event)> done_;
  io::Handle later_;
};

}  // namespace sonde::prober
