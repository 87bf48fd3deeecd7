// What metadata services answer, read strictly: whatever is not exactly a name of a region, a zone or a token is
// nothing, so that no answer of a stranger goes any further. Pure; safe on any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "prober/catalogue.h"
#include "prober/metadata_service.h"

namespace sonde::prober {

/// A region or zone out of a body: 1 to 40 of a-z, 0-9 and '-', beginning with a letter or digit. Capitals become
/// small, spaces and quotes around it and a path in front of it ("projects/1/zones/us-central1-a") are taken off.
/// `where` is kWholeBody or a JSON pointer.
[[nodiscard]] std::optional<std::string> name_in(std::string_view body, std::string_view where);

/// A session token out of a body: 1 to 4096 visible ASCII characters, which can stand in a header.
[[nodiscard]] std::optional<std::string> token_in(std::string_view body, const MetadataToken& token);

/// Where a machine is, in the catalogue's names.
struct DetectedPlace {
  std::string provider;
  std::string region;
  std::string zone;            // as told; empty: not told
  std::optional<Place> place;  // nothing: the catalogue does not know that region of that provider
};

/// From what was told to the catalogue: the first of `providers` that has the region, which may be told as the
/// beginning of the zone alone ("hel1-dc2", "us-central1-a"). A region that none of them has is taken for one of the
/// first. Nothing where neither region nor zone was told.
[[nodiscard]] std::optional<DetectedPlace> place_of(const Catalogue& catalogue,
                                                    std::span<const std::string_view> providers, std::string region,
                                                    std::string zone);

}  // namespace sonde::prober
