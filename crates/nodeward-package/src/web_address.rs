//! The parts of a URL that decide whom it reaches.
//!
//! No general URL type: nothing is decoded or resolved, and nothing is fetched.

use std::borrow::Cow;

use memchr::memchr2;

/// Scheme, host and path of a URL with an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress<'a> {
    /// As written, without `git+`, in lower case.
    pub scheme: Cow<'a, str>,
    /// Host and, unless it is the scheme's own, port; lower case.
    pub host: Cow<'a, str>,
    /// From the first slash on, without query and fragment; empty or starting with `/`.
    pub path: &'a str,
    /// User, or user and password, are written into it.
    pub has_user: bool,
    /// A password is.
    pub has_password: bool,
}

impl<'a> WebAddress<'a> {
    /// Reads `scheme://[user[:password]@]host[:port][/path][?query][#fragment]`; `None` for anything else.
    pub fn parse(url: &'a str) -> Option<Self> {
        // A scheme has no colon, so the first one has to end it.
        let (scheme, rest) = url.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let scheme = lower(scheme.strip_prefix("git+").unwrap_or(scheme));
        if scheme.is_empty()
            || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
        {
            return None;
        }
        let rest = &rest[..memchr2(b'?', b'#', rest.as_bytes()).unwrap_or(rest.len())];
        // A browser and Node take `\` for `/` here, so it ends the host too.
        let (authority, path) = rest.split_at(memchr2(b'/', b'\\', rest.as_bytes()).unwrap_or(rest.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let default_port = match &*scheme {
            "https" => ":443",
            "http" => ":80",
            _ => "",
        };
        let host = lower(host.strip_suffix(default_port).unwrap_or(host));
        (!host.is_empty()).then(|| Self {
            scheme,
            host,
            path,
            has_user: user.is_some(),
            has_password: user.is_some_and(|user| user.contains(':')),
        })
    }

    /// The host alone.
    pub fn host_without_port(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &self.host,
        }
    }

    /// Whether the host is this machine, where plain http harms nobody.
    pub fn is_this_machine(&self) -> bool {
        let host = self.host_without_port();
        host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.starts_with("127.")
    }
}

/// Nearly all are written so already.
fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_the_one_that_is_asked() {
        for (url, host, path) in [
            ("https://a.example.org/x?y#z", "a.example.org", "/x"),
            ("HTTPS://A.example.org:443", "a.example.org", ""),
            ("http://a.example.org:443/", "a.example.org:443", "/"),
            ("https://good.example.org@evil.example.net/x", "evil.example.net", "/x"),
            ("https://evil.example.net/@good.example.org", "evil.example.net", "/@good.example.org"),
            ("https://evil.example.net?@good.example.org/", "evil.example.net", ""),
            ("https://evil.example.net\\@good.example.org/", "evil.example.net", "\\@good.example.org/"),
            ("git+ssh://git@h.example.org/o/r.git#main", "h.example.org", "/o/r.git"),
        ] {
            let address = WebAddress::parse(url).unwrap();
            assert_eq!((&*address.host, address.path), (host, path), "{url}");
        }
        for url in [
            "",
            "://",
            "a:b://x",
            "https:/x",
            "https:x://y",
            "https://",
            "https:///x",
            "github:o/r",
            "h.example.org/x",
            "a b://x",
        ] {
            assert_eq!(WebAddress::parse(url), None, "{url}");
        }
    }

    #[test]
    fn this_machine_is_told_from_names_that_begin_like_it() {
        let here = |url: &str| WebAddress::parse(url).unwrap().is_this_machine();
        assert!(here("http://localhost:4873/") && here("http://127.0.0.1/") && here("http://[::1]:80/"));
        assert!(!here("http://localhost.example.org/") && !here("http://registry.example.org/"));
    }
}
