// The file system in memory.
#include "tests/support/sim_files.h"

#include <algorithm>
#include <random>
#include <set>

#include "core/check.h"

namespace sonde::test {

using core::Error;
using core::ErrorCode;
using io::Result;

namespace {

constexpr std::uint64_t kUnlimitedFree = 1ULL << 40;

/// Without trailing or double slashes, so that "/a//b/" and "/a/b" are one directory.
std::string normal(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '/' && !out.empty() && out.back() == '/') continue;
    out += c;
  }
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

std::pair<std::string, std::string> split(const std::string& path) {
  const std::string p = normal(path);
  const std::size_t slash = p.rfind('/');
  if (slash == std::string::npos) return {".", p};
  return {slash == 0 ? "/" : p.substr(0, slash), p.substr(slash + 1)};
}

Error not_found(const std::string& path) { return {ErrorCode::kNotFound, "cannot open " + path + ": no such file"}; }

}  // namespace

class SimFile final : public io::File {
 public:
  SimFile(SimFiles& files, std::shared_ptr<SimFiles::Node> node, std::string path, bool writable, bool holds_lock)
      : files_(files),
        node_(std::move(node)),
        path_(std::move(path)),
        boot_(files.boot_),
        writable_(writable),
        holds_lock_(holds_lock) {}
  ~SimFile() override {
    if (holds_lock_ && boot_ == files_.boot_) node_->locked = false;
  }
  SimFile(const SimFile&) = delete;
  SimFile& operator=(const SimFile&) = delete;

  Result<void> append(std::string_view bytes) override {
    return write(node_->live.size(), bytes, FileOperation::kAppend);
  }
  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    return write(offset, bytes, FileOperation::kWriteAt);
  }
  [[nodiscard]] Result<std::string> read_at(std::uint64_t offset, std::size_t size) const override {
    if (auto bad = begin(FileOperation::kReadAt, "read"); bad) return *bad;
    if (offset >= node_->live.size()) return std::string{};
    return node_->live.substr(offset, size);
  }
  [[nodiscard]] Result<std::uint64_t> size() const override {
    if (auto bad = begin(FileOperation::kSize, "look at"); bad) return *bad;
    return std::uint64_t{node_->live.size()};
  }
  Result<void> truncate(std::uint64_t size) override {
    if (auto bad = begin(FileOperation::kTruncate, "truncate"); bad) return *bad;
    if (!writable_) return read_only();
    SimFiles::Change change{.offset = 0, .bytes = {}, .truncate_to = size};
    SimFiles::apply(node_->live, change);
    node_->reserved = std::min<std::uint64_t>(node_->reserved, size);  // ftruncate(2) frees blocks past the end
    node_->unsynced.push_back(std::move(change));
    return {};
  }
  Result<void> reserve(std::uint64_t size) override {
    if (auto bad = begin(FileOperation::kReserve, "reserve space for"); bad) return *bad;
    if (!writable_) return read_only();
    const std::uint64_t held = std::max<std::uint64_t>(node_->reserved, node_->live.size());
    if (size > held && files_.capacity_ && files_.used_bytes() + (size - held) > *files_.capacity_) {
      return Error{ErrorCode::kNoSpace, "cannot reserve space for " + path_ + ": no space left"};
    }
    node_->reserved = std::max(node_->reserved, size);
    return {};
  }
  Result<void> sync() override {
    if (auto bad = begin(FileOperation::kSync, "sync"); bad) return *bad;
    node_->durable = node_->live;
    node_->unsynced.clear();
    return {};
  }

 private:
  [[nodiscard]] Error read_only() const { return {ErrorCode::kIo, "cannot write " + path_ + ": opened read-only"}; }
  [[nodiscard]] std::optional<Error> stale() const {
    if (boot_ == files_.boot_) return std::nullopt;
    return Error{ErrorCode::kIo, "cannot use " + path_ + ": it was open when the machine crashed"};
  }
  [[nodiscard]] std::optional<Error> begin(FileOperation operation, std::string_view what) const {
    if (auto bad = stale(); bad) return bad;
    if (auto failure = files_.begin(operation); failure) return SimFiles::error(*failure, what, path_);
    return std::nullopt;
  }
  Result<void> write(std::uint64_t offset, std::string_view bytes, FileOperation operation) {
    if (auto bad = stale(); bad) return *bad;
    if (!writable_) return read_only();
    return files_.change(node_, {.offset = offset, .bytes = std::string(bytes), .truncate_to = {}}, operation, path_);
  }

  SimFiles& files_;
  std::shared_ptr<SimFiles::Node> node_;
  std::string path_;
  std::uint64_t boot_;
  bool writable_;
  bool holds_lock_;
};

