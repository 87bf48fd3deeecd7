// A SimFiles whose own memory never runs out: it stands in for the kernel.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/sim_files.h"
#include "tests/unit/torture/failing_new.h"

namespace sonde::test {

class OutsideFile final : public io::File {
 public:
  explicit OutsideFile(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  io::Result<void> append(std::string_view bytes) override { return (OutsideWorld{}, file_->append(bytes)); }
  io::Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    return (OutsideWorld{}, file_->write_at(offset, bytes));
  }
  [[nodiscard]] io::Result<std::string> read_at(std::uint64_t offset, std::size_t size) const override {
    return (OutsideWorld{}, file_->read_at(offset, size));
  }
  [[nodiscard]] io::Result<std::uint64_t> size() const override { return (OutsideWorld{}, file_->size()); }
  io::Result<void> truncate(std::uint64_t size) override { return (OutsideWorld{}, file_->truncate(size)); }
  io::Result<void> reserve(std::uint64_t size) override { return (OutsideWorld{}, file_->reserve(size)); }
  io::Result<void> sync() override { return (OutsideWorld{}, file_->sync()); }

 private:
  std::unique_ptr<io::File> file_;
};

class OutsideFiles final : public io::Files {
 public:
  explicit OutsideFiles(SimFiles& files) : files_(files) {}
  [[nodiscard]] io::Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override {
    const OutsideWorld outside;
    return wrap(files_.open(path, mode));
  }
  [[nodiscard]] io::Result<std::unique_ptr<io::File>> lock(const std::string& path) override {
    const OutsideWorld outside;
    return wrap(files_.lock(path));
  }
  [[nodiscard]] io::Result<std::vector<std::string>> list(const std::string& directory) override {
    return (OutsideWorld{}, files_.list(directory));
  }
  io::Result<void> make_directories(const std::string& directory) override {
    return (OutsideWorld{}, files_.make_directories(directory));
  }
  io::Result<void> remove(const std::string& path) override { return (OutsideWorld{}, files_.remove(path)); }
  io::Result<void> rename(const std::string& from, const std::string& to) override {
    return (OutsideWorld{}, files_.rename(from, to));
  }
  io::Result<void> sync_directory(const std::string& directory) override {
    return (OutsideWorld{}, files_.sync_directory(directory));
  }
  [[nodiscard]] io::Result<std::uint64_t> free_bytes(const std::string& directory) override {
    return (OutsideWorld{}, files_.free_bytes(directory));
  }
  [[nodiscard]] io::Result<bool> is_private(const std::string& path) override {
    return (OutsideWorld{}, files_.is_private(path));
  }

 private:
  static io::Result<std::unique_ptr<io::File>> wrap(io::Result<std::unique_ptr<io::File>> file) {
    if (!file) return file;
    return std::unique_ptr<io::File>(std::make_unique<OutsideFile>(std::move(*file)));
  }

  SimFiles& files_;
};

}  // namespace sonde::test
