//! A pattern as a graph of operations, in the order in which a backtracking engine tries them.
//!
//! The position automaton is made from it, and `replay` runs it as an engine would.

use super::Reason;
use super::charset::CharSet;
use super::syntax::{Assertion, Direction, Node, Order, Pattern, SetId, Sets, Sign, Span};

/// Index of an operation.
pub(super) type At = u32;

/// More operations than a pattern has that a person wrote.
const MAX_OPS: usize = 8_000;
/// Copies for back references may hold references themselves; this deep we still follow them.
const MAX_COPIES: u32 = 2;
/// A repetition of up to this many is no loop for polynomial time: it multiplies by a constant.
const SMALL: u32 = 1_000;

#[derive(Debug, Clone)]
pub(super) enum Op {
    Char {
        set: SetId,
        span: Span,
        next: At,
    },
    /// Tries the targets in this order.
    Split(Vec<At>),
    Assert {
        kind: Assertion,
        next: At,
    },
    Look(Look),
    /// Matches what a group captured. The analysis takes the group's own body instead.
    BackReference {
        group: u32,
        copy: At,
        next: At,
    },
    Save {
        slot: u32,
        next: At,
    },
    /// Where an iteration begins that could be empty, and where it must not have been.
    Mark {
        register: u32,
        next: At,
    },
    Check {
        register: u32,
        next: At,
    },
    /// The way back of a loop that may be taken a limited number of times.
    Counted {
        next: At,
    },
    Accept {
        region: u16,
    },
}

/// A lookahead or lookbehind.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) direction: Direction,
    pub(super) sign: Sign,
    pub(super) body: At,
    pub(super) next: At,
    /// The neighbouring character must be of this set (or, for a negative look, there may be none).
    pub(super) neighbour: Option<SetId>,
    /// Whether the body can take long by itself.
    pub(super) loops: bool,
    /// What its `Accept` carries, to tell its end from a match.
    pub(super) region: u16,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) start: At,
    /// The operation that skips a character to search further on, unless the pattern is sticky.
    pub(super) search: Option<At>,
    pub(super) slots: u32,
    pub(super) registers: u32,
    /// Spans of the unbounded repetitions, to say which part of a pattern is ambiguous.
    pub(super) loops: Vec<Span>,
    /// Whether the analysis sees more matches than there are: then a witness has to be replayed.
    pub(super) approximate: bool,
}

/// What way the text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Forward,
    Backward,
}

/// Compiles `root`. Repetitions of up to `counted` become copies, longer ones loops.
pub(super) fn compile(
    root: &Node,
    pattern: &Pattern,
    sets: &mut Sets,
    reading: Reading,
    counted: u32,
) -> Result<Program, Reason> {
    let mut groups = Vec::new();
    collect_groups(&pattern.root, &mut groups);
    let mut compiler = Compiler {
        ops: vec![Op::Accept { region: 0 }],
        sets,
        groups,
        open: Vec::new(),
        copies: 0,
        counted,
        registers: 0,
        regions: 0,
        slots: 0,
        loops: Vec::new(),
        approximate: false,
        root: reading,
    };
    let body = compiler.node(root, 0, reading)?;
    let (start, search) = if pattern.sticky {
        (body, None)
    } else {
        let all = compiler.sets.intern(CharSet::all());
        let skip = compiler.push(Op::Split(Vec::new()))?;
        let search = compiler.push(Op::Char { set: all, span: (0, 0), next: skip })?;
        compiler.ops[skip as usize] = Op::Split(vec![body, search]);
        (skip, Some(search))
    };
    Ok(Program {
        ops: compiler.ops,
        start,
        search,
        slots: compiler.slots,
        registers: compiler.registers,
        loops: compiler.loops,
        approximate: compiler.approximate,
    })
}

/// The bodies of lookbehinds that loop: the main program does not read them, they are read backward.
pub(super) fn looping_lookbehinds<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    match node {
        Node::Look { direction: Direction::Behind, body, .. } if body.has_loop() => found.push(body),
        Node::Sequence(nodes) | Node::Alternatives(nodes) => {
            nodes.iter().for_each(|node| looping_lookbehinds(node, found));
        }
        Node::Repeat { body, .. } | Node::Group { body, .. } | Node::Look { body, .. } => {
            looping_lookbehinds(body, found);
        }
        _ => {}
    }
}

