//! A bill of materials, whichever standard it was read from, as a graph.

use std::collections::HashMap;
use std::path::Path;

use super::{Format, MAX_PACKAGES};
use crate::graph::{Edge, EdgeKind, GraphBuilder, Origin, Package, PackageId, Reach, ReachFrom};
use crate::integrity::Algorithm;
use crate::json::{Fault, Json, Kind, Read, Text};
use crate::place::LineIndex;
use crate::{DependencyGraph, Integrity, PackageName};

/// One component as a document describes it.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// Where it stands, in bytes.
    pub(super) at: usize,
    /// What the rest of the document calls it.
    pub(super) reference: String,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) purl: Option<String>,
    pub(super) hashes: Vec<(String, String)>,
    pub(super) license: Option<Box<str>>,
    pub(super) download: Option<String>,
    pub(super) folder: Option<Box<str>>,
    pub(super) engines_node: Option<Box<str>>,
    pub(super) alias: Option<String>,
    pub(super) development: bool,
    pub(super) optional: bool,
    pub(super) peer: bool,
    pub(super) bundled: bool,
    pub(super) install_script: bool,
    pub(super) patched: bool,
    /// It is the project that the document is about, or a part of it.
    pub(super) first_party: bool,
    /// It is no package: a file, an operating system, a tool.
    pub(super) other: bool,
}

/// A requirement between two references.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: EdgeKind,
}

/// What was read of a document.
#[derive(Debug, Default)]
pub(super) struct Bill {
    pub(super) components: Vec<Component>,
    pub(super) relations: Vec<Relation>,
}

impl Bill {
    /// Adds a component, within the limit.
    pub(super) fn add(&mut self, component: Component) -> Read<()> {
        if self.components.len() == MAX_PACKAGES {
            return Err(Fault::limit(component.at, format!("more than {MAX_PACKAGES} components")));
        }
        self.components.push(component);
        Ok(())
    }

    pub(super) fn relate(&mut self, from: &str, to: &str, kind: EdgeKind) {
        self.relations.push(Relation { from: from.to_owned(), to: to.to_owned(), kind });
    }

    /// The graph. Components of other ecosystems are counted in a remark, never mixed in.
    pub(super) fn graph(self, file: &Path, format: Format, lines: &LineIndex<'_>) -> Read<DependencyGraph> {
        let mut builder = GraphBuilder::new(file, format);
        let mut ids: HashMap<&str, PackageId> = HashMap::with_capacity(self.components.len());
        let mut passed = 0;
        for component in &self.components {
            let Some(package) = component.package(lines)? else {
                passed += 1;
                continue;
            };
            let first_party = package.origin.is_first_party();
            let id = if first_party { builder.add_root(package) } else { builder.add(package) };
            ids.insert(&component.reference, id);
        }
        if passed > 0 {
            builder.remark(
                format!("{passed} components are no npm packages and are passed over"),
                Default::default(),
            );
        }
        if !self.components.iter().any(|component| component.first_party) {
            builder.add_root(Package::new(super::unnamed_root(), "", Origin::Root));
        }
        let development: HashMap<&str, bool> =
            self.components.iter().map(|component| (&*component.reference, component.development)).collect();
        for relation in &self.relations {
            let Some(&from) = ids.get(&*relation.from) else { continue };
            let to = ids.get(&*relation.to).copied();
            if to.is_none() && development.contains_key(&*relation.to) {
                continue;
            }
            let from_root = builder.package(from).origin.is_first_party();
            let kind = match relation.kind {
                // CycloneDX has one kind of edge; what the target is for says which it was.
                EdgeKind::Production if from_root && development.get(&*relation.to) == Some(&true) => {
                    EdgeKind::Development
                }
                kind => kind,
            };
            let name = match to {
                Some(id) => required_name(builder.package(id)).shared(),
                None => relation.to.as_str().into(),
            };
            builder.require(Edge { from, to, kind, name, specifier: "".into() });
        }
        Ok(builder.finish(ReachFrom::Edges))
    }
}

fn required_name(package: &Package) -> &PackageName {
    package.alias.as_ref().unwrap_or(&package.name)
}

impl Component {
    /// The package; `None` for what is none of npm's.
    fn package(&self, lines: &LineIndex<'_>) -> Read<Option<Package>> {
        let purl = self.purl.as_deref().map(Purl::parse);
        let (name, version) = match &purl {
            Some(Some(purl)) => (purl.name.clone(), purl.version.clone()),
            // A URL of another type, or one that can't be read; the project itself may have any.
            Some(None) if !self.first_party => return Ok(None),
            None if self.other && !self.first_party => return Ok(None),
            _ => (self.own_name(), None),
        };
        let version = version.unwrap_or_else(|| self.version.clone());
        let name = match PackageName::parse(&name) {
            Ok(name) => name,
            Err(_) if self.first_party => super::unnamed_root(),
            Err(error) => return Err(Fault::new(self.at, error.to_string())),
        };
        let mut package = Package::new(name, &version, self.origin(purl.flatten().as_ref()));
        package.integrity = self.integrity();
        package.position = lines.position(self.at);
        package.reach = Reach {
            production: !self.development,
            development: self.development,
            optional: self.optional,
            peer: self.peer,
        };
        package.license = self.license.clone();
        package.folder = self.folder.clone();
        package.engines_node = self.engines_node.clone();
        package.bundled = self.bundled;
        package.patched = self.patched;
        package.install_script = self.install_script.then_some(true);
        package.alias = self.alias.as_deref().and_then(|alias| PackageName::parse(alias).ok());
        Ok(Some(package))
    }

