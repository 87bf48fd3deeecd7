// Verdicts in words, English and Chinese: names of components, symptoms, summary, evidence, advice.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/text.h"
#include "hub/judge/scene.h"
#include "hub/judge/verdict.h"

namespace sonde::hub::judge {

/// "app checkout" / "应用 checkout".
[[nodiscard]] core::BilingualText words(const Component& c);

/// What most of the failing cells ended with.
struct Symptom {
  core::Stage stage = core::Stage::kDone;
  core::Cause cause = core::Cause::kNone;
  std::int32_t http_status = 0;
  friend bool operator==(const Symptom&, const Symptom&) = default;
  /// "HTTP 503", or "no answer in time (tcp_timeout)".
  [[nodiscard]] core::BilingualText text() const;
};
[[nodiscard]] Symptom symptom(const Scene& scene, std::span<const std::uint32_t> cells);

/// One or two sentences for the top of an incident. `grade` is the incident's, which may be higher than the finding's.
[[nodiscard]] core::BilingualText summary(const Scene& scene, const Finding& f, Grade grade);

/// For what convicts it, and for each rival that the contrast rules out.
[[nodiscard]] std::vector<Evidence> evidence(const Scene& scene, const Finding& f);

/// The text with the first letter of its English part in upper case: to begin a sentence with.
[[nodiscard]] core::BilingualText capitalised(core::BilingualText t);

/// What a person should do now.
[[nodiscard]] std::vector<core::BilingualText> advice(const Finding& f, Grade grade);

/// Which addition would let the judge decide; empty when convicted.
[[nodiscard]] std::vector<core::BilingualText> would_settle(const Finding& f, Grade grade);

/// Apps touched by the finding, sorted; and other apps that were seen healthy since, sorted, at most 20.
[[nodiscard]] std::vector<std::string> touched_apps(const Scene& scene, const Finding& f);
[[nodiscard]] std::vector<std::string> healthy_apps(const Scene& scene, const Finding& f);

}  // namespace sonde::hub::judge
