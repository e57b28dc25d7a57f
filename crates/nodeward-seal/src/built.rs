//! The record of a build: what a package was built from, with what, how it was confined, what it tried, and what came
//! out. It stands beside the tarball, and may be signed.
//!
//! A record is written in one way only ([`Record::write`]), so that a signature over it means something; one that was
//! written otherwise, if only by a space, is refused by whoever checks it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::seal::signature::{self, SignatureError};
use crate::seal::{Digest, SignatureBlock};

/// More than any record needs.
pub const MAX_BYTES: u64 = 64 << 20;

/// The end of a record's file name.
pub const FILE_ENDING: &str = ".build.json";

/// What was built from what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object of a record")]
#[schemars(title = "nodeward.build/1")]
pub struct Record {
    schema: SchemaName,
    /// The version of Nodeward.
    pub nodeward: String,
    /// When it began, in UTC.
    pub began: String,
    /// How long it took.
    pub milliseconds: u64,
    /// The release.
    pub package: Release,
    /// The releases that its scripts could read, by the folder that they lie in; none of their own scripts ran.
    pub dependencies: Vec<Dependency>,
    /// The machine.
    pub machine: Machine,
    /// Programs that the scripts could start.
    pub tools: Vec<Tool>,
    /// How the scripts were confined.
    pub confinement: Confined,
    /// The scripts, in the order in which they ran.
    pub scripts: Vec<Ran>,
    /// The files of the package that they made, changed or removed, by path.
    pub files: Vec<Change>,
    /// What of the package's folder is not in the tarball, and why.
    pub left_out: Vec<LeftOut>,
    /// What came out; nothing where the build failed.
    pub result: Option<Tarball>,
    /// Whether a second build gave the same, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// Who vouches for all of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureBlock>,
}

/// A release as the registry gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Of its tarball: what was asked for, and what came.
    pub integrity: String,
    /// Who said what its integrity is: `registry`, `lockfile` where the project's knows the release, `record` where it
    /// was built again by one.
    pub vouched: Vec<String>,
    /// The content hash of its scripts, as `nodeward install-scripts` has it.
    pub scripts: Option<String>,
}

/// A release that lay beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// Below the folder of the build.
    pub folder: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Of its tarball, as the package manager's lockfile has it.
    pub integrity: Option<String>,
    /// It has install scripts, which were not run.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_scripts: bool,
}

/// Where it was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// As Node.js has it: `linux`.
    pub os: String,
    /// As Node.js has it: `x64`.
    pub cpu: String,
    /// `glibc` or `musl`, where it is known.
    pub libc: Option<String>,
    /// Its version, where it is known.
    pub libc_version: Option<String>,
    /// The release of the kernel.
    pub kernel: String,
    /// The version of Node.js.
    pub node: String,
    /// The number of its binary interface.
    pub abi: String,
    /// Of its program.
    pub node_sha256: Option<Digest>,
    /// What got the dependencies, and its version: a package manager, or `nodeward` by a record.
    pub package_manager: String,
}

/// A program that the scripts could start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The first line that it says of its version.
    pub version: String,
}

/// How scripts were confined. Each layer was in force, or nothing would have run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confined {
    /// The layers.
    pub layers: Vec<String>,
    /// Where the package lay, for its scripts.
    pub folder: String,
    /// What they could read, or start programs from.
    pub readable: Vec<String>,
    /// What they could write to.
    pub writable: Vec<String>,
    /// The hosts that they could reach.
    pub network: Vec<String>,
    /// The whole environment of the first; those of the others differ in the script's name.
    pub environment: BTreeMap<String, String>,
    /// Seconds that each could run.
    pub seconds: u64,
    /// Memory that each could use, in bytes.
    pub memory: u64,
    /// Processes that each could have at once.
    pub processes: u64,
    /// Bytes that each could write.
    pub disk: u64,
}

/// A script that ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ran {
    /// `preinstall`, `install` or `postinstall`.
    pub stage: String,
    /// What the shell was given.
    pub command: String,
    /// It stands in no manifest: the build that a `binding.gyp` implies.
    pub implicit: bool,
    /// What became of it, and what it tried: `nodeward.confined/1`.
    #[schemars(with = "BTreeMap<String, Value>")]
    pub report: Value,
    /// The last of what it wrote to its standard streams.
    pub written: String,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its path below the package.
    pub path: String,
    /// What.
    pub change: ChangeKind,
    /// Of its bytes afterwards; a symbolic link or a removed file has none.
    pub sha256: Option<Digest>,
    /// Its bytes afterwards.
    pub size: Option<u64>,
    /// It is packed.
    pub packed: bool,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It has other bytes, or other rights.
    Changed,
    /// It is gone.
    Removed,
}

/// What is not packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// A file, or a folder with all below it, where it ends in `/`.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tarball {
    /// Its name, in the folder of the record.
    pub file: String,
    /// Its bytes.
    pub size: u64,
    /// Of its bytes.
    pub sha256: Digest,
    /// Of its bytes, as lockfiles have it.
    pub integrity: String,
    /// Its files.
    pub files: u64,
    /// The native code among what the scripts wrote.
    pub natives: Vec<Native>,
}

/// A file of native code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Native {
    /// Its path below the package.
    pub path: String,
    /// It uses Node-API alone as far as that shows, so that it loads in later versions of Node.js, too. Programs and
    /// libraries that are no add-ons have none.
    pub node_api: Option<bool>,
}

/// What a second build gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The tarballs are the same bytes.
    pub same: bool,
    /// The files that are not.
    pub differs: Vec<Difference>,
}

