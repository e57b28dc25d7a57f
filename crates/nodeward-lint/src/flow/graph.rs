//! The value-flow graph of one file: what may become what, without the syntax that said so.
//!
//! A node is a value at a place: a parameter, a variable between two assignments, the result of a call. An edge says
//! that the value of one may be, or be part of, the value of another. Literals have no node: nothing flows from them
//! that anybody outside controls.

use std::sync::Arc;

use nodeward_javascript::oxc::Span;
use rustc_hash::FxHashMap;

/// A value at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    /// Stands for "no node": a literal, an absent argument.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// As an index.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The node, unless it is [`Self::NONE`].
    pub(crate) fn get(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }

    /// From what lowering gives for an expression.
    pub(crate) fn from_option(node: Option<Self>) -> Self {
        node.unwrap_or(Self::NONE)
    }
}

/// A function of the file, or of the unit once files are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FunctionId(pub(crate) u32);

/// A place where objects are made: a literal, the instances of one constructor, the exports of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct ObjectId(pub(crate) u32);

/// A property or module name, interned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameId(pub(crate) u32);

impl NameId {
    /// Stands for "no name known".
    pub(crate) const NONE: Self = Self(u32::MAX);
}

/// What flows along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    /// The value itself.
    Same,
    /// The value itself, where a test has shown that it is harmless for these uses.
    Tested(Taint),
    /// Something computed from it, such as a longer string; what is dangerous in it for these uses is gone.
    Derived(Taint),
    /// Text put between other text.
    Joined(Taint),
    /// The property of this name.
    Load(NameId),
    /// A property whose name is computed.
    LoadAny,
    /// Becomes the property of this name; the edge goes from the value to the object.
    Store(NameId),
    /// Becomes a property whose name is computed.
    StoreAny,
}

/// One edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) label: Label,
}

/// For which uses a value is still dangerous; a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Taint(pub(crate) u32);

impl Taint {
    pub(crate) const NONE: Self = Self(0);
    /// A shell would parse it.
    pub(crate) const SHELL: Self = Self(1);
    /// It may climb out of a folder.
    pub(crate) const CLIMB: Self = Self(1 << 1);
    /// It may lead beside a folder, into another whose name begins with the same letters.
    pub(crate) const BESIDE: Self = Self(1 << 20);
    /// It may lead to a file that was not meant.
    pub(crate) const PATH: Self = Self::CLIMB.and(Self::BESIDE);
    /// An engine would run it.
    pub(crate) const CODE: Self = Self(1 << 2);
    /// SQL, LDAP, XPath, GraphQL text.
    pub(crate) const QUERY: Self = Self(1 << 3);
    /// An object with operators where a value is wanted.
    pub(crate) const OPERATOR: Self = Self(1 << 4);
    /// A browser would parse it as markup.
    pub(crate) const MARKUP: Self = Self(1 << 5);
    /// It decides which host is asked.
    pub(crate) const HOST: Self = Self(1 << 6);
    /// It decides where a browser goes.
    pub(crate) const REDIRECT: Self = Self(1 << 7);
    /// As a property name it may reach `Object.prototype`.
    pub(crate) const KEY: Self = Self(1 << 8);
    /// It decides which module loads.
    pub(crate) const MODULE: Self = Self(1 << 9);
    /// It may be long: regular expressions and quadratic loops.
    pub(crate) const LENGTH: Self = Self(1 << 10);
    /// It may break a line of a header or a log.
    pub(crate) const LINE: Self = Self(1 << 11);
    /// It may be a large number.
    pub(crate) const NUMBER: Self = Self(1 << 12);
    /// It may begin with `-`, which programs read as an option.
    pub(crate) const OPTION: Self = Self(1 << 13);
    /// A serialised object that names code.
    pub(crate) const SERIALISED: Self = Self(1 << 14);
    /// It is an object whose properties are all the outside's choice.
    pub(crate) const OBJECT: Self = Self(1 << 15);
    /// Everything that a value from outside may be.
    pub(crate) const OUTSIDE: Self = Self((1 << 17) - 1).and(Self::BESIDE);
    /// As a property name it may be `constructor`, and the next `prototype`.
    pub(crate) const CONSTRUCTOR: Self = Self(1 << 16);
    /// An object read by a name from outside: it may be `Object.prototype`.
    pub(crate) const PROTOTYPE: Self = Self(1 << 17);
    /// A secret of this machine: environment, credential files.
    pub(crate) const SECRET: Self = Self(1 << 18);
    /// Bytes fetched from the network.
    pub(crate) const FETCHED: Self = Self(1 << 19);

    /// Both sets.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Without those of `other`.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is left.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one is in both.
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What an argument looks like where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A string known here, interned.
    Text(NameId),
    /// `true`.
    True,
    /// Another literal.
    Literal,
    /// An object literal.
    Object,
    /// An object literal with `shell: true`, or a shell's name.
    Shell,
    /// An object literal with a property `root`.
    Rooted,
    /// An object literal that asks for a schema without code.
    Safe,
    /// An array literal.
    Array,
    /// A function written here.
    Function,
    /// `...rest`.
    Spread,
    /// Anything else.
    Other,
}

/// An argument of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument {
    pub(crate) node: NodeId,
    pub(crate) shape: Shape,
}

/// How a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// `f(…)`.
    Plain,
    /// `new F(…)`.
    New,
    /// A tagged template.
    Template,
    /// Not written as a call: a callback that some built-in function calls.
    Implied,
}