SimFiles::SimFiles() {
  directories_["/"];
  directories_["."];
}

SimFiles::~SimFiles() = default;

// ---- Failures

std::optional<SimFiles::Failure> SimFiles::begin(FileOperation operation) {
  auto failure = planned_failure(operation);
  if (failure) ++failures_;
  return failure;
}

std::optional<SimFiles::Failure> SimFiles::planned_failure(FileOperation operation) {
  ++operations_;
  const std::uint64_t of_kind = ++counts_[operation];
  if (from_ && operations_ >= from_->first) {
    Failure failure = from_->second;
    if (operations_ > from_->first) failure.torn_bytes = 0;  // only the write under way is torn
    return failure;
  }
  if (const auto it = planned_.find(operations_); it != planned_.end()) return it->second;
  if (const auto it = next_.find(operation); it != next_.end() && it->second.first > 0) {
    --it->second.first;
    return it->second.second;
  }
  if (const auto it = nth_.find(operation); it != nth_.end() && it->second.n <= of_kind && it->second.times > 0) {
    --it->second.times;
    return it->second.failure;
  }
  return std::nullopt;
}

std::uint64_t SimFiles::count(FileOperation operation) const {
  const auto it = counts_.find(operation);
  return it == counts_.end() ? 0 : it->second;
}

void SimFiles::fail_nth(FileOperation operation, std::uint64_t n, ErrorCode code, int times) {
  nth_[operation] = {.n = n, .times = times, .failure = {code, 0}};
}

Error SimFiles::error(const Failure& failure, std::string_view what, const std::string& path) {
  return {failure.code, "cannot " + std::string(what) + " " + path + ": injected failure"};
}

void SimFiles::fail_at(std::uint64_t n, ErrorCode code, std::size_t torn_bytes) { planned_[n] = {code, torn_bytes}; }

void SimFiles::fail_from(std::uint64_t n, std::size_t torn_bytes) { from_ = {n, {ErrorCode::kIo, torn_bytes}}; }

void SimFiles::fail_next(FileOperation operation, ErrorCode code, int times) { next_[operation] = {times, {code, 0}}; }

void SimFiles::heal() {
  planned_.clear();
  from_.reset();
  next_.clear();
  nth_.clear();
}

std::uint64_t SimFiles::used_bytes() const {
  std::set<const Node*> seen;
  std::uint64_t used = 0;
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, node] : directory.live) {
      if (seen.insert(node.get()).second) used += std::max<std::uint64_t>(node->live.size(), node->reserved);
    }
  }
  return used;
}

// ---- Bytes

void SimFiles::apply(std::string& bytes, const Change& change) {
  if (change.truncate_to) {
    bytes.resize(*change.truncate_to, '\0');
    return;
  }
  if (change.bytes.empty()) return;
  if (bytes.size() < change.offset + change.bytes.size()) bytes.resize(change.offset + change.bytes.size(), '\0');
  bytes.replace(change.offset, change.bytes.size(), change.bytes);
}

Result<void> SimFiles::change(const std::shared_ptr<Node>& node, Change change, FileOperation operation,
                              const std::string& path) {
  std::optional<Error> bad;
  if (auto failure = begin(operation); failure) {
    bad = error(*failure, "write", path);
    change.bytes.resize(std::min(change.bytes.size(), failure->torn_bytes));
  }
  const std::uint64_t held = std::max<std::uint64_t>(node->live.size(), node->reserved);
  const std::uint64_t end = change.offset + change.bytes.size();
  if (capacity_ && end > held) {
    const std::uint64_t free = *capacity_ > used_bytes() ? *capacity_ - used_bytes() : 0;
    if (end - held > free) {
      // write(2) writes what fits, and only the next call says that the disk is full.
      const std::uint64_t fits = held + free > change.offset ? held + free - change.offset : 0;
      change.bytes.resize(std::min<std::uint64_t>(change.bytes.size(), fits));
      if (!bad) bad = Error{ErrorCode::kNoSpace, "cannot write " + path + ": no space left"};
    }
  }
  apply(node->live, change);
  if (!change.bytes.empty()) node->unsynced.push_back(std::move(change));
  if (bad) return *bad;
  return {};
}

