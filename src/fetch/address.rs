//! Addresses: which may be fetched, how they are printed, and to whom they belong.

use url::Url;

use super::FetchError;

/// An address as it may be shown and logged: without userinfo, and without the query, where stores
/// put signatures.
pub fn printable(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for addresses that can hold no userinfo at all.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    if shown.query().is_some() {
        shown.set_query(Some("…"));
        return shown.as_str().replace("?%E2%80%A6", "?…");
    }
    shown.into()
}

/// The address without userinfo and fragment, when it is one that can be fetched.
///
/// # Errors
/// Another scheme than http and https, or no host.
pub(super) fn checked(url: &Url) -> Result<Url, FetchError> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(FetchError::Scheme {
            url: printable(url),
        });
    }
    let mut clean = url.clone();
    let _ = clean.set_username("");
    let _ = clean.set_password(None);
    clean.set_fragment(None);
    Ok(clean)
}

/// Where an answer with this `Location` leads.
///
/// # Errors
/// No address, one that cannot be fetched, or one whose connection is less safe than this one's.
pub(crate) fn redirected(from: &Url, location: Option<&str>) -> Result<Url, FetchError> {
    let target = location
        .and_then(|text| from.join(text).ok())
        .ok_or_else(|| FetchError::BadRedirect {
            from: printable(from),
        })?;
    let clean = checked(&target).map_err(|_| FetchError::RedirectScheme {
        from: printable(from),
        scheme: target.scheme().to_owned(),
    })?;
    // Whoever asked for a secure connection would get an answer that anybody may have written.
    if from.scheme() == "https" && clean.scheme() != "https" {
        return Err(FetchError::RedirectToPlain {
            from: printable(from),
        });
    }
    Ok(clean)
}

/// To whom an address belongs: scheme, host and port. Source: RFC 6454.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of an address.
    pub fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: host_of(url),
            port: url.port_or_known_default(),
        }
    }
}

/// The host, in lower case and without the dot that may end a full name.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    host.strip_suffix('.').unwrap_or(&host).to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "https://user:secret@index.example/simple/",
        "https://index.example/simple/"
    )]
    #[case(
        "https://files.example/a.whl?signature=secret#sha256=00",
        "https://files.example/a.whl?…"
    )]
    #[case("http://127.0.0.1:8000/a%20b", "http://127.0.0.1:8000/a%20b")]
    fn nothing_secret_is_printed(#[case] url: &str, #[case] shown: &str) {
        assert_eq!(printable(&Url::parse(url).unwrap()), shown);
    }

    #[rstest]
    #[case("file:///etc/passwd")]
    #[case("ftp://files.example/a.whl")]
    #[case("data:text/plain,x")]
    fn only_http_is_fetched(#[case] url: &str) {
        assert!(checked(&Url::parse(url).unwrap()).is_err());
    }

    #[rstest]
    #[case("http://a.example/x", "http://b.example/y", true)]
    #[case("http://a.example/x", "https://b.example/y", true)]
    #[case("https://a.example/x", "y", true)]
    #[case("https://a.example/x", "//b.example/y", true)]
    #[case("https://a.example/x", "https://b.example/y", true)]
    #[case("https://a.example/x", "http://a.example/y", false)]
    #[case("https://a.example/x", "HTTP://b.example/y", false)]
    fn no_redirect_leads_from_https_to_http(
        #[case] from: &str,
        #[case] to: &str,
        #[case] is_followed: bool,
    ) {
        let target = redirected(&Url::parse(from).unwrap(), Some(to));
        assert_eq!(target.is_ok(), is_followed);
        if let Err(error) = target {
            assert!(matches!(error, FetchError::RedirectToPlain { .. }));
            assert!(!error.is_transient());
            assert!(error.to_string().contains("from https to http"), "{error}");
        }
    }

    #[rstest]
    #[case("https://a.example/x", "https://A.example:443/y", true)]
    #[case("https://a.example./x", "https://a.example/y", true)]
    #[case("https://a.example/x", "http://a.example/x", false)]
    #[case("https://a.example/x", "https://a.example:8443/x", false)]
    #[case("https://a.example/x", "https://b.example/x", false)]
    fn origins_are_scheme_host_and_port(#[case] a: &str, #[case] b: &str, #[case] same: bool) {
        let origin = |text| Origin::of(&Url::parse(text).unwrap());
        assert_eq!(origin(a) == origin(b), same);
    }
}
