//! What functions that are not known do with their arguments, by their names.

use super::Copies;
use crate::flow::graph::Taint;
use crate::words::Words;

/// What goes from receiver and arguments to the result; `None` for nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transfer {
    pub(crate) receiver: Option<Taint>,
    pub(crate) arguments: Option<Taint>,
    /// Whether the name is that of a built-in method; if not, what it does is a guess.
    pub(crate) is_known: bool,
}

const NOTHING: Transfer = Transfer { receiver: None, arguments: None, is_known: true };
const RECEIVER: Transfer = Transfer { receiver: Some(Taint::NONE), arguments: None, is_known: true };
const ARGUMENTS: Transfer = Transfer { receiver: None, arguments: Some(Taint::NONE), is_known: true };
const BOTH: Transfer = Transfer { receiver: Some(Taint::NONE), arguments: Some(Taint::NONE), is_known: true };
const TEXT: Taint = Taint::OPERATOR.and(Taint::OBJECT).and(Taint::SERIALISED).and(Taint::PROTOTYPE);

/// What one character alone cannot do.
const MORE_THAN_ONE: Taint =
    Taint::OUTSIDE.and(Taint::PROTOTYPE).without(Taint::QUERY.and(Taint::MARKUP).and(Taint::OPTION));

/// What a `replace` that takes line breaks out goes by.
pub(crate) const WITHOUT_LINES: &str = "replace lines";

/// Functions that hand their arguments on as they are.
pub(super) const COPIES: &[(Copies, &[&str])] = &[
    (
        Copies { result: true, merge: false, inherit: false },
        &[
            "global.Object.{create,freeze,seal,preventExtensions}",
            "global.Promise.{resolve,all,race,any,allSettled,denodeify,promisify,promisifyAll}",
            "{q,Q}.{denodeify,nfbind,promised}",
            "{thenify,denodeify,promisify-node,util-promisify,util%promisify,es6-promisify,pify}",
            "util.{promisify,callbackify,deprecate}",
            "global.Object.{getPrototypeOf}",
            "{pify,bluebird}.{promisify,promisifyAll,resolve}",
            "{universalify,sb-promisify}",
            "{lodash,underscore}.{once,memoize,debounce,throttle,clone,cloneDeep}",
        ],
    ),
    (
        Copies { result: true, merge: true, inherit: false },
        &[
            "global.Object.assign",
            "{lodash,underscore}.{extend,assign,merge,defaults,mixin,defaultsDeep}",
            "{extend,xtend,object-assign,deepmerge,deep-extend,merge,node-extend,jquery-extend}",
            "util._extend",
        ],
    ),
    (Copies { result: false, merge: false, inherit: true }, &["util.inherits", "{inherits,util-inherits}"]),
];

/// What a call of this name does, where nothing else is known.
pub(super) fn by_name(name: &str) -> Transfer {
    match name {
        "length"
        | "indexOf"
        | "lastIndexOf"
        | "charCodeAt"
        | "codePointAt"
        | "includes"
        | "startsWith"
        | "endsWith"
        | "test"
        | "hasOwnProperty"
        | "localeCompare"
        | "search"
        | "push"
        | "unshift"
        | "forEach"
        | "some"
        | "every"
        | "has"
        | "isArray"
        | "findIndex"
        | "propertyIsEnumerable"
        | "isPrototypeOf"
        | "on"
        | "once"
        | "emit"
        | "addEventListener"
        | "removeListener"
        | "setHeader"
        | "writeHead"
        | "status"
        | "log"
        | "warn"
        | "error"
        | "info"
        | "debug"
        | "assert"
        | "getTime"
        | "isBuffer"
        | "exists"
        | "existsSync"
        | "compare"
        | "equals"
        | "delete"
        | "clear"
        | "close"
        | "destroy"
        | "setTimeout"
        | "setInterval"
        | "setImmediate"
        | "nextTick"
        | "require"
        | "define"
        | "expect"
        | "describe"
        | "it"
        | "Error"
        | "TypeError"
        | "RangeError"
        | "SyntaxError"
        | "reject"
        | "Set"
        | "Map"
        | "WeakMap"
        | "defineProperty"
        // Lowering joins what it puts together.
        | "concat"
        // What is bound is a function.
        | "bind" => NOTHING,
        // A list's is joined when it is lowered; that of something else, such as a module for paths, is not known.
        "join" => ARGUMENTS,
        // No property of every object is written in capitals.
        "toUpperCase" | "toLocaleUpperCase" => Transfer {
            receiver: Some(TEXT.and(Taint::KEY).and(Taint::CONSTRUCTOR)),
            arguments: None,
            is_known: true,
        },
        // One character, which may still end a quotation.
        "charAt" => Transfer { receiver: Some(MORE_THAN_ONE), arguments: None, is_known: true },
        "toString" | "trim" | "trimStart" | "trimEnd" | "trimLeft" | "trimRight" | "toLowerCase"
        | "toLocaleLowerCase" | "normalize" | "substr" | "substring"
        | "repeat" | "padStart" | "padEnd" => {
            Transfer { receiver: Some(TEXT), arguments: None, is_known: true }
        }
        // A new list, or a new text.
        "slice" | "split" | "match" | "matchAll" | "filter" | "flat" | "values" | "keys" | "entries" | "splice"
        | "map" | "flatMap" | "getAll" => {
            Transfer { receiver: Some(Taint::PROTOTYPE), arguments: None, is_known: true }
        }
        "find" | "findLast" | "pop" | "shift" | "reverse" | "sort" | "at" | "get" | "valueOf" | "then" | "catch"
        | "finally" | "next" | "exec" | "item" | "reduce" => RECEIVER,
        "replace" | "replaceAll" | "apply" | "call" | "fill" | "with"
        | "defaults" | "extend" | "assign" | "merge" => BOTH,
        WITHOUT_LINES => Transfer { receiver: Some(Taint::LINE), arguments: Some(Taint::LINE), is_known: true },
        name => {
            if is_cleaner(name) {
                let cleared = Taint::MARKUP
                    .and(Taint::SHELL)
                    .and(Taint::QUERY)
                    .and(Taint::PATH)
                    .and(Taint::LINE)
                    .and(Taint::CODE)
                    .and(Taint::KEY)
                    .and(Taint::CONSTRUCTOR)
                    .and(Taint::HOST);
                return Transfer { receiver: None, arguments: Some(cleared), is_known: true };
            }
            if is_question(name) {
                return NOTHING;
            }
            Transfer { receiver: Some(Taint::NONE), arguments: Some(Taint::NONE), is_known: false }
        }
    }
}

/// Whether a method of this name is one of strings, arrays, maps, promises, events or streams.
pub(super) fn is_built_in(name: &str) -> bool {
    by_name(name).is_known
        || matches!(name, "set" | "add" | "write" | "end" | "pipe" | "send" | "resolve" | "parse")
}

/// Words in the names of functions that make a value harmless.
static CLEANING: Words = Words::new(&[
    "escape", "sanitiz", "sanitis", "encode", "quote", "purify", "hash", "md5", "sha1", "sha256", "slugify",
]);

/// Words in the names of functions that take that back.
static SOILING: Words = Words::new(&["unescape", "unquote"]);

/// Names of functions that make a value harmless.
pub(super) fn is_cleaner(name: &str) -> bool {
    CLEANING.are_in(name) && !SOILING.are_in(name)
}

/// Names of functions that answer yes or no.
fn is_question(name: &str) -> bool {
    let rest =
        name.strip_prefix("is").or_else(|| name.strip_prefix("has")).or_else(|| name.strip_prefix("can"));
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}
