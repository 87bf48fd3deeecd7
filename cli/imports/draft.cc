// From draft to target.
#include "cli/imports/draft.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "cli/imports/verify.h"
#include "cli/yaml_text.h"
#include "core/sanitize.h"
#include "core/text.h"
#include "io/address.h"
#include "prober/config.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using core::Duration;
using namespace std::chrono_literals;

constexpr std::size_t kNameBytesMax = 120;
constexpr std::size_t kLabelsMax = 100;
constexpr Duration kEveryMin = 100ms;
constexpr Duration kEveryMax = 24h;
constexpr Duration kTimeoutMin = 10ms;
constexpr Duration kTimeoutMax = 5min;

/// Letters, digits and _, as names of variables have them; empty when nothing of the text is left.
std::string variable_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80 && std::isalnum(u) != 0) {
      out += static_cast<char>(std::toupper(u));
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
    if (out.size() == 40) break;
  }
  while (out.ends_with('_')) out.pop_back();
  if (!out.empty() && out.front() >= '0' && out.front() <= '9') out.insert(0, "T_");
  return out;
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Whether a text that is sent likely holds a secret.
bool holds_a_secret(std::string_view sent) {
  static constexpr std::array<std::string_view, 8> kWords = {"password", "passwd", "secret", "token",
                                                             "api_key",  "apikey", "pass ",  "auth "};
  const std::string low = lower(sent);
  return std::ranges::any_of(kWords, [&low](std::string_view w) { return low.find(w) != std::string::npos; });
}

bool is_secret_parameter(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames = {"token", "access_token", "api_key",  "apikey",
                                                              "key",   "secret",       "password", "passwd",
                                                              "pass",  "auth",         "sig",      "signature"};
  return std::ranges::find(kNames, lower(name)) != kNames.end();
}

ConfigNode* find(ConfigNode& map, std::string_view key) {
  const auto it = std::ranges::find_if(map.entries, [key](const auto& e) { return e.key.scalar == key; });
  return it == map.entries.end() ? nullptr : &it->value;
}

Duration fit(Duration wanted, Duration min, Duration max, std::string_view key, const ConfigNode& at, Notes& notes) {
  const Duration fits = std::clamp(wanted, min, max);
  if (fits != wanted) {
    notes.differs(at,
                  fmt::format("{} is {} here: it may be {} to {}", key, core::format_duration(fits),
                              core::format_duration(min), core::format_duration(max)),
                  fmt::format("{} 在此为 {}：允许 {} 到 {}", key, core::format_duration(fits),
                              core::format_duration(min), core::format_duration(max)));
  }
  return fits;
}

}  // namespace

Draft::Draft(const ConfigNode& place)
    : at(core::map_node(place)),
      url(core::text_node(place, "")),
      labels(at),
      expect(at),
      request(at),
      tls(at),
      reach(at) {}

std::optional<core::Url> Draft::parsed_url() const {
  auto parsed = core::parse_url(url.scalar);
  return parsed ? std::optional{std::move(*parsed)} : std::nullopt;
}

bool Draft::speaks_tls() const {
  const auto parsed = parsed_url();
  if (!parsed) return false;
  if (parsed->scheme == "https" || parsed->scheme == "tls") return true;
  if (parsed->scheme == "http") {
    const ConfigNode* redirects = request.find("redirects");
    return redirects != nullptr && redirects->scalar != "0";  // a redirect may lead to https
  }
  if (const ConfigNode* transport = request.find("transport")) return transport->scalar == "dot";
  const ConfigNode* steps = expect.find("steps");
  const auto upgrades = [](const ConfigNode& step) { return step.find("starttls") != nullptr; };
  return expect.find("starttls") != nullptr || (steps != nullptr && std::ranges::any_of(steps->items, upgrades));
}

void set(ConfigNode& map, std::string_view key, ConfigNode value) {
  if (ConfigNode* there = find(map, key)) {
    *there = std::move(value);
  } else {
    core::put(map, key, std::move(value));
  }
}

