// Merging the classes for one reader, and keeping its books.
#include "pipeline/log_cursor.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "pipeline/lines.h"

namespace sonde::pipeline {

LogCursor::LogCursor(CursorHost& host, CursorState state) : host_(host), state_(std::move(state)) {
  for (std::size_t i = 0; i < kClasses; ++i) {
    sources_[i] = std::make_unique<Source>(host_.stream(i));
    hints_[i] = {.seq = state_.place[i]};
  }
  saved_ = state_.start;  // until the first save
  rewind();
}

void LogCursor::rewind() {
  spans_.clear();
  read_ = committed();
  for (std::size_t i = 0; i < kClasses; ++i) {
    Source& source = *sources_[i];
    source.place = hints_[i];
    source.frame.reset();
    source.loaded = false;
    source.text = {};
  }
}

// The class whose next frame was committed first; within a commit A, then B, then C.
Result<LogCursor::Source*> LogCursor::next_source() {
  Source* best = nullptr;
  for (auto& source : sources_) {
    if (!source->frame) {
      auto found = source->reader.find(source->place);
      if (!found) return found.error();
      source->frame = *found;
    }
    if (source->frame && (best == nullptr || source->frame->header.commit < best->frame->header.commit)) {
      best = source.get();
    }
  }
  return best;
}

Result<void> LogCursor::load(Source& source) {
  auto text = source.reader.load(*source.frame, source.place);
  if (!text) {
    source.frame.reset();
    return text.error();
  }
  source.text = std::move(*text);
  source.text_at = 0;
  source.loaded = true;
  const std::uint64_t skip = source.place.seq - source.frame->header.first_seq;
  for (std::uint64_t i = 0; i < skip; ++i) {
    source.text_at += first_line_bytes(std::string_view{source.text}.substr(source.text_at));
  }
  return {};
}

Result<LogBatch> LogCursor::read(std::size_t bytes_max) {
  LogBatch batch;
  batch.first = batch.next = read_;
  while (true) {
    auto source = next_source();
    if (!source && batch.records == 0) return source.error();
    if (!source || *source == nullptr) break;
    if (!(*source)->loaded) {
      const auto loaded = load(**source);
      if (!loaded && loaded.error().code == core::ErrorCode::kCorrupt) continue;  // counted; the next one
      if (!loaded && batch.records == 0) return loaded.error();
      if (!loaded) break;
    }
    const auto index = static_cast<std::size_t>(
        std::find_if(sources_.begin(), sources_.end(), [&](const auto& s) { return s.get() == *source; }) -
        sources_.begin());
    if (!take(**source, index, bytes_max, batch)) break;
  }
  batch.next = read_;
  return batch;
}

// Takes lines of the frame at hand; false when the batch is full.
bool LogCursor::take(Source& source, std::size_t index, std::size_t bytes_max, LogBatch& batch) {
  const std::uint64_t end_seq = source.frame->header.end_seq();
  const std::uint64_t first_seq = source.place.seq;
  bool full = false;
  while (source.place.seq < end_seq) {
    const std::string_view rest = std::string_view{source.text}.substr(source.text_at);
    const std::size_t bytes = first_line_bytes(rest);
    full = batch.records > 0 && batch.lines.size() + bytes > bytes_max;
    if (full) break;
    batch.lines.append(rest.substr(0, bytes));
    source.text_at += bytes;
    ++source.place.seq;
    ++batch.records;
  }
  add_span(index, source, first_seq, source.place.seq - first_seq);
  if (source.place.seq == end_seq) {
    if (source.frame->segment != 0) {
      source.place.segment = source.frame->segment;
      source.place.offset = source.frame->offset + source.frame->header.bytes();
    }
    source.frame.reset();
    source.loaded = false;
    source.text = {};  // a reader that waits holds no memory
  }
  return !full;
}

void LogCursor::add_span(std::size_t index, const Source& source, std::uint64_t first_seq, std::uint64_t count) {
  if (count == 0) return;
  read_ += count;
  const ReadPlace place{.seq = 0, .segment = source.frame->segment, .offset = source.frame->offset};
  if (!spans_.empty()) {
    Span& last = spans_.back();
    if (last.index == index && last.first_seq + last.count == first_seq) {
      last.count += count;
      last.last = place;
      return;
    }
  }
  spans_.push_back({.index = index,
                    .first_seq = first_seq,
                    .count = count,
                    .last = place,
                    .first_ms = source.frame->header.first_ms});
}

void LogCursor::commit(std::uint64_t next, std::uint64_t dead_lettered) {
  SONDE_CHECK(next >= committed() && next <= read_, "only records that were read can be committed, and only once");
  std::uint64_t left = next - committed();
  SONDE_CHECK(dead_lettered <= left, "more records given up on than committed");
  if (left == 0) return;
  state_.delivered += left - dead_lettered;
  state_.dead_lettered += dead_lettered;
  while (left > 0) {
    Span& span = spans_.front();
    const std::uint64_t n = std::min(left, span.count);
    advance(span, n);
    span.first_seq += n;
    span.count -= n;
    left -= n;
    if (span.count == 0) spans_.pop_front();
  }
  host_.on_commit();
}

void LogCursor::advance(const Span& span, std::uint64_t count) {
  std::uint64_t& place = state_.place[span.index];
  const Lost lost = host_.stream(span.index).lost_between(place, span.first_seq);
  const std::uint64_t passed = span.first_seq - place;
  // What lies between was not readable; what is not known as damage was evicted.
  state_.quarantined += std::min(lost.damaged, passed);
  state_.evicted += passed - std::min(lost.damaged, passed);
  place = span.first_seq + count;
  hints_[span.index] = {.seq = place};
  if (count == span.count && span.last.segment != 0) {
    hints_[span.index].segment = span.last.segment;
    hints_[span.index].offset = span.last.offset;
  }
}

LogCounters LogCursor::counters() const {
  LogCounters c;
  c.delivered = state_.delivered;
  c.dead_lettered = state_.dead_lettered;
  c.evicted = state_.evicted;
  c.quarantined = state_.quarantined;
  for (std::size_t i = 0; i < kClasses; ++i) {
    ClassStream& stream = host_.stream(i);
    const std::uint64_t in_stream = stream.next_seq();
    const Lost lost = stream.lost_between(state_.place[i], in_stream);
    c.accepted += in_stream + host_.window_count(i) - state_.start[i];
    c.evicted += lost.evicted;
    c.quarantined += lost.damaged;
    c.pending += in_stream + host_.window_count(i) - state_.place[i] - lost.evicted - lost.damaged;
  }
  return c;
}

Duration LogCursor::oldest_pending() const {
  std::int64_t oldest = INT64_MAX;
  if (!spans_.empty()) oldest = spans_.front().first_ms;
  for (std::size_t i = 0; i < kClasses; ++i) {
    Source& source = *sources_[i];
    if (!source.frame) {
      if (auto found = source.reader.find(source.place)) source.frame = *found;
    }
    if (source.frame) {
      oldest = std::min(oldest, source.frame->header.first_ms);
    } else if (const PendingFrame* waiting = host_.stream(i).pending_frame(source.place.seq)) {
      oldest = std::min(oldest, waiting->header.first_ms);
    } else if (host_.window_count(i) > 0) {
      oldest = std::min(oldest, host_.window_first_ms(i));
    }
  }
  if (oldest == INT64_MAX) return {};
  return std::chrono::milliseconds{std::max<std::int64_t>(0, host_.now_ms() - oldest)};
}

}  // namespace sonde::pipeline
