//! Tables whose keys come from a file that somebody else wrote.
//!
//! `rustc-hash` has no key, so a file could be made whose names all fall into one bucket and take quadratic time.
//! `foldhash` is as fast on names and paths and draws its key anew for each process; nobody who writes a file can
//! know it, and nothing here lets them measure it.

use foldhash::fast::RandomState;

/// A map with keys from outside.
pub(crate) type LookupMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A set with keys from outside.
pub(crate) type LookupSet<K> = std::collections::HashSet<K, RandomState>;
