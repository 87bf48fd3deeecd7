// What the metadata services told, or why nothing is known, in words.
#pragma once

#include <string>

#include "core/text.h"
#include "prober/vantage_detect.h"

namespace sonde::prober {

/// "alibaba/cn-hangzhou, zone cn-hangzhou-i": nothing of a stranger is in it but names that were checked.
[[nodiscard]] core::BilingualText words_of(const DetectedPlace& place);

/// Why no place is known, as half a sentence: "no metadata service answered within 2s".
[[nodiscard]] core::BilingualText why_unknown(const VantageDetection& detection, core::Duration timeout);

}  // namespace sonde::prober
