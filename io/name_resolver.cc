// ares_getaddrinfo on our loop. C callbacks only record; answers are handed over in a turn of their own.
#include "io/name_resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>

#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "io/address.h"

namespace sonde::io {
namespace {

using Addresses = core::Result<std::vector<std::string>>;

class CaresNameResolver final : public NameResolver {
 public:
  explicit CaresNameResolver(Loop& loop) : loop_(loop) {
    ares_options o{};
    o.timeout = 2000;
    o.tries = 2;
    o.sock_state_cb = &CaresNameResolver::on_socket_state;
    o.sock_state_cb_data = this;
    const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (ares_init_options(&channel_, &o, mask) != ARES_SUCCESS) channel_ = nullptr;
  }

  ~CaresNameResolver() override {
    questions_.clear();
    if (channel_ != nullptr) ares_destroy(channel_);  // ends every query; nobody is left to be told
  }
  CaresNameResolver(const CaresNameResolver&) = delete;
  CaresNameResolver& operator=(const CaresNameResolver&) = delete;

  Handle resolve(std::string_view host, Callback<void(Addresses)> done) override {
    const std::uint64_t ticket = next_ticket_++;
    Question& question = questions_[ticket];
    question.done = std::move(done);
    if (parse_address(host)) {
      finish(ticket, std::vector<std::string>{std::string{host}});
    } else if (channel_ == nullptr) {
      finish(ticket, core::Error{core::ErrorCode::kIo, "the resolver library could not be set up"});
    } else {
      ask(ticket, std::string{host});
    }
    return Handle{std::make_unique<Asked>(*this, ticket)};
  }

 private:
  struct Question {
    Callback<void(Addresses)> done;
    Handle later;
  };
  struct Asked final : Handle::Pending {
    Asked(CaresNameResolver& r, std::uint64_t t) : resolver(r), ticket(t) {}
    ~Asked() override { resolver.questions_.erase(ticket); }
    CaresNameResolver& resolver;
    std::uint64_t ticket;
  };
  struct Query {
    CaresNameResolver* resolver;
    std::uint64_t ticket;
    std::string host;
  };
  struct Watches {
    Handle read;
    Handle write;
  };

  void ask(std::uint64_t ticket, std::string host) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    auto* query = new Query{this, ticket, std::move(host)};  // freed in on_answer, which c-ares calls exactly once
    ares_getaddrinfo(channel_, query->host.c_str(), nullptr, &hints, &CaresNameResolver::on_answer, query);
    arm_timer();
  }

  // Called by c-ares, also from inside ares_getaddrinfo and ares_destroy.
  static void on_answer(void* arg, int status, int /*timeouts*/, ares_addrinfo* info) {
    const std::unique_ptr<Query> query{static_cast<Query*>(arg)};
    std::vector<std::string> addresses;
    for (const ares_addrinfo_node* node = info == nullptr ? nullptr : info->nodes; node != nullptr;
         node = node->ai_next) {
      std::array<char, NI_MAXHOST> text{};
      if (::getnameinfo(node->ai_addr, node->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
        addresses.emplace_back(text.data());
      }
    }
    if (info != nullptr) ares_freeaddrinfo(info);
    if (status == ARES_SUCCESS && !addresses.empty()) {
      query->resolver->finish(query->ticket, std::move(addresses));
      return;
    }
    const bool silence = status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED;
    query->resolver->finish(query->ticket,
                            core::Error{silence ? core::ErrorCode::kIo : core::ErrorCode::kNotFound,
                                        fmt::format("{} has no address: {}", query->host, ares_strerror(status))});
  }

  void finish(std::uint64_t ticket, Addresses addresses) {
    const auto it = questions_.find(ticket);
    if (it == questions_.end()) return;  // nobody waits any more
    it->second.later = loop_.soon([this, ticket, result = std::move(addresses)]() mutable {
      const auto found = questions_.find(ticket);
      if (found == questions_.end()) return;
      Callback<void(Addresses)> done = std::move(found->second.done);
      Addresses addresses_of_host = std::move(result);
      questions_.erase(found);
      done(std::move(addresses_of_host));
    });
  }

  static void on_socket_state(void* arg, ares_socket_t fd, int readable, int writable) {
    auto& self = *static_cast<CaresNameResolver*>(arg);
    if (readable == 0 && writable == 0) {
      self.watches_.erase(fd);  // c-ares closes the socket right after this
      return;
    }
    Watches& w = self.watches_[fd];
    if (readable != 0 && !w.read) {
      w.read = self.loop_.watch(fd, Interest::kRead, [&self, fd] { self.process(fd, ARES_SOCKET_BAD); });
    } else if (readable == 0) {
      w.read.reset();
    }
    if (writable != 0 && !w.write) {
      w.write = self.loop_.watch(fd, Interest::kWrite, [&self, fd] { self.process(ARES_SOCKET_BAD, fd); });
    } else if (writable == 0) {
      w.write.reset();
    }
  }

  void process(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel_, readable, writable);
    arm_timer();
  }

  void arm_timer() {
    timeval limit{.tv_sec = 10, .tv_usec = 0};
    timeval wait{};
    timeval* next = ares_timeout(channel_, &limit, &wait);
    if (watches_.empty() || next == nullptr) {
      timer_.reset();
      return;
    }
    const Duration delay = std::chrono::seconds{next->tv_sec} + std::chrono::microseconds{next->tv_usec + 1000};
    timer_ = loop_.after(delay, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
  }

  Loop& loop_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, Watches> watches_;
  std::map<std::uint64_t, Question> questions_;
  std::uint64_t next_ticket_ = 1;
  Handle timer_;
};

}  // namespace

std::unique_ptr<NameResolver> make_name_resolver(Loop& loop) { return std::make_unique<CaresNameResolver>(loop); }

}  // namespace sonde::io
