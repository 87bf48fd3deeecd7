// The life of pumps and sinks under torture. libcurl, the resolver and the kernel are outside: their memory never runs
// out, and OpenSSL is not there.
#include "tests/unit/torture/sink_life.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"
#include "pipeline/file_sink.h"
#include "pipeline/influx_sink.h"
#include "pipeline/lines.h"
#include "pipeline/sink_resolver.h"
#include "tests/support/sim_loop.h"
#include "tests/unit/pipeline/log_fixture.h"
#include "tests/unit/torture/failing_new.h"
#include "tests/unit/torture/outside_files.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::OutsideFiles;
using sonde::test::OutsideWorld;
using sonde::test::SimLoop;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kRecords = 90;
constexpr char kOut[] = "/out";
constexpr std::size_t kBodyBytesMax = 2000;

bool is_bad(int n) { return n % 29 == 7; }  // the database refuses it

/// Unpacks gzip, several members too.
std::string unpack(std::string text) {
  std::string out;
  z_stream z{};
  SONDE_CHECK(inflateInit2(&z, 16 + MAX_WBITS) == Z_OK, "zlib starts");
  z.next_in = reinterpret_cast<Bytef*>(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  std::string piece(64 * 1024, '\0');
  while (z.avail_in > 0) {
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = static_cast<uInt>(piece.size());
    const int end = inflate(&z, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - z.avail_out);
    if (end == Z_STREAM_END) inflateReset(&z);
    if (end != Z_OK && end != Z_STREAM_END) break;
  }
  inflateEnd(&z);
  return out;
}

/// The numbers of the records in a text, in whatever it is wrapped.
void note_numbers(std::string_view text, std::set<int>& into) {
  constexpr std::string_view kKey = " n=";
  for (std::size_t at = text.find(kKey); at != std::string_view::npos; at = text.find(kKey, at + 1)) {
    int n = 0;
    const char* begin = text.data() + at + kKey.size();
    if (std::from_chars(begin, text.data() + text.size(), n).ec == std::errc{}) into.insert(n);
  }
}

/// Stands in for libcurl and a database that refuses, is away, is overloaded and takes only small bodies.
class OutsideDatabase final : public io::HttpClient {
 public:
  OutsideDatabase(SimLoop& loop, Outside& outside) : loop_(loop), outside_(outside) {}

  [[nodiscard]] io::Handle fetch(io::HttpRequest request, io::Callback<void(io::HttpResponse)> done) override {
    const OutsideWorld quiet;
    return loop_.after(milliseconds{20},
                       [response = answer(request), done = std::move(done)]() mutable { done(std::move(response)); });
  }

 private:
  static io::HttpResponse status(int code, std::string body = {}) {
    io::HttpResponse r;
    r.status = code;
    r.head_complete = true;
    r.headers = {{"content-type", "application/json"}, {"retry-after", "1"}, {"sonde-now", "1748736000000"}};
    r.body = std::move(body);
    return r;
  }

  io::HttpResponse answer(const io::HttpRequest& request) {
    if (request.method == "GET") return status(404);
    switch (outside_.requests++ % 23) {
      case 2: {
        io::HttpResponse gone;
        gone.error = io::HttpError::kReset;
        gone.error_text = "Connection reset by peer";
        return gone;
      }
      case 13:
        return status(503, "busy");
      default:
        break;
    }
    const std::string text = unpack(request.body);
    if (text.size() > kBodyBytesMax) return status(413, "too large");
    std::set<int> numbers;
    note_numbers(text, numbers);
    bool refused = false;
    for (const int n : numbers) {
      refused |= is_bad(n);
      if (!is_bad(n)) outside_.stored.insert(n);
    }
    return refused ? status(400, R"({"error":"partial write: unable to parse 'probe' dropped=0"})") : status(204);
  }

  SimLoop& loop_;
  Outside& outside_;
};

class OutsideResolver final : public io::NameResolver {
 public:
  explicit OutsideResolver(SimLoop& loop) : loop_(loop) {}
  [[nodiscard]] io::Handle resolve(std::string_view /*host*/,
                                   core::Callback<void(core::Result<std::vector<std::string>>)> done) override {
    const OutsideWorld quiet;
    return loop_.soon([done = std::move(done)]() mutable { done(std::vector<std::string>{"192.0.2.9"}); });
  }

 private:
  SimLoop& loop_;
};

InfluxOptions influx_options() {
  const OutsideWorld quiet;
  InfluxOptions o;
  o.name = "db";
  o.url = "http://tsdb:8086";
  o.database = "sonde";
  o.batch_bytes = 16 * 1024;
  o.dead_letter_file = std::string{kOut} + "/dead.jsonl";
  return o;
}

FileSinkOptions file_options() {
  const OutsideWorld quiet;
  return {.name = "file",
          .path = std::string{kOut} + "/all.lp",
          .rotation = {.bytes = 3000, .every = seconds{30}, .keep = 0, .gzip = true}};
}

/// One process: what it is built from, in the order of building.
struct Process {
  explicit Process(Outside& outside) : files(outside.files), http(loop, outside), resolver(loop) {}

  void build() {
    LogOptions options;
    {
      const OutsideWorld quiet;
      options = small_log();
    }
    auto opened = open_log(loop, files, std::move(options));
    SONDE_CHECK(opened.has_value(), "the simulated disk works");
    log = std::move(*opened);
    addresses = std::make_unique<AddressBook>(loop, resolver);
    auto made = make_influx_sink({loop, files, http, *addresses, "v1"}, influx_options());
    SONDE_CHECK(made.has_value(), "its options are right");
    influx = std::move(*made);
    file = make_file_sink(loop, files, file_options());
    pumps[0] = std::make_unique<Pump>(loop, log->cursor("db"), *influx, Pump::Options{});
    pumps[1] = std::make_unique<Pump>(loop, log->cursor("file"), *file, Pump::Options{});
  }

  SimLoop loop;
  OutsideFiles files;
  OutsideDatabase http;
  OutsideResolver resolver;
  std::unique_ptr<Log> log;
  std::unique_ptr<AddressBook> addresses;
  std::unique_ptr<InfluxSink> influx;
  std::unique_ptr<Sink> file;
  std::array<std::unique_ptr<Pump>, 2> pumps;
};

void live(Process& process, Outside& outside) {
  process.build();
  for (int n = 0; n < kRecords; ++n) {
    core::Record record;
    {
      const OutsideWorld quiet;
      record = probe(n, 60);
      record.add_field("text", std::string{"a, b"});
    }
    if (process.log->append(record)) {
      const OutsideWorld quiet;
      outside.accepted.insert(n);
    }
    process.loop.run_for(milliseconds{n % 30 == 29 ? 8000 : 150});  // a pause, and then there is a backlog
  }
  process.loop.run_for(minutes{1});
}

}  // namespace