void set_label(Draft& draft, std::string_view key, ConfigNode value, Notes& notes) {
  if (draft.labels.entries.size() >= kLabelsMax && find(draft.labels, key) == nullptr) {
    return notes.lost(draft.at, fmt::format("only its first {} labels", kLabelsMax),
                      fmt::format("只带入前 {} 个标签", kLabelsMax));
  }
  set(draft.labels, key, std::move(value));
}

void append(ConfigNode& map, std::string_view key, ConfigNode item) {
  if (find(map, key) == nullptr) core::put(map, key, core::list_node(item));
  find(map, key)->items.push_back(std::move(item));
}

ConfigNode rule(const ConfigNode& at, std::vector<std::pair<std::string_view, ConfigNode>> entries) {
  ConfigNode out = core::map_node(at);
  for (auto& [key, value] : entries) core::put(out, key, std::move(value));
  return out;
}

// ---- names ----

void Targets::name_it(Draft& draft) {
  const std::string given = draft.name;
  std::string name = core::sanitize(given, kNameBytesMax - 8);
  if (name.empty()) name = core::sanitize(draft.url.scalar, kNameBytesMax - 8);
  if (name != given) {
    notes_.differs(draft.at,
                   fmt::format("its name is \"{}\" here: 1 to {} bytes, no control characters", name, kNameBytesMax),
                   fmt::format("名称在此为“{}”：1 到 {} 字节，不含控制字符", name, kNameBytesMax));
  }
  const std::string base = name;
  while (!names_.insert(name).second) {
    int& last = last_number_.try_emplace(base, 1).first->second;
    name = fmt::format("{} ({})", base, ++last);
  }
  if (name != base) {
    notes_.differs(draft.at, fmt::format("the name \"{}\" is taken already; this one is \"{}\"", base, name),
                   fmt::format("名称“{}”已被使用；此目标名为“{}”", base, name));
  }
  draft.name = name;
}

// ---- secrets ----

ConfigNode Targets::secret(const ConfigNode& at, std::string_view value, std::string_view hint, std::string_view key) {
  auto it = secrets_.find(value);
  if (it == secrets_.end()) {
    std::string base = variable_name(hint);
    if (base.empty()) base = fmt::format("SONDE_SECRET_{}", secrets_.size() + 1);
    std::string name = base;
    while (!secret_names_seen_.insert(name).second) {
      int& last = last_secret_number_.try_emplace(base, 1).first->second;
      name = fmt::format("{}_{}", base, ++last);
    }
    secret_names_.push_back(name);
    it = secrets_.emplace(std::string{value}, std::move(name)).first;
  }
  notes_.secret(at, fmt::format("{} is ${{{}}} here: set that variable where sonde runs", key, it->second),
                fmt::format("{} 在此写作 ${{{}}}：请在运行 sonde 的环境中设置该变量", key, it->second));
  return variable(at, it->second);
}

void Targets::hide_secrets(Draft& draft) {
  hide_in_url(draft);
  hide_in_request(draft);
  hide_in_steps(draft);
}

/// user:password@ becomes basic_auth.
void Targets::take_user(Draft& draft) {
  ConfigNode& url = draft.url;
  std::string user;
  for (std::string* text : {&url.written, &url.scalar}) {
    const std::size_t begin = text->find("://");
    if (begin == std::string::npos) continue;
    const std::size_t end = std::min(text->find_first_of("/?#", begin + 3), text->size());
    const std::size_t sign = text->rfind('@', end);
    if (sign == std::string::npos || sign < begin) continue;
    if (user.empty()) user = text->substr(begin + 3, sign - begin - 3);
    text->erase(begin + 3, sign - begin - 2);
  }
  const bool taken = draft.request.find("basic_auth") != nullptr || draft.request.find("bearer") != nullptr;
  if (user.empty() || taken || !url.scalar.starts_with("http")) return;
  const auto part = [&url](std::string_view piece) {
    ConfigNode out = text(url, piece);
    if (piece.find("${") != std::string_view::npos) out.written = piece;
    return out;
  };
  const std::size_t colon = user.find(':');
  ConfigNode auth = core::map_node(url);
  core::put(auth, "username", part(std::string_view{user}.substr(0, colon)));
  if (colon != std::string::npos) core::put(auth, "password", part(std::string_view{user}.substr(colon + 1)));
  core::put(draft.request, "basic_auth", std::move(auth));
}

