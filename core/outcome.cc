// The names of statuses, stages and causes, both ways.
#include "core/outcome.h"

#include <algorithm>
#include <array>

#include "core/check.h"
#include "core/sanitize.h"

namespace sonde::core {
namespace {

constexpr std::array kStatusNames{std::string_view{"ok"}, std::string_view{"degraded"}, std::string_view{"fail"},
                                  std::string_view{"unknown"}};
constexpr std::array kStageNames{std::string_view{"dns"}, std::string_view{"tcp"}, std::string_view{"tls"},
                                 std::string_view{"http"}, std::string_view{"done"}};
constexpr std::array kCauses{
#define SONDE_CAUSE(id, number, name, en, zh) CauseInfo{Cause::id, name, en, zh},
#include "core/causes.inc"
#undef SONDE_CAUSE
};
constexpr std::uint16_t kFirstOwnFault = 160;

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto it = std::ranges::find(names, text);
  if (it == names.end()) return std::nullopt;
  return static_cast<Enum>(it - names.begin());
}

Outcome make(Status status, Stage stage, Cause cause, std::string_view detail) {
  return Outcome{.status = status, .stage = stage, .cause = cause, .detail = sanitize(detail)};
}

}  // namespace

std::string_view name(Status s) { return kStatusNames.at(static_cast<std::size_t>(s)); }
std::string_view name(Stage s) { return kStageNames.at(static_cast<std::size_t>(s)); }
std::string_view name(Cause c) { return info(c).name; }

std::optional<Status> parse_status(std::string_view text) { return find<Status>(kStatusNames, text); }
std::optional<Stage> parse_stage(std::string_view text) { return find<Stage>(kStageNames, text); }
std::optional<Cause> parse_cause(std::string_view text) {
  const auto it = std::ranges::find(kCauses, text, &CauseInfo::name);
  if (it == kCauses.end()) return std::nullopt;
  return it->cause;
}

const CauseInfo& info(Cause c) {
  const auto it = std::ranges::find(kCauses, c, &CauseInfo::cause);
  SONDE_CHECK(it != kCauses.end(), "a cause that is not in the table");
  return *it;
}

std::span<const CauseInfo> all_causes() { return kCauses; }

bool is_own_fault(Cause c) { return static_cast<std::uint16_t>(c) >= kFirstOwnFault; }

Outcome failed(Stage stage, Cause cause, std::string_view detail) {
  return make(is_own_fault(cause) ? Status::kUnknown : Status::kFail, stage, cause, detail);
}
Outcome degraded(Stage stage, Cause cause, std::string_view detail) {
  return make(Status::kDegraded, stage, cause, detail);
}

}  // namespace sonde::core