fn collect_groups<'a>(node: &'a Node, groups: &mut Vec<(u32, &'a Node)>) {
    match node {
        Node::Group { index, body } => {
            groups.push((*index, body));
            collect_groups(body, groups);
        }
        Node::Sequence(nodes) | Node::Alternatives(nodes) => {
            nodes.iter().for_each(|node| collect_groups(node, groups));
        }
        Node::Repeat { body, .. } | Node::Look { body, .. } => collect_groups(body, groups),
        _ => {}
    }
}

struct Compiler<'a> {
    ops: Vec<Op>,
    sets: &'a mut Sets,
    groups: Vec<(u32, &'a Node)>,
    /// The groups being compiled: a reference to one of them matches nothing yet.
    open: Vec<u32>,
    copies: u32,
    counted: u32,
    registers: u32,
    regions: u16,
    slots: u32,
    loops: Vec<Span>,
    approximate: bool,
    /// How the text is read that the whole program is for.
    root: Reading,
}

impl<'a> Compiler<'a> {
    fn push(&mut self, op: Op) -> Result<At, Reason> {
        if self.ops.len() >= MAX_OPS {
            return Err(Reason::TooLarge);
        }
        self.ops.push(op);
        u32::try_from(self.ops.len() - 1).map_err(|_| Reason::TooLarge)
    }

    /// Compiles `node` so that it goes on at `next`, and gives where it begins.
    fn node(&mut self, node: &'a Node, next: At, reading: Reading) -> Result<At, Reason> {
        match node {
            Node::Empty => Ok(next),
            Node::Char { set, span } => self.push(Op::Char { set: *set, span: *span, next }),
            Node::Sequence(nodes) if reading == Reading::Forward => {
                nodes.iter().rev().try_fold(next, |next, node| self.node(node, next, reading))
            }
            Node::Sequence(nodes) => nodes.iter().try_fold(next, |next, node| self.node(node, next, reading)),
            Node::Alternatives(nodes) => {
                let targets =
                    nodes.iter().map(|node| self.node(node, next, reading)).collect::<Result<_, _>>()?;
                self.push(Op::Split(targets))
            }
            Node::Repeat { min, max, order, body, span } => {
                let repeat = Repeat { min: *min, max: *max, order: *order, body, span: *span, reading };
                self.repeat(&repeat, next)
            }
            Node::Group { index, body } => self.group(*index, body, next, reading),
            Node::BackReference { group } => self.back_reference(*group, next, reading),
            Node::Look { direction, sign, body } => self.look(*direction, *sign, body, next),
            Node::Assert(kind) => self.push(Op::Assert { kind: mirrored(*kind, reading), next }),
        }
    }

    fn group(&mut self, index: u32, body: &'a Node, next: At, reading: Reading) -> Result<At, Reason> {
        self.slots = self.slots.max(2 * index + 2);
        let (first, last) = match reading {
            Reading::Forward => (2 * index, 2 * index + 1),
            Reading::Backward => (2 * index + 1, 2 * index),
        };
        let close = self.push(Op::Save { slot: last, next })?;
        self.open.push(index);
        let body = self.node(body, close, reading)?;
        self.open.pop();
        self.push(Op::Save { slot: first, next: body })
    }

    fn back_reference(&mut self, group: u32, next: At, reading: Reading) -> Result<At, Reason> {
        let body = self.groups.iter().find(|(index, _)| *index == group).map(|&(_, body)| body);
        let Some(body) = body.filter(|_| !self.open.contains(&group) && self.copies < MAX_COPIES) else {
            return Ok(next);
        };
        self.approximate = true;
        self.copies += 1;
        self.open.push(group);
        let copy = self.node(body, next, reading)?;
        self.open.pop();
        self.copies -= 1;
        self.push(Op::BackReference { group, copy, next })
    }

