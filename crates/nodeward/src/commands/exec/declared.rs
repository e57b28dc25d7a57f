//! What a path of `--read` or `--write` stands for.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};

/// How many symbolic links one path may lead through.
const MOST_LINKS: usize = 40;

/// What the program has of its own, whatever lies there outside.
const OWN: &[&str] = &["/", "/dev", "/dev/shm", "/etc/hosts", "/etc/resolv.conf", "/proc", "/sys", "/tmp"];

/// A declared path from the root, as it is: what its name leads to by symbolic links is what is declared.
///
/// Links in the folder that the user works in are refused. A program that was run before may have made one, and would
/// have what it leads to declared now.
pub(super) fn find(here: &Path, path: &Path) -> anyhow::Result<PathBuf> {
    let real = resolve(here, path)?;
    let there = std::fs::symlink_metadata(&real);
    there.with_context(|| format!("{}: it has to be there before it can be declared", path.display()))?;
    if OWN.iter().any(|own| real == Path::new(own)) {
        let shown = real.display();
        bail!("{shown} can't be declared, as the program has its own; declare what is meant in it");
    }
    Ok(real)
}

/// The path without links, by one look at each part: looked at twice, it could be another. Where a link comes in the
/// place of a part from now on, nothing is started.
fn resolve(here: &Path, path: &Path) -> anyhow::Result<PathBuf> {
    let own = std::fs::canonicalize(here).context("cannot tell the current folder")?;
    let mut at = PathBuf::from("/");
    let mut rest: VecDeque<OsString> = parts(&own.join(path)).collect();
    let mut links = 0;
    while let Some(part) = rest.pop_front() {
        if part == ".." {
            at.pop();
            continue;
        }
        at.push(part);
        let Ok(target) = std::fs::read_link(&at) else { continue };
        links += 1;
        if links > MOST_LINKS {
            bail!("{}: leads through too many symbolic links", path.display());
        }
        if at.starts_with(&own) {
            let real = std::fs::canonicalize(&at).unwrap_or(target);
            bail!(
                "{}: {} is a symbolic link in this folder, which a program may have made; name what it leads to if \
                 that is meant: {}",
                path.display(),
                at.display(),
                real.display()
            );
        }
        at.pop();
        if target.is_absolute() {
            at = PathBuf::from("/");
        }
        parts(&target).rev().for_each(|part| rest.push_front(part));
    }
    Ok(at)
}

/// The names in a path, with `..`.
fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    let parts: Vec<OsString> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        })
        .collect();
    parts.into_iter()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_outside_are_followed_and_links_inside_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let here = root.join("project");
        for made in ["project/out/deep", "project/own", "elsewhere/deep"] {
            std::fs::create_dir_all(root.join(made)).unwrap();
        }
        symlink(root.join("elsewhere"), here.join("out/planted")).unwrap();
        symlink("../own", here.join("out/inward")).unwrap();
        symlink(root.join("elsewhere"), root.join("users")).unwrap();
        symlink(&here, root.join("way")).unwrap();
        symlink("way/out/planted", root.join("roundabout")).unwrap();
        let found = |path: &str| find(&here, Path::new(path)).map_err(|error| error.to_string());
        for (path, real) in [
            ("out", "project/out"),
            ("./out/../own", "project/own"),
            ("../users/deep", "elsewhere/deep"),
            ("../way/own", "project/own"),
        ] {
            assert_eq!(found(path), Ok(root.join(real)), "{path}");
        }
        for path in
            ["out/planted", "out/planted/deep", "out/inward", "../way/out/planted", "../roundabout/deep"]
        {
            assert!(
                found(path).is_err_and(|error| error.contains("is a symbolic link in this folder")),
                "{path}"
            );
        }
        let whole = here.join("out/planted");
        assert!(find(&here, &whole).is_err());
        for own in ["/", "/tmp", "/dev", "/proc", "/tmp/.."] {
            assert!(found(own).is_err_and(|error| error.contains("can't be declared")), "{own}");
        }
        assert!(found("gone").is_err_and(|error| error.contains("has to be there")));
    }
}
