//! Files by the names that editors give them.

use std::path::{Path, PathBuf};

/// The path that a `file:` URI names. Editors differ in what they escape, so nothing has to be.
pub(super) fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let path = decoded(path)?;
    if path.contains('\0') {
        return None;
    }
    if cfg!(windows) {
        let path = path.replace('/', "\\");
        let drive = path.trim_start_matches('\\');
        return Some(match (host, drive.as_bytes().get(1)) {
            ("" | "localhost", Some(b':')) => PathBuf::from(drive),
            ("" | "localhost", _) => PathBuf::from(path),
            (host, _) => PathBuf::from(format!("\\\\{host}{path}")),
        });
    }
    matches!(host, "" | "localhost").then(|| PathBuf::from(path))
}

/// The URI of an absolute path.
pub(super) fn of_path(path: &Path) -> String {
    let mut uri = String::from("file://");
    let text = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(hex(rest.next())? * 16 + hex(rest.next())?).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn paths_and_uris() {
        for path in ["/a/b.js", "/a b/é😀/[id].tsx", "/a%20b", "/a#b?c"] {
            assert_eq!(to_path(&of_path(Path::new(path))).as_deref(), Some(Path::new(path)));
        }
        assert_eq!(of_path(Path::new("/a b/[id].ts")), "file:///a%20b/%5Bid%5D.ts");
        assert_eq!(to_path("file:///a/[id].tsx").as_deref(), Some(Path::new("/a/[id].tsx")));
        assert_eq!(to_path("file://localhost/a").as_deref(), Some(Path::new("/a")));
        for nothing in [
            "untitled:Untitled-1",
            "file://",
            "file:///%zz",
            "file:///%ff",
            "file:///a%00b",
            "http://a/b",
            "",
        ] {
            assert_eq!(to_path(nothing), None, "{nothing}");
        }
    }
}
