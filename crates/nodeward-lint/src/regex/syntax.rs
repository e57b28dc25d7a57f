//! The syntax tree of a regular expression, reduced to what decides how long a match takes.

use rustc_hash::FxHashMap;

use super::charset::CharSet;

/// Half-open byte range in the pattern.
pub(super) type Span = (u32, u32);

/// Index of an interned [`CharSet`].
pub(super) type SetId = u32;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Empty,
    Char { set: SetId, span: Span },
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    Repeat { min: u32, max: Option<u32>, order: Order, body: Box<Node>, span: Span },
    Group { index: u32, body: Box<Node> },
    BackReference { group: u32 },
    Look { direction: Direction, sign: Sign, body: Box<Node> },
    Assert(Assertion),
}

/// What a repetition tries first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Greedy,
    Lazy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ahead,
    Behind,
}

impl Direction {
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Ahead => Self::Behind,
            Self::Behind => Self::Ahead,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Positive,
    Negative,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assertion {
    /// `^`
    InputStart,
    /// `^` with the flag `m`
    LineStart,
    /// `$`
    InputEnd,
    /// `$` with the flag `m`
    LineEnd,
    /// `\b`
    WordEdge,
    /// `\B`
    NoWordEdge,
}

/// A parsed pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) root: Node,
    pub(super) sets: Sets,
    pub(super) sticky: bool,
    /// Whether matches are searched one after the other.
    pub(super) global: bool,
    /// Whether anything repeats without a bound; nothing else takes more than linear time.
    pub(super) loops: bool,
}

/// The character sets of a pattern, each stored once.
#[derive(Debug, Default)]
pub(super) struct Sets {
    sets: Vec<CharSet>,
    ids: FxHashMap<CharSet, SetId>,
}

impl Sets {
    pub(super) fn intern(&mut self, set: CharSet) -> SetId {
        if let Some(&id) = self.ids.get(&set) {
            return id;
        }
        let id = u32::try_from(self.sets.len()).expect("a pattern's length bounds its sets");
        self.sets.push(set.clone());
        self.ids.insert(set, id);
        id
    }

    pub(super) fn get(&self, id: SetId) -> &CharSet {
        &self.sets[id as usize]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &CharSet> {
        self.sets.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.sets.len()
    }
}

impl Node {
    /// Whether some repetition in here has no bound, or one so high that it counts as none.
    pub(super) fn has_loop(&self) -> bool {
        match self {
            Self::Repeat { max, body, .. } => max.is_none_or(|max| max > super::COUNTED) || body.has_loop(),
            Self::Sequence(nodes) | Self::Alternatives(nodes) => nodes.iter().any(Self::has_loop),
            Self::Group { body, .. } | Self::Look { body, .. } => body.has_loop(),
            Self::Empty | Self::Char { .. } | Self::BackReference { .. } | Self::Assert(_) => false,
        }
    }

    /// The characters this matches, when it always matches exactly one.
    pub(super) fn one_character(&self, sets: &Sets) -> Option<CharSet> {
        match self {
            Self::Char { set, .. } => Some(sets.get(*set).clone()),
            Self::Sequence(nodes) if nodes.len() == 1 => nodes[0].one_character(sets),
            Self::Alternatives(nodes) => nodes
                .iter()
                .try_fold(CharSet::default(), |all, node| Some(all.union(&node.one_character(sets)?))),
            Self::Group { body, .. } => body.one_character(sets),
            _ => None,
        }
    }

    /// A superset of the characters a match can begin with, or `None` when it may match without any.
    pub(super) fn first_characters(&self, sets: &Sets) -> Option<CharSet> {
        match self.first(sets) {
            (set, Nullable::No) => Some(set),
            (_, Nullable::Yes) => None,
        }
    }

    fn first(&self, sets: &Sets) -> (CharSet, Nullable) {
        match self {
            Self::Char { set, .. } => (sets.get(*set).clone(), Nullable::No),
            Self::Sequence(nodes) => {
                let mut all = CharSet::default();
                for node in nodes {
                    let (set, nullable) = node.first(sets);
                    all = all.union(&set);
                    if nullable == Nullable::No {
                        return (all, Nullable::No);
                    }
                }
                (all, Nullable::Yes)
            }
            Self::Alternatives(nodes) => {
                nodes.iter().fold((CharSet::default(), Nullable::No), |(all, nullable), node| {
                    let (set, also) = node.first(sets);
                    (all.union(&set), if also == Nullable::Yes { also } else { nullable })
                })
            }
            Self::Group { body, .. } => body.first(sets),
            Self::Repeat { min, body, .. } => {
                let (set, nullable) = body.first(sets);
                (set, if *min == 0 { Nullable::Yes } else { nullable })
            }
            Self::BackReference { .. } => (CharSet::all(), Nullable::Yes),
            Self::Empty | Self::Look { .. } | Self::Assert(_) => (CharSet::default(), Nullable::Yes),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nullable {
    Yes,
    No,
}
