//! The team's own rules, `[[lint.requirement]]` of `nodeward.toml` or `[[requirement]]` of a file that it names.
//!
//! What is wrong in a requirement is an error with its place: a rule that is
//! misread would pass for one that finds nothing.

mod format;

use std::ops::Range;
use std::sync::Arc;

use anyhow::bail;
use globset::{GlobBuilder, GlobMatcher};
use nodeward_lint::requirement::{
    Accepted, Access, Demand, Example, Limit, ModulePattern, Name, Requirement, Subject, ValueSort, is_id,
};
use nodeward_lint::rules;
use nodeward_package::Place;
use nodeward_report::{Severity, Threat};
use toml::Spanned;

use format::ExceptSection;
pub(crate) use format::{RequirementSection, RequirementsFile, Texts, places};

/// A requirement, and where it holds.
#[derive(Debug, Clone)]
pub(crate) struct Requested {
    /// What is asked.
    pub(crate) requirement: Arc<Requirement>,
    /// Only in these files; in all if empty.
    pub(crate) files: Vec<FilePattern>,
    /// Where it does not hold, and why.
    pub(crate) excepts: Vec<Except>,
}

/// Files for which a requirement does not hold.
#[derive(Debug, Clone)]
pub(crate) struct Except {
    /// Which.
    pub(crate) files: Vec<FilePattern>,
    /// Why.
    pub(crate) reason: String,
}

/// A glob over paths, relative to the folder of `nodeward.toml`.
#[derive(Debug, Clone)]
pub(crate) struct FilePattern {
    /// As written.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) place: Place,
    glob: GlobMatcher,
}

impl FilePattern {
    /// Whether a path, with `/`, is meant: by the pattern itself, or because it is below a folder that it names.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        folders.chain([path]).any(|path| self.glob.is_match(path))
    }
}

/// What a requirement is read with.
pub(crate) struct Reader<'r> {
    /// The place of a stretch of the file.
    pub(crate) place: &'r dyn Fn(Range<usize>) -> Place,
    /// The folder, absolute and with `/`, that relative modules are named from.
    pub(crate) folder: Arc<str>,
}

/// The keys that only some kinds have, with the kinds that have them.
const KEYS: [(&str, &[&str]); 8] = [
    ("name", &["banned-", "restricted-", "required-"]),
    ("from", &["banned-", "restricted-", "required-"]),
    ("argument", &["restricted-call", "required-wrapper"]),
    ("on", &["required-wrapper"]),
    ("allow", &["restricted-", "required-wrapper"]),
    ("deny", &["restricted-"]),
    ("tags", &["restricted-", "required-wrapper"]),
    ("wrappers", &["restricted-", "required-wrapper"]),
];

const KINDS: [&str; 9] = [
    "banned-name",
    "banned-call",
    "banned-property",
    "banned-property-read",
    "banned-property-write",
    "banned-import",
    "restricted-call",
    "restricted-property-write",
    "required-wrapper",
];

