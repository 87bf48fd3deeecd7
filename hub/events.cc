// The streams and what goes into them.
#include "hub/events.h"

#include <fmt/format.h>

#include <utility>

#include "hub/answer.h"

namespace sonde::hub {

EventHub::EventHub(io::Loop& loop, core::Duration keep_alive) : loop_(loop), keep_alive_(keep_alive) {
  timer_ = loop_.after(keep_alive_, [this] { this->keep_alive(); });
}

void EventHub::open(io::Responder& responder, std::string_view overview) {
  if (streams_.size() >= kStreamsMax) {
    io::ServerResponse full = error_answer(503, "too many event streams are open");
    full.headers.emplace_back("Retry-After", "10");
    return responder.respond(std::move(full));
  }
  io::ServerResponse head;
  // X-Accel-Buffering keeps nginx from holding events back.
  head.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  std::unique_ptr<io::EventStream> stream = responder.stream(std::move(head));
  if (stream->send(format("overview", overview))) streams_.push_back(std::move(stream));
}

void EventHub::send(std::string_view event, std::string_view json) {
  if (!streams_.empty()) send_all(format(event, json));
}

void EventHub::send_all(const std::string& bytes) {
  std::erase_if(streams_, [&bytes](const auto& stream) { return !stream->open() || !stream->send(bytes); });
}

void EventHub::keep_alive() {
  send_all(": still here\n\n");
  timer_ = loop_.after(keep_alive_, [this] { keep_alive(); });
}

std::string EventHub::format(std::string_view event, std::string_view json) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", ++last_id_, event, json);
}

}  // namespace sonde::hub
