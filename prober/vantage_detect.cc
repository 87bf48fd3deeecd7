// Asking metadata services side by side.
#include "prober/vantage_detect.h"

#include <algorithm>
#include <memory>
#include <set>

#include "core/check.h"
#include "io/address.h"

namespace sonde::prober {
namespace {

constexpr std::size_t kHeadBytesMax = 16 * 1024;
constexpr std::size_t kBodyBytesMax = 64 * 1024;
constexpr int kPort = 80;
constexpr std::size_t kCloudsTooMany = 3;

using Kind = MetadataFinding::Kind;

std::string base_of(const MetadataService& service, const DetectOptions& options) {
  const auto at = io::parse_endpoint(options.address.empty() ? service.address : options.address, kPort);
  SONDE_CHECK(at.has_value(), "a metadata service without a numeric address");
  return "http://" + to_string(*at);
}

/// One service: its token, then its questions side by side.
class Asking {
 public:
  struct Parts {
    io::HttpClient& http;
    const Catalogue& catalogue;
    const DetectOptions& options;
  };
  Asking(Parts parts, const MetadataService& service, core::Callback<void()> ended)
      : parts_(parts), service_(service), ended_(std::move(ended)) {
    finding_.service = &service;
  }

  void start() {
    if (service_.token.path.empty()) return ask();
    io::HttpRequest request = request_to(service_.token.path);
    request.method = "PUT";
    request.headers.emplace_back(service_.token.header.name, service_.token.header.value);
    request.body = service_.token.body;
    requests_.push_back(parts_.http.fetch(std::move(request), [this](io::HttpResponse r) { on_token(r); }));
  }

  [[nodiscard]] const MetadataFinding& finding() const { return finding_; }

 private:
  [[nodiscard]] io::HttpRequest request_to(std::string_view path) const {
    io::HttpRequest request;
    request.url = base_of(service_, parts_.options) + std::string{path};
    request.headers.emplace_back("User-Agent", "sonde/" + parts_.options.version + " (vantage detection)");
    for (const MetadataHeader& h : service_.headers) request.headers.emplace_back(h.name, h.value);
    request.timeout = parts_.options.timeout;
    request.header_bytes_max = kHeadBytesMax;
    request.body_bytes_max = kBodyBytesMax;
    return request;
  }

  /// Whether it is an answer that can be read; else why not is noted.
  bool usable(const io::HttpResponse& r) {
    if (r.status != 0) finding_.status = r.status;
    const bool whole = r.error == io::HttpError::kNone;
    if (whole && r.status == 200) return true;
    // A body over the limit or a broken one is an answer, too, but of nobody we know.
    note(r.status == 0 ? Kind::kSilent : r.status == 200 ? Kind::kStrange : Kind::kRefused);
    return false;
  }

  /// Of several questions the strangest answer says most.
  void note(Kind kind) { finding_.kind = std::max(finding_.kind, kind); }

  void on_token(const io::HttpResponse& r) {
    if (!usable(r)) return ended_();
    auto token = token_in(r.body, service_.token);
    if (!token) {
      note(Kind::kStrange);
      return ended_();
    }
    token_ = std::string{service_.token.prefix} + *token;
    ask();
  }

  void ask() {
    open_ = service_.questions.size();
    for (const MetadataQuestion& q : service_.questions) {
      io::HttpRequest request = request_to(q.path);
      if (!token_.empty()) request.headers.emplace_back(service_.token.send_as, token_);
      requests_.push_back(parts_.http.fetch(std::move(request), [this, &q](io::HttpResponse r) { on_answer(q, r); }));
    }
  }

  void on_answer(const MetadataQuestion& q, const io::HttpResponse& r) {
    --open_;
    if (usable(r)) read(q, r.body);
    if (open_ > 0) return;
    const bool whose = !region_.empty() || service_.questions.size() == 1;  // a zone alone, where that is all it tells
    if (whose) finding_.place = place_of(parts_.catalogue, service_.providers, region_, zone_);
    if (finding_.place) finding_.kind = Kind::kTold;
    if (service_.shared && finding_.place && !finding_.place->place) finding_.place.reset();
    ended_();
  }