void copy_outside(const Outside& from, Outside& to) {
  (void)to.files.make_directories(kOut);
  copy_files(from.files, to.files);
  copy_files(from.files, to.files, kOut);
  to.stored = from.stored;
  to.accepted = from.accepted;
  to.requests = from.requests;
}

bool deliver_for_a_while(Outside& outside) {
  std::optional<Process> process;
  {
    const OutsideWorld quiet;
    (void)outside.files.make_directories(kOut);
    process.emplace(outside);
  }
  try {
    live(*process, outside);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

std::string deliver_the_rest(Outside& outside) {
  Process process{outside};
  process.build();
  process.loop.run_for(minutes{5});
  for (const Cursor* cursor : process.log->cursors()) {
    const LogCounters c = cursor->counters();
    if (!c.balanced()) return fmt::format("the books of {} do not sum up", cursor->name());
    if (c.pending > 0) return fmt::format("{} of {} are still pending", c.pending, cursor->name());
    if (c.evicted + c.quarantined > 0)
      return fmt::format("{} of {} were lost", c.evicted + c.quarantined, cursor->name());
  }
  std::set<int> dead;
  std::set<int> written;
  for (const std::string& path : outside.files.paths()) {
    const std::string text = outside.files.contents(path);
    if (path.starts_with(std::string{kOut} + "/dead")) note_numbers(text, dead);
    if (path.starts_with(std::string{kOut} + "/all"))
      note_numbers(path.ends_with(".gz") ? unpack(text) : text, written);
  }
  for (const int n : outside.accepted) {
    if (!written.contains(n)) return fmt::format("{} is in no file", n);
    if (is_bad(n) ? !dead.contains(n) : !outside.stored.contains(n)) return fmt::format("{} is not in the database", n);
  }
  return {};
}

}  // namespace sonde::pipeline::test
