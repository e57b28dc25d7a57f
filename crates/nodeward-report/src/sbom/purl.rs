//! Package URLs, the names that SBOMs and advisories share.

use std::fmt::Write as _;

use nodeward_package::{Origin, Package, PackageName};

use super::clean_url;

/// The package URL of a release, whatever it came from: `pkg:npm/%40scope/name@1.0.0`.
///
/// The case of a name stays as it is: npm takes no new names with capitals, but the old ones that have some are
/// other packages than their lower-case namesakes.
pub fn of_release(name: &PackageName, version: &str) -> String {
    let mut purl = "pkg:npm/".to_owned();
    if let Some(scope) = name.scope() {
        purl += "%40";
        encode(scope, &mut purl);
        purl.push('/');
    }
    encode(name.unscoped(), &mut purl);
    if !version.is_empty() {
        purl.push('@');
        encode(version, &mut purl);
    }
    purl
}

/// The package URL of a resolved package; where its bytes come from git or from a plain URL, it says so.
pub fn of_package(package: &Package) -> String {
    let mut purl = of_release(&package.name, &package.version_text);
    match &package.origin {
        Origin::Git { url, commit } => {
            let url = clean_url(url);
            let prefix = if url.starts_with("git") { "" } else { "git+" };
            let commit = commit.as_deref().map(|commit| format!("@{commit}")).unwrap_or_default();
            qualify("vcs_url", &format!("{prefix}{url}{commit}"), &mut purl);
        }
        Origin::Http { url } => qualify("download_url", &clean_url(url), &mut purl),
        Origin::Root | Origin::Workspace { .. } | Origin::Registry { .. } | Origin::File { .. } => {}
    }
    purl
}

fn qualify(key: &str, value: &str, purl: &mut String) {
    purl.push('?');
    purl.push_str(key);
    purl.push('=');
    encode(value, purl);
}

/// Percent-encodes all but what a package URL takes as it is.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(byte as char);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PackageName {
        PackageName::parse(text).unwrap()
    }

    #[test]
    fn names_and_versions_are_encoded() {
        assert_eq!(of_release(&name("lodash"), "4.17.21"), "pkg:npm/lodash@4.17.21");
        assert_eq!(
            of_release(&name("@angular/core"), "1.0.0-rc.1+b"),
            "pkg:npm/%40angular/core@1.0.0-rc.1%2Bb"
        );
        assert_eq!(of_release(&name("JSONStream"), ""), "pkg:npm/JSONStream");
        assert_eq!(of_release(&name("naïve?x#y"), "1"), "pkg:npm/na%C3%AFve%3Fx%23y@1");
    }

    #[test]
    fn origins_become_qualifiers() {
        let git = Origin::Git {
            url: "https://u:secret@git.example.org/a/b.git".into(),
            commit: Some("abc".into()),
        };
        assert_eq!(
            of_package(&Package::new(name("b"), "1.0.0", git)),
            "pkg:npm/b@1.0.0?vcs_url=git%2Bhttps:%2F%2Fgit.example.org%2Fa%2Fb.git%40abc"
        );
        let http = Origin::Http { url: "https://example.org/x-1.tgz".into() };
        assert_eq!(
            of_package(&Package::new(name("x"), "1.0.0", http)),
            "pkg:npm/x@1.0.0?download_url=https:%2F%2Fexample.org%2Fx-1.tgz"
        );
    }
}