    fn own_name(&self) -> String {
        match self.group.as_str() {
            "" => self.name.clone(),
            group => format!("@{}/{}", group.trim_start_matches('@'), self.name),
        }
    }

    fn origin(&self, purl: Option<&Purl>) -> Origin {
        if self.first_party {
            return Origin::Root;
        }
        let location = purl.and_then(|purl| purl.source.as_deref()).or(self.download.as_deref());
        let location = location.filter(|url| !matches!(*url, "NOASSERTION" | "NONE" | ""));
        super::requirement::source_of(location)
    }

    fn integrity(&self) -> Option<Integrity> {
        let digest = |(algorithm, hex): &(String, String)| {
            let plain: String = algorithm.chars().filter(char::is_ascii_alphanumeric).collect();
            let algorithm = match plain.to_ascii_lowercase().as_str() {
                "md5" => Algorithm::Md5,
                "sha1" => Algorithm::Sha1,
                "sha256" => Algorithm::Sha256,
                "sha384" => Algorithm::Sha384,
                "sha512" => Algorithm::Sha512,
                _ => return None,
            };
            Some((algorithm, Integrity::from_hex(algorithm, hex)?))
        };
        self.hashes
            .iter()
            .filter_map(digest)
            .max_by_key(|(algorithm, _)| *algorithm)
            .map(|(_, integrity)| integrity)
    }
}

/// A package URL of type npm.
#[derive(Debug, PartialEq, Eq)]
struct Purl {
    name: String,
    version: Option<String>,
    /// `vcs_url` or `download_url`.
    source: Option<String>,
}

impl Purl {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let (kind, rest) = rest.trim_start_matches('/').split_once('/')?;
        if !scheme.eq_ignore_ascii_case("pkg") || !kind.eq_ignore_ascii_case("npm") {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        // The `@` of a scope may stand unescaped at the start.
        let (name, version) = match path.rfind('@').filter(|at| *at > 0 && !path[*at..].contains('/')) {
            Some(at) => (&path[..at], Some(decode(&path[at + 1..]))),
            None => (path, None),
        };
        let qualifier = |wanted: &str| {
            let pair =
                qualifiers.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == wanted));
            pair.map(|(_, value)| decode(value))
        };
        let source = qualifier("vcs_url").map(|url| git_form(&url)).or_else(|| qualifier("download_url"));
        Some(Self { name: decode(name), version, source })
    }
}

/// `vcs_url` has the commit after `@`; lockfiles have it after `#`.
fn git_form(url: &str) -> String {
    let path = url.find("://").map_or(0, |at| at + 3);
    match url.rfind('@').filter(|at| *at > path && url[path..*at].contains('/')) {
        Some(at) => format!("{}#{}", &url[..at], &url[at + 1..]),
        None => url.to_owned(),
    }
}

/// Percent-decoding; what is not an escape stays.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The next value, if it is text.
pub(super) fn text_or_nothing<'a>(json: &mut Json<'a>) -> Read<Option<Text<'a>>> {
    match json.kind()? {
        Kind::String => json.text("").map(Some),
        _ => json.skip().map(|()| None),
    }
}

/// The next value as owned text; empty where it is none.
pub(super) fn owned(json: &mut Json<'_>) -> Read<String> {
    Ok(text_or_nothing(json)?.map(|text| text.value.into_owned()).unwrap_or_default())
}

/// The next value as a list of texts; one text counts as a list of one.
pub(super) fn texts(json: &mut Json<'_>) -> Read<Vec<String>> {
    if json.kind()? != Kind::Array {
        return Ok(text_or_nothing(json)?.map(|text| text.value.into_owned()).into_iter().collect());
    }
    let mut list = Vec::new();
    let mut elements = json.array("")?;
    while elements.next(json)? {
        list.extend(text_or_nothing(json)?.map(|text| text.value.into_owned()));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls() {
        let parse =
            |text| Purl::parse(text).map(|purl| (purl.name, purl.version.unwrap_or_default(), purl.source));
        let release = |name: &str, version: &str| Some((name.to_owned(), version.to_owned(), None));
        assert_eq!(parse("pkg:npm/a@1.0.0"), release("a", "1.0.0"));
        assert_eq!(parse("pkg:npm/%40s/a@1.0.0%2Bx?arch=x#lib"), release("@s/a", "1.0.0+x"));
        assert_eq!(parse("PKG:npm//@s/a@2.0.0").map(|purl| purl.1), Some("2.0.0".to_owned()));
        assert_eq!(parse("pkg:npm/@s/a"), release("@s/a", ""));
        assert_eq!(parse("pkg:pypi/a@1.0.0"), None);
        assert_eq!(parse("npm/a"), None);
        let git = "pkg:npm/a@1.0.0?vcs_url=git%2Bhttps%3A%2F%2Fgit.example.org%2Fo%2Fr.git%40abc";
        assert_eq!(parse(git).unwrap().2.unwrap(), "git+https://git.example.org/o/r.git#abc");
    }
}
