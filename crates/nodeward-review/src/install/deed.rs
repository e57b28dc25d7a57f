//! What an install script does, in kinds and words.

/// A kind of thing that a script does, from the least to the most worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// It runs, and does nothing.
    Nothing,
    /// It prints.
    Prints,
    /// It reads variables of the environment, or asks for the user's folder.
    Environment,
    /// It loads its own machine code, to see whether it works.
    Checks,
    /// It compiles.
    Compiles,
    /// It writes, moves or removes files.
    Writes,
    /// It starts other programs.
    Starts,
    /// It uses the network.
    Downloads,
    /// It does something that could not be told from its text.
    Unknown,
    /// It reads what credentials are kept in.
    Credentials,
    /// It runs code that its text hides.
    Hidden,
}

/// One thing that a script does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deed {
    /// Of which kind.
    pub kind: Kind,
    /// To what: a host, a path, a program, the reason why nothing is known. Text of the package: hostile.
    pub what: String,
    /// The file of the package that does it; `None` where the command itself does.
    pub file: Option<String>,
    /// On which line of the file, from 1; 0 where there is none.
    pub line: u32,
}

impl Kind {
    /// The name in formats. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Prints => "prints",
            Self::Environment => "environment",
            Self::Checks => "checks-native",
            Self::Compiles => "compiles",
            Self::Writes => "writes",
            Self::Starts => "starts",
            Self::Downloads => "downloads",
            Self::Unknown => "unknown",
            Self::Credentials => "credentials",
            Self::Hidden => "hidden-code",
        }
    }

    /// In words, after "it".
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "does nothing",
            Self::Prints => "prints",
            Self::Environment => "reads the environment",
            Self::Checks => "loads machine code",
            Self::Compiles => "compiles",
            Self::Writes => "writes files",
            Self::Starts => "starts programs",
            Self::Downloads => "uses the network",
            Self::Unknown => "does what its text does not tell",
            Self::Credentials => "reads credentials",
            Self::Hidden => "runs hidden code",
        }
    }
}

impl Deed {
    /// One of a command itself.
    pub fn of_command(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), file: None, line: 0 }
    }
}

/// The most details that a summary names of one kind.
const MOST_DETAILS: usize = 3;

/// All that a script does in one line, the most notable first: `uses the network (github.com), writes files`.
pub fn summary(deeds: &[Deed]) -> String {
    let mut kinds: Vec<Kind> = deeds.iter().map(|deed| deed.kind).collect();
    kinds.sort_unstable_by(|left, right| right.cmp(left));
    kinds.dedup();
    // What does something does not do nothing, and a program that compiles is no news where it says that it compiles.
    if kinds.len() > 1 {
        kinds.retain(|kind| *kind != Kind::Nothing);
    }
    let part = |kind: Kind| {
        let mut details: Vec<&str> = Vec::new();
        for deed in deeds.iter().filter(|deed| deed.kind == kind && !deed.what.is_empty()) {
            if !details.contains(&deed.what.as_str()) {
                details.push(&deed.what);
            }
        }
        let more = if details.len() > MOST_DETAILS { ", …" } else { "" };
        details.truncate(MOST_DETAILS);
        match details.is_empty() {
            true => kind.words().to_owned(),
            false => format!("{} ({}{more})", kind.words(), details.join(", ")),
        }
    };
    match kinds.is_empty() {
        true => Kind::Nothing.words().to_owned(),
        false => kinds.into_iter().map(part).collect::<Vec<_>>().join(", "),
    }
}
