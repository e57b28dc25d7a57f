//! What is open around a token, and how deep that makes it.

use super::MAX_DEPTH;

/// What an opening bracket or tag counts for.
pub(super) const BRACKET: u32 = 8;
/// What a `<` of types counts for, in place of one.
const ANGLE: u32 = 4;

/// What a frame is closed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    /// The file.
    File,
    /// `(`
    Paren,
    /// `(` after `if`, `for`, `while` or `with`: what follows its end is a statement.
    Control,
    /// `[`
    Bracket,
    /// `{`
    Brace,
    /// `${` in a template.
    Hole,
    /// `<` of the types that a tag's name is given.
    Angle,
    /// `<` of a tag, up to its `>`.
    Tag,
    /// What stands between two tags.
    Children,
    /// `</` up to its `>`.
    ClosingTag,
}

/// One open bracket and the statement or element that is being read in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) opened: Opened,
    /// The depth of the frame itself.
    base: u32,
    /// Statements open without a bracket: `if (a) for (;;) label: …`. A comma does not end them.
    prefix: u32,
    /// What a statement that just ended had as `prefix`: `else` goes on from there.
    ended: u32,
    /// Tokens of this element that may hold what follows.
    chain: u32,
    /// `<` of types not closed yet.
    angle: u32,
    /// `?` that wait for their `:`.
    questions: u32,
    /// A comma was met in this statement, so that a `:` is no label's.
    comma: bool,
    /// Commas end nothing here: after `implements`.
    sticky: bool,
}

impl Frame {
    fn depth(&self) -> u32 {
        self.base + self.prefix + self.chain + self.angle * ANGLE
    }
}

/// The frames that are open, the innermost last.
#[derive(Debug, Clone)]
pub(super) struct Frames {
    frames: Vec<Frame>,
    /// The greatest depth so far.
    pub(super) deepest: u32,
}

impl Frames {
    pub(super) fn new() -> Self {
        let mut frames = Self { frames: Vec::with_capacity(64), deepest: 0 };
        frames.push_at(Opened::File, 0);
        frames
    }

    pub(super) fn is_too_deep(&self) -> bool {
        self.deepest > MAX_DEPTH
    }

    pub(super) fn innermost(&self) -> Opened {
        self.top_ref().opened
    }

    pub(super) fn open(&mut self, opened: Opened) {
        let base = self.top_ref().depth() + BRACKET;
        self.push_at(opened, base);
    }

    fn push_at(&mut self, opened: Opened, base: u32) {
        self.frames.push(Frame {
            opened,
            base,
            prefix: 0,
            ended: 0,
            chain: 0,
            angle: 0,
            questions: 0,
            comma: false,
            sticky: false,
        });
        self.deepest = self.deepest.max(base);
    }

    /// Closes the innermost frame, which counts as one more token of the frame around it: a call, a member.
    pub(super) fn close(&mut self) {
        // The file's own frame is closed by no byte.
        if self.frames.len() > 1 {
            self.frames.pop();
            self.step();
        }
    }

    /// The innermost frame becomes another: a tag's end starts its children.
    pub(super) fn turn_into(&mut self, opened: Opened) {
        self.top().opened = opened;
    }

    /// A token that may hold what follows it, or that what stands before it is held by.
    pub(super) fn step(&mut self) {
        let top = self.top();
        top.chain += 1;
        self.note();
    }

    /// A statement's head: `if`, `for`, `do`, a label.
    pub(super) fn head(&mut self) {
        self.top().prefix += 1;
        self.note();
    }

    /// `else`, or a `while` that may end a `do`, after a statement that ended (`after_end`) or did not.
    pub(super) fn tail(&mut self, after_end: bool) {
        let top = self.top();
        if after_end {
            top.prefix = top.ended;
        }
        top.chain = 0;
        top.prefix += 1;
        self.note();
    }

    /// `catch` and `finally`: no deeper than their `try`.
    pub(super) fn handler(&mut self) {
        self.top().chain = 0;
    }

    pub(super) fn end_statement(&mut self) {
        let top = self.top();
        top.ended = top.prefix;
        top.prefix = 0;
        top.chain = 0;
        top.angle = 0;
        top.questions = 0;
        top.comma = false;
        top.sticky = false;
    }

    pub(super) fn comma(&mut self) {
        let top = self.top();
        // Types and their parameters have commas that end nothing.
        if top.angle > 0 || top.sticky {
            top.chain += 1;
        } else {
            top.chain = 0;
            top.questions = 0;
            top.comma = true;
        }
        self.note();
    }

    /// From here on commas end nothing in this statement.
    pub(super) fn stick(&mut self) {
        self.top().sticky = true;
    }

    pub(super) fn question(&mut self) {
        self.top().questions += 1;
        self.step();
    }

    pub(super) fn colon(&mut self) {
        let top = self.top();
        if top.questions > 0 {
            top.questions -= 1;
            top.chain += 1;
        } else if !top.comma {
            top.prefix += 1;
        } else {
            top.chain += 1;
        }
        self.note();
    }

    /// `<` of types.
    pub(super) fn open_angle(&mut self) {
        self.top().angle += 1;
        self.note();
    }

    /// `>`; tells whether it closed the frame of a tag's types.
    pub(super) fn close_angle(&mut self) -> bool {
        let top = self.top();
        if top.angle == 0 && top.opened == Opened::Angle {
            self.close();
            return true;
        }
        // What was closed still stands to the left of what follows.
        top.angle = top.angle.saturating_sub(1);
        top.chain += 1;
        self.note();
        false
    }

    fn note(&mut self) {
        self.deepest = self.deepest.max(self.top_ref().depth());
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the file's frame is never closed")
    }

    fn top_ref(&self) -> &Frame {
        self.frames.last().expect("the file's frame is never closed")
    }
}
