//! Places in well-known packages that load what they are asked for, and of which those who ask say what: to tell of
//! them would say nothing more.

use nodeward_javascript::Act;

use super::{How, Trace};

/// Packages that look for add-ons, and how their calls are known.
const FINDERS: &[(&str, Act)] = &[
    ("bindings", Act::Bindings),
    ("node-gyp-build", Act::AddonFolder),
    ("node-gyp-build-optional-packages", Act::AddonFolder),
    ("pkg-prebuilds", Act::AddonFolder),
];

/// Files that load by a name what only their own kin asks them for; conventions bring it.
const ASKED: &[&str] = &["@protobufjs/inquire/index.js"];

/// Leaves out the places in finders of add-ons, where calls of them led to add-ons, and in files that only their kin
/// asks. A call of a finder of which it is not known where it looks is told itself.
pub(super) fn leave_out(trace: &mut Trace) {
    let found: Vec<&str> = FINDERS
        .iter()
        .filter(|(_, act)| trace.edges.iter().any(|edge| edge.how == How::Loads(*act)))
        .map(|(package, _)| *package)
        .collect();
    trace.dynamic.retain(|place| {
        let Some((_, inside)) = place.file.rsplit_once("node_modules/") else { return true };
        let is_finder =
            |package: &&str| inside.strip_prefix(package).is_some_and(|below| below.starts_with('/'));
        !found.iter().any(is_finder) && !ASKED.contains(&inside)
    });
}
