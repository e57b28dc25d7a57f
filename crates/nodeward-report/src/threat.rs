//! The twelve threats of "A Roadmap for Node.js Security".

use serde::{Deserialize, Serialize};

/// One of the twelve threats. Every finding carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Threat {
    /// Zero-day: an unknown flaw is exploited before a fix.
    #[serde(rename = "0DY")]
    ZeroDay,
    /// Buffer overflow: memory corruption through native code.
    Bof,
    /// Weak or misused cryptography.
    Cry,
    /// Poor developer experience: security that slows people is routed around.
    Dex,
    /// Denial of service.
    Dos,
    /// Exfiltration: data leaves that shouldn't.
    Exf,
    /// Low-quality code among the dependencies.
    Lqc,
    /// Malicious third-party code.
    Mtp,
    /// Query injection.
    Qui,
    /// Remote code execution: code from strings.
    Rce,
    /// Shell injection.
    Shp,
    /// Unintended require.
    Uir,
}

impl Threat {
    /// All twelve, by code.
    pub const ALL: [Self; 12] = [
        Self::ZeroDay,
        Self::Bof,
        Self::Cry,
        Self::Dex,
        Self::Dos,
        Self::Exf,
        Self::Lqc,
        Self::Mtp,
        Self::Qui,
        Self::Rce,
        Self::Shp,
        Self::Uir,
    ];

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ZeroDay => "0DY",
            Self::Bof => "BOF",
            Self::Cry => "CRY",
            Self::Dex => "DEX",
            Self::Dos => "DOS",
            Self::Exf => "EXF",
            Self::Lqc => "LQC",
            Self::Mtp => "MTP",
            Self::Qui => "QUI",
            Self::Rce => "RCE",
            Self::Shp => "SHP",
            Self::Uir => "UIR",
        }
    }

    /// What it is, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::ZeroDay => "zero-day",
            Self::Bof => "memory corruption",
            Self::Cry => "misused crypto",
            Self::Dex => "developer friction",
            Self::Dos => "denial of service",
            Self::Exf => "exfiltration",
            Self::Lqc => "low-quality dependency",
            Self::Mtp => "malicious third party",
            Self::Qui => "query injection",
            Self::Rce => "remote code execution",
            Self::Shp => "shell injection",
            Self::Uir => "unintended require",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_wire_form() {
        for threat in Threat::ALL {
            assert_eq!(serde_json::to_string(&threat).unwrap(), format!("{:?}", threat.code()));
        }
    }
}