/// A file that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Its path below the package.
    pub path: String,
    /// Its bytes the first time and the second; none where it was not there.
    pub sizes: [Option<u64>; 2],
    /// The first byte that differs.
    pub offset: Option<u64>,
    /// Where that is: a line of text, a section of native code.
    pub place: Option<String>,
}

/// The one version there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
enum SchemaName {
    #[serde(rename = "nodeward.build/1")]
    One,
}

/// The parts of a record that are known before anything runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// See [`Record::nodeward`].
    pub nodeward: String,
    /// See [`Record::began`].
    pub began: String,
    /// See [`Record::package`].
    pub package: Release,
    /// See [`Record::dependencies`].
    pub dependencies: Vec<Dependency>,
    /// See [`Record::machine`].
    pub machine: Machine,
    /// See [`Record::tools`].
    pub tools: Vec<Tool>,
    /// See [`Record::confinement`].
    pub confinement: Confined,
}

/// Why a record does not hold.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is none.
    #[error("no record of a build: {0}")]
    Syntax(#[from] serde_json::Error),
    /// It says the same as a record, in other bytes.
    #[error("the record was written to after it was made")]
    Rewritten,
    /// Nobody signed.
    #[error("the record is not signed; `nodeward build --sign KEY` signs it")]
    Unsigned,
    /// Somebody else signed.
    #[error("the record is signed by another key than the one that is trusted")]
    OtherKey,
    /// It was changed after it was signed.
    #[error("the signature does not hold: the record was changed after it was signed")]
    Broken,
    /// The key can't be read.
    #[error(transparent)]
    Key(SignatureError),
    /// The build failed.
    #[error("the record is of a build that failed; there is no tarball")]
    Failed,
    /// The name of the tarball is none.
    #[error("the record names {0:?} as its tarball, which is no name of a file beside it")]
    Name(String),
    /// It has the name of another record.
    #[error("the record is that of {0}, and does not have its name")]
    Renamed(String),
    /// The tarball is another one.
    #[error("the tarball is not the one that was built: its {0} is another")]
    Tarball(&'static str),
}

impl Record {
    /// The record of a build that has not run yet.
    pub fn new(inputs: Inputs) -> Self {
        Self {
            schema: SchemaName::One,
            nodeward: inputs.nodeward,
            began: inputs.began,
            milliseconds: 0,
            package: inputs.package,
            dependencies: inputs.dependencies,
            machine: inputs.machine,
            tools: inputs.tools,
            confinement: inputs.confinement,
            scripts: Vec::new(),
            files: Vec::new(),
            left_out: Vec::new(),
            result: None,
            again: None,
            signature: None,
        }
    }

    /// Reads a record that is just as it was written.
    ///
    /// # Errors
    /// It is none, or was changed in ways that its content does not show.
    pub fn parse(text: &[u8]) -> Result<Self, RecordError> {
        let record: Self = serde_json::from_slice(text)?;
        if record.write().as_bytes() == text { Ok(record) } else { Err(RecordError::Rewritten) }
    }

    /// The canonical text.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a record has no keys but text");
        text.push('\n');
        text
    }

    fn text_to_sign(&self) -> String {
        Self { signature: None, ..self.clone() }.write()
    }

    /// Signs it with a private key, as seals are signed.
    ///
    /// # Errors
    /// The key can't be read.
    pub fn sign(&mut self, key: &str) -> Result<(), SignatureError> {
        self.signature = Some(signature::sign_text(&self.text_to_sign(), key)?);
        Ok(())
    }

    /// Checks that the holder of this public key signed it as it is.
    ///
    /// # Errors
    /// It can't be trusted.
    pub fn verify(&self, key: &str) -> Result<(), RecordError> {
        let key = signature::public_key(key).map_err(RecordError::Key)?;
        let block = self.signature.as_ref().ok_or(RecordError::Unsigned)?;
        if block.key != key {
            return Err(RecordError::OtherKey);
        }
        self.verify_itself()
    }

    /// Checks that whoever it says has signed it as it is. Who that is, it does not tell.
    ///
    /// # Errors
    /// Nobody has, or it was changed since.
    pub fn verify_itself(&self) -> Result<(), RecordError> {
        let block = self.signature.as_ref().ok_or(RecordError::Unsigned)?;
        signature::verify_text(&self.text_to_sign(), block).map_err(|_| RecordError::Broken)
    }

    /// The tarball, which stands beside the record.
    ///
    /// # Errors
    /// There is none, or its name leads elsewhere.
    pub fn tarball(&self) -> Result<&Tarball, RecordError> {
        let tarball = self.result.as_ref().ok_or(RecordError::Failed)?;
        let name = &tarball.file;
        let is_plain = !name.is_empty()
            && !name.starts_with('.')
            && !name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control());
        if is_plain { Ok(tarball) } else { Err(RecordError::Name(name.clone())) }
    }

    /// Checks that these are the bytes of its tarball.
    ///
    /// # Errors
    /// They are not.
    pub fn verify_tarball(&self, bytes: &[u8]) -> Result<(), RecordError> {
        let tarball = self.tarball()?;
        let integrity = nodeward_package::Integrity::parse(&tarball.integrity).ok();
        if tarball.size != bytes.len() as u64 {
            Err(RecordError::Tarball("size"))
        } else if tarball.sha256 != Digest::of(bytes) {
            Err(RecordError::Tarball("SHA-256"))
        } else if integrity.and_then(|integrity| integrity.holds(bytes)) != Some(true) {
            Err(RecordError::Tarball("integrity"))
        } else {
            Ok(())
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests;
