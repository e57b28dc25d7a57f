//! Measurements against the figures that the project holds itself to.

use std::path::Path;

/// Runs the named measurements, or all.
pub(crate) fn run(_root: &Path, _names: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("no measurement yet")
}