  void read(const MetadataQuestion& q, std::string_view body) {
    auto region = q.region.empty() ? std::nullopt : name_in(body, q.region);
    auto zone = q.zone.empty() ? std::nullopt : name_in(body, q.zone);
    if (!region && !zone) return note(Kind::kStrange);
    if (region) region_ = std::move(*region);
    if (zone) zone_ = std::move(*zone);
  }

  Parts parts_;
  const MetadataService& service_;
  core::Callback<void()> ended_;
  std::vector<io::Handle> requests_;
  std::string token_;
  std::size_t open_ = 0;  // questions without an answer
  std::string region_;
  std::string zone_;
  MetadataFinding finding_;
};

/// A newer cloud may still be told apart; a region of the catalogue is as good as it gets.
bool is_sure(const VantageDetection& d) { return d.place() != nullptr && d.place()->place.has_value(); }

class Detection final : public io::Handle::Pending {
 public:
  Detection(io::Loop& loop, io::HttpClient& http, const Catalogue& catalogue, DetectOptions options,
            core::Callback<void(VantageDetection)> done)
      : loop_(loop),
        http_(http),
        catalogue_(catalogue),
        options_(std::move(options)),
        done_(std::move(done)),
        started_(loop.precise_now()) {}

  void start() {
    for (const MetadataService& service : metadata_services()) {
      asked_.push_back(
          std::make_unique<Asking>(Asking::Parts{http_, catalogue_, options_}, service, [this] { on_ended(); }));
    }
    open_ = asked_.size();
    timeout_ = loop_.after(options_.timeout, [this] { finish(); });
    for (const auto& asking : asked_) asking->start();
  }

 private:
  void on_ended() {
    --open_;
    if (open_ == 0) {
      // Not here: the one who ended is still at work.
      last_ = loop_.soon([this] { finish(); });
    } else if (!grace_ && is_sure(gather())) {
      grace_ = loop_.after(options_.grace, [this] { finish(); });
    }
  }

  [[nodiscard]] VantageDetection gather() const {
    VantageDetection out;
    for (const auto& asking : asked_) out.findings.push_back(asking->finding());
    believe(out);
    return out;
  }

  void finish() {
    VantageDetection out = gather();
    out.took = loop_.precise_now() - started_;
    asked_.clear();
    timeout_.reset();
    grace_.reset();
    core::Callback<void(VantageDetection)> done = std::move(done_);
    done(std::move(out));  // may destroy this
  }

  io::Loop& loop_;
  io::HttpClient& http_;
  const Catalogue& catalogue_;
  DetectOptions options_;
  core::Callback<void(VantageDetection)> done_;
  core::MonoTime started_;
  std::vector<std::unique_ptr<Asking>> asked_;
  std::size_t open_ = 0;
  io::Handle timeout_;
  io::Handle grace_;
  io::Handle last_;
};

/// Higher is surer; 0 is nothing to believe.
int weight(const MetadataFinding& f) {
  if (!f.place) return 0;
  if (!f.place->place) return 1;
  return f.service->shared ? 2 : 3;
}

}  // namespace

void believe(VantageDetection& detection) {
  detection.found.reset();
  detection.contradictory = false;
  int best = 0;
  std::set<std::string_view> named;
  for (std::size_t i = 0; i < detection.findings.size(); ++i) {
    const MetadataFinding& f = detection.findings[i];
    const int w = weight(f);
    if (w > 0) named.insert(f.place->provider);
    if (w > best) {
      best = w;
      detection.found = i;
      detection.contradictory = false;
    } else if (w == best && w > 0) {
      const DetectedPlace& other = *detection.findings[*detection.found].place;
      detection.contradictory |= other.provider != f.place->provider || other.region != f.place->region;
    }
  }
  // Something that says yes to everything is none of them.
  detection.contradictory |= named.size() >= kCloudsTooMany;
  if (detection.contradictory) detection.found.reset();
}

io::Handle detect_vantage(io::Loop& loop, io::HttpClient& http, const Catalogue& catalogue,
                          const DetectOptions& options, core::Callback<void(VantageDetection)> done) {
  auto detection = std::make_unique<Detection>(loop, http, catalogue, options, std::move(done));
  detection->start();
  return io::Handle{std::move(detection)};
}

}  // namespace sonde::prober
