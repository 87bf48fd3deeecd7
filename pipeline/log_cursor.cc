// Merging the classes for one reader, and keeping its books.
#include "pipeline/log_cursor.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "pipeline/lines.h"

namespace sonde::pipeline {

LogCursor::LogCursor(CursorHost& host, CursorState state)
    : host_(host), state_(std::move(state)), committed_(state_.delivered + state_.dead_lettered) {
  for (std::size_t i = 0; i < kClasses; ++i) hints_[i] = {.seq = state_.place[i]};
  saved_ = state_.start;  // until the first save
  rewind();
}

LogCursor::Lane LogCursor::make_lane() const {
  Lane lane;
  for (std::size_t i = 0; i < kClasses; ++i) lane.sources[i] = std::make_unique<Source>(host_.stream(i));
  return lane;
}

void LogCursor::rewind() {
  spans_.clear();
  read_ = committed_;
  live_.reset();
  backlog_ = make_lane();
  for (std::size_t i = 0; i < kClasses; ++i) {
    backlog_.sources[i]->place = hints_[i];
    ahead_[i].forget_excess();
  }
}

void LogCursor::move_behind(const std::array<std::uint64_t, kClasses>& shift, CursorState on_disk) {
  SONDE_CHECK(live_ == nullptr, "a log in memory has one lane");
  CursorState memory = std::exchange(state_, std::move(on_disk));
  saved_ = state_.place;
  live_ = std::make_unique<Lane>(std::move(backlog_));
  backlog_ = make_lane();
  for (std::size_t i = 0; i < kClasses; ++i) {
    SentRange done{.first = memory.start[i] + shift[i], .end = memory.place[i] + shift[i]};
    // Totals are not known by class; which range bears them is no matter as long as each sums up.
    std::uint64_t left = done.end - done.first;
    const auto bear = [&left](std::uint64_t& part, std::uint64_t& total) {
      part = std::min(left, total);
      total -= part;
      left -= part;
    };
    bear(done.dead_lettered, memory.dead_lettered);
    done.expired = std::min(done.dead_lettered, memory.expired);
    memory.expired -= done.expired;
    bear(done.evicted, memory.evicted);
    bear(done.quarantined, memory.quarantined);
    done.delivered = left;
    ahead_[i].begin_with(done);
    hints_[i] = backlog_.sources[i]->place = {.seq = state_.place[i]};
    live_->begin[i] = shift[i] + 1;
    Source& source = *live_->sources[i];
    source.drop_frame();
    source.place = {.seq = source.place.seq + shift[i]};
  }
  for (Span& span : spans_) {
    span.first_seq += shift[span.index];
    span.last = {};
    span.live = true;
  }
}

bool LogCursor::open_live(Duration age) {
  if (live_) return true;
  if (!host_.may_have_lanes()) return false;
  auto oldest = next_class(backlog_);
  if (!oldest || !*oldest) return false;
  const std::int64_t taken_ms = backlog_.sources[**oldest]->frame->header.first_ms;
  if (std::chrono::milliseconds{host_.now_ms() - taken_ms} <= age) return false;
  auto lane = std::make_unique<Lane>(make_lane());
  bool between = false;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const std::uint64_t at = std::max(backlog_.sources[i]->place.seq, state_.place[i]);
    lane->begin[i] = std::max(host_.stream(i).newest_seq(), at);
    lane->sources[i]->place = {.seq = lane->begin[i]};
    between = between || lane->begin[i] > at;
  }
  if (!between) return false;
  live_ = std::move(lane);
  return true;
}

// Where a lane's records of a class end although the stream goes on.
std::uint64_t LogCursor::limit(const Lane& lane, std::size_t index) const {
  return live_ && &lane != live_.get() ? live_->begin[index] : UINT64_MAX;
}

// Puts the frame with the lane's next record of a class into its source, or none.
Result<void> LogCursor::find_frame(Lane& lane, std::size_t index) const {
  Source& source = *lane.sources[index];
  while (true) {
    const std::uint64_t seq = source.place.seq;
    source.place.seq = ahead_[index].skip(std::max(seq, state_.place[index]));
    // A frame that was evicted since it was found has been told as lost: it is not delivered from the open file.
    if (source.place.seq != seq || seq < host_.stream(index).kept_seq()) source.drop_frame();
    if (source.place.seq >= limit(lane, index)) {
      source.drop_frame();
      return {};
    }
    if (source.frame) return {};
    auto found = source.reader.find(source.place);
    if (!found) return found.error();
    if (!*found) return {};
    source.frame = *found;  // maybe behind a hole, and there in what was sent already
  }
}

