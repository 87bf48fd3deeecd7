// Fetching documents of targets. Source: RFC 9110, 8.8.3 (ETag) and 13.1.2 (If-None-Match).
#include "cli/target_documents.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/sanitize.h"
#include "io/secret_file.h"

namespace sonde::cli {
namespace {

using core::BilingualText;

constexpr std::size_t kBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kTagBytesMax = 256;
constexpr core::Duration kFetchMax = std::chrono::seconds{10};
constexpr std::string_view kUrlLine = "# Sonde's copy of ";
constexpr std::string_view kTagLine = "# ETag: ";

/// FNV-1a: the same on every machine and in every version, because it names files.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// An ETag as it may be sent back: visible ASCII (RFC 9110, 8.8.3), else none.
std::string tag_of(const io::HttpResponse& response) {
  const std::string_view tag = response.header("etag");
  const bool fine = tag.size() <= kTagBytesMax && std::ranges::all_of(tag, [](char c) { return c > 0x20 && c < 0x7F; });
  return fine ? std::string{tag} : std::string{};
}

BilingualText trouble_of(const io::HttpResponse& r) {
  if (r.error == io::HttpError::kBodyTooLarge) return {"it is larger than 4 MiB", "超过 4 MiB"};
  if (r.error != io::HttpError::kNone) {
    const std::string words = core::sanitize(r.error_text);
    return {words.empty() ? "no answer" : words, words.empty() ? "没有应答" : words};
  }
  if (r.status >= 300 && r.status < 400) {
    return {fmt::format("it answers with a redirect (HTTP {}), which is not followed: write the final URL", r.status),
            fmt::format("返回重定向（HTTP {}），不会跟随：请写最终的 URL", r.status)};
  }
  return {fmt::format("it answers HTTP {}", r.status), fmt::format("返回 HTTP {}", r.status)};
}

}  // namespace

core::Result<std::string_view> TargetDocuments::View::find(std::string_view url) const {
  const auto it = documents_.find(url);
  if (it != documents_.end()) {
    const Document& d = it->second;
    if (newest_ && d.has_newest) return std::string_view{d.newest};
    if (d.has_good) return std::string_view{d.good};
    if (!d.trouble.en.empty()) {
      return core::Error{core::ErrorCode::kIo, "the document cannot be fetched, and there is no copy: " + d.trouble.en,
                         "无法获取文档，也没有副本：" + d.trouble.zh};
    }
  }
  return core::Error{core::ErrorCode::kBusy, "the document has not been fetched yet", "尚未获取文档"};
}

TargetDocuments::TargetDocuments(Parts parts, std::function<void()> on_change,
                                 std::function<void(const BilingualText&)> say)
    : parts_(std::move(parts)), on_change_(std::move(on_change)), say_(std::move(say)) {
  // Only to spread the load: many probers that start together do not ask together for ever.
  random_.seed(static_cast<std::uint32_t>(core::to_unix_ms(parts_.loop.wall_now())) ^
               static_cast<std::uint32_t>(fingerprint(parts_.directory)));
}

TargetDocuments::~TargetDocuments() = default;

void TargetDocuments::add(std::span<const prober::TargetSource> sources) {
  for (const prober::TargetSource& source : sources) {
    const auto [it, fresh] = documents_.try_emplace(source.url);
    Document& d = it->second;
    if (!fresh && d.source == source) continue;
    d.source = source;
    if (fresh) read_copy(d);
    fetch(d);
  }
}

void TargetDocuments::keep_only(std::span<const prober::TargetSource> sources) {
  std::erase_if(documents_, [sources](const auto& entry) {
    return std::ranges::find(sources, entry.first, &prober::TargetSource::url) == sources.end();
  });
}

bool TargetDocuments::complete() const {
  return std::ranges::all_of(documents_, [](const auto& entry) { return entry.second.answered; });
}

void TargetDocuments::refresh() {
  for (auto& [url, d] : documents_) fetch(d);
}

bool TargetDocuments::differ() const {
  return std::ranges::any_of(documents_, [](const auto& entry) {
    const Document& d = entry.second;
    return d.has_newest && (!d.has_good || d.newest != d.good);
  });
}

void TargetDocuments::accept() {
  for (auto& [url, d] : documents_) {
    if (!d.has_newest || (d.has_good && d.newest == d.good && d.newest_tag == d.good_tag)) continue;
    d.good = d.newest;
    d.good_tag = d.newest_tag;
    d.has_good = true;
    write_copy(d);
  }
}

// ---- the copy on disk: two lines of comment and the document ----

std::string TargetDocuments::copy_path(const std::string& url) const {
  return fmt::format("{}/{:016x}.yaml", parts_.directory, fingerprint(url));
}

void TargetDocuments::read_copy(Document& d) {
  const auto text = parts_.files.read_all(copy_path(d.source.url), kBytesMax + 4096);
  if (!text) return;
  const std::size_t first = text->find('\n');
  const std::size_t second = first == std::string::npos ? first : text->find('\n', first + 1);
  if (second == std::string::npos) return;
  const std::string_view url_line = std::string_view{*text}.substr(0, first);
  const std::string_view tag_line = std::string_view{*text}.substr(first + 1, second - first - 1);
  if (url_line != std::string{kUrlLine} + d.source.url || !tag_line.starts_with(kTagLine)) return;
  d.good_tag = tag_line.substr(kTagLine.size());
  d.good = text->substr(second + 1);
  d.has_good = true;
}

void TargetDocuments::write_copy(Document& d) {
  auto kept = parts_.files.make_directories(parts_.directory);
  if (kept) {
    kept = parts_.files.replace(copy_path(d.source.url),
                                fmt::format("{}{}\n{}{}\n{}", kUrlLine, d.source.url, kTagLine, d.good_tag, d.good));
  }
  if (kept) return;
  say_({fmt::format("No copy of {} could be kept: {}", d.source.url, kept.error().message),
        fmt::format("无法保存 {} 的副本：{}", d.source.url, kept.error().message)});
}

// ---- fetching ----

void TargetDocuments::fetch(Document& d) {
  d.timer.reset();
  io::HttpRequest request;
  request.url = d.source.url;
  request.timeout = kFetchMax;
  request.body_bytes_max = kBytesMax;
  request.accept_encoding = "gzip";
  request.ca_file = d.source.ca_file;
  request.headers.emplace_back("Accept", "application/yaml, text/yaml, text/plain, */*;q=0.5");
  // Of what came last, even when it has mistakes: the same mistakes need not come again.
  const std::string& tag = d.has_newest ? d.newest_tag : d.good_tag;
  if (!tag.empty()) request.headers.emplace_back("If-None-Match", tag);
  if (!d.source.token_file.empty()) {
    const auto token = io::read_secret(parts_.files, d.source.token_file);  // each time: it may be renewed
    if (!token) {
      d.request = parts_.loop.soon([this, &d, error = token.error()] {
        fail(d, {error.message, error.zh});
        arm(d);
      });
      return;
    }
    request.headers.emplace_back("Authorization", "Bearer " + *token);
  }
  d.request = parts_.http.fetch(std::move(request), [this, &d](const io::HttpResponse& r) { on_answer(d, r); });
}

void TargetDocuments::arm(Document& d) {
  std::uniform_real_distribution<double> around{0.9, 1.1};
  const auto wait = std::chrono::duration_cast<core::Duration>(d.source.refresh * around(random_));
  d.timer = parts_.loop.after(wait, [this, &d] { fetch(d); });
}

void TargetDocuments::fail(Document& d, BilingualText why) {
  const bool first = !std::exchange(d.answered, true);
  const bool fresh = d.trouble.en != why.en;
  d.trouble = std::move(why);
  if (fresh && d.has_good) {
    say_({fmt::format("{} cannot be fetched: {}; the copy is used.", d.source.url, d.trouble.en),
          fmt::format("无法获取 {}：{}；使用副本。", d.source.url, d.trouble.zh)});
  }
  if (first && complete()) on_change_();
}

void TargetDocuments::on_answer(Document& d, const io::HttpResponse& response) {
  arm(d);
  const bool same = response.error == io::HttpError::kNone && response.status == 304 && (d.has_newest || d.has_good);
  const bool fresh = response.error == io::HttpError::kNone && response.status == 200;
  if (!same && !fresh) return fail(d, trouble_of(response));
  const bool first = !std::exchange(d.answered, true);
  if (!std::exchange(d.trouble, {}).en.empty() && !first) {
    say_({fmt::format("{} can be fetched again.", d.source.url), fmt::format("又可以获取 {} 了。", d.source.url)});
  }
  const std::string& known = d.has_newest ? d.newest : d.good;
  const bool changed = fresh && (!(d.has_newest || d.has_good) || response.body != known);
  if (fresh) {
    d.newest = response.body;
    d.newest_tag = tag_of(response);
    d.has_newest = true;
  }
  if (changed || (first && complete())) on_change_();  // may end this document's life
}

}  // namespace sonde::cli
