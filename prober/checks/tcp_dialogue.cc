// Walking the steps.
#include "prober/checks/tcp_dialogue.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sonde::prober {
namespace {

using core::Cause;

constexpr std::int64_t kRegexMemoryMax = 1 << 20;
constexpr int kCapturesMax = 16;

bool is_name_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

Regex compile(std::string_view pattern, std::string& error) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // a service may send any bytes
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryMax);
  auto out = std::make_shared<const re2::RE2>(re2::StringPiece{pattern.data(), pattern.size()}, options);
  if (out->ok()) return out;
  error = out->error();
  return nullptr;
}

void Dialogue::go_on(int fd, core::Callback<void(Event)> done) {
  done_ = std::move(done);
  step_began_ = 0;
  talk_ = std::make_unique<io::TcpTalk>(loop_, fd, [this] { run(); });
  later_ = loop_.soon([this] { run(); });
}

void Dialogue::run() {
  while (next_ < steps_.size()) {
    const DialogueStep& step = steps_[next_];
    switch (look(step)) {
      case Look::kNotYet:
        return;
      case Look::kFailed:
        return finish(Event::kFailed);
      case Look::kFound:
        break;
    }
    say(step);
    ++next_;
    step_began_ = talk_->received();
    last_.clear();
    if (!step.starttls) continue;
    if (!talk_->unread().empty()) {  // a man in the middle can put commands there (CVE-2011-0411 and its like)
      failed(Cause::kStarttlsInjection,
             std::to_string(talk_->unread().size()) + " bytes: " + std::string{talk_->unread().substr(0, 100)});
      return finish(Event::kFailed);
    }
    return finish(Event::kStartTls);
  }
  finish(Event::kDone);
}

Dialogue::Look Dialogue::look(const DialogueStep& step) {
  switch (step.wait) {
    case DialogueStep::Wait::kNothing:
      return Look::kFound;
    case DialogueStep::Wait::kAnything:
    case DialogueStep::Wait::kBytes:
      return look_for_bytes(step);
    case DialogueStep::Wait::kLine:
      return look_for_line(step);
    case DialogueStep::Wait::kReply:
      return look_for_reply(step);
  }
  return Look::kFailed;
}

Dialogue::Look Dialogue::look_for_bytes(const DialogueStep& step) {
  const std::string_view text = talk_->unread();
  const bool any = step.wait == DialogueStep::Wait::kAnything;
  const auto at = any ? (text.empty() ? text.npos : 0) : text.find(step.bytes);
  if (at == text.npos) return without_match(step);
  matched_ = any ? text.substr(0, 256) : text.substr(at, step.bytes.size());
  talk_->consume(any ? text.size() : at + step.bytes.size());
  return Look::kFound;
}

Dialogue::Look Dialogue::look_for_line(const DialogueStep& step) {
  while (true) {
    const std::string_view text = talk_->unread();
    const auto end = text.find('\n');
    // A last line without an end counts once the peer has closed.
    if (end == text.npos && (talk_->end() == io::TalkEnd::kOpen || text.empty())) return without_match(step);
    std::string line{text.substr(0, end)};
    if (line.ends_with('\r')) line.pop_back();
    talk_->consume(end == text.npos ? text.size() : end + 1);
    std::array<re2::StringPiece, kCapturesMax> groups;
    const int count = std::min(step.expect->NumberOfCapturingGroups() + 1, kCapturesMax);
    if (!step.expect->Match(line, 0, line.size(), re2::RE2::UNANCHORED, groups.data(), count)) {
      last_ = std::move(line);
      continue;
    }
    captures_.clear();
    for (int i = 0; i < count; ++i) {
      captures_.emplace_back(std::to_string(i), std::string{groups[static_cast<std::size_t>(i)]});
    }
    for (const auto& [name, i] : step.expect->NamedCapturingGroups()) {
      if (i < count) captures_.emplace_back(name, std::string{groups[static_cast<std::size_t>(i)]});
    }
    matched_ = std::move(line);
    return Look::kFound;
  }
}

