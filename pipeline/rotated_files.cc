// Names by time, pruning, and packing in small steps so that the loop never waits.
#include "pipeline/rotated_files.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/text.h"
#include "pipeline/influx_wire.h"

namespace sonde::pipeline {
namespace {

using core::Result;

constexpr std::string_view kPacked = ".gz";
constexpr std::string_view kHalf = ".part";
constexpr std::string_view kStampForm = "00000000T000000.000Z";  // 0 stands for any digit
constexpr std::size_t kChunkBytes = 128 * 1024;                  // about a millisecond of packing
constexpr core::Duration kChunkPause = std::chrono::milliseconds{20};

/// "20251125T112620.123Z"
std::string stamp(core::WallTime t) {
  std::string text = core::format_utc(t);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  return text + fmt::format(".{:03}Z", core::to_unix_ms(t) % 1000);
}

/// The time of a text that is_stamp().
core::WallTime time_of(std::string_view text) {
  const auto digits = [text](std::size_t at, std::size_t n) {
    int value = 0;
    for (const char c : text.substr(at, n)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year{digits(0, 4)},
                                        std::chrono::month{static_cast<unsigned>(digits(4, 2))},
                                        std::chrono::day{static_cast<unsigned>(digits(6, 2))}};
  return core::WallTime{std::chrono::sys_days{day}.time_since_epoch()} + std::chrono::hours{digits(9, 2)} +
         std::chrono::minutes{digits(11, 2)} + std::chrono::seconds{digits(13, 2)} +
         std::chrono::milliseconds{digits(16, 3)};
}

bool is_stamp(std::string_view text) {
  return std::ranges::equal(text, kStampForm,
                            [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
}

}  // namespace

RotatedFiles::RotatedFiles(io::Loop& loop, io::Files& files, const std::string& path, int keep, bool gzip)
    : loop_(loop), files_(files), keep_(keep), gzip_(gzip) {
  const std::size_t slash = path.rfind('/');
  folder_ = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  file_ = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = file_.rfind('.');
  stem_ = file_.substr(0, dot == 0 ? std::string::npos : dot);
  extension_ = file_.substr(stem_.size());
}

std::string RotatedFiles::in_folder(std::string_view name) const {
  return folder_ == "/" ? fmt::format("/{}", name) : fmt::format("{}/{}", folder_, name);
}

bool RotatedFiles::is_rotated(std::string_view name) const {
  if (name.ends_with(kPacked)) name.remove_suffix(kPacked.size());
  if (!name.starts_with(stem_)) return false;
  name.remove_prefix(stem_.size());
  if (!name.starts_with('-') || !name.ends_with(extension_)) return false;
  name.remove_suffix(extension_.size());
  return is_stamp(name.substr(std::min<std::size_t>(1, name.size())));
}

Result<std::vector<std::string>> RotatedFiles::list() {
  auto names = files_.list(folder_);
  if (!names) return names;
  std::erase_if(*names, [this](const std::string& name) { return !is_rotated(name); });
  return names;
}

void RotatedFiles::resume() {
  const auto names = files_.list(folder_);
  if (!names) return;
  for (const std::string& name : *names) {
    const bool half = name.ends_with(kHalf) && is_rotated(std::string_view{name}.substr(0, name.size() - kHalf.size()));
    if (half) (void)files_.remove(in_folder(name));  // its whole is still there
    if (gzip_ && is_rotated(name) && !name.ends_with(kPacked)) to_pack_.push_back(name);
  }
  prune();
  pack_next();
}

// A name that a file has or had is not used again, also when the clock was set back: names sort by age.
Result<void> RotatedFiles::put_aside(core::WallTime now) {
  const auto taken = list();
  if (!taken) return taken.error();
  if (!taken->empty()) {
    const std::string_view newest = std::string_view{taken->back()}.substr(stem_.size() + 1, kStampForm.size());
    now = std::max(now, time_of(newest) + std::chrono::milliseconds{1});
  }
  const std::string name = fmt::format("{}-{}{}", stem_, stamp(now), extension_);
  if (auto renamed = files_.rename(in_folder(file_), in_folder(name)); !renamed) return renamed;
  if (auto synced = files_.sync_directory(folder_); !synced) return synced;
  if (gzip_) to_pack_.push_back(name);
  prune();
  pack_next();
  return {};
}

void RotatedFiles::prune() {
  if (keep_ <= 0) return;
  auto names = list();
  if (!names) return;
  // A file that was packed and not removed yet counts once.
  const auto whole = [](const std::string& n) { return n.ends_with(kPacked) ? n.substr(0, n.size() - 3) : n; };
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < names->size(); ++i) distinct += i == 0 || whole((*names)[i]) != whole((*names)[i - 1]);
  for (std::size_t i = 0; i < names->size() && distinct > static_cast<std::size_t>(keep_); ++i) {
    const std::string name = (*names)[i];
    if (auto removed = files_.remove(in_folder(name)); !removed) {
      spdlog::warn("cannot remove {}: {}", in_folder(name), removed.error().message);
      return;
    }
    std::erase(to_pack_, name);
    if (packing_ && packing_->name == name) {
      (void)files_.remove(in_folder(name + std::string{kPacked} + std::string{kHalf}));
      packing_.reset();
    }
    distinct -= i + 1 == names->size() || whole((*names)[i + 1]) != whole(name);
  }
}

void RotatedFiles::pack_next() {
  if (packing_ || to_pack_.empty()) return;
  auto packing = std::make_unique<Packing>();
  packing->name = std::move(to_pack_.front());
  to_pack_.pop_front();
  auto from = files_.open(in_folder(packing->name), io::OpenMode::kReadOnly);
  auto to = files_.open(in_folder(packing->name + std::string{kPacked} + std::string{kHalf}), io::OpenMode::kCreate);
  if (from && to && (*to)->truncate(0)) {
    packing->from = std::move(*from);
    packing->to = std::move(*to);
    packing_ = std::move(packing);
  }
  step_ = loop_.after(kChunkPause, [this] { pack_some(); });
}

// A file that cannot be packed stays as it is, until the next start tries again.
void RotatedFiles::pack_some() {
  if (packing_) {
    const auto done = pack_chunk();
    if (!done) {
      spdlog::warn("cannot pack {}: {}", packing_->name, done.error().message);
      (void)files_.remove(in_folder(packing_->name + std::string{kPacked} + std::string{kHalf}));
    }
    if (!done || *done) packing_.reset();
  }
  if (packing_) {
    step_ = loop_.after(kChunkPause, [this] { pack_some(); });
  } else {
    pack_next();
  }
}

// Each chunk is a gzip member of its own, which every reader takes as one file (RFC 1952 2.2). True at the end.
Result<bool> RotatedFiles::pack_chunk() {
  auto chunk = packing_->from->read_at(packing_->at, kChunkBytes);
  if (!chunk) return chunk.error();
  if (!chunk->empty()) {
    if (auto written = packing_->to->append(gzip(*chunk)); !written) return written.error();
    packing_->at += chunk->size();
    return false;
  }
  if (auto ended = packed(); !ended) return ended.error();
  return true;
}

Result<void> RotatedFiles::packed() {
  const std::string whole = in_folder(packing_->name);
  if (auto synced = packing_->to->sync(); !synced) return synced;
  if (auto renamed = files_.rename(whole + std::string{kPacked} + std::string{kHalf}, whole + std::string{kPacked});
      !renamed) {
    return renamed;
  }
  if (auto synced = files_.sync_directory(folder_); !synced) return synced;
  if (auto removed = files_.remove(whole); !removed) return removed;
  return files_.sync_directory(folder_);
}

}  // namespace sonde::pipeline
