//! What a URL or path in a lockfile says about the package behind it.

use crate::PackageName;

/// The commit of a tarball that a git host makes on demand; `None` for other URLs. Package managers fetch those
/// instead of cloning, so such a package comes by git although its URL is that of a tarball.
pub(super) fn hosted_commit(url: &str) -> Option<&str> {
    const HOSTS: &[&str] = &["codeload.github.com/", "gitlab.com/", "bitbucket.org/"];
    let (_, rest) = url.split_once("://")?;
    HOSTS.iter().find(|host| rest.starts_with(**host))?;
    let is_commit =
        |part: &&str| (7..=40).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    rest.split(['/', '=', '?', '&', '#', '.', '-']).rev().find(is_commit)
}

/// The name for a package of which only the folder or tarball is known.
pub(super) fn name_of_folder(path: &str) -> Option<PackageName> {
    let last = path.rsplit(['/', '\\']).find(|segment| !matches!(*segment, "" | "." | ".."))?;
    let last = last.strip_suffix(".tgz").or_else(|| last.strip_suffix(".tar.gz")).unwrap_or(last);
    PackageName::parse(last).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_of_hosted_tarballs() {
        for (url, commit) in [
            ("https://codeload.github.com/a/b/tar.gz/0123abc", Some("0123abc")),
            (
                "https://bitbucket.org/a/b/get/0123456789abcdef0123456789abcdef01234567.tar.gz",
                Some("0123456789abcdef0123456789abcdef01234567"),
            ),
            (
                "https://gitlab.com/api/v4/projects/a%2Fb/repository/archive.tar.gz?ref=0123abc",
                Some("0123abc"),
            ),
            ("https://codeload.github.com/a/b/tar.gz/v1.0.0", None),
            ("https://x.example.org/a/0123abc", None),
            ("0123abc", None),
        ] {
            assert_eq!(hosted_commit(url), commit, "{url}");
        }
    }

    #[test]
    fn names_of_folders() {
        let name = |path| name_of_folder(path).map(|name| name.to_string());
        assert_eq!(name("../x/package-a.tgz").as_deref(), Some("package-a"));
        assert_eq!(name("packages/b/").as_deref(), Some("b"));
        assert_eq!(name(".."), None);
    }
}