/// The value of a parameter such as ?token= becomes a variable.
void Targets::hide_in_url(Draft& draft) {
  ConfigNode& url = draft.url;
  std::string shown = url.written;  // as the targets file will hold it
  if (shown.empty()) {
    for (const char c : url.scalar) shown.append(c == '$' ? 2 : 1, c);
  }
  const std::size_t query = shown.find('?');
  if (query == std::string::npos) return;
  std::string written = shown.substr(0, query + 1);
  bool found = false;
  std::string_view rest = std::string_view{shown}.substr(query + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("&#"), rest.size());
    const std::string_view part = rest.substr(0, end);
    const std::size_t equal = part.find('=');
    const std::string_view name = part.substr(0, equal);
    const std::string_view value = equal == std::string_view::npos ? "" : part.substr(equal + 1);
    const bool hides = is_secret_parameter(name) && !value.empty() && value.find("${") == std::string_view::npos;
    if (hides) {
      const ConfigNode hidden = secret(url, value, fmt::format("{}_{}", draft.name, name), fmt::format("?{}=", name));
      written += fmt::format("{}={}", name, hidden.written);
      found = true;
    } else {
      written += part;
    }
    if (end < rest.size()) written += rest[end];
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!found) return;
  url.written = written;
  url.scalar = url.scalar.substr(0, url.scalar.find('?')) + "?1";
}

void Targets::hide_in_request(Draft& draft) {
  const auto hide = [&](ConfigNode* value, std::string_view hint, std::string_view key) {
    if (value == nullptr || value->kind != ConfigNode::Kind::kScalar || value->scalar.empty()) return;
    // "${secret}" is the mark that the reader of blackbox.yml puts on what stands in the file.
    if (has_variable(*value) && value->written != "${secret}") return;
    *value = secret(*value, value->scalar, fmt::format("{}_{}", draft.name, hint), key);
  };
  ConfigNode& request = draft.request;
  if (ConfigNode* auth = find(request, "basic_auth"))
    hide(find(*auth, "password"), "PASSWORD", "request.basic_auth.password");
  if (ConfigNode* auth = find(request, "bearer")) hide(find(*auth, "token"), "TOKEN", "request.bearer.token");
  if (ConfigNode* proxy = find(request, "proxy"))
    hide(find(*proxy, "password"), "PROXY_PASSWORD", "request.proxy.password");
  if (ConfigNode* headers = find(request, "headers")) {
    for (auto& [key, value] : headers->entries) {
      if (names_a_secret(key.scalar)) hide(&value, key.scalar, "request.headers." + key.scalar);
    }
  }
  ConfigNode* body = find(request, "body");
  if (body != nullptr && holds_a_secret(body->scalar)) hide(body, "BODY", "request.body");
}

void Targets::hide_in_steps(Draft& draft) {
  const auto hide = [&](ConfigNode* value, std::string_view key) {
    if (value == nullptr || has_variable(*value) || !holds_a_secret(value->scalar)) return;
    *value = secret(*value, value->scalar, draft.name + "_SEND", key);
  };
  if (draft.url.scalar.starts_with("http")) return;
  hide(find(draft.expect, "send"), "expect.send");
  if (ConfigNode* steps = find(draft.expect, "steps")) {
    for (ConfigNode& step : steps->items) hide(find(step, "send"), "expect.steps.send");
  }
}

// ---- limits ----

