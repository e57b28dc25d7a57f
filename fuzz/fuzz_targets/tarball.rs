//! Whatever comes as a tarball is read or refused, and no path that is handed out leads out of the package.

#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use nodeward_package::tarball::{Limits, read};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { unpacked_bytes: 1 << 20, entries: 1000 };
    let _ = read(bytes, limits, &mut |member, _| {
        assert!(Path::new(&member.path).components().all(|part| matches!(part, Component::Normal(_))));
        Ok(())
    });
});