// The class whose next frame was committed first; within a commit A, then B, then C.
Result<std::optional<std::size_t>> LogCursor::next_class(Lane& lane) const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (auto found = find_frame(lane, i); !found) return found.error();
    const auto& frame = lane.sources[i]->frame;
    if (frame && (!best || frame->header.commit < lane.sources[*best]->frame->header.commit)) best = i;
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
  auto batch = read_lane(backlog_, bytes_max);
  if (!batch || batch->records > 0 || !live_) return batch;
  // The backlog has come to where the live lane began: from here on there is one lane again, at the live lane's place.
  backlog_ = std::move(*live_);
  live_.reset();
  return read_lane(backlog_, bytes_max);
}

Result<LogBatch> LogCursor::read_live(std::size_t bytes_max) {
  if (live_) return read_lane(*live_, bytes_max);
  LogBatch none;
  none.first = none.next = read_;
  return none;
}

Result<LogBatch> LogCursor::read_lane(Lane& lane, std::size_t bytes_max) {
  LogBatch batch;
  batch.first = batch.next = read_;
  while (true) {
    auto index = next_class(lane);
    if (!index && batch.records == 0) return index.error();
    if (!index || !*index) break;
    Source& source = *lane.sources[**index];
    if (!source.loaded) {
      const auto loaded = load(source);
      if (!loaded && loaded.error().code == core::ErrorCode::kCorrupt) continue;  // counted; the next one
      if (!loaded && batch.records == 0) return loaded.error();
      if (!loaded) break;
    }
    if (!take(lane, **index, bytes_max, batch)) break;
  }
  batch.next = read_;
  return batch;
}

// Takes lines of the frame at hand; false when the batch is full.
bool LogCursor::take(Lane& lane, std::size_t index, std::size_t bytes_max, LogBatch& batch) {
  Source& source = *lane.sources[index];
  const std::uint64_t end_seq = source.frame->header.end_seq();
  const std::uint64_t first_seq = source.place.seq;
  const std::uint64_t stop = std::min({end_seq, ahead_[index].next_begin(first_seq), limit(lane, index)});
  bool full = false;
  while (source.place.seq < stop) {
    const std::string_view rest = std::string_view{source.text}.substr(source.text_at);
    const std::size_t bytes = first_line_bytes(rest);
    full = batch.records > 0 && batch.lines.size() + bytes > bytes_max;
    if (full) break;
    batch.lines.append(rest.substr(0, bytes));
    source.text_at += bytes;
    ++source.place.seq;
    ++batch.records;
  }
  add_span(index, lane, first_seq, source.place.seq - first_seq);
  if (source.place.seq == end_seq) {
    if (source.frame->segment != 0) {
      source.place.segment = source.frame->segment;
      source.place.offset = source.frame->offset + source.frame->header.bytes();
    }
    source.drop_frame();  // a reader that waits holds no memory
  }
  return !full;
}

void LogCursor::add_span(std::size_t index, const Lane& lane, std::uint64_t first_seq, std::uint64_t count) {
  if (count == 0) return;
  read_ += count;
  const FoundFrame& frame = *lane.sources[index]->frame;
  const ReadPlace place{.seq = 0, .segment = frame.segment, .offset = frame.offset};
  const bool live = &lane == live_.get();
  if (!spans_.empty()) {
    Span& last = spans_.back();
    if (last.index == index && last.live == live && last.first_seq + last.count == first_seq) {
      last.count += count;
      last.last = place;
      return;
    }
  }
  spans_.push_back({.index = index,
                    .first_seq = first_seq,
                    .count = count,
                    .last = place,
                    .first_ms = frame.header.first_ms,
                    .live = live});
}

void LogCursor::commit(std::uint64_t next, std::uint64_t dead_lettered, std::uint64_t expired) {
  SONDE_CHECK(next >= committed_ && next <= read_, "only records that were read can be committed, and only once");
  std::uint64_t left = next - committed_;
  SONDE_CHECK(dead_lettered <= left && expired <= dead_lettered, "more records given up on than committed");
  if (left == 0) return;
  while (left > 0) {
    Span& span = spans_.front();
    Done done{.count = std::min(left, span.count)};
    done.dead_lettered = std::min(dead_lettered, done.count);
    done.expired = std::min(expired, done.dead_lettered);
    dead_lettered -= done.dead_lettered;
    expired -= done.expired;
    advance(span, done);
    committed_ += done.count;
    span.first_seq += done.count;
    span.count -= done.count;
    left -= done.count;
    if (span.count == 0) spans_.pop_front();
  }
  host_.on_commit();
}

