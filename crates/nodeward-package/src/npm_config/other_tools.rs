//! What yarn, pnpm and bun say in files of their own about registries, put into npm's words.
//!
//! Reads the lines in which these settings are written in practice: block style YAML, one value a line. Flow
//! style (`{a: b}`) and anchors are passed over; such a registry is then not known as configured.

use std::path::Path;

use crate::place::Position;

/// One setting in npm's words.
pub(super) struct Translated {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) position: Position,
}

/// Whether a file, by its name, is one of these.
pub(super) fn is_understood(file: &Path) -> bool {
    reader(file).is_some()
}

/// The settings of a file; of a file that is none of these, nothing.
pub(super) fn read(file: &Path, text: &str) -> Vec<Translated> {
    reader(file).map_or_else(Vec::new, |read| read(text))
}

fn reader(file: &Path) -> Option<fn(&str) -> Vec<Translated>> {
    match file.file_name()?.to_str()? {
        ".yarnrc" => Some(yarn_classic),
        ".yarnrc.yml" => Some(|text| yaml(text, yarn_berry)),
        "pnpm-workspace.yaml" => Some(|text| yaml(text, pnpm)),
        "bunfig.toml" => Some(bun),
        _ => None,
    }
}

/// `registry "https://…"`, `"@scope:registry" "https://…"`, `strict-ssl false`.
fn yarn_classic(text: &str) -> Vec<Translated> {
    let setting = |(index, line): (usize, &str)| {
        let line = line.trim();
        let (key, value) = line.split_once(char::is_whitespace)?;
        let key = unquote(key.trim_end_matches(':'));
        let known =
            key == "registry" || key.ends_with(":registry") || matches!(key, "strict-ssl" | "ignore-scripts");
        known.then(|| Translated {
            key: key.to_owned(),
            value: unquote(value).to_owned(),
            position: line_of(index),
        })
    };
    text.lines().enumerate().filter_map(setting).collect()
}

/// What a path of YAML keys means to npm.
type Translate = fn(path: &[&str], value: &str) -> Option<(String, String)>;

fn yarn_berry(path: &[&str], value: &str) -> Option<(String, String)> {
    match path {
        ["npmRegistryServer"] => Some(("registry".into(), value.into())),
        ["npmScopes", scope, "npmRegistryServer"] => Some((format!("@{scope}:registry"), value.into())),
        ["enableStrictSsl"] => Some(("strict-ssl".into(), value.into())),
        ["enableScripts"] => Some(("ignore-scripts".into(), (value == "false").to_string())),
        ["npmAuthToken"] | ["npmScopes", _, "npmAuthToken"] => Some(("_authToken".into(), value.into())),
        ["npmAuthIdent"] | ["npmScopes", _, "npmAuthIdent"] => Some(("_auth".into(), value.into())),
        ["npmRegistries", url, "npmAuthToken"] => Some((format!("{url}/:_authToken"), value.into())),
        _ => None,
    }
}

fn pnpm(path: &[&str], value: &str) -> Option<(String, String)> {
    match path {
        ["registry"] | ["registries", "default"] => Some(("registry".into(), value.into())),
        ["registries", scope] => Some((format!("{scope}:registry"), value.into())),
        ["strictSsl"] => Some(("strict-ssl".into(), value.into())),
        ["ignoreScripts"] => Some(("ignore-scripts".into(), value.into())),
        _ => None,
    }
}

fn yaml(text: &str, translate: Translate) -> Vec<Translated> {
    let mut found = Vec::new();
    let mut path: Vec<(usize, &str)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with(['#', '-']) {
            continue;
        }
        let indent = line.len() - trimmed.len();
        path.retain(|&(outer, _)| outer < indent);
        let Some((key, value)) = key_and_value(trimmed) else { continue };
        path.push((indent, key));
        let keys: Vec<&str> = path.iter().map(|&(_, key)| key).take(4).collect();
        if let Some((key, value)) = (!value.is_empty()).then(|| translate(&keys, value)).flatten() {
            found.push(Translated { key, value, position: line_of(index) });
        }
    }
    found
}

/// Splits at the first colon outside quotes that a space or the line's end follows.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let from = match line.chars().next()? {
        quote @ ('"' | '\'') => line[1..].find(quote)? + 2,
        _ => 0,
    };
    let colon = from
        + line[from..]
            .match_indices(':')
            .map(|(at, _)| at)
            .find(|at| line[from + at + 1..].chars().next().is_none_or(char::is_whitespace))?;
    let value = line[colon + 1..].split(" #").next().unwrap_or_default();
    Some((unquote(line[..colon].trim()), unquote(value)))
}

/// `[install] registry = "…"`, `[install.scopes] team = "…"`, either also as `{ url = "…", … }`.
fn bun(text: &str) -> Vec<Translated> {
    let mut section = "";
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim();
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let key = unquote(key.trim());
        let npm_key = match section {
            "install" if key == "registry" => "registry".to_owned(),
            "install.scopes" => format!("@{}:registry", key.trim_start_matches('@')),
            _ => continue,
        };
        let url = value.find("http").map(|start| &value[start..]);
        if let Some(url) = url.and_then(|url| url.split(['"', '\'', '#', ' ']).next()) {
            found.push(Translated { key: npm_key, value: url.to_owned(), position: line_of(index) });
        }
    }
    found
}

fn unquote(text: &str) -> &str {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

fn line_of(index: usize) -> Position {
    Position { line: index as u32 + 1, column: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line key=value` of each setting.
    fn said(file: &str, text: &str) -> Vec<String> {
        let show =
            |setting: Translated| format!("{} {}={}", setting.position.line, setting.key, setting.value);
        read(Path::new(file), text).into_iter().map(show).collect()
    }

    #[test]
    fn registries_of_other_tools() {
        assert_eq!(
            said(
                ".yarnrc",
                "# x\nregistry \"https://r.example.org/\"\n\"@s:registry\" https://s.example.org\nlastUpdateCheck 1\n"
            ),
            ["2 registry=https://r.example.org/", "3 @s:registry=https://s.example.org"]
        );
        let berry = "npmRegistryServer: \"https://r.example.org\" # x\nnpmScopes:\n  s:\n    npmRegistryServer: https://s.example.org:8080/x\n    \
                     npmAlwaysAuth: true\nenableScripts: false\nother:\n  npmRegistryServer: https://no.example.org\n";
        assert_eq!(
            said(".yarnrc.yml", berry),
            [
                "1 registry=https://r.example.org",
                "4 @s:registry=https://s.example.org:8080/x",
                "6 ignore-scripts=true"
            ]
        );
        let pnpm = "packages:\n  - a\nregistries:\n  default: https://r.example.org/\n  '@s': https://s.example.org\n";
        assert_eq!(
            said("pnpm-workspace.yaml", pnpm),
            ["4 registry=https://r.example.org/", "5 @s:registry=https://s.example.org"]
        );
        let bun = "[install]\nregistry = \"https://r.example.org\"\n[install.scopes]\ns = { token = \"$T\", url = \"https://s.example.org\" }\n[test]\nregistry = \"https://no.example.org\"\n";
        assert_eq!(
            said("bunfig.toml", bun),
            ["2 registry=https://r.example.org", "4 @s:registry=https://s.example.org"]
        );
        for file in [".npmrc", "package.json", "x.yml"] {
            assert!(!is_understood(Path::new(file)) && said(file, berry).is_empty());
        }
    }
}
