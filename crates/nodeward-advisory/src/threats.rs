//! Which of the twelve threats an advisory is an instance of.
//!
//! The weaknesses (CWE) that the advisory names decide; where it names none that says anything, words of its summary
//! do; where neither does, it is a low-quality dependency, which is true of every published flaw. `docs/threats.md`
//! shows both tables, and a test keeps it equal to them.

use nodeward_report::Threat;

/// Weaknesses by threat, strongest claim first: an advisory with several CWEs takes the first row that names one.
/// A CWE that is absent here (20, 74, 284, 693, 707…) says too little to decide.
pub const BY_WEAKNESS: &[(Threat, &[u32])] = &[
    (Threat::Mtp, &[506, 507, 508, 509, 510, 511, 512, 912]),
    (Threat::Shp, &[78, 88]),
    (Threat::Qui, &[89, 90, 91, 564, 643, 652, 943]),
    (
        Threat::Rce,
        &[79, 80, 81, 82, 83, 84, 85, 86, 87, 94, 95, 96, 97, 116, 434, 470, 471, 502, 913, 917, 1321, 1336],
    ),
    (Threat::Shp, &[77]),
    (Threat::Uir, &[98, 114, 426, 427, 428, 494, 829, 830]),
    (
        Threat::Bof,
        &[
            119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 131, 134, 170, 190, 191, 193, 415, 416,
            680, 681, 763, 786, 787, 788, 805, 806, 823, 824, 825, 843,
        ],
    ),
    (
        Threat::Cry,
        &[
            208, 261, 295, 296, 297, 298, 299, 310, 311, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328,
            329, 330, 331, 332, 335, 336, 337, 338, 340, 345, 347, 353, 354, 385, 757, 759, 760, 780, 916,
            1204, 1240, 1241, 1391,
        ],
    ),
    (
        Threat::Exf,
        &[
            22, 23, 24, 25, 26, 27, 28, 29, 31, 35, 36, 37, 38, 59, 61, 73, 93, 113, 184, 200, 201, 203, 209,
            212, 213, 214, 215, 219, 226, 256, 257, 260, 264, 266, 269, 276, 281, 285, 287, 288, 289, 290,
            294, 302, 304, 305, 306, 307, 312, 313, 346, 352, 359, 367, 377, 378, 379, 384, 425, 441, 444,
            497, 521, 522, 523, 524, 525, 526, 530, 532, 538, 540, 548, 552, 565, 598, 601, 610, 611, 613,
            614, 620, 639, 640, 668, 706, 732, 798, 862, 863, 908, 915, 918, 922, 942, 1004, 1021, 1188,
            1230, 1275, 1385,
        ],
    ),
    (
        Threat::Dos,
        &[
            185, 248, 369, 400, 401, 404, 405, 407, 409, 410, 476, 606, 617, 667, 674, 730, 754, 755, 770,
            771, 772, 776, 789, 833, 834, 835, 1050, 1284, 1286, 1287, 1322, 1333,
        ],
    ),
    (Threat::Lqc, &[1104, 1395]),
];

/// Words of a summary by threat, in lower case; the first row with a word that the summary holds decides.
pub const BY_WORD: &[(Threat, &[&str])] = &[
    (
        Threat::Mtp,
        &["malicious", "malware", "backdoor", "protestware", "typosquat", "embedded malicious", "hijacked"],
    ),
    (
        Threat::Shp,
        &["command injection", "shell injection", "os command", "argument injection", "command execution"],
    ),
    (
        Threat::Qui,
        &[
            "sql injection",
            "nosql",
            "query injection",
            "ldap injection",
            "xpath injection",
            "mongodb injection",
        ],
    ),
    (
        Threat::Rce,
        &[
            "prototype pollution",
            "prototype poisoning",
            "code execution",
            "code injection",
            "remote code",
            "arbitrary code",
            "javascript execution",
            "sandbox",
            "template injection",
            "deserialization",
            "cross-site scripting",
            "cross site scripting",
            "xss",
            "script injection",
            "html injection",
            "content injection",
            "eval",
        ],
    ),
    (
        Threat::Uir,
        &[
            "untrusted search path",
            "dll",
            "local file inclusion",
            "arbitrary require",
            "downloads resources over http",
        ],
    ),
    (
        Threat::Bof,
        &[
            "buffer overflow",
            "buffer over-read",
            "heap overflow",
            "out-of-bounds",
            "out of bounds",
            "use after free",
            "use-after-free",
            "memory corruption",
            "integer overflow",
            "double free",
            "overread",
            "oob ",
            "type confusion",
        ],
    ),
    (
        Threat::Cry,
        &[
            "signature",
            "timing attack",
            "timing side",
            "side-channel",
            "certificate",
            "crypto",
            "insecure random",
            "weak random",
            "entropy",
            "private key",
            "tls ",
            "ssl ",
            "cleartext",
            "insecure encryption",
            "padding oracle",
            "jwt",
        ],
    ),
    (
        Threat::Dos,
        &[
            "denial of service",
            "denial-of-service",
            "dos ",
            "(dos)",
            "hashdos",
            "redos",
            "regular expression",
            "regex",
            "resource consumption",
            "resource exhaustion",
            "resource leak",
            "memory leak",
            "crash",
            "infinite loop",
            "uncaught exception",
            "uncontrolled recursion",
            "assertion",
            "slowloris",
            "algorithmic complexity",
            "hang",
        ],
    ),
    (
        Threat::Exf,
        &[
            "traversal",
            "information exposure",
            "information disclosure",
            "exposure of",
            "sensitive",
            "leak",
            "disclosure",
            "arbitrary file",
            "memory exposure",
            "uninitialized memory",
            "mass assignment",
            "request forgery",
            "ssrf",
            "csrf",
            "open redirect",
            "authentication bypass",
            "authorization bypass",
            "access control",
            "permission model",
            "privilege escalation",
            "request smuggling",
            "header injection",
            "crlf",
            "xml external",
            "session fixation",
            "symlink",
            "insecure default",
            "dns rebinding",
        ],
    ),
];