void Targets::fit_pace(Draft& draft) {
  if (draft.every) {
    draft.every = fit(std::chrono::floor<std::chrono::milliseconds>(*draft.every), kEveryMin, kEveryMax, "every",
                      draft.at, notes_);
  }
  if (!draft.timeout) return;
  draft.timeout = fit(*draft.timeout, kTimeoutMin, kTimeoutMax, "timeout", draft.at, notes_);
  const Duration every = draft.every.value_or(prober::kAppEvery);
  if (*draft.timeout < every) return;
  const Duration shorter = std::chrono::floor<std::chrono::milliseconds>(every * 4 / 5);
  notes_.differs(
      draft.at,
      fmt::format("timeout is {} here, not {}: it must be shorter than every ({})", core::format_duration(shorter),
                  core::format_duration(*draft.timeout), core::format_duration(every)),
      fmt::format("timeout 在此为 {} 而不是 {}：必须短于 every（{}）", core::format_duration(shorter),
                  core::format_duration(*draft.timeout), core::format_duration(every)));
  draft.timeout = shorter;
}

void Targets::warn_of_address(const Draft& draft) {
  const auto url = draft.parsed_url();
  if (!url) return;
  std::string_view kind = url->host == "localhost" ? "loopback" : "";
  if (const auto address = io::parse_address(url->host)) kind = io::AddressPolicy{}.denied(*address);
  if (kind.empty() || has_variable(draft.url)) return;
  notes_.differs(
      draft.url,
      fmt::format("{} is a {} address, which is not probed unless policy.allow of sonde.yaml names it", url->host,
                  kind),
      fmt::format("{} 属于受限地址（{}），只有在 sonde.yaml 的 policy.allow 中列出才会探测", url->host, kind));
}

void Targets::warn_of_paths(const Draft& draft) {
  const auto look = [this](const ConfigNode* map) {
    if (map == nullptr) return;
    for (const auto& [key, value] : map->entries) {
      if (!key.scalar.ends_with("_file") || value.scalar.starts_with('/') || has_variable(value)) continue;
      notes_.differs(
          value, fmt::format("{} {}: here a path begins at the folder of the targets file", key.scalar, value.scalar),
          fmt::format("{} {}：在此相对路径以目标文件所在目录为起点", key.scalar, value.scalar));
    }
  };
  look(&draft.tls);
  look(&draft.request);
  for (const char* part : {"basic_auth", "bearer", "proxy"}) look(draft.request.find(part));
}

// ---- the end ----

ConfigNode Targets::finished(const Draft& draft) const {
  ConfigNode app = core::map_node(draft.at);
  core::put(app, "name", text(draft.at, draft.name));
  core::put(app, "url", draft.url);
  if (!draft.labels.entries.empty()) core::put(app, "labels", draft.labels);
  if (draft.every) core::put(app, "every", word(draft.at, core::format_duration(*draft.every)));
  if (draft.timeout) core::put(app, "timeout", word(draft.at, core::format_duration(*draft.timeout)));
  for (const auto& [key, value] : draft.reach.entries) app.entries.push_back({key, value});
  const std::pair<std::string_view, const ConfigNode*> parts[] = {
      {"request", &draft.request}, {"expect", &draft.expect}, {"tls", &draft.tls}};
  for (const auto& [key, map] : parts) {
    if (!map->entries.empty()) core::put(app, key, *map);
  }
  return app;
}

void Targets::add(Draft draft) {
  take_user(draft);
  name_it(draft);
  hide_secrets(draft);
  fit_pace(draft);
  ConfigNode app = finished(draft);
  const core::ConfigErrors refused = refusals(app, files_);
  if (!refused.empty()) {
    names_.erase(draft.name);
    for (core::ConfigError e : refused.all()) {
      if (e.zh.empty()) e.zh = e.message;
      e.message = fmt::format("{}: {}", draft.name, e.message);
      e.zh = fmt::format("{}：{}", draft.name, e.zh);
      notes_.add(NoteKind::kSkipped, std::move(e));
    }
    return;
  }
  warn_of_address(draft);
  warn_of_paths(draft);
  all_.push_back(std::move(app));
}

}  // namespace sonde::cli::imports
