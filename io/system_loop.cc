// The loop on epoll(7). A turn runs, in this order: what became ready (signals too), timers that are due, what was
// queued with soon, and what waited for the turn's end. Nothing else that is added during a turn runs in it, so a turn
// always ends. A turn is one system call,
// and a watch is two in its life: Boost.Asio, which waited here before, took an epoll_ctl(2) more for each event and an
// epoll_wait(2) and a timerfd_settime(2) more for each turn (docs/performance.md).
#include "io/system_loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/check.h"
#include "io/loop_queues.h"
#include "io/receive_time.h"

namespace sonde::io {
namespace {

constexpr int kSleptReadingsMax = 5;
constexpr Duration kSleptPrecision = std::chrono::milliseconds{1};
constexpr std::size_t kEventsMax = 128;  // of one turn; the rest comes in the next
constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

std::uint32_t event_of(std::size_t interest) {
  return interest == static_cast<std::size_t>(Interest::kRead) ? EPOLLIN : EPOLLOUT;
}

class EpollLoop final : public Loop {
 public:
  EpollLoop();
  ~EpollLoop() override { destroy_retired(); }
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;

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
  [[nodiscard]] bool in_turn() const override { return in_turn_; }
  [[nodiscard]] Handle at_turn_end(Callback<void()> f) override {
    SONDE_CHECK(in_turn_, "no turn is running");
    return turn_end_.add(std::move(f));
  }
  void run() override;
  void stop() override { stopping_ = true; }

  [[nodiscard]] Handle add_signals(Callback<void(int)> f);

 protected:
  void retire_pending(std::unique_ptr<Handle::Pending> pending) override { retired_.push_back(std::move(pending)); }

 private:
  struct Watch;
  struct SignalWatch;
  /// All that is known of one fd number. epoll has one registration for an fd, so both interests share it.
  struct Slot {
    std::uint32_t epoch = 0;       // changes when the fd is let go: older events are stale
    std::uint32_t registered = 0;  // what epoll watches for; 0 = the fd is not registered
    bool always_ready = false;     // epoll refuses it (a regular file): always ready, as with poll(2)
    std::array<Watch*, 2> watches{};
  };
  struct Ready {
    std::size_t fd;
    std::uint32_t epoch;
    std::size_t interest;
    std::uint64_t watch_id;
  };

  static MonoTime clock() {
    return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
  }
  void turn();
  void wait();
  int poll(std::optional<Duration> at_most);
  void record(std::size_t fd, std::uint32_t epoch, std::uint32_t events);
  void register_fd(std::size_t fd);
  void run_ready();
  void forget(Watch& watch);
  void destroy_retired();

  UniqueFd epoll_{epoll_create1(EPOLL_CLOEXEC)};
  std::array<epoll_event, kEventsMax> events_;
  MonoTime now_ = clock();
  bool in_turn_ = false;
  bool stopping_ = false;
  bool has_exact_wait_ = true;
  SoonQueue soon_;
  SoonQueue turn_end_;
  TimerQueue timers_;
  std::vector<Slot> slots_;       // by fd
  std::size_t always_ready_ = 0;  // slots that are, and are watched
  std::vector<Ready> ready_;
  std::vector<Ready> running_;
  std::uint64_t next_watch_id_ = 1;
  SignalWatch* signals_ = nullptr;
  std::vector<std::unique_ptr<Handle::Pending>> retired_;
  UniqueFd stamping_ = keep_stamping();  // for as long as anything here can receive
};

struct EpollLoop::Watch final : Handle::Pending {
  Watch(EpollLoop& l, std::size_t n, std::size_t i, std::uint64_t number, Callback<void()> callback)
      : loop(l), fd(n), interest(i), id(number), f(std::move(callback)) {}
  ~Watch() override { loop.forget(*this); }
  EpollLoop& loop;
  std::size_t fd;
  std::size_t interest;
  std::uint64_t id;
  Callback<void()> f;
};

/// Signals as bytes in a pipe: the handler may do no more than write(2).
struct EpollLoop::SignalWatch final : Handle::Pending {
  SignalWatch(EpollLoop& l, Callback<void(int)> callback) : loop(l), f(std::move(callback)) {
    std::array<int, 2> ends{-1, -1};
    SONDE_CHECK(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0, "no pipe for signals");
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
    pipe_of_signals = write_end.get();
    readable = loop.watch(read_end.get(), Interest::kRead, [this] { run(); });
    struct sigaction action {};
    action.sa_handler = &SignalWatch::on_signal;
    action.sa_flags = SA_RESTART;
    for (const int number : kSignals) sigaction(number, &action, nullptr);
  }
  ~SignalWatch() override {
    for (const int number : kSignals) std::signal(number, SIG_DFL);  // NOLINT(cert-err33-c): cannot fail for these
    pipe_of_signals = -1;
    loop.signals_ = nullptr;
  }

