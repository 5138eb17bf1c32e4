//! What the texts of a configuration mean. Each function says in a sentence why a text means
//! nothing; a text that may hold a secret is not quoted.

use std::net::SocketAddr;

use chrono::{NaiveDate, TimeDelta};
use pep440_rs::VersionSpecifiers;
use url::Url;

use crate::model::wheel::is_package_name;
use crate::model::{CoverageKey, Library, OpensslVersion, Os, RepositoryName, Series, Severity};
use crate::policy::{Follow, Reaction};
use crate::schedule::{Schedule, zones};

use super::mask::is_token;
use super::nearest::{nearest, unknown};

pub(super) use acting::{
    branch, event, git_reference, host_pattern, label, login, mail_address, reference_template,
    repository_path, state, step_name, wanted_text, workflow,
};
pub(super) use telling::{encryption, format, mailbox, occasion, receiver};

mod acting;
mod telling;

const LIBRARIES: [Library; 5] = [
    Library::Openssl,
    Library::Libressl,
    Library::Boringssl,
    Library::AwsLc,
    Library::Tongsuo,
];
const SEVERITIES: [Severity; 4] = [
    Severity::Low,
    Severity::Moderate,
    Severity::High,
    Severity::Critical,
];
const PLATFORMS: [Os; 4] = [Os::Linux, Os::Macos, Os::Windows, Os::Any];

/// Any text but an empty one.
pub(super) fn any(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(())
}

/// `3d`, `12h`, `15m`, `90s`.
pub(super) fn duration(text: &str) -> Result<TimeDelta, String> {
    let wrong =
        || format!("{text:?} is no duration: a whole number with s, m, h, d or w, such as \"3d\"");
    let text = text.trim();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let count: i64 = text
        .strip_suffix(unit)
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    // A century: longer is a slip of the hand, and days are added to dates.
    let most = 100 * 366 * 24 * 60 * 60;
    count
        .checked_mul(seconds)
        .filter(|seconds| *seconds <= most)
        .and_then(TimeDelta::try_seconds)
        .ok_or_else(|| format!("{text:?} is longer than a hundred years"))
}

/// A duration above nothing; nothing for `none`.
pub(super) fn pause(text: &str) -> Result<Option<TimeDelta>, String> {
    if text.trim() == "none" {
        return Ok(None);
    }
    let pause = duration(text)
        .map_err(|_| format!("{text:?} is neither a duration, such as \"5m\", nor \"none\""))?;
    // Without a pause it would never rest.
    Ok(Some(pause).filter(|pause| !pause.is_zero()))
}

/// A day, `2027-06-30`.
pub(super) fn date(text: &str) -> Result<NaiveDate, String> {
    // The reader of dates would take a space for a digit.
    let is_of_it = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let shaped = text.len() == 10 && text.bytes().enumerate().all(is_of_it);
    shaped
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| format!("{text:?} is no day, such as \"2027-06-30\""))
}

/// An http or https address; it may hold a login.
pub(super) fn address(text: &str) -> Result<Url, String> {
    // What reads addresses leaves out tabs and line breaks, wherever they are.
    if text.trim().contains(char::is_control) {
        return Err("it has a tab, a line break or another control character in it".to_owned());
    }
    let url = Url::parse(text.trim()).map_err(|error| format!("it is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("it is no http or https address".to_owned());
    }
    Ok(url)
}

/// An http or https address without a login.
pub(super) fn open_address(text: &str) -> Result<Url, String> {
    let url = address(text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a login; name a variable with the token instead".to_owned());
    }
    Ok(url)
}

/// The name of a host, without a port.
pub(super) fn host(text: &str) -> Result<(), String> {
    match url::Host::parse(text.trim()) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "{text:?} is no host, such as \"codeload.github.com\""
        )),
    }
}

/// The name of a variable of the environment.
pub(super) fn variable(text: &str) -> Result<(), String> {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if is_token(text) {
        return Err("it is a token itself; put it into a variable, and name that".to_owned());
    }
    if text.is_empty() || !text.chars().all(inner) || text.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err("it is no name of a variable of the environment".to_owned());
    }
    Ok(())
}

