//! Which credentials go to which host.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::NpmConfig;
use crate::web_address::WebAddress;

/// What to send in the `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A token.
    Bearer(Box<str>),
    /// User and password, as base64 of `user:password`.
    Basic(Box<str>),
}

impl Credentials {
    /// The header's value. A secret.
    pub fn authorization(&self) -> String {
        match self {
            Self::Bearer(token) => format!("Bearer {token}"),
            Self::Basic(pair) => format!("Basic {pair}"),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer (secret)",
            Self::Basic(_) => "Basic (secret)",
        })
    }
}

/// `//host:port/path`, as the keys of credentials are written.
fn keyed(url: &str) -> Option<String> {
    let WebAddress { host, path, .. } = WebAddress::parse(url)?;
    Some(format!("//{host}{}", if path.is_empty() { "/" } else { path }))
}

/// Longest first: `//host/a/b`, `//host/a/`, `//host/a`, `//host/`, `//host`. Whole segments only, so that
/// what is meant for `/team` never goes to `/team-of-somebody-else`.
fn prefixes(keyed: &str) -> impl Iterator<Item = &str> {
    const MAX_PREFIXES: usize = 64;
    let mut next = Some(keyed);
    std::iter::from_fn(move || {
        let current = next?;
        next = match current.strip_suffix('/') {
            Some(shorter) => Some(shorter),
            None => current.rfind('/').map(|slash| &current[..=slash]),
        };
        next = next.filter(|shorter| shorter.len() > 2);
        Some(current)
    })
    .take(MAX_PREFIXES)
}

/// The credentials of the longest prefix that has any; then the ones for no host, which older npm sends to the
/// default registry alone.
pub(super) fn find(config: &NpmConfig, url: &str) -> Option<Credentials> {
    let keyed_url = keyed(url)?;
    let scoped = prefixes(&keyed_url).find_map(|prefix| at(config, &format!("{prefix}:")));
    scoped.or_else(|| {
        let registry = keyed(&config.registry()?.value)?;
        let rest = keyed_url.strip_prefix(registry.strip_suffix('/').unwrap_or(&registry))?;
        if rest.is_empty() || rest.starts_with('/') { at(config, "") } else { None }
    })
}

fn at(config: &NpmConfig, prefix: &str) -> Option<Credentials> {
    let value = |option: &str| {
        let value = &config.get(&format!("{prefix}{option}"))?.value;
        (!value.is_empty()).then_some(value)
    };
    if let Some(token) = value("_authToken") {
        return Some(Credentials::Bearer(token.clone()));
    }
    if let Some(pair) = value("_auth") {
        return Some(Credentials::Basic(pair.clone()));
    }
    let (user, password) = (value("username")?, value("_password")?);
    let password = String::from_utf8(STANDARD.decode(password.as_bytes()).ok()?).ok()?;
    Some(Credentials::Basic(STANDARD.encode(format!("{user}:{password}")).into()))
}