  static void on_signal(int number) {
    const int error = errno;
    const auto byte = static_cast<unsigned char>(number);
    (void)!::write(pipe_of_signals, &byte, 1);  // full: as many are waiting as anybody can mean
    errno = error;
  }

  void run() {
    std::array<unsigned char, 64> seen{};
    const ssize_t n = ::read(read_end.get(), seen.data(), seen.size());
    EpollLoop& l = loop;
    for (ssize_t i = 0; i < n && l.signals_ == this; ++i) {
      Callback<void(int)> call = std::move(f);
      call(seen[static_cast<std::size_t>(i)]);  // may destroy this
      if (l.signals_ == this) f = std::move(call);
    }
  }

  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a signal handler has no other argument
  static inline volatile std::sig_atomic_t pipe_of_signals = -1;
  EpollLoop& loop;
  Callback<void(int)> f;
  UniqueFd read_end;
  UniqueFd write_end;
  Handle readable;
};

EpollLoop::EpollLoop() {
  SONDE_CHECK(static_cast<bool>(epoll_), "no descriptor for epoll");
  // A peer that closed is an error of write(2), not a signal. OpenSSL inside libcurl writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): cannot fail for SIGPIPE
  // By default a wait may end 50 us late, so that wake-ups can be put together. Those are microseconds of every slot.
  (void)prctl(PR_SET_TIMERSLACK, 1UL);  // a help, not a need
}

Duration EpollLoop::slept() const {
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

Handle EpollLoop::watch(int fd, Interest interest, Callback<void()> f) {
  SONDE_CHECK(fd >= 0, "watch of a closed descriptor");
  const auto index = static_cast<std::size_t>(fd);
  if (slots_.size() <= index) slots_.resize(index + 1);
  const auto which = static_cast<std::size_t>(interest);
  SONDE_CHECK(slots_[index].watches[which] == nullptr, "a second watch of the same descriptor and interest");
  auto watch = std::make_unique<Watch>(*this, index, which, next_watch_id_++, std::move(f));
  slots_[index].watches[which] = watch.get();
  register_fd(index);
  return Handle{std::move(watch)};
}

/// Tells epoll what the watches of `fd` want now. Level-triggered: what is ready already is reported too.
void EpollLoop::register_fd(std::size_t fd) {
  Slot& slot = slots_[fd];
  if (slot.always_ready) return;
  std::uint32_t wanted = 0;
  for (std::size_t i = 0; i < slot.watches.size(); ++i) {
    if (slot.watches[i] != nullptr) wanted |= event_of(i);
  }
  if (wanted == slot.registered) return;
  const int operation = wanted == 0 ? EPOLL_CTL_DEL : slot.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = std::uint64_t{slot.epoch} << 32U | fd;
  slot.registered = wanted;
  if (epoll_ctl(epoll_.get(), operation, static_cast<int>(fd), &event) == 0 || wanted == 0) return;
  SONDE_CHECK(errno == EPERM, "watch of a descriptor that cannot be polled");
  slot.registered = 0;
  slot.always_ready = true;
  ++always_ready_;
}

void EpollLoop::forget(Watch& watch) {
  Slot& slot = slots_[watch.fd];
  slot.watches[watch.interest] = nullptr;
  register_fd(watch.fd);
  if (slot.watches[0] != nullptr || slot.watches[1] != nullptr) return;
  if (slot.always_ready) --always_ready_;
  slot.always_ready = false;
  ++slot.epoch;
}

void EpollLoop::run_ready() {
  std::swap(ready_, running_);
  for (const Ready& event : running_) {
    if (slots_[event.fd].epoch != event.epoch) continue;
    Watch* watch = slots_[event.fd].watches[event.interest];
    if (watch == nullptr || watch->id != event.watch_id) continue;
    Callback<void()> f = std::move(watch->f);
    f();  // may end any watch and make new ones, so that everything is looked up again
    if (slots_[event.fd].epoch != event.epoch) continue;
    watch = slots_[event.fd].watches[event.interest];
    if (watch != nullptr && watch->id == event.watch_id) watch->f = std::move(f);
  }
  running_.clear();
}

Handle EpollLoop::add_signals(Callback<void(int)> f) {
  SONDE_CHECK(signals_ == nullptr, "signals are watched already");
  auto watch = std::make_unique<SignalWatch>(*this, std::move(f));
  signals_ = watch.get();
  return Handle{std::move(watch)};
}

void EpollLoop::run() {
  while (!stopping_) turn();
  stopping_ = false;
}

void EpollLoop::turn() {
  wait();
  now_ = std::max(now_, clock());
  in_turn_ = true;
  const std::uint64_t timer_mark = timers_.mark();
  const std::uint64_t soon_end = soon_.end();
  run_ready();
  timers_.run_due(now_, timer_mark);
  soon_.run_before(soon_end);
  while (true) {
    turn_end_.run_all();
    destroy_retired();
    if (turn_end_.empty()) break;
  }
  in_turn_ = false;
}

void EpollLoop::wait() {
  const std::optional<MonoTime> earliest = timers_.earliest();
  std::optional<Duration> at_most;
  if (!soon_.empty() || !retired_.empty() || always_ready_ > 0) {
    at_most = Duration{};
  } else if (earliest) {
    at_most = std::max(Duration{}, *earliest - clock());
  }
  const int count = poll(at_most);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    record(event.data.u64 & std::numeric_limits<std::uint32_t>::max(),
           static_cast<std::uint32_t>(event.data.u64 >> 32U), event.events);
  }
  if (always_ready_ == 0) return;
  for (std::size_t fd = 0; fd < slots_.size(); ++fd) {
    if (slots_[fd].always_ready) record(fd, slots_[fd].epoch, EPOLLIN | EPOLLOUT);
  }
}

/// One wait; nothing = for as long as it takes. How many events came; none when a signal came first.
int EpollLoop::poll(std::optional<Duration> at_most) {
  const auto room = static_cast<int>(events_.size());
  timespec limit{};
  if (at_most) {
    limit.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(*at_most).count();
    limit.tv_nsec = (*at_most % std::chrono::seconds{1}).count();
  }
  if (has_exact_wait_) {
    const int n = epoll_pwait2(epoll_.get(), events_.data(), room, at_most ? &limit : nullptr, nullptr);
    if (n >= 0 || errno != ENOSYS) return n;
    has_exact_wait_ = false;  // a kernel before 5.11: whole milliseconds, rounded up
  }
  const auto ms = at_most ? std::chrono::ceil<std::chrono::milliseconds>(*at_most).count() : -1;
  return epoll_wait(epoll_.get(), events_.data(), room,
                    static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max())));
}

/// An error or a hang-up is news for whoever watches.
void EpollLoop::record(std::size_t fd, std::uint32_t epoch, std::uint32_t events) {
  const Slot& slot = slots_[fd];
  if (slot.epoch != epoch) return;
  for (std::size_t i = 0; i < slot.watches.size(); ++i) {
    if (slot.watches[i] == nullptr || (events & (event_of(i) | EPOLLERR | EPOLLHUP)) == 0) continue;
    ready_.push_back({fd, epoch, i, slot.watches[i]->id});
  }
}

void EpollLoop::destroy_retired() {
  while (!retired_.empty()) {
    // Destructors may retire more: those go in the next round.
    const auto going = std::exchange(retired_, {});
  }
}

}  // namespace

std::unique_ptr<Loop> make_system_loop() { return std::make_unique<EpollLoop>(); }

Handle watch_signals(Loop& loop, core::Callback<void(int)> on_signal) {
  auto* real = dynamic_cast<EpollLoop*>(&loop);
  SONDE_CHECK(real != nullptr, "signals need the real loop");
  return real->add_signals(std::move(on_signal));
}

}  // namespace sonde::io
