//! Software bills of materials: what a project is made of, in the formats that other tools read.
//!
//! The same input at the same time gives the same bytes.

use std::borrow::Cow;

pub mod purl;

/// A URL as a document may carry it: without user name, password or token.
pub(crate) fn clean_url(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Cow::Borrowed(url);
    };
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    match authority.rfind('@') {
        // `git@` is how everyone logs in to a git server over SSH: no secret, and the URL needs it.
        Some(at) if &authority[..at] != "git" => Cow::Owned(format!("{scheme}://{}", &rest[at + 1..])),
        _ => Cow::Borrowed(url),
    }
}
