//! Every lockfile format, read from bytes to one [`DependencyGraph`].
//!
//! To add a format: write `lockfile/NAME.rs` with a `parse` function and add one line to [`FORMATS`].
//! Readers never skip what they can't read: a broken entry is an error with file, line and column.

mod bill;
mod bun;
mod cyclonedx;
mod descriptor;
mod discover;
mod installed;
mod locations;
mod manifest;
mod npm;
mod pnpm;
mod project;
mod requirement;
mod source;
mod spdx;
pub(crate) mod text;
mod tree;
mod workspaces;
mod yaml;
mod yarn_berry;
mod yarn_classic;

use std::path::{Path, PathBuf};

pub use discover::{Discovery, Found, discover};
pub use installed::{Drift, drift, read_installed};
pub use project::{read, says_own};
pub use workspaces::members as workspace_members;

use crate::place::{Place, Position};
use crate::{DependencyGraph, Manifest, Origin, Package, PackageName};

/// The largest file that a reader takes, in bytes. The largest real lockfile we know of is under 10 MB.
pub const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// The most packages that one graph is built from.
pub(crate) const MAX_PACKAGES: usize = 4_000_000;

/// Which kind of file a graph came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `package-lock.json` and `npm-shrinkwrap.json`, lockfileVersion 1 to 3.
    NpmPackageLock,
    /// `yarn.lock` of yarn 1.
    YarnClassic,
    /// `yarn.lock` of yarn 2 and later.
    YarnBerry,
    /// `pnpm-lock.yaml`, lockfileVersion 5 to 9.
    Pnpm,
    /// `bun.lock`, the text form.
    Bun,
    /// An installed `node_modules` folder.
    Installed,
    /// A bare `package.json`: only direct requirements, no versions resolved.
    Manifest,
    /// A CycloneDX document, JSON.
    CycloneDx,
    /// An SPDX document, JSON.
    Spdx,
}

impl Format {
    /// The name of the format in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NpmPackageLock => "npm",
            Self::YarnClassic => "yarn-classic",
            Self::YarnBerry => "yarn-berry",
            Self::Pnpm => "pnpm",
            Self::Bun => "bun",
            Self::Installed => "node_modules",
            Self::Manifest => "package.json",
            Self::CycloneDx => "cyclonedx",
            Self::Spdx => "spdx",
        }
    }
}

/// A lockfile's bytes with what some formats need from beside it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The path, as the user would name it; its file name helps to tell the format.
    pub file: &'a Path,
    /// The bytes.
    pub bytes: &'a [u8],
    /// The manifests of the project and its workspace members, root first, as (folder relative to the lockfile's
    /// with `/`, bytes). Yarn's lockfiles do not say what the roots require; without manifests every package of
    /// such a file counts as production.
    pub manifests: &'a [(String, Vec<u8>)],
}

/// One line of the format table.
struct FormatReader {
    format: Format,
    /// Whether a file of this name, with these bytes, is for this reader.
    recognises: fn(file_name: &str, bytes: &[u8]) -> bool,
    parse: fn(&Input<'_>) -> Result<DependencyGraph, LockfileError>,
}

/// Every format that is a file; the first that recognises one reads it.
const FORMATS: &[FormatReader] = &[
    FormatReader { format: Format::NpmPackageLock, recognises: npm::recognises, parse: npm::parse },
    FormatReader { format: Format::Bun, recognises: bun::recognises, parse: bun::parse },
    FormatReader { format: Format::Pnpm, recognises: pnpm::recognises, parse: pnpm::parse },
    FormatReader { format: Format::YarnBerry, recognises: yarn_berry::recognises, parse: yarn_berry::parse },
    FormatReader {
        format: Format::YarnClassic,
        recognises: yarn_classic::recognises,
        parse: yarn_classic::parse,
    },
    FormatReader { format: Format::CycloneDx, recognises: cyclonedx::recognises, parse: cyclonedx::parse },
    FormatReader { format: Format::Spdx, recognises: spdx::recognises, parse: spdx::parse },
    FormatReader { format: Format::Manifest, recognises: manifest::recognises, parse: manifest::parse },
];

/// Why a lockfile could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockfileError {
    /// The bytes break the format.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What was wrong, and the remedy where there is one.
        message: String,
    },
    /// The file holds git's conflict markers.
    #[error(
        "{place}: the file has unresolved merge conflicts; resolve them, or install again to write it anew"
    )]
    MergeConflict {
        /// The first marker.
        place: Place,
    },
    /// A file that no reader knows.
    #[error("{}: not a lockfile, manifest or SBOM that is known here", .file.display())]
    UnknownFormat {
        /// The file.
        file: PathBuf,
    },
    /// A known format in a version that is not.
    #[error("{place}: {message}")]
    UnsupportedVersion {
        /// Where the version stands.
        place: Place,
        /// Which version, and the remedy.
        message: String,
    },
    /// Too large, too deep, or too many.
    #[error("{place}: {message}")]
    Limit {
        /// Where.
        place: Place,
        /// Which limit.
        message: String,
    },
    /// The operating system would not give the file.
    #[error("{}: {message}", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What it said.
        message: String,
    },
}

impl LockfileError {
    /// A syntax error at a position of a file.
    pub fn syntax(file: &Path, position: Position, message: impl Into<String>) -> Self {
        Self::Syntax { place: Place::at(file.into(), position), message: message.into() }
    }
}

/// Which format a file is in, by its name and, where that says nothing, its content.
pub fn recognise(file: &Path, bytes: &[u8]) -> Option<Format> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    FORMATS.iter().find(|reader| (reader.recognises)(name, bytes)).map(|reader| reader.format)
}

/// Reads a lockfile from bytes. Pure: nothing else is looked at.
///
/// # Errors
/// What could not be read, where and what to do about it.
pub fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    match recognise(input.file, input.bytes) {
        Some(format) => parse_as(format, input),
        None => {
            // A file in conflict or in no encoding may be unrecognisable for that reason: then say so.
            text::text(input)?;
            Err(LockfileError::UnknownFormat { file: input.file.into() })
        }
    }
}

/// As [`parse`], for a file whose format is known whatever its name.
///
/// # Errors
/// As [`parse`].
pub fn parse_as(format: Format, input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    match FORMATS.iter().find(|reader| reader.format == format) {
        Some(reader) => (reader.parse)(input),
        None => Err(LockfileError::UnknownFormat { file: input.file.into() }),
    }
}

/// The package that stands for the project a manifest is of.
fn root_package(manifest: &Manifest) -> Package {
    let version = manifest.version.as_ref().map_or("", |version| &version.text);
    let name = manifest.name.clone().unwrap_or_else(unnamed_root);
    let mut package = Package::new(name, version, Origin::Root);
    package.license = manifest.license.clone();
    package.engines_node = manifest.engines_node().map(|engine| engine.value.clone());
    package.position = Position { line: 1, column: 1 };
    package
}

/// The name for a project whose manifest gives none.
pub(crate) fn unnamed_root() -> PackageName {
    match PackageName::parse("(unnamed)") {
        Ok(name) => name,
        Err(_) => unreachable!("a constant that is a name"),
    }
}