// ---- Names

std::shared_ptr<SimFiles::Node> SimFiles::find(const std::string& path) const {
  const auto [directory, name] = split(path);
  const auto d = directories_.find(directory);
  if (d == directories_.end()) return nullptr;
  const auto it = d->second.live.find(name);
  return it == d->second.live.end() ? nullptr : it->second;
}

Result<std::shared_ptr<SimFiles::Node>> SimFiles::find_or_make(const std::string& path, bool make) {
  if (auto node = find(path); node != nullptr) return node;
  const auto [directory, name] = split(path);
  const auto d = directories_.find(directory);
  if (!make || d == directories_.end()) return not_found(path);
  auto node = std::make_shared<Node>();
  change_names({{{directory, name, node}}});
  return node;
}

void SimFiles::change_names(NameChange change) {
  for (const auto& part : change.parts) {
    if (part.node == nullptr) {
      directories_[part.directory].live.erase(part.name);
    } else {
      directories_[part.directory].live[part.name] = part.node;
    }
  }
  names_unsynced_.push_back(std::move(change));
}

void SimFiles::make_durable(const NameChange& change) {
  for (const auto& part : change.parts) {
    if (part.node == nullptr) {
      directories_[part.directory].durable.erase(part.name);
    } else {
      directories_[part.directory].durable[part.name] = part.node;
    }
  }
}

Result<std::unique_ptr<io::File>> SimFiles::open(const std::string& path, io::OpenMode mode) {
  if (auto failure = begin(FileOperation::kOpen); failure) return error(*failure, "open", path);
  auto node = find_or_make(path, mode == io::OpenMode::kCreate);
  if (!node) return node.error();
  return std::unique_ptr<io::File>(
      std::make_unique<SimFile>(*this, *node, path, mode != io::OpenMode::kReadOnly, false));
}

Result<std::unique_ptr<io::File>> SimFiles::lock(const std::string& path) {
  if (auto failure = begin(FileOperation::kLock); failure) return error(*failure, "lock", path);
  auto node = find_or_make(path, true);
  if (!node) return node.error();
  if ((*node)->locked) return Error{ErrorCode::kBusy, path + " is locked by process 1"};
  (*node)->locked = true;
  return std::unique_ptr<io::File>(std::make_unique<SimFile>(*this, *node, path, true, true));
}

