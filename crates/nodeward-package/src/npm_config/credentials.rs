//! Which credentials go to which host.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::NpmConfig;

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

/// The parts of a URL that choose credentials and proxies.
pub(super) struct UrlParts {
    /// `//host:port/path`, host in lower case, without a default port, user, query or fragment.
    keyed: String,
}

impl UrlParts {
    pub(super) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let rest = rest.split(['?', '#']).next()?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit('@').next()?.to_ascii_lowercase();
        let default_port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
        let host = host.strip_suffix(default_port).unwrap_or(&host);
        (!host.is_empty())
            .then(|| Self { keyed: format!("//{host}{}", if path.is_empty() { "/" } else { path }) })
    }

    pub(super) fn host_without_port(&self) -> &str {
        let host = self.keyed[2..].split('/').next().unwrap_or_default();
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        }
    }

    /// Longest first: `//host/a/b`, `//host/a/`, `//host/a`, `//host/`, `//host`. Whole segments only, so that
    /// what is meant for `/team` never goes to `/team-of-somebody-else`.
    fn prefixes(&self) -> impl Iterator<Item = &str> {
        const MAX_PREFIXES: usize = 64;
        let mut next = Some(self.keyed.as_str());
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
}

/// The credentials of the longest prefix that has any; then the ones for no host, which older npm sends to the
/// default registry alone.
pub(super) fn find(config: &NpmConfig, url: &str) -> Option<Credentials> {
    let parts = UrlParts::of(url)?;
    let scoped = parts.prefixes().find_map(|prefix| at(config, &format!("{prefix}:")));
    scoped.or_else(|| {
        let registry = UrlParts::of(&config.registry()?.value)?.keyed;
        let registry = registry.strip_suffix('/').unwrap_or(&registry);
        let rest = parts.keyed.strip_prefix(registry)?;
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