/// The threat of an advisory. `cwes` as records write them (`CWE-79`); anything else in there is passed over.
pub fn classify<'a>(cwes: impl IntoIterator<Item = &'a str>, summary: &str) -> Threat {
    let numbers: Vec<u32> = cwes.into_iter().filter_map(number).collect();
    let text = summary.to_ascii_lowercase();
    // One weakness is used for two threats: mass assignment and prototype pollution. The words tell them apart.
    if numbers.contains(&915) && text.contains("prototype") {
        return Threat::Rce;
    }
    BY_WEAKNESS
        .iter()
        .find(|(_, row)| numbers.iter().any(|number| row.contains(number)))
        .map(|(threat, _)| *threat)
        .or_else(|| {
            let named = |words: &[&str]| words.iter().any(|word| text.contains(word));
            BY_WORD.iter().find(|(_, words)| named(words)).map(|(threat, _)| *threat)
        })
        .unwrap_or(Threat::Lqc)
}

/// `CWE-079` and `cwe-79` are 79.
fn number(cwe: &str) -> Option<u32> {
    let (prefix, digits) = cwe.split_once('-')?;
    prefix.eq_ignore_ascii_case("cwe").then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn known_flaws_get_the_threat_that_a_reader_expects() {
        for (cwes, summary, threat) in [
            (&["CWE-77", "CWE-94"][..], "Command Injection in lodash", Threat::Rce),
            (&["CWE-78"], "OS Command Injection in node-notifier", Threat::Shp),
            (&["CWE-1321"], "Prototype pollution in minimist", Threat::Rce),
            (&["CWE-915"], "Prototype pollution in set-value", Threat::Rce),
            (&["CWE-915"], "Mass assignment in a model", Threat::Exf),
            (&["CWE-20", "CWE-1333"], "Inefficient regular expression in minimatch", Threat::Dos),
            (&["CWE-79"], "Cross-site scripting in pug", Threat::Rce),
            (&["CWE-22", "CWE-59"], "Arbitrary file write through symlinks in tar", Threat::Exf),
            (&["CWE-347"], "Signature not verified in node-forge", Threat::Cry),
            (&["CWE-943"], "Search injection in mongoose", Threat::Qui),
            (&["CWE-506"], "Embedded malicious code", Threat::Mtp),
            (&["CWE-20"], "Insufficient validation leads to a crash", Threat::Dos),
            (&[], "SQL Injection in sequelize", Threat::Qui),
            (&[], "Something unusual", Threat::Lqc),
            (&["CWE-", "CWE-x", "79", "CWE-99999999999"], "", Threat::Lqc),
        ] {
            assert_eq!(classify(cwes.iter().copied(), summary), threat, "{cwes:?} {summary}");
        }
    }

    #[test]
    fn the_page_shows_the_tables() {
        let page = include_str!("../../../docs/threats.md");
        let mut tables = String::new();
        for (threat, cwes) in BY_WEAKNESS {
            let cwes: Vec<String> = cwes.iter().map(u32::to_string).collect();
            writeln!(tables, "| {} | {} |", threat.code(), cwes.join(", ")).unwrap();
        }
        for (threat, words) in BY_WORD {
            let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.trim())).collect();
            writeln!(tables, "| {} | {} |", threat.code(), words.join(", ")).unwrap();
        }
        for line in tables.lines() {
            assert!(page.contains(line), "docs/threats.md lacks this line:\n{line}");
        }
    }

    #[test]
    fn no_weakness_stands_in_two_rows() {
        let mut all: Vec<u32> = BY_WEAKNESS.iter().flat_map(|(_, row)| row.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
