#![no_main]
//! Whatever comes as an index answers or is refused. Its checksums are no hindrance here: see `index/format.rs`.

use libfuzzer_sys::fuzz_target;
use nodeward_advisory::{Index, IndexError};

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    // The header says how long the file is.
    let length = (bytes.len() as u64).to_le_bytes();
    if let Some(said) = bytes.get_mut(16..24) {
        said.copy_from_slice(&length);
    }
    let Ok(index) = Index::from_bytes(bytes) else { return };
    let _ = index.verify();
    let _ = questions(&index);
});

fn questions(index: &Index) -> Result<(), IndexError> {
    for name in ["a", "lodash", "node"] {
        index.affecting(name)?;
    }
    index.find("CVE-2021-23337")?;
    for id in index.record_ids().take(64) {
        index.identity_of(id)?;
        index.identity(id)?;
    }
    Ok(())
}
