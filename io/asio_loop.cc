// The loop on Boost.Asio. Asio waits for readiness, the earliest timer and signals; its handlers only record.
// A turn then runs, in this order: what became ready, timers that are due, what was queued with soon. Nothing that is
// added during a turn runs in it, so a turn always ends. Source: Boost.Asio 1.81, epoll(7).
#include "io/asio_loop.h"

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "core/check.h"
#include "io/loop_queues.h"
#include "io/receive_time.h"

namespace sonde::io {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int kSleptReadingsMax = 5;
constexpr Duration kSleptPrecision = std::chrono::milliseconds{1};

class AsioLoop final : public Loop {
 public:
  AsioLoop();
  ~AsioLoop() override { destroy_retired(); }
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  // Between runs there is no turn: set-up code then sees the clock itself, so that its timers are not early.
  [[nodiscard]] MonoTime now() const override { return in_turn_ ? now_ : clock(); }
  [[nodiscard]] MonoTime precise_now() const override { return clock(); }
  [[nodiscard]] WallTime wall_now() const override {
    return WallTime{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
  }
  [[nodiscard]] Duration slept() const override;
  [[nodiscard]] Handle soon(Callback<void()> f) override { return soon_.add(std::move(f)); }
  [[nodiscard]] Handle at(MonoTime when, Callback<void()> f) override { return timers_.add(when, std::move(f)); }
  [[nodiscard]] Handle watch(int fd, Interest interest, Callback<void()> f) override;
  void run() override;
  void stop() override { stopping_ = true; }

  [[nodiscard]] Handle add_signals(Callback<void(int)> f);

 protected:
  void retire_pending(std::unique_ptr<Handle::Pending> pending) override { retired_.push_back(std::move(pending)); }

 private:
  struct Watch;
  struct SignalWatch;
  /// All that is known of one fd number. Asio allows one registration for an fd, so both interests share it.
  /// Slots are kept for reuse as long as the loop: wait operations that were cancelled still name theirs.
  struct Slot {
    explicit Slot(asio::io_context& context) : descriptor(context) {}
    asio::posix::stream_descriptor descriptor;
    std::uint64_t epoch = 0;  // changes when the fd is let go: older events are stale
    std::array<Watch*, 2> watches{};
    std::array<bool, 2> armed{};
  };
  struct Ready {
    Slot* slot;
    std::uint64_t epoch;
    std::size_t interest;
    std::uint64_t watch_id;
  };

  static MonoTime clock() {
    return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
  }
  void turn();
  void wait();
  void arm_timer();
  void arm(Slot& slot, std::size_t interest);
  void run_ready();
  void run_signals();
  void forget(Watch& watch);
  void destroy_retired();

  // One thread only, so Asio's locks are off.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  asio::steady_timer timer_{context_};
  std::optional<MonoTime> timer_armed_;
  MonoTime now_ = clock();
  bool in_turn_ = false;
  bool stopping_ = false;
  SoonQueue soon_;
  TimerQueue timers_;
  std::vector<std::unique_ptr<Slot>> slots_;  // by fd
  std::vector<Ready> ready_;
  std::vector<Ready> running_;
  std::uint64_t next_watch_id_ = 1;
  SignalWatch* signals_ = nullptr;
  std::vector<int> signals_seen_;
  std::vector<std::unique_ptr<Handle::Pending>> retired_;
  UniqueFd stamping_ = keep_stamping();  // for as long as anything here can receive
};

struct AsioLoop::Watch final : Handle::Pending {
  Watch(AsioLoop& l, Slot& s, std::size_t i, std::uint64_t n, Callback<void()> callback)
      : loop(l), slot(s), interest(i), id(n), f(std::move(callback)) {}
  ~Watch() override { loop.forget(*this); }
  AsioLoop& loop;
  Slot& slot;
  std::size_t interest;
  std::uint64_t id;
  Callback<void()> f;
};

struct AsioLoop::SignalWatch final : Handle::Pending {
  SignalWatch(AsioLoop& l, Callback<void(int)> callback)
      : loop(l), set(l.context_, SIGINT, SIGTERM, SIGHUP), f(std::move(callback)) {
    arm();
  }
  ~SignalWatch() override {
    loop.signals_ = nullptr;
    loop.signals_seen_.clear();
  }
  void arm() {
    AsioLoop& l = loop;
    set.async_wait([&l](error_code ec, int number) {
      if (!ec && l.signals_ != nullptr) l.signals_seen_.push_back(number);
    });
  }
  AsioLoop& loop;
  asio::signal_set set;
  Callback<void(int)> f;
};

AsioLoop::AsioLoop() {
  // A peer that closed is an error of write(2), not a signal. OpenSSL inside libcurl writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): cannot fail for SIGPIPE
}

Duration AsioLoop::slept() const {
  const auto read = [](clockid_t id) -> Duration {
    timespec t{};
    clock_gettime(id, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
  };
  // Between two readings this thread may have to wait for a processor: that is no sleep. The closest pair counts.
  Duration closest = Duration::max();
  Duration out{};
  for (int i = 0; i < kSleptReadingsMax && closest > kSleptPrecision; ++i) {
    const Duration before = read(CLOCK_MONOTONIC);
    const Duration boot = read(CLOCK_BOOTTIME);
    const Duration took = read(CLOCK_MONOTONIC) - before;
    if (took >= closest) continue;
    closest = took;
    out = boot - before;
  }
  return out;
}

Handle AsioLoop::watch(int fd, Interest interest, Callback<void()> f) {
  SONDE_CHECK(fd >= 0, "watch of a closed descriptor");
  const auto index = static_cast<std::size_t>(fd);
  if (slots_.size() <= index) slots_.resize(index + 1);
  if (slots_[index] == nullptr) slots_[index] = std::make_unique<Slot>(context_);
  Slot& slot = *slots_[index];
  const auto which = static_cast<std::size_t>(interest);
  SONDE_CHECK(slot.watches[which] == nullptr, "a second watch of the same descriptor and interest");
  if (!slot.descriptor.is_open()) {
    error_code ec;
    slot.descriptor.assign(fd, ec);
    SONDE_CHECK(!ec, "watch of a descriptor that cannot be polled");
  }
  auto watch = std::make_unique<Watch>(*this, slot, which, next_watch_id_++, std::move(f));
  slot.watches[which] = watch.get();
  arm(slot, which);
  return Handle{std::move(watch)};
}

void AsioLoop::arm(Slot& slot, std::size_t interest) {
  if (slot.armed[interest]) return;  // left over from an earlier watch of this fd: still valid
  slot.armed[interest] = true;
  const auto type = interest == static_cast<std::size_t>(Interest::kRead) ? asio::posix::stream_descriptor::wait_read
                                                                          : asio::posix::stream_descriptor::wait_write;
  // Every arming modifies the epoll registration, and that reports again what is still ready: level-triggered for us.
  slot.descriptor.async_wait(type, [this, &slot, interest, epoch = slot.epoch](error_code ec) {
    if (slot.epoch != epoch) return;
    slot.armed[interest] = false;
    // An fd that epoll refuses (a regular file) is always ready, as with poll(2).
    if (ec == asio::error::operation_aborted || slot.watches[interest] == nullptr) return;
    ready_.push_back({&slot, epoch, interest, slot.watches[interest]->id});
  });
}

void AsioLoop::forget(Watch& watch) {
  Slot& slot = watch.slot;
  slot.watches[watch.interest] = nullptr;
  if (slot.watches[0] != nullptr || slot.watches[1] != nullptr) return;
  ++slot.epoch;
  slot.armed = {};
  slot.descriptor.release();  // leaves the fd open: it is not ours
}

void AsioLoop::run_ready() {
  std::swap(ready_, running_);
  for (const Ready& event : running_) {
    Slot& slot = *event.slot;
    if (slot.epoch != event.epoch) continue;
    Watch* watch = slot.watches[event.interest];
    if (watch == nullptr) continue;
    if (watch->id == event.watch_id) {
      Callback<void()> f = std::move(watch->f);
      f();
      if (slot.epoch != event.epoch) continue;
      watch = slot.watches[event.interest];
      if (watch == nullptr) continue;
      if (watch->id == event.watch_id) watch->f = std::move(f);
    }
    arm(slot, event.interest);
  }
  running_.clear();
}

Handle AsioLoop::add_signals(Callback<void(int)> f) {
  SONDE_CHECK(signals_ == nullptr, "signals are watched already");
  auto watch = std::make_unique<SignalWatch>(*this, std::move(f));
  signals_ = watch.get();
  return Handle{std::move(watch)};
}

void AsioLoop::run_signals() {
  const std::vector<int> seen = std::exchange(signals_seen_, {});
  for (const int number : seen) {
    SignalWatch* watch = signals_;
    if (watch == nullptr) return;
    watch->arm();
    Callback<void(int)> f = std::move(watch->f);
    f(number);
    if (signals_ == watch) watch->f = std::move(f);
  }
}

void AsioLoop::run() {
  while (!stopping_) turn();
  stopping_ = false;
}

void AsioLoop::turn() {
  wait();
  now_ = std::max(now_, clock());
  in_turn_ = true;
  const std::uint64_t timer_mark = timers_.mark();
  const std::uint64_t soon_end = soon_.end();
  run_signals();
  run_ready();
  timers_.run_due(now_, timer_mark);
  soon_.run_before(soon_end);
  destroy_retired();
  in_turn_ = false;
}

void AsioLoop::wait() {
  arm_timer();
  const std::optional<MonoTime> earliest = timers_.earliest();
  const bool work_waits = !soon_.empty() || !retired_.empty() || (earliest && *earliest <= clock());
  if (!work_waits) context_.run_one();
  context_.poll();  // ends: handlers only record, and nothing is armed again before the turn
}

void AsioLoop::arm_timer() {
  const std::optional<MonoTime> earliest = timers_.earliest();
  // A timer that is armed for an earlier moment stays: waking once in vain is cheaper than two system calls.
  if (!earliest || (timer_armed_ && *timer_armed_ <= *earliest)) return;
  timer_armed_ = earliest;
  timer_.expires_at(std::chrono::steady_clock::time_point{
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(earliest->time_since_epoch())});
  timer_.async_wait([this](error_code ec) {
    if (!ec) timer_armed_.reset();
  });
}

void AsioLoop::destroy_retired() {
  while (!retired_.empty()) {
    // Destructors may retire more: those go in the next round.
    const auto going = std::exchange(retired_, {});
  }
}

}  // namespace

std::unique_ptr<Loop> make_asio_loop() { return std::make_unique<AsioLoop>(); }

Handle watch_signals(Loop& loop, core::Callback<void(int)> on_signal) {
  auto* asio_loop = dynamic_cast<AsioLoop*>(&loop);
  SONDE_CHECK(asio_loop != nullptr, "signals need the real loop");
  return asio_loop->add_signals(std::move(on_signal));
}

}  // namespace sonde::io