    fn look(&mut self, direction: Direction, sign: Sign, body: &'a Node, next: At) -> Result<At, Reason> {
        let one = body.one_character(self.sets);
        self.approximate |= one.is_none();
        let neighbour = match (sign, direction) {
            (Sign::Negative, _) => one.map(|set| set.negated()),
            (Sign::Positive, Direction::Ahead) => one.or_else(|| body.first_characters(self.sets)),
            (Sign::Positive, Direction::Behind) => one,
        };
        let neighbour = neighbour.map(|set| self.sets.intern(set));
        self.regions = self.regions.saturating_add(1);
        let region = self.regions;
        let end = self.push(Op::Accept { region })?;
        let reading = match direction {
            Direction::Ahead => Reading::Forward,
            Direction::Behind => Reading::Backward,
        };
        let loops = body.has_loop();
        let body = self.node(body, end, reading)?;
        let direction = if self.root == Reading::Forward { direction } else { direction.opposite() };
        self.push(Op::Look(Look { direction, sign, body, next, neighbour, loops, region }))
    }

    fn repeat(&mut self, repeat: &Repeat<'a>, next: At) -> Result<At, Reason> {
        let nullable = nullable(repeat.body);
        // Required iterations that may be empty are no different from optional ones.
        let min = if nullable { 0 } else { repeat.min };
        match repeat.max {
            Some(0) => Ok(next),
            Some(max) if max <= self.counted => {
                let optional = (min..max).try_fold(next, |after, _| {
                    let body = self.iteration(repeat, after, nullable)?;
                    self.split(repeat.order, body, next)
                })?;
                (0..min).try_fold(optional, |after, _| self.node(repeat.body, after, repeat.reading))
            }
            max => {
                self.loops.push(repeat.span);
                let limited = max.is_some_and(|max| max <= SMALL);
                self.approximate |= max.is_some() || min > self.counted;
                let entry = self.endless(repeat, next, nullable, limited, min == 0)?;
                let copies = if min > self.counted { 1 } else { min };
                (1..copies).try_fold(entry, |after, _| self.node(repeat.body, after, repeat.reading))
            }
        }
    }

    /// A loop, entered at the choice whether to iterate or, when it has to, at its body.
    fn endless(
        &mut self,
        repeat: &Repeat<'a>,
        next: At,
        nullable: bool,
        limited: bool,
        optional: bool,
    ) -> Result<At, Reason> {
        let head = self.push(Op::Split(Vec::new()))?;
        let back = if limited { self.push(Op::Counted { next: head })? } else { head };
        let body = self.iteration(repeat, back, nullable)?;
        self.ops[head as usize] = Op::Split(match repeat.order {
            Order::Greedy => vec![body, next],
            Order::Lazy => vec![next, body],
        });
        Ok(if optional { head } else { body })
    }

    fn iteration(&mut self, repeat: &Repeat<'a>, after: At, nullable: bool) -> Result<At, Reason> {
        if !nullable {
            return self.node(repeat.body, after, repeat.reading);
        }
        let register = self.registers;
        self.registers += 1;
        let check = self.push(Op::Check { register, next: after })?;
        let body = self.node(repeat.body, check, repeat.reading)?;
        self.push(Op::Mark { register, next: body })
    }

    fn split(&mut self, order: Order, body: At, next: At) -> Result<At, Reason> {
        self.push(Op::Split(match order {
            Order::Greedy => vec![body, next],
            Order::Lazy => vec![next, body],
        }))
    }
}

struct Repeat<'a> {
    min: u32,
    max: Option<u32>,
    order: Order,
    body: &'a Node,
    span: Span,
    reading: Reading,
}

/// Read backward, the start of the input is where reading ends.
fn mirrored(kind: Assertion, reading: Reading) -> Assertion {
    match (reading, kind) {
        (Reading::Backward, Assertion::InputStart) => Assertion::InputEnd,
        (Reading::Backward, Assertion::InputEnd) => Assertion::InputStart,
        (Reading::Backward, Assertion::LineStart) => Assertion::LineEnd,
        (Reading::Backward, Assertion::LineEnd) => Assertion::LineStart,
        (_, kind) => kind,
    }
}

fn nullable(node: &Node) -> bool {
    match node {
        Node::Char { .. } => false,
        Node::Sequence(nodes) => nodes.iter().all(nullable),
        Node::Alternatives(nodes) => nodes.iter().any(nullable),
        Node::Repeat { min, body, .. } => *min == 0 || nullable(body),
        Node::Group { body, .. } => nullable(body),
        Node::Empty | Node::BackReference { .. } | Node::Look { .. } | Node::Assert(_) => true,
    }
}
