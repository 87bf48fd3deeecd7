// The keys of the prober's maps in the configuration: one table per kind of map.
#pragma once

#include "core/config_table.h"

namespace sonde::prober {

/// An item of `apps`; also of `targets`, where it has a name.
extern const core::KeyTable kAppTable;
/// An item of `references`.
extern const core::KeyTable kReferenceTable;
/// An item of `controls`.
extern const core::KeyTable kControlTable;

/// A file of targets, or a document of targets from a URL.
extern const core::KeyTable kTargetFileTable;
/// The items of `targets`, by what they hold: kCatalogueItem, kFileItem, kUrlItem, or an app.
extern const core::KeyTable kCatalogueItemTable;
extern const core::KeyTable kFileItemTable;
extern const core::KeyTable kUrlItemTable;
extern const core::KeyTable kVantageTable;
extern const core::KeyTable kTlsTable;
extern const core::KeyTable kPolicyTable;
/// The prober's keys of the root map.
extern const core::KeyTable kProberTable;

}  // namespace sonde::prober