/// An address and a port to listen on; nothing for `none`.
pub(super) fn listen(text: &str) -> Result<Option<SocketAddr>, String> {
    if text.trim() == "none" {
        return Ok(None);
    }
    text.trim().parse().map(Some).map_err(|_| {
        format!(
            "{text:?} is no address to listen on, such as \"127.0.0.1:9745\" or \"[::1]:9745\", \
             nor \"none\""
        )
    })
}

/// Five or six fields of a crontab, or a word such as `@daily`. In which zone they are meant is
/// another key's to say, and no schedule is right in one zone only.
pub(super) fn schedule(text: &str) -> Result<(), String> {
    let parsed = Schedule::parse(text, "UTC");
    parsed.map(drop).map_err(|error| error.to_string())
}

/// The name of a time zone, `Europe/Berlin`.
pub(super) fn timezone(text: &str) -> Result<(), String> {
    if zones().any(|zone| zone == text) {
        return Ok(());
    }
    let is_place = |zone: &&str| {
        let place = zone.rsplit_once('/').map_or(*zone, |(_, place)| place);
        place.eq_ignore_ascii_case(&text.trim().replace(' ', "_"))
    };
    let name: String = text.chars().take(64).collect();
    Err(
        match nearest(&name, zones()).or_else(|| zones().find(is_place)) {
            Some(right) => format!("unknown time zone `{name}`; did you mean `{right}`?"),
            None => format!(
                "unknown time zone `{name}`; known are the names of IANA, such as `UTC` or `Europe/Berlin`"
            ),
        },
    )
}

/// `owner/name`.
pub(super) fn repository(text: &str) -> Result<(), String> {
    let parsed = text.trim().parse::<RepositoryName>();
    parsed.map(drop).map_err(|error| error.to_string())
}

/// A package's name.
pub(super) fn package(text: &str) -> Result<(), String> {
    if is_package_name(text) {
        return Ok(());
    }
    Err(format!(
        "{text:?} is no package's name: letters, digits and single '-', '_' or '.' between them"
    ))
}

/// The versions of a line; none for `main`, the newest release.
pub(super) fn line(text: &str) -> Result<Option<VersionSpecifiers>, String> {
    if text == "main" {
        return Ok(None);
    }
    let specifiers = text.parse::<VersionSpecifiers>().ok();
    specifiers
        .filter(|specifiers| specifiers.iter().next().is_some())
        .map(Some)
        .ok_or_else(|| {
            format!("{text:?} is no line: neither \"main\" nor a specifier such as \"~=46.0\"")
        })
}

/// Which series is followed.
pub(super) fn follow(text: &str) -> Result<Follow, String> {
    Ok(match text {
        "series" => Follow::Series,
        "latest" => Follow::Latest,
        "lts" => Follow::Lts,
        _ if text.starts_with(|c: char| c.is_ascii_digit()) => Follow::Named(series(text)?),
        _ => return Err(unknown("word", text, &["series", "latest", "lts", "3.5"])),
    })
}

/// A series, `3.5`.
pub(super) fn series(text: &str) -> Result<Series, String> {
    text.parse::<Series>().map_err(|error| error.to_string())
}

/// A version of OpenSSL.
pub(super) fn version(text: &str) -> Result<OpensslVersion, String> {
    text.parse::<OpensslVersion>()
        .map_err(|error| error.to_string())
}

/// A text, or the beginning of one with `*` at its end.
pub(super) fn pattern(text: &str) -> Result<(), String> {
    any(text)?;
    if text.strip_suffix('*').unwrap_or(text).contains('*') {
        return Err(format!("in {text:?} the `*` is not at the end"));
    }
    Ok(())
}

/// A severity.
pub(super) fn severity(text: &str) -> Result<Severity, String> {
    let known = SEVERITIES.map(Severity::as_str);
    let found = SEVERITIES.into_iter().find(|one| one.as_str() == text);
    found.ok_or_else(|| unknown("severity", text, &known))
}

/// A library.
pub(super) fn library(text: &str) -> Result<Library, String> {
    let known = LIBRARIES.map(Library::as_str);
    let found = LIBRARIES.into_iter().find(|one| one.as_str() == text);
    found.ok_or_else(|| unknown("library", text, &known))
}

/// An operating system that wheels are for.
pub(super) fn platform(text: &str) -> Result<Os, String> {
    let known = PLATFORMS.map(Os::as_str);
    let found = PLATFORMS.into_iter().find(|one| one.as_str() == text);
    found.ok_or_else(|| unknown("platform", text, &known))
}

