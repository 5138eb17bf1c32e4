//! Whether a text stands there as the library keeps it.
//!
//! C keeps each text by itself, up to a NUL, and with what belongs to it: a folder between quotes, a
//! date, a path's end. A program that only searches for such texts, another scanner or this one, has
//! them without what follows; and Rust and Go keep the texts of a program in one run without NULs.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{AHEAD, Mark, matches};

type Form = LazyLock<Option<Regex>>;

fn form(text: &str) -> Option<Regex> {
    Regex::new(&format!("(?-u){text}")).ok()
}

// A folder may be longer than what is looked at: a build's placeholder is 255 bytes.
static FOLDER: Form = LazyLock::new(|| {
    let longest = AHEAD.saturating_sub(b"OPENSSLDIR: \"".len());
    form(&format!(
        r#"^(?:OPENSSLDIR|ENGINESDIR|MODULESDIR): (?:[nN]/[aA]|"[^"\x00-\x1f]*"|"[^"\x00-\x1f]{{{longest}}}$)(?:\x00|$)"#
    ))
});
static BUILT_ON: Form = LazyLock::new(|| form(r"^built on: [^\x00-\x1f]{1,48}\x00"));
static PROVIDERS: Form =
    LazyLock::new(|| form(r"^providers[/\\]implementations[/\\][\w/\\+-]{1,160}\.(?:c|h|inc)\x00"));
// libssl's files of C; BoringSSL's and AWS-LC's of these names end in `.cc`.
static SSL_SOURCE: Form =
    LazyLock::new(|| form(r"^ssl[/\\](?:ssl_lib|statem[/\\][\w-]{1,80})\.c\x00"));
// The folder may carry the name of a commit, 40 hexadecimal digits, or what Bazel puts behind the name
// of a module: `+`, `~`, `~1.2.3`. Folders stand there alone, too.
static BORING_SOURCE: Form = LazyLock::new(|| {
    form(
        r"^boringssl[-\w.+~]{0,80}[/\\](?:src[/\\])?(?:crypto|ssl|third_party)[/\\][\w./\\+-]*(?:\x00|$)",
    )
});
static COMPATIBLE: Form =
    LazyLock::new(|| form(r"^OpenSSL [0-9.]{1,10} \(compatible; BoringSSL\)\x00"));
static AWS_LC_SOURCE: Form =
    LazyLock::new(|| form(r"^aws-lc[-\w.+~]{0,80}[/\\]crypto[/\\][\w./\\+-]+(?:\x00|$)"));
// The last one is of its bindings in Rust.
static AWS_LC_NAME: Form =
    LazyLock::new(|| form(r"^AWS-LC (?:(?:KEM|PQ DSA) method\x00|EVP_PKEY pointer)"));

/// Whether the text of this kind that `bytes` begin with is one by itself.
pub(super) fn is_whole(mark: Mark, bytes: &[u8]) -> bool {
    let is = |text: &[u8]| bytes.strip_prefix(text).is_some_and(ends);
    match mark {
        Mark::Directory | Mark::Installed => matches(&FOLDER, bytes),
        Mark::BuiltOn => matches(&BUILT_ON, bytes),
        Mark::Configuration => is(b"openssl.cnf"),
        Mark::Engines => is(b"OPENSSL_ENGINES"),
        Mark::ProviderParameter => is(b"openssl-version"),
        Mark::VersionFunction => is(b"OpenSSL_version_num"),
        Mark::RedHat => is(b"rh-allow-sha1-signatures"),
        Mark::Providers => matches(&PROVIDERS, bytes),
        Mark::SslSource => matches(&SSL_SOURCE, bytes),
        Mark::CryptoSource => is(b"crypto/init.c") || is(b"crypto\\init.c"),
        Mark::BoringSource => matches(&BORING_SOURCE, bytes) || matches(&COMPATIBLE, bytes),
        Mark::AwsLcSource => matches(&AWS_LC_SOURCE, bytes),
        Mark::AwsLcName => matches(&AWS_LC_NAME, bytes),
        // The name alone is no evidence of code.
        Mark::BoringName => true,
    }
}