void LogCursor::advance(const Span& span, const Done& done) {
  SentAhead& ahead = ahead_[span.index];
  if (span.live) {
    const std::uint64_t before = ahead.ranges().empty() ? span.first_seq : ahead.ranges().back().end;
    ahead.add(span.first_seq, done, host_.stream(span.index).lost_between(before, span.first_seq));
  } else {
    pass(span.index, span.first_seq);
    state_.delivered += done.count - done.dead_lettered;
    state_.dead_lettered += done.dead_lettered;
    state_.expired += done.expired;
    state_.place[span.index] = span.first_seq + done.count;
    hints_[span.index] = {.seq = span.first_seq + done.count};
    if (done.count == span.count && span.last.segment != 0) {
      hints_[span.index].segment = span.last.segment;
      hints_[span.index].offset = span.last.offset;
    }
  }
  absorb(span.index);
}

// Moves the place up to `to`: in between is what was sent ahead, and what is lost.
void LogCursor::pass(std::size_t index, std::uint64_t to) {
  SentAhead& ahead = ahead_[index];
  while (!ahead.ranges().empty() && ahead.ranges().front().first < to) {
    const SentRange range = ahead.ranges().front();
    pass_lost(index, range.first);
    state_.delivered += range.delivered;
    state_.dead_lettered += range.dead_lettered;
    state_.expired += range.expired;
    state_.evicted += range.evicted;
    state_.quarantined += range.quarantined;
    state_.place[index] = range.end;
    hints_[index] = {.seq = range.end};
    ahead.pop_front();
  }
  pass_lost(index, to);
}

void LogCursor::pass_lost(std::size_t index, std::uint64_t to) {
  std::uint64_t& place = state_.place[index];
  if (to <= place) return;
  // What lies between was not readable; what is not known as damage was evicted.
  const std::uint64_t passed = to - place;
  const std::uint64_t damaged = std::min(host_.stream(index).lost_between(place, to).damaged, passed);
  state_.quarantined += damaged;
  state_.evicted += passed - damaged;
  place = to;
}

// What was sent ahead is behind the place once nothing that waits lies between.
void LogCursor::absorb(std::size_t index) {
  const SentAhead& ahead = ahead_[index];
  while (!ahead.ranges().empty()) {
    const SentRange& next = ahead.ranges().front();
    if (owed(index, state_.place[index], next.first) > 0) return;
    pass(index, next.end);
  }
}

std::uint64_t LogCursor::owed(std::size_t index, std::uint64_t from, std::uint64_t to) const {
  const ClassStream& stream = host_.stream(index);
  std::uint64_t sum = 0;
  const auto add = [&](std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return;
    const Lost lost = stream.lost_between(begin, end);
    sum += end - begin - lost.evicted - lost.damaged;
  };
  from = std::max(from, state_.place[index]);
  for (const SentRange& range : ahead_[index].ranges()) {
    add(from, std::min(range.first, to));
    from = std::max(from, range.end);
  }
  add(from, to);
  return sum;
}

LogCounters LogCursor::counters() const {
  LogCounters c;
  c.delivered = state_.delivered;
  c.dead_lettered = state_.dead_lettered;
  c.expired = state_.expired;
  c.evicted = state_.evicted;
  c.quarantined = state_.quarantined;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const ClassStream& stream = host_.stream(i);
    const std::uint64_t in_stream = stream.next_seq();
    std::uint64_t from = state_.place[i];
    const auto add_lost = [&](std::uint64_t to) {
      const Lost lost = stream.lost_between(from, to);
      c.evicted += lost.evicted;
      c.quarantined += lost.damaged;
    };
    for (const SentRange& range : ahead_[i].ranges()) {
      add_lost(range.first);
      c.delivered += range.delivered;
      c.dead_lettered += range.dead_lettered;
      c.expired += range.expired;
      c.evicted += range.evicted;
      c.quarantined += range.quarantined;
      from = range.end;
    }
    add_lost(in_stream);
    c.accepted += in_stream + host_.window_count(i) - state_.start[i];
    c.pending += owed(i, state_.place[i], in_stream) + host_.window_count(i);
  }
  return c;
}

Duration LogCursor::oldest_pending() const {
  std::int64_t oldest = INT64_MAX;
  for (const Span& span : spans_) oldest = std::min(oldest, span.first_ms);
  for (std::size_t i = 0; i < kClasses; ++i) {
    (void)find_frame(backlog_, i);
    const Source* source = backlog_.sources[i].get();
    if (!source->frame && live_) {
      (void)find_frame(*live_, i);
      source = live_->sources[i].get();
    }
    if (source->frame) {
      oldest = std::min(oldest, source->frame->header.first_ms);
    } else if (const PendingFrame* waiting = host_.stream(i).pending_frame(source->place.seq)) {
      oldest = std::min(oldest, waiting->header.first_ms);
    } else if (host_.window_count(i) > 0) {
      oldest = std::min(oldest, host_.window_first_ms(i));
    }
  }
  if (oldest == INT64_MAX) return {};
  return std::chrono::milliseconds{std::max<std::int64_t>(0, host_.now_ms() - oldest)};
}

}  // namespace sonde::pipeline