/// A coverage key, `linux musl x86_64`.
pub(super) fn coverage(text: &str) -> Result<CoverageKey, String> {
    text.parse::<CoverageKey>()
        .map_err(|error| error.to_string())
}

/// One word of a reaction.
pub(super) fn reaction(text: &str) -> Result<Reaction, String> {
    Ok(match text {
        "issue" => Reaction::Issue,
        "steps" => Reaction::Steps,
        _ => return Err(unknown("reaction", text, &["issue", "steps"])),
    })
}

/// `CVE-2026-1234`.
pub(super) fn cve(text: &str) -> Result<(), String> {
    let digits = |part: &str, least: usize| {
        part.len() >= least && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let fits = text
        .strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| year.len() == 4 && digits(year, 4) && digits(number, 4));
    if fits {
        return Ok(());
    }
    Err(format!("{text:?} is no CVE, such as \"CVE-2026-12345\""))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("3d", 3 * 86_400)]
    #[case("12h", 43_200)]
    #[case("15m", 900)]
    #[case("90s", 90)]
    #[case("2w", 14 * 86_400)]
    #[case("0d", 0)]
    fn durations(#[case] text: &str, #[case] seconds: i64) {
        assert_eq!(duration(text).unwrap().num_seconds(), seconds);
    }

    #[rstest]
    #[case("")]
    #[case("3")]
    #[case("d")]
    #[case("3 d")]
    #[case("-3d")]
    #[case("1.5d")]
    #[case("3y")]
    #[case("3ü")]
    #[case("99999999999999999999d")]
    #[case("9223372036854775807w")]
    fn no_durations(#[case] text: &str) {
        assert!(duration(text).is_err());
    }

    #[rstest]
    #[case("main", true)]
    #[case("~=46.0", true)]
    #[case(">=45,<46", true)]
    #[case("46.0", false)]
    #[case("", false)]
    #[case("newest", false)]
    fn lines(#[case] text: &str, #[case] fits: bool) {
        assert_eq!(line(text).is_ok(), fits);
    }

    #[rstest]
    #[case("Europe/Belrin", "did you mean `Europe/Berlin`?")]
    #[case("europe/berlin", "did you mean `Europe/Berlin`?")]
    #[case("america/new-york", "did you mean `America/New_York`?")]
    #[case("new york", "did you mean `America/New_York`?")]
    #[case("Berlin", "did you mean `Europe/Berlin`?")]
    #[case("utc ", "did you mean `UTC`?")]
    #[case("", "such as `UTC` or `Europe/Berlin`")]
    #[case("the moon", "such as `UTC` or `Europe/Berlin`")]
    fn unknown_zones(#[case] text: &str, #[case] expected: &str) {
        let sentence = timezone(text).unwrap_err();
        assert!(sentence.contains(expected), "{sentence}");
    }

    #[rstest]
    fn known_zones(#[values("UTC", "Europe/Berlin", "Asia/Calcutta", "Etc/GMT+3")] text: &str) {
        assert_eq!(timezone(text), Ok(()));
    }

    #[test]
    fn other_texts_that_mean_nothing() {
        for wrong in [
            date("30.06.2027").map(drop),
            date("2027-02-30").map(drop),
            date("2027-6-3").map(drop),
            address("file:///simple").map(drop),
            address("https://").map(drop),
            open_address("https://me:s3cret@api.example").map(drop),
            variable("ghp_abcdef"),
            variable("A-B"),
            listen("9745").map(drop),
            schedule("* * * *"),
            schedule("0 0 30 2 *"),
            schedule("61 * * * *"),
            timezone("Europe/Berlinn"),
            repository("pyca"),
            repository("https://git.example/pyca/cryptography"),
            follow("newest").map(drop),
            follow("3").map(drop),
            version("three").map(drop),
            pattern("1.*.2"),
            severity("unknown").map(drop),
            library("openssh").map(drop),
            platform("macosx").map(drop),
            reaction("step").map(drop),
            coverage("macos").map(drop),
            coverage("linux glibc x86_64").map(drop),
            cve("2026-1234"),
            cve("CVE-2026-x"),
            package("-a"),
        ] {
            let sentence = wrong.unwrap_err();
            assert!(!sentence.contains("s3cret"), "{sentence}");
            assert!(!sentence.contains("ghp_abcdef"), "{sentence}");
        }
    }
}
