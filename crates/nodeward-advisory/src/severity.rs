//! How bad a flaw is, from CVSS vectors or from the words of whoever published it.

use std::str::FromStr;

use cvss::Cvss;
use nodeward_report::Severity;

/// A severity and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The band.
    pub severity: Severity,
    /// The CVSS base score, where there is a vector.
    pub score: Option<f64>,
    /// The vector as published.
    pub vector: Option<String>,
}

impl Rating {
    /// A severity given as a word only.
    pub fn word(severity: Severity) -> Self {
        Self { severity, score: None, vector: None }
    }

    /// Scores one vector of any version; `None` for a text that is none.
    pub fn of_vector(vector: &str) -> Option<Self> {
        scored(vector).map(|(_, rating)| rating)
    }

    /// The rating by the newest version of CVSS among the vectors: 4.0 before 3.1 before 3.0 before 2.0, and the
    /// highest score within one version. Newer versions were made because the older ones misjudge; a publisher who
    /// gives both means the newer one.
    pub fn of_vectors<'a>(vectors: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let best = vectors.into_iter().filter_map(scored).max_by(|(a_version, a), (b_version, b)| {
            a_version.cmp(b_version).then(a.score.unwrap_or(0.0).total_cmp(&b.score.unwrap_or(0.0)))
        });
        best.map(|(_, rating)| rating)
    }
}

/// The rating with the rank of its CVSS version.
fn scored(vector: &str) -> Option<(u8, Rating)> {
    let vector = vector.trim();
    // Some publishers put parentheses around version 2 vectors, some name the version in front.
    let bare = vector.trim_start_matches('(').trim_end_matches(')');
    let bare = bare.strip_prefix("CVSS:2.0/").unwrap_or(bare);
    let cvss = Cvss::from_str(bare.trim_end_matches('/')).ok()?;
    let (rank, needed): (u8, &[&str]) = match &cvss {
        Cvss::CvssV20(_) => (0, &["AV", "AC", "Au", "C", "I", "A"]),
        Cvss::CvssV30(_) => (1, &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
        Cvss::CvssV31(_) => (2, &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
        _ => (3, &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]),
    };
    // The crate scores a vector that lacks base metrics as if they were harmless.
    let given = |metric: &&str| bare.split('/').any(|part| part.split(':').next() == Some(metric));
    let score = cvss.score();
    if !needed.iter().all(given) || !(0.0..=10.0).contains(&score) {
        return None;
    }
    let severity = if rank == 0 { band_of_version_2(score) } else { Severity::from_score(score) };
    Some((rank, Rating { severity, score: Some(score), vector: Some(vector.to_owned()) }))
}

/// Version 2 knows no critical.
fn band_of_version_2(score: f64) -> Severity {
    Severity::from_score(score).min(Severity::High)
}

/// The band that a publisher's word names: `MODERATE`, `High`. `None` for `unknown` and the like.
pub fn named(word: &str) -> Option<Severity> {
    let word = word.trim();
    match word.to_ascii_lowercase().as_str() {
        "important" => Some(Severity::High),
        "negligible" | "minor" => Some(Severity::Low),
        _ => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_every_version_score_as_published() {
        // Vectors and scores from the specifications' own examples and from the NVD.
        for (vector, score, severity) in [
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, Severity::High),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, Severity::High),
            ("(AV:N/AC:M/Au:N/C:N/I:P/A:N)", 4.3, Severity::Medium),
            ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2, Severity::Medium),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5, Severity::High),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N", 6.5, Severity::Medium),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, Severity::Critical),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, Severity::Critical),
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity::Info),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0, Severity::Critical),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", 8.7, Severity::High),
        ] {
            let rating = Rating::of_vector(vector).unwrap_or_else(|| panic!("{vector}"));
            assert_eq!((rating.score, rating.severity), (Some(score), severity), "{vector}");
        }
    }

    #[test]
    fn the_newest_version_of_cvss_counts() {
        let rating = Rating::of_vectors([
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N",
            "AV:N/AC:L/Au:N/C:C/I:C/A:C",
        ]);
        assert_eq!(rating.and_then(|rating| rating.score), Some(8.7));
    }

    #[test]
    fn what_is_no_vector_has_no_rating() {
        for text in
            ["", "7.5", "CVSS:3.1/", "CVSS:9.0/AV:N", "CVSS:3.1/AV:N", "/", "🦀/🦀", "CVSS:3.1/AV:N/AV:N"]
        {
            assert_eq!(Rating::of_vector(text), None, "{text}");
        }
        assert_eq!(named("MODERATE"), Some(Severity::Medium));
        assert_eq!(named("unknown"), None);
    }
}
