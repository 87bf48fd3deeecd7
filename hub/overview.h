// The picture of this moment as JSON: headline, counts, vantages, matrix, open incidents (docs/api.md). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "core/time.h"
#include "hub/incidents.h"
#include "hub/picture.h"

namespace sonde::hub {

struct OverviewInput {
  const Picture& picture;
  std::vector<const Incident*> incidents;  // as Incidents::open() orders them
  core::WallTime now;
  std::string_view version;
};

/// The JSON of `/api/v1/overview`.
[[nodiscard]] std::string overview_json(const OverviewInput& input);

/// The JSON of `/api/v1/vantages`.
[[nodiscard]] std::string vantages_json(const Picture& picture, core::WallTime now);

}  // namespace sonde::hub
