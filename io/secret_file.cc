// Reading secrets from files.
#include "io/secret_file.h"

namespace sonde::io {
namespace {

constexpr std::size_t kSecretBytesMax = 4096;

core::Error refuse(const std::string& path, const std::string& why, const std::string& zh) {
  return {core::ErrorCode::kInvalid, "the secret file " + path + " " + why, "密钥文件 " + path + " " + zh};
}

}  // namespace

core::Result<std::string> read_secret(Files& files, const std::string& path) {
  const auto alone = files.is_private(path);
  if (!alone) return refuse(path, "cannot be read: " + alone.error().message, "无法读取：" + alone.error().message);
  if (!*alone) return refuse(path, "may be read by others: chmod 600 it", "可被其他用户读取：请 chmod 600");
  auto text = files.read_all(path, kSecretBytesMax);
  if (!text) return refuse(path, "cannot be read: " + text.error().message, "无法读取：" + text.error().message);
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) return refuse(path, "is empty", "是空的");
  if (text->find_first_of("\r\n") != std::string::npos) return refuse(path, "has more than one line", "不止一行");
  return text;
}

std::optional<std::string> read_secret(const core::TableReader& map, std::string_view name, Files& files,
                                       core::ConfigErrors& errors) {
  const auto path = map.path(name);
  if (!path) return std::nullopt;
  auto secret = read_secret(files, *path);
  if (secret) return std::move(*secret);
  errors.add(map.node(name)->error(secret.error()));
  return std::nullopt;
}

}  // namespace sonde::io