impl Reader<'_> {
    /// All of one file.
    pub(crate) fn all(&self, sections: Vec<Spanned<RequirementSection>>) -> anyhow::Result<Vec<Requested>> {
        sections.into_iter().map(|section| self.one(section)).collect()
    }

    fn one(&self, section: Spanned<RequirementSection>) -> anyhow::Result<Requested> {
        let place = (self.place)(section.span());
        let section = section.into_inner();
        let id = section.id.get_ref();
        if !is_id(id) {
            bail!(
                "{}: {id:?} is no id: begin with a letter, and go on with letters, digits and -",
                self.at(&section.id)
            );
        }
        if rules::find(id).is_some() {
            bail!("{}: {id} is the name of a built-in rule: choose another", self.at(&section.id));
        }
        for (key, text) in [("message", Some(&section.message)), ("next-step", section.next_step.as_ref())] {
            if let Some(text) = text
                && (text.get_ref().trim().is_empty() || text.get_ref().contains('\n'))
            {
                bail!("{}: `{key}` is not one line: say it in one", self.at(text));
            }
        }
        let severity = match &section.severity {
            Some(name) => {
                name.get_ref().parse().map_err(|error| anyhow::anyhow!("{}: {error}", self.at(name)))?
            }
            None => Severity::Medium,
        };
        let threat = Threat::ALL.into_iter().find(|threat| threat.code() == section.threat.get_ref());
        let Some(threat) = threat else {
            let codes = Threat::ALL.map(Threat::code).join(", ");
            bail!(
                "{}: {:?} is no threat: use one of {codes}",
                self.at(&section.threat),
                section.threat.get_ref()
            );
        };
        if let Some(link) = &section.explanation
            && !(link.get_ref().starts_with("https://") || link.get_ref().starts_with("http://"))
        {
            bail!("{}: `explanation` is no link: begin it with https://", self.at(link));
        }
        let demand = self.demand(&section)?;
        let files = match &section.files {
            Some(files) => self.patterns(files)?,
            None => Vec::new(),
        };
        let excepts = section
            .except
            .iter()
            .map(|except| self.except(except.get_ref()))
            .collect::<anyhow::Result<_>>()?;
        let example = |code: &Spanned<String>| Example { code: code.get_ref().clone(), place: self.at(code) };
        let requirement = Requirement {
            id: id.as_str().into(),
            message: section.message.get_ref().trim().to_owned(),
            next_step: section.next_step.as_ref().map(|text| text.get_ref().trim().to_owned()),
            explanation: section.explanation.as_ref().map(|link| link.get_ref().clone()),
            severity,
            threat,
            demand,
            good: section.good.iter().map(example).collect(),
            bad: section.bad.iter().map(example).collect(),
            place,
            folder: self.folder.clone(),
        };
        Ok(Requested { requirement: Arc::new(requirement), files, excepts })
    }

    fn at<T>(&self, value: &Spanned<T>) -> Place {
        (self.place)(value.span())
    }

    fn demand(&self, section: &RequirementSection) -> anyhow::Result<Demand> {
        let kind = section.kind.get_ref().as_str();
        if !KINDS.contains(&kind) {
            bail!("{}: {kind:?} is no kind: use one of {}", self.at(&section.kind), KINDS.join(", "));
        }
        self.check_keys(section)?;
        if kind == "banned-import" {
            return self.banned_import(section);
        }
        let is_property =
            kind.contains("property") || section.on.as_ref().is_some_and(|on| on.get_ref() == "write");
        let names = self.names(section, is_property)?;
        Ok(match kind {
            "banned-name" => Demand::BannedName(names),
            "banned-call" => Demand::BannedCall(names),
            "banned-property" => Demand::BannedProperty(names, Access::Any),
            "banned-property-read" => Demand::BannedProperty(names, Access::Read),
            "banned-property-write" => Demand::BannedProperty(names, Access::Write),
            _ if is_property => Demand::Limited(Subject::Property(names), self.limit(section)?),
            _ => Demand::Limited(Subject::Call(names, self.argument(section)?), self.limit(section)?),
        })
    }

    /// No key that the kind would pass over.
    fn check_keys(&self, section: &RequirementSection) -> anyhow::Result<()> {
        let kind = section.kind.get_ref();
        let texts = |value: &Option<Spanned<Texts>>| value.as_ref().map(|value| self.at(value));
        let written = [
            texts(&section.name),
            texts(&section.from),
            section.argument.as_ref().map(|value| self.at(value)),
            section.on.as_ref().map(|value| self.at(value)),
            texts(&section.allow),
            texts(&section.deny),
            texts(&section.tags),
            texts(&section.wrappers),
        ];
        for ((key, kinds), place) in KEYS.iter().zip(written) {
            if let Some(place) = place
                && !kinds.iter().any(|of| kind.starts_with(of))
            {
                bail!("{place}: `{key}` says nothing in a {kind}: take it out, or choose another kind");
            }
        }
        if let Some(on) = &section.on
            && !matches!(on.get_ref().as_str(), "call" | "write")
        {
            bail!("{}: {:?} is not known: use \"call\" or \"write\"", self.at(on), on.get_ref());
        }
        Ok(())
    }

    fn names(&self, section: &RequirementSection, is_property: bool) -> anyhow::Result<Vec<Name>> {
        let Some(written) = &section.name else {
            bail!(
                "{}: `name` is missing: say what a {} speaks of",
                self.at(&section.kind),
                section.kind.get_ref()
            );
        };
        let modules = section.from.as_ref().map(|from| self.texts(from)).transpose()?;
        let mut names = Vec::new();
        for (place, text) in self.texts(written)? {
            // A property by its name alone is that of anything.
            let bare = is_property && modules.is_none() && !text.contains(['.', ' ']);
            let text = if bare { format!(".{text}") } else { text };
            match &modules {
                Some(modules) => {
                    for (_, module) in modules {
                        names.push((place.clone(), Name::parse(&text, Some(module))));
                    }
                }
                None => names.push((place, Name::parse(&text, None))),
            }
        }
        names
            .into_iter()
            .map(|(place, name)| name.map_err(|error| anyhow::anyhow!("{place}: {error}")))
            .collect()
    }

    fn banned_import(&self, section: &RequirementSection) -> anyhow::Result<Demand> {
        let Some(from) = &section.from else {
            bail!("{}: `from` is missing: say which module may not be imported", self.at(&section.kind));
        };
        let patterns = self.texts(from)?;
        let patterns = patterns.into_iter().map(|(place, text)| {
            ModulePattern::parse(&text).map_err(|error| anyhow::anyhow!("{place}: {error}"))
        });
        let patterns = patterns.collect::<anyhow::Result<_>>()?;
        let names = if section.name.is_some() { self.names(section, false)? } else { Vec::new() };
        if let (Some(name), true) = (&section.name, names.iter().any(|name| matches!(name, Name::Member(_))))
        {
            bail!("{}: a module has exports, no properties: write their names without a dot", self.at(name));
        }
        Ok(Demand::BannedImport(patterns, names))
    }

    fn argument(&self, section: &RequirementSection) -> anyhow::Result<Option<usize>> {
        let Some(written) = &section.argument else { return Ok(Some(0)) };
        match written.get_ref() {
            toml::Value::Integer(place @ 1..=100) => Ok(usize::try_from(*place - 1).ok()),
            toml::Value::String(word) if word == "all" => Ok(None),
            _ => bail!("{}: `argument` is counted from 1, or \"all\"", self.at(written)),
        }
    }

    fn limit(&self, section: &RequirementSection) -> anyhow::Result<Limit> {
        let kind = section.kind.get_ref();
        let tags = self.called(section.tags.as_ref())?;
        let wrappers = self.called(section.wrappers.as_ref())?;
        if let (Some(deny), false) =
            (&section.deny, tags.is_empty() && wrappers.is_empty() && section.allow.is_none())
        {
            bail!("{}: `deny` stands alone: use either it or `allow`, `tags` and `wrappers`", self.at(deny));
        }
        if kind == "required-wrapper" && tags.is_empty() && wrappers.is_empty() {
            bail!("{}: it names no wrapper: give `wrappers` or `tags`", self.at(&section.kind));
        }
        let limit = match (&section.deny, &section.allow) {
            (Some(deny), _) => Limit::Not(Accepted { sorts: self.sorts(deny)?, ..Accepted::default() }),
            (None, Some(allow)) => Limit::Only(Accepted { sorts: self.sorts(allow)?, tags, wrappers }),
            (None, None) if tags.is_empty() && wrappers.is_empty() => {
                bail!("{}: it restricts nothing: give `allow` or `deny`", self.at(&section.kind))
            }
            (None, None) => Limit::Only(Accepted { sorts: Vec::new(), tags, wrappers }),
        };
        Ok(limit)
    }

    fn called(&self, names: Option<&Spanned<Texts>>) -> anyhow::Result<Vec<Name>> {
        let Some(names) = names else { return Ok(Vec::new()) };
        let parse = |(place, text): (Place, String)| {
            Name::parse(&text, None).map_err(|error| anyhow::anyhow!("{place}: {error}"))
        };
        self.texts(names)?.into_iter().map(parse).collect()
    }

    fn sorts(&self, names: &Spanned<Texts>) -> anyhow::Result<Vec<ValueSort>> {
        let find = |(place, text): (Place, String)| {
            ValueSort::ALL.into_iter().find(|sort| sort.name() == text).ok_or_else(|| {
                let names = ValueSort::ALL.map(ValueSort::name).join(", ");
                anyhow::anyhow!("{place}: {text:?} is no sort of value: use one of {names}")
            })
        };
        self.texts(names)?.into_iter().map(find).collect()
    }

    /// The texts with their places; an empty list says nothing.
    fn texts(&self, texts: &Spanned<Texts>) -> anyhow::Result<Vec<(Place, String)>> {
        if texts.get_ref().0.is_empty() {
            bail!("{}: the list is empty: name something, or take it out", self.at(texts));
        }
        let each = texts.get_ref().0.iter();
        let place = |span: &Option<Range<usize>>| (self.place)(span.clone().unwrap_or(texts.span()));
        Ok(each.map(|(span, text)| (place(span), text.clone())).collect())
    }

    fn except(&self, section: &ExceptSection) -> anyhow::Result<Except> {
        if section.reason.get_ref().trim().is_empty() {
            bail!("{}: `reason` is empty: say why it does not hold there", self.at(&section.reason));
        }
        Ok(Except {
            files: self.patterns(&section.files)?,
            reason: section.reason.get_ref().trim().to_owned(),
        })
    }

    fn patterns(&self, texts: &Spanned<Texts>) -> anyhow::Result<Vec<FilePattern>> {
        let pattern = |(place, text): (Place, String)| {
            let path = text.strip_prefix("./").unwrap_or(&text).trim_end_matches('/');
            if path.is_empty() || path.starts_with('/') || path.starts_with("..") || path.contains('\\') {
                bail!("{place}: {text:?} is no pattern: write it relative to nodeward.toml, with /");
            }
            let glob = GlobBuilder::new(path).literal_separator(true).build();
            let glob =
                glob.map_err(|error| anyhow::anyhow!("{place}: {text:?} is no pattern: {}", error.kind()))?;
            Ok(FilePattern { glob: glob.compile_matcher(), text, place })
        };
        self.texts(texts)?.into_iter().map(pattern).collect()
    }
}
