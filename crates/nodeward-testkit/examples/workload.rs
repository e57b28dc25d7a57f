//! Writes what `cargo xtask bench` measures with: an OSV export as a zip and as one JSON array, and a project.
//!
//!     cargo run --release -p nodeward-testkit --example workload -- FOLDER RECORDS RELEASES

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use nodeward_testkit::{osv, workload};
use zip::write::SimpleFileOptions;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, records, releases] = args.as_slice() else { return Err("FOLDER RECORDS RELEASES".into()) };
    let (folder, records, releases) = (Path::new(folder), records.parse()?, releases.parse()?);
    fs::create_dir_all(folder.join("project"))?;

    let mut archive = zip::ZipWriter::new(BufWriter::new(File::create(folder.join("all.zip"))?));
    let mut array = BufWriter::new(File::create(folder.join("all.json"))?);
    for (number, (id, json)) in osv::export(records).enumerate() {
        archive.start_file(format!("{id}.json"), SimpleFileOptions::default())?;
        archive.write_all(json.as_bytes())?;
        array.write_all(if number == 0 { b"[" } else { b",\n" })?;
        array.write_all(json.as_bytes())?;
    }
    array.write_all(b"]")?;
    array.flush()?;
    archive.finish()?.flush()?;

    let (manifest, lockfile) = workload::npm_project(releases);
    fs::write(folder.join("project/package.json"), manifest)?;
    fs::write(folder.join("project/package-lock.json"), lockfile)?;
    Ok(())
}