fn ends(rest: &[u8]) -> bool {
    rest.first() == Some(&0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Mark::Directory, "OPENSSLDIR: \"/usr/local/ssl\"\0")]
    #[case(Mark::Directory, "OPENSSLDIR: n/a\0")]
    #[case(Mark::Installed, "ENGINESDIR: \"C:\\Program Files\\lib\\engines\"\0")]
    #[case(Mark::Installed, "MODULESDIR: N/A\0")]
    #[case(Mark::BuiltOn, "built on: Tue Sep 30 12:00:00 2025 UTC\0")]
    #[case(Mark::BuiltOn, "built on: reproducible build, date unspecified\0")]
    #[case(Mark::Configuration, "openssl.cnf\0")]
    #[case(Mark::Engines, "OPENSSL_ENGINES\0")]
    #[case(Mark::ProviderParameter, "openssl-version\0")]
    #[case(Mark::RedHat, "rh-allow-sha1-signatures\0")]
    #[case(Mark::Providers, "providers/implementations/rands/drbg.c\0")]
    #[case(
        Mark::Providers,
        "providers\\implementations\\ciphers\\ciphercommon_gcm.c\0"
    )]
    #[case(Mark::SslSource, "ssl/statem/statem_lib.c\0")]
    #[case(Mark::SslSource, "ssl\\ssl_lib.c\0")]
    #[case(Mark::CryptoSource, "crypto/init.c\0")]
    #[case(Mark::BoringSource, "boringssl/src/crypto/mem.cc\0")]
    #[case(Mark::BoringSource, "boringssl-0a1b/ssl/\0")]
    #[case(Mark::BoringSource, "boringssl+/crypto/fipsmodule/bn/random.cc.inc\0")]
    #[case(Mark::BoringSource, "boringssl~/ssl/ssl_cipher.cc\0")]
    #[case(Mark::BoringSource, "boringssl~0.20240913.0/src/crypto/mem.c\0")]
    #[case(Mark::AwsLcSource, "aws-lc+/crypto/mem.c\0")]
    #[case(Mark::AwsLcSource, "aws-lc~1.34.0/crypto/mem.c\0")]
    #[case(Mark::AwsLcSource, "aws-lc-1.49.0/crypto/mem.c\0")]
    #[case(Mark::BoringSource, "OpenSSL 1.1.1 (compatible; BoringSSL)\0")]
    #[case(Mark::AwsLcSource, "aws-lc/crypto/x509/../asn1/asn1_locl.h\0")]
    #[case(Mark::AwsLcName, "AWS-LC KEM method\0")]
    fn the_library_s_own(#[case] mark: Mark, #[case] text: &str) {
        assert!(is_whole(mark, text.as_bytes()), "{text:?}");
        // Where it runs on into the next, it is none.
        let run = text.replace('\0', "MODULESDIR: openssl.cnf built on: \0");
        assert!(!is_whole(mark, run.as_bytes()), "{run:?}");
    }

    #[rstest]
    #[case(Mark::Directory, "OPENSSLDIR: \0")]
    #[case(Mark::Directory, "OPENSSLDIR: \"\0")]
    #[case(Mark::Directory, "OPENSSLDIR: \"ENGINESDIR: \"MODULESDIR: \0")]
    #[case(Mark::BuiltOn, "built on: \0")]
    #[case(Mark::Providers, "providers/implementations/\0")]
    #[case(Mark::SslSource, "ssl/statem/\0")]
    #[case(Mark::SslSource, "ssl/ssl_lib.cc\0")]
    #[case(Mark::CryptoSource, "crypto/init.ccrypto\\init.c\0")]
    #[case(Mark::BoringSource, "boringssl\0")]
    #[case(Mark::AwsLcSource, "aws-lc/crypto\0")]
    fn what_is_only_searched_for(#[case] mark: Mark, #[case] text: &str) {
        assert!(!is_whole(mark, text.as_bytes()), "{text:?}");
    }

    #[test]
    fn the_bindings_of_aws_lc_have_no_nul() {
        let run = b"null AWS-LC EVP_PKEY pointerinfallible AWS-LC function";
        assert!(is_whole(Mark::AwsLcName, &run[5..]));
        assert!(!is_whole(Mark::AwsLcName, b"AWS-LC EVP_PKEY KEM method\0"));
    }

    #[test]
    fn a_folder_may_be_longer_than_what_is_looked_at() {
        let text = format!("OPENSSLDIR: \"/{}\"\0", "placehold_".repeat(25));
        assert!(is_whole(Mark::Directory, &text.as_bytes()[..AHEAD]));
    }
}