Dialogue::Look Dialogue::look_for_reply(const DialogueStep& step) {
  const std::string_view text = talk_->unread();
  re2::StringPiece reply;
  if (!step.expect->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::ANCHOR_START, &reply, 1)) {
    return without_match(step);
  }
  matched_ = step.whole ? std::string{text} : std::string{reply};
  talk_->consume(matched_.size());
  if (re2::RE2::PartialMatch(matched_, *step.want)) return Look::kFound;
  return failed(step.without, matched_);
}

/// What it means that a step's expectation is not met by what has arrived so far.
Dialogue::Look Dialogue::without_match(const DialogueStep& step) {
  const std::size_t received = talk_->received() - step_began_;
  if (received >= io::TcpTalk::kBytesMax) return failed(Cause::kExpectMismatch, "64 KiB without what is expected");
  const std::string got = talk_->unread().empty() ? last_ : std::string{talk_->unread()};
  switch (talk_->end()) {
    case io::TalkEnd::kOpen:
      return Look::kNotYet;
    case io::TalkEnd::kVanished:
      return failed(Cause::kTimeout, "what was sent was never acknowledged: the peer is gone");
    case io::TalkEnd::kReset:
      if (!got.empty()) return failed(Cause::kReset, "after it said: " + got);
      return failed(Cause::kReset, sent_ ? "after our first bytes" : "right after the connection was made");
    case io::TalkEnd::kClosed:
      if (got.empty()) return failed(Cause::kClosed, sent_ ? "without an answer" : "before it said anything");
      return failed(step.wait == DialogueStep::Wait::kReply ? step.without : Cause::kExpectMismatch, got);
  }
  return Look::kFailed;
}

void Dialogue::say(const DialogueStep& step) {
  if (step.send.empty()) return;
  sent_ = true;
  if (step.wait != DialogueStep::Wait::kLine) return talk_->send(step.send);
  std::string out;
  for (std::size_t i = 0; i < step.send.size();) {
    const char c = step.send[i];
    if (c != '$' || i + 1 == step.send.size()) {
      out += c;
      ++i;
      continue;
    }
    const bool braces = step.send[i + 1] == '{';
    std::size_t end = i + (braces ? 2 : 1);
    const std::size_t begin = end;
    while (end < step.send.size() && is_name_char(step.send[end])) ++end;
    const std::string name = step.send.substr(begin, end - begin);
    if (step.send[i + 1] == '$') {
      out += '$';
      i += 2;
    } else if (name.empty() || (braces && (end == step.send.size() || step.send[end] != '}'))) {
      out += c;
      ++i;
    } else {
      const auto it = std::ranges::find(captures_, name, &std::pair<std::string, std::string>::first);
      if (it != captures_.end()) out += it->second;
      i = end + (braces ? 1 : 0);
    }
  }
  talk_->send(out);
}

Dialogue::Look Dialogue::failed(Cause cause, std::string detail) {
  cause_ = cause;
  detail_ = std::move(detail);
  return Look::kFailed;
}

std::string Dialogue::waiting_for() const {
  if (talk_ == nullptr || next_ >= steps_.size()) return {};
  if (talk_->unsent() > 0) {
    return std::to_string(talk_->unsent()) + " bytes could not be sent: the peer does not read";
  }
  const std::string got = talk_->unread().empty() ? last_ : std::string{talk_->unread()};
  if (got.empty()) return "connected, but the expected answer did not come";
  return "connected, but the expected answer did not come; it said: " + got;
}

void Dialogue::finish(Event event) {
  const io::Handle later = std::move(later_);
  talk_->stop();
  loop_.retire(std::move(talk_));
  auto done = std::move(done_);
  done(event);  // may destroy this
}

}  // namespace sonde::prober
