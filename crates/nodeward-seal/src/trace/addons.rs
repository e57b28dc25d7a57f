//! Where add-ons lie: the conventions of `bindings`, `node-gyp-build`, `prebuildify` and `node-pre-gyp`.

use std::path::{Path, PathBuf};

use super::pattern::Folders;

/// What builds call architectures.
const ARCHITECTURES: &[&str] =
    &["x64", "arm64", "ia32", "arm", "ppc64", "s390x", "x86_64", "aarch64", "riscv64", "loong64", "mips64el"];

/// The add-ons of a folder that fit the system: those that were built, and prebuilt ones for it.
pub(super) fn in_folder(
    folders: &Folders,
    folder: &Path,
    platform: &str,
    architecture: &str,
) -> Vec<PathBuf> {
    let Some(files) = folders.files(folder) else { return Vec::new() };
    let fits = |file: &&PathBuf| {
        if file.extension().is_none_or(|extension| extension != "node") {
            return false;
        }
        let below = file.strip_prefix(folder).unwrap_or(file);
        let parts: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
        // What the compiler leaves beside the outcome.
        let is_other = |part: &&str| ARCHITECTURES.contains(part) && *part != architecture;
        !parts.contains(&"obj.target")
            && !parts.iter().any(is_other)
            && parts.iter().all(|part| fits_system(part, platform, architecture))
    };
    files.iter().filter(fits).cloned().collect()
}

/// The add-on of a name, as `bindings` looks for it: in the folders that builds write.
pub(super) fn named(folders: &Folders, folder: &Path, name: &str) -> Vec<PathBuf> {
    let name = if name.ends_with(".node") { name.to_owned() } else { format!("{name}.node") };
    let Some(files) = folders.files(folder) else { return Vec::new() };
    let is_built =
        |file: &&PathBuf| file.ends_with(Path::new(&name)) && !file.iter().any(|part| part == "obj.target");
    files.iter().filter(is_built).cloned().collect()
}

/// Whether the name of a package is one for this system: `@x/x-linux-x64`.
pub(super) fn names_system(name: &str, platform: &str, architecture: &str) -> bool {
    name.split('/').any(|part| {
        words(part).any(|word| word == platform)
            && words(part).any(|word| word == architecture)
            && fits_system(part, platform, architecture)
    })
}

/// Whether a folder or file that names a system names this one.
fn fits_system(part: &str, platform: &str, architecture: &str) -> bool {
    const PLATFORMS: &[&str] =
        &["linux", "darwin", "win32", "freebsd", "android", "ios", "sunos", "openbsd", "aix"];
    let named = |known: &[&str], wanted: &str| {
        let mut said = words(part).filter(|word| known.contains(word)).peekable();
        if said.peek().is_none() { true } else { said.any(|word| word == wanted) }
    };
    let says_system = words(part).any(|word| PLATFORMS.contains(&word));
    !says_system || named(PLATFORMS, platform) && named(ARCHITECTURES, architecture)
}

/// The words of a name; `linuxglibc-arm64` and `linuxmusl-x64` say `linux`.
fn words(part: &str) -> impl Iterator<Item = &str> {
    let system = |word| if matches!(word, "linuxglibc" | "linuxmusl") { "linux" } else { word };
    part.split(['-', '.', '+']).map(system)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodeward_testkit::Project;

    #[test]
    fn only_those_of_the_system() {
        let project = Project::empty()
            .file("prebuilds/linux-x64/a.node", "")
            .file("prebuilds/linux-x64/a.musl.node", "")
            .file("prebuilds/linux-arm64/a.node", "")
            .file("prebuilds/linuxglibc-x64/a.node", "")
            .file("prebuilds/linuxmusl-arm64/a.node", "")
            .file("prebuilds/ios-x64-simulator/a.node", "")
            .file("prebuilds/darwin-x64+arm64/a.node", "")
            .file("build/linux/arm64/a.node", "")
            .file("build/Release/a.node", "")
            .file("build/Release/obj.target/a.node", "")
            .file("build/Release/b.txt", "");
        let folders = Folders::default();
        let shown = |files: Vec<PathBuf>| {
            let below = files.iter().map(|file| file.strip_prefix(project.path()).unwrap());
            below.map(|file| file.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(in_folder(&folders, project.path(), "linux", "x64")),
            [
                "build/Release/a.node",
                "prebuilds/linux-x64/a.musl.node",
                "prebuilds/linux-x64/a.node",
                "prebuilds/linuxglibc-x64/a.node"
            ]
        );
        assert_eq!(
            shown(in_folder(&folders, project.path(), "darwin", "arm64")),
            ["build/Release/a.node", "prebuilds/darwin-x64+arm64/a.node"]
        );
        for (name, expected) in [
            ("@a/a-linux-x64", true),
            ("@a/linuxmusl-x64", true),
            ("a-linux-x64-gnu", true),
            ("@a/a-linux-arm64", false),
            ("a-darwin-x64", false),
            ("a-x64", false),
            ("linux", false),
        ] {
            assert_eq!(names_system(name, "linux", "x64"), expected, "{name}");
        }
        assert_eq!(shown(named(&folders, project.path(), "b")), Vec::<String>::new());
        assert_eq!(shown(named(&folders, project.path(), "a")).len(), 8);
    }
}
