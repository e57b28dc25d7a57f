//! Which rules run.

use std::fmt;
use std::str::FromStr;

/// How much a rule has to have shown before a team is shown its findings. Ordered: each takes in the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Policy {
    /// At least nine of ten findings on real code are true.
    #[default]
    Common,
    /// More often true than not; for code that has to withstand attack.
    Strict,
    /// New or noisy: for those who look for flaws.
    Experimental,
}

impl Policy {
    /// All, narrowest first.
    pub const ALL: [Self; 3] = [Self::Common, Self::Strict, Self::Experimental];

    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Strict => "strict",
            Self::Experimental => "experimental",
        }
    }

    /// What a rule has to have shown to be in it.
    pub fn bar(self) -> &'static str {
        match self {
            Self::Common => "at least 90 % of its findings on real code are true",
            Self::Strict => "its findings on real code are more often true than not",
            Self::Experimental => "none: every new rule starts here",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| format!("{text:?} is no policy: use common, strict or experimental"))
    }
}
