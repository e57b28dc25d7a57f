//! The native add-on of bounded eval, which is part of this binary.

use std::path::{Path, PathBuf};

use nodeward_seal::launch::Addon;

use crate::session::Session;

/// Made by the build; empty where there is none for this system.
static OWN: &[u8] = include_bytes!(env!("NODEWARD_ADDON_FILE"));

/// Which add-on is used.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct AddonArgs {
    /// Another native add-on of bounded eval than the one in this program
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    addon: Option<PathBuf>,
    /// Bound code from strings by JavaScript alone, without the native add-on
    #[arg(long, conflicts_with = "addon")]
    no_addon: bool,
}

impl AddonArgs {
    /// Without a named one and where it is not declined, the one in this program. Never one that a variable names: it
    /// is native code.
    pub(crate) fn named(&self, session: &Session) -> Option<PathBuf> {
        self.addon.as_ref().map(|addon| session.directory.join(addon))
    }

    /// What is used, with what [`Self::named`] gave.
    pub(crate) fn chosen<'a>(&self, named: Option<&'a Path>) -> Option<Addon<'a>> {
        match named {
            Some(file) => Some(Addon::File(file)),
            None if self.no_addon || OWN.is_empty() => None,
            None => Some(Addon::Own(OWN)),
        }
    }
}
