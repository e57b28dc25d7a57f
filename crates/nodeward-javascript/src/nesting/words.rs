//! What a word means to nesting.

/// The part that a word plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// A name, or a keyword that is a value.
    Operand,
    /// A keyword that an expression or a declaration follows.
    Prefix,
    /// A name or a keyword, as the grammar around it decides.
    Contextual,
    /// `if`, `for`, `with`: a statement's head, then a bracket.
    Control,
    /// `do`.
    Do,
    /// `while`.
    While,
    /// `else`.
    Else,
    /// `catch`, `finally`.
    Handler,
    /// `case`, `default`.
    Case,
    /// `implements`, whose commas end nothing.
    Implements,
    /// `await`, which may stand between `for` and its bracket.
    Await,
}

/// The part of `word`, where it is no property's name.
pub(super) fn word(word: &[u8]) -> Word {
    // Most words are names longer than any keyword or start with a capital.
    if word.len() < 2 || word.len() > 10 || !word[0].is_ascii_lowercase() {
        return Word::Operand;
    }
    match word {
        b"if" | b"for" | b"with" => Word::Control,
        b"do" => Word::Do,
        b"while" => Word::While,
        b"else" => Word::Else,
        b"catch" | b"finally" => Word::Handler,
        b"case" | b"default" => Word::Case,
        b"implements" => Word::Implements,
        b"await" => Word::Await,
        b"return" | b"typeof" | b"in" | b"instanceof" | b"new" | b"void" | b"delete" | b"throw"
        | b"extends" | b"export" | b"import" | b"var" | b"const" | b"function" | b"class" | b"switch"
        | b"try" | b"break" | b"continue" | b"debugger" | b"enum" => Word::Prefix,
        b"async" | b"yield" | b"of" | b"let" | b"static" | b"get" | b"set" | b"as" | b"satisfies" | b"is"
        | b"keyof" | b"infer" | b"unique" | b"readonly" | b"asserts" | b"abstract" | b"declare" | b"type"
        | b"namespace" | b"module" | b"accessor" | b"from" | b"interface" | b"override" | b"public"
        | b"private" | b"protected" | b"out" => Word::Contextual,
        _ => Word::Operand,
    }
}

/// Whether `word`, after what could end a statement, may go on with it. Any other word starts a new one.
pub(super) fn goes_on(word: &[u8]) -> bool {
    matches!(
        word,
        b"in"
            | b"instanceof"
            | b"of"
            | b"as"
            | b"satisfies"
            | b"from"
            | b"else"
            | b"while"
            | b"catch"
            | b"finally"
            | b"extends"
            | b"implements"
            | b"is"
            | b"with"
            | b"assert"
    )
}
