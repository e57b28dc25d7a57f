//! The one way in which a document is written.

use std::fmt::{self, Write};

use base64::Engine as _;

use super::document::{Document, EvalRules, SCHEMA, SealedSource};
use super::values::{Digest, SealPath};

impl Document {
    /// The canonical text: one line for each file, two spaces of indentation, empty parts left out.
    pub fn write(&self) -> String {
        let mut out = self.text_to_sign();
        if let Some(signature) = &self.signature {
            out.truncate(out.len() - "\n}\n".len());
            let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
            out.push_str(",\n  \"signature\": {\"algorithm\": \"ed25519\", \"key\": \"");
            out.push_str(&encode(&signature.key));
            out.push_str("\", \"value\": \"");
            out.push_str(&encode(&signature.value));
            out.push_str("\"}\n}\n");
        }
        out
    }

    /// What a signature is over: the canonical text without a signature.
    pub(super) fn text_to_sign(&self) -> String {
        let mut out = String::with_capacity(200 * (self.sources.len() + self.manifests.len()) + 1000);
        self.write_unsigned(&mut out).expect("a String takes everything");
        out
    }

    fn write_unsigned(&self, out: &mut String) -> fmt::Result {
        write!(out, "{{\n  \"schema\": {},\n  \"entries\": [", Quoted(SCHEMA))?;
        separated(out, &self.entries, |out, entry| write!(out, "{}", Quoted(entry.as_str())))?;
        out.push(']');
        lines(out, "sources", &self.sources, write_source)?;
        if !self.manifests.is_empty() {
            lines(out, "manifests", &self.manifests, |out, file| {
                begin(out, &file.path)?;
                write!(out, ", \"sha256\": \"{}\", \"size\": {}", file.sha256, file.size)?;
                if let Some(main) = &file.main {
                    write!(out, ", \"main\": {}", Quoted(main.as_str()))?;
                }
                out.push('}');
                Ok(())
            })?;
        }
        if self.eval != EvalRules::default() {
            write_eval(out, &self.eval)?;
        }
        if self.children {
            out.push_str(",\n  \"children\": true");
        }
        if !self.cache.is_empty() {
            lines(out, "cache", &self.cache, |out, file| {
                write!(out, "{{\"node\": {}, \"platform\": {}", Quoted(&file.node), Quoted(&file.platform))?;
                write!(out, ", \"path\": {}, \"sha256\": \"{}\"}}", Quoted(file.path.as_str()), file.sha256)
            })?;
        }
        out.push_str("\n}\n");
        Ok(())
    }
}

fn begin(out: &mut String, path: &SealPath) -> fmt::Result {
    write!(out, "{{\"path\": {}", Quoted(path.as_str()))
}

fn write_source(out: &mut String, source: &SealedSource) -> fmt::Result {
    begin(out, &source.path)?;
    write!(out, ", \"kind\": \"{}\", \"sha256\": \"{}\"", source.kind.name(), source.sha256)?;
    write!(out, ", \"size\": {}, \"origin\": \"{}\"", source.size, source.origin.name())?;
    if let Some(package) = &source.package {
        write!(out, ", \"package\": {}", Quoted(package))?;
    }
    if let Some(content) = &source.content {
        write!(out, ", \"content\": {}", Quoted(content))?;
    }
    out.push('}');
    Ok(())
}

fn write_eval(out: &mut String, eval: &EvalRules) -> fmt::Result {
    write!(out, ",\n  \"eval\": {{\"mode\": \"{}\"", eval.mode.name())?;
    if !eval.modules.is_empty() {
        out.push_str(", \"modules\": [");
        separated(out, &eval.modules, |out, module| write!(out, "{}", Quoted(module.as_str())))?;
        out.push(']');
    }
    if !eval.wasm.is_empty() {
        out.push_str(", \"wasm\": [");
        separated(out, &eval.wasm, |out, digest: &Digest| write!(out, "\"{digest}\""))?;
        out.push(']');
    }
    if !eval.texts.is_empty() {
        out.push_str(", \"texts\": [");
        separated(out, &eval.texts, |out, digest: &Digest| write!(out, "\"{digest}\""))?;
        out.push(']');
    }
    out.push('}');
    Ok(())
}

/// A list with one item in each line.
fn lines<T>(
    out: &mut String,
    name: &str,
    items: &[T],
    write: impl Fn(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    write!(out, ",\n  \"{name}\": [")?;
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\n    " } else { ",\n    " });
        write(out, item)?;
    }
    out.push_str("\n  ]");
    Ok(())
}

fn separated<T>(
    out: &mut String,
    items: &[T],
    write: impl Fn(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item)?;
    }
    Ok(())
}

/// A JSON string. What a reader of the file could not see, or would see in another order, is escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                _ if is_unseen(c) => {
                    let mut units = [0; 2];
                    c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))?;
                }
                _ => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