Result<std::vector<std::string>> SimFiles::list(const std::string& directory) {
  if (auto failure = begin(FileOperation::kList); failure) return error(*failure, "list", directory);
  const std::string wanted = normal(directory);
  const auto d = directories_.find(wanted);
  if (d == directories_.end()) return not_found(directory);
  std::vector<std::string> names;
  for (const auto& [name, node] : d->second.live) names.push_back(name);
  for (const auto& [path, below] : directories_) {
    if (path == wanted || path == ".") continue;
    const auto [parent, name] = split(path);
    if (parent == wanted && !name.empty()) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> SimFiles::make_directories(const std::string& directory) {
  if (auto failure = begin(FileOperation::kMakeDirectories); failure) return error(*failure, "make", directory);
  // The real one syncs the parents of what it makes, so the names are durable.
  for (std::string path = normal(directory); !directories_.contains(path); path = split(path).first) {
    directories_[path];
  }
  return {};
}

Result<void> SimFiles::remove(const std::string& path) {
  if (auto failure = begin(FileOperation::kRemove); failure) return error(*failure, "remove", path);
  if (find(path) == nullptr) return not_found(path);
  const auto [directory, name] = split(path);
  change_names({{{directory, name, nullptr}}});
  return {};
}

Result<void> SimFiles::rename(const std::string& from, const std::string& to) {
  if (auto failure = begin(FileOperation::kRename); failure) return error(*failure, "rename", from);
  const auto node = find(from);
  const auto [to_directory, to_name] = split(to);
  if (node == nullptr || !directories_.contains(to_directory)) return not_found(from);
  const auto [from_directory, from_name] = split(from);
  change_names({{{from_directory, from_name, nullptr}, {to_directory, to_name, node}}});
  return {};
}

Result<void> SimFiles::sync_directory(const std::string& directory) {
  if (auto failure = begin(FileOperation::kSyncDirectory); failure) return error(*failure, "sync", directory);
  const std::string wanted = normal(directory);
  if (!directories_.contains(wanted)) return not_found(directory);
  std::erase_if(names_unsynced_, [&](const NameChange& change) {
    const bool here = std::any_of(change.parts.begin(), change.parts.end(),
                                  [&](const NameChange::Part& part) { return part.directory == wanted; });
    if (here) make_durable(change);
    return here;
  });
  return {};
}

Result<std::uint64_t> SimFiles::free_bytes(const std::string& directory) {
  if (auto failure = begin(FileOperation::kFreeBytes); failure) return error(*failure, "look at", directory);
  if (!capacity_) return kUnlimitedFree;
  const std::uint64_t used = used_bytes();
  return *capacity_ > used ? *capacity_ - used : 0;
}

Result<bool> SimFiles::is_private(const std::string& path) {
  if (auto failure = begin(FileOperation::kIsPrivate); failure) return error(*failure, "look at", path);
  if (find(path) == nullptr) return not_found(path);
  return !shared_.contains(path);
}

// ---- Power loss

void SimFiles::crash() { power_loss(std::nullopt); }

void SimFiles::crash_torn(std::uint64_t seed) { power_loss(seed); }

void SimFiles::power_loss(std::optional<std::uint64_t> seed) {
  ++boot_;
  heal();
  std::mt19937_64 random(seed.value_or(0));
  std::set<Node*> settled;
  const auto settle = [&](Node& node) {
    if (!settled.insert(&node).second) return;
    for (const Change& change : node.unsynced) {
      if (!seed) break;
      const auto fate = random() % 3;
      if (fate == 0) continue;
      Change kept = change;
      if (fate == 2 && !kept.truncate_to) kept.bytes.resize(random() % (kept.bytes.size() + 1));
      apply(node.durable, kept);
    }
    node.live = node.durable;
    node.unsynced.clear();
    node.reserved = 0;
    node.locked = false;
  };
  if (seed) {
    const std::size_t kept = random() % (names_unsynced_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) make_durable(names_unsynced_[i]);
  }
  names_unsynced_.clear();
  for (auto& [path, directory] : directories_) {
    directory.live = directory.durable;
    for (auto& [name, node] : directory.live) settle(*node);
  }
}

// ---- Looking in

bool SimFiles::exists(const std::string& path) const {
  return find(path) != nullptr || directories_.contains(normal(path));
}

std::vector<std::string> SimFiles::paths() const {
  std::vector<std::string> out;
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, node] : directory.live) out.push_back((path == "/" ? "" : path) + "/" + name);
  }
  return out;
}

std::string SimFiles::contents(const std::string& path) const {
  const auto node = find(path);
  return node == nullptr ? std::string{} : node->live;
}

void SimFiles::set_contents(const std::string& path, std::string_view bytes) {
  const auto [directory, name] = split(path);
  for (std::string d = directory; !directories_.contains(d); d = split(d).first) directories_[d];
  auto node = std::make_shared<Node>();
  node->live = node->durable = std::string(bytes);
  directories_[directory].live[name] = node;
  directories_[directory].durable[name] = node;
}

void SimFiles::corrupt(const std::string& path, std::uint64_t offset, unsigned char mask) {
  const auto node = find(path);
  SONDE_CHECK(node != nullptr && offset < node->live.size(), "no such byte to corrupt");
  const auto flip = [&](std::string& bytes) {
    if (offset < bytes.size()) bytes[offset] = static_cast<char>(static_cast<unsigned char>(bytes[offset]) ^ mask);
  };
  flip(node->live);
  flip(node->durable);
}

}  // namespace sonde::test
