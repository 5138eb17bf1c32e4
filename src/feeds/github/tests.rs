use rstest::rstest;

use super::*;

#[rstest]
#[case("https://api.github.com", "codeload.github.com")]
#[case("https://API.GitHub.com/", "codeload.github.com")]
#[case("https://github.example/api/v3", "codeload.github.example")]
fn archives_come_from_the_servers_own_hosts(#[case] api: &str, #[case] host: &str) {
    assert_eq!(archive_hosts(&api.parse().unwrap()), [host]);
}

#[rstest]
#[case("https://api.github.com", "https://api.github.com/repos/openssl/openssl/releases/tags/openssl-3.5.9")]
#[case("https://github.example/api/v3/", "https://github.example/api/v3/repos/openssl/openssl/releases/tags/openssl-3.5.9")]
fn addresses_are_below_the_api(#[case] api: &str, #[case] address: &str) {
    let feeds = GithubFeeds::new(client_settings(), api.parse().unwrap(), None, Vec::new(), 1).unwrap();
    let path = ["repos", "openssl", "openssl", "releases", "tags", "openssl-3.5.9"];
    assert_eq!(feeds.address(&path).as_str(), address);
}