/// A call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) kind: CallKind,
    pub(crate) callee: NodeId,
    pub(crate) receiver: NodeId,
    /// The method's name as written: `exec` in `shell.exec(…)`, the variable's in `exec(…)`.
    pub(crate) name: NameId,
    /// Range of [`FileGraph::arguments`].
    pub(crate) arguments: (u32, u32),
    pub(crate) result: NodeId,
    pub(crate) span: Span,
    pub(crate) function: FunctionId,
}

/// A function.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: NameId,
    pub(crate) span: Span,
    pub(crate) parameters: Vec<NodeId>,
    /// The parameter names as written, for what they hint at; `NONE` for a pattern.
    pub(crate) parameter_names: Vec<NameId>,
    pub(crate) rest: NodeId,
    /// `arguments`.
    pub(crate) all: NodeId,
    pub(crate) this: NodeId,
    pub(crate) returned: NodeId,
    /// The function around it.
    pub(crate) parent: FunctionId,
    /// What `new` makes, and what its prototype holds.
    pub(crate) instance: ObjectId,
    /// The properties of the function itself.
    pub(crate) statics: ObjectId,
    pub(crate) sends: Sends,
}

/// A read or a write whose property name is computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Computed {
    pub(crate) base: NodeId,
    pub(crate) key: NodeId,
    /// What is written; for a read, what it gives.
    pub(crate) value: NodeId,
    pub(crate) is_write: bool,
    pub(crate) span: Span,
    pub(crate) function: FunctionId,
}

/// A value known where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Seed {
    /// This function.
    Function(FunctionId),
    /// An object made here.
    Object(ObjectId),
    /// What `require(name)` gives.
    Module(NameId),
    /// A variable that nobody declares.
    Global(NameId),
    /// Calling it sends its first argument to this node: the `resolve` of a promise.
    Deliver(NodeId),
    /// A parameter whose type or decorator (`@Body`) has this name.
    Typed(NameId),
}

/// An operator or a property that is a place where harm is done, apart from calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// `element.innerHTML = value` and the like: property name, value.
    PropertyWrite(NameId),
    /// `import(value)`.
    Import,
    /// `dangerouslySetInnerHTML={{__html: value}}`.
    Markup,
    /// A test by a regular expression: its pattern and flags, interned, as `/pattern/flags`.
    Match(NameId),
    /// A loop bounded by the value.
    LoopBound,
    /// `spawn('sh', ['-c', value])`.
    ShellCommand,
    /// No harm by itself: the text is one of SQL.
    Statement,
    /// No harm by itself: the text has tags of markup.
    Tags,
    /// No harm by itself: in a text it stands directly behind a value that is not known, such as an address.
    Behind,
    /// No harm by itself: a call after it was said that what is sent is plain text.
    Plain,
    /// No harm by itself: all that a variable of several functions may hold, whenever it is read.
    AnyTime,
}

/// What a function says that it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sends {
    /// It does not say.
    #[default]
    Unknown,
    /// JSON, plain text and the like, which no browser parses as markup.
    Plain,
    /// Markup, now or then.
    Markup,
}

/// The graph of one file.
#[derive(Debug, Default)]
pub(crate) struct FileGraph {
    pub(crate) names: Names,
    pub(crate) spans: Vec<Span>,
    /// The function that each node belongs to.
    pub(crate) owners: Vec<FunctionId>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) functions: Vec<Function>,
    pub(crate) calls: Vec<Call>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) computed: Vec<Computed>,
    pub(crate) seeds: Vec<(NodeId, Seed)>,
    pub(crate) spots: Vec<(NodeId, Spot, Span)>,
    pub(crate) objects: u32,
    /// `module.exports`, or the module's namespace.
    pub(crate) exports: NodeId,
    pub(crate) exports_object: ObjectId,
    /// Constructors and the value that they extend.
    pub(crate) extends: Vec<(FunctionId, NodeId)>,
}

impl FileGraph {
    /// With room for what so many nodes of a tree become, by experience.
    pub(crate) fn with_room(tree: usize) -> Self {
        Self {
            spans: Vec::with_capacity(tree / 3),
            owners: Vec::with_capacity(tree / 3),
            edges: Vec::with_capacity(tree / 3),
            calls: Vec::with_capacity(tree / 16),
            arguments: Vec::with_capacity(tree / 12),
            ..Self::default()
        }
    }
}

impl FileGraph {
    /// What the file loads, by the names that it says.
    pub(crate) fn imports(&self) -> impl Iterator<Item = &str> {
        self.seeds.iter().filter_map(|(_, seed)| match seed {
            Seed::Module(name) => Some(self.names.text(*name)),
            _ => None,
        })
    }
}

/// Interned names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    ids: FxHashMap<Arc<str>, NameId>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The name's number.
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        self.add(text.into())
    }

    /// The number of a name of another table.
    pub(crate) fn intern_shared(&mut self, text: &Arc<str>) -> NameId {
        match self.ids.get(text) {
            Some(id) => *id,
            None => self.add(text.clone()),
        }
    }

    fn add(&mut self, text: Arc<str>) -> NameId {
        let id = NameId(u32::try_from(self.texts.len()).expect("fewer names than bytes in the source"));
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }

    /// The number of a name, if it has one.
    pub(crate) fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    /// The text; empty for [`NameId::NONE`].
    pub(crate) fn text(&self, id: NameId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |text| text)
    }

    /// All, in the order of their numbers.
    pub(crate) fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }
}
