//! Which rules count for which class of labels, and which classes are left out.

/// What is asked of the labels of one class.
pub(crate) enum Class {
    /// A finding of one of these rules.
    Seen(&'static [&'static str]),
    /// Nothing: no tool that only reads source can tell, for this reason.
    Unseen(&'static str),
}

const COMMAND: &[&str] = &["argument-injection", "command-injection", "program-from-input", "shell-command"];
const CODE: &[&str] = &[
    "code-from-string",
    "code-injection",
    "constructor-chain",
    "deserialize-code",
    "template-injection",
    "timer-string",
    "unintended-require-flow",
    "unsafe-deserialise",
];
const LENGTH: &[&str] =
    &["allocation-from-input", "regex-dos-flow", "regex-exponential", "regex-injection", "regex-polynomial"];

/// Every class.
pub(crate) const CLASSES: &[(&str, Class)] = &[
    ("code-injection", Class::Seen(CODE)),
    ("command-injection", Class::Seen(COMMAND)),
    ("deserialisation", Class::Seen(CODE)),
    ("dos", Class::Seen(LENGTH)),
    ("incubator", Class::Unseen("all labels name the same line of a file that none of the packages has")),
    ("info-leak", Class::Unseen("what is meant to be secret is not written in the source")),
    ("nosql-injection", Class::Seen(&["nosql-injection", "mongo-where"])),
    ("open-redirect", Class::Seen(&["open-redirect"])),
    ("other-cwe-125", Class::Seen(&["allocation-from-input", "buffer-constructor", "buffer-unsafe"])),
    ("other-cwe-552", Class::Seen(&["path-traversal", "static-root"])),
    ("other-cwe-90", Class::Seen(&["query-injection"])),
    ("path-traversal", Class::Seen(&["archive-traversal", "path-traversal"])),
    ("prototype-pollution", Class::Seen(&["prototype-pollution"])),
    ("redos", Class::Seen(&["regex-dos-flow", "regex-exponential", "regex-polynomial"])),
    ("shell-injection", Class::Seen(COMMAND)),
    ("sql-injection", Class::Seen(&["query-injection", "sql-injection"])),
    ("ssrf", Class::Seen(&["ssrf"])),
    ("unintended-require", Class::Seen(&["require-dynamic", "unintended-require-flow"])),
    ("weak-crypto", Class::Unseen("of the labels one is of a curve's arithmetic and one of a key's kind")),
    (
        "xss",
        Class::Seen(&["framework-html", "react-html", "template-injection", "template-unescaped", "xss"]),
    ),
];

/// Classes named after a weakness that is no behaviour of code, such as missing authorisation or a wrong default.
const OTHER: Class =
    Class::Unseen("a weakness that is not one behaviour of code: an omission, a protocol, a default");

/// What is asked of a class.
pub(crate) fn class(name: &str) -> &'static Class {
    CLASSES.iter().find(|(known, _)| *known == name).map_or(&OTHER, |(_, class)| class)
}
