//! Lines of a configuration with what may be a secret masked.
//!
//! People write tokens where the names of variables belong, and logins into addresses; a problem
//! in such a line must not carry them into a log.

/// Words in a key that make its value a secret, wherever somebody puts it.
const SECRET_WORDS: [&str; 7] = [
    "token", "secret", "password", "passwd", "key", "webhook", "ping",
];

/// Keys with such a word whose values are names of variables and files.
const NAMES: [&str; 3] = ["token-env", "token-file", "key-file"];

/// Beginnings of tokens. Source: GitHub's documentation, "About authentication to GitHub".
const TOKENS: [&str; 6] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];

/// Whether a text is a token of a known kind.
pub(super) fn is_token(text: &str) -> bool {
    TOKENS.iter().any(|beginning| text.starts_with(beginning))
}

/// The line with secrets replaced by as many asterisks. `header` is the last one above it, which
/// tells the address of an index from that of a webhook, which is a secret.
pub(super) fn masked(line: &str, header: &str) -> String {
    let key = line.split('=').next().unwrap_or_default();
    let is_open = ["index", "state"]
        .iter()
        .any(|section| header.contains(section) || key.contains(section));
    let line = without_login(line);
    let mut clean = String::with_capacity(line.len());
    let mut word = String::new();
    let mut secret = false;
    for c in line.chars() {
        if c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ',' | '{' | '}' | '[' | ']') {
            clean.push_str(&masked_word(&word, secret));
            // Nothing of the line is shown after a key that names a secret.
            let is_secret = |key| is_secret_key(key) || (key == "url" && !is_open);
            secret = secret || (c == '=' && key_of(&clean).is_some_and(is_secret));
            word.clear();
            clean.push(c);
        } else {
            word.push(c);
        }
    }
    clean.push_str(&masked_word(&word, secret));
    clean
}

/// The line without the login of an address. A login may hold any character, so everything up to
/// the last `@` of the line counts as one.
fn without_login(line: &str) -> String {
    let Some(end) = line.rfind('@') else {
        return line.to_owned();
    };
    let before = line.get(..end).unwrap_or_default();
    let start = before
        .find("://")
        .map(|at| at.saturating_add(3))
        .or_else(|| Some(before.find(['"', '\''])?.saturating_add(1)))
        .or_else(|| Some(before.find('=')?.saturating_add(1)))
        .unwrap_or_default();
    let login = before.get(start..).unwrap_or_default();
    format!(
        "{}{}{}",
        line.get(..start).unwrap_or_default(),
        stars(login),
        line.get(end..).unwrap_or_default()
    )
}

/// The key before an equals sign.
fn key_of(text: &str) -> Option<&str> {
    text.trim_end()
        .trim_end_matches(['"', '\''])
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '{' | ',' | '"' | '\'' | '.'))
        .next()
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('_', "-");
    !NAMES.contains(&key.as_str()) && SECRET_WORDS.iter().any(|word| key.contains(word))
}

fn masked_word(word: &str, secret: bool) -> String {
    if secret || is_token(word) {
        stars(word)
    } else {
        word.to_owned()
    }
}

fn stars(text: &str) -> String {
    "*".repeat(text.chars().count())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "url = \"https://me:pass@index.example/simple/\"",
        "url = \"https://*******@index.example/simple/\""
    )]
    #[case(
        "url = \"https://me:p@ss/w@index.example/\"",
        "url = \"https://*********@index.example/\""
    )]
    #[case(
        "url = \"https://me:p=s,s w'@index.example/\"",
        "url = \"https://***********@index.example/\""
    )]
    #[case("url = 'me:pass@index.example'", "url = '*******@index.example'")]
    #[case("token = \"abc def\" # mine", "token = \"*** ***\" * ****")]
    #[case("token-env = \"GITHUB_TOKEN\"", "token-env = \"GITHUB_TOKEN\"")]
    #[case("token-env = \"ghp_abcdef\"", "token-env = \"**********\"")]
    #[case(
        "app = { id = 3, private_key = \"abc\" }",
        "app = { id = 3, private_key = \"***\" }"
    )]
    #[case("github.token = \"abc\"", "github.token = \"***\"")]
    #[case("\"token\" = \"abc\"", "\"token\" = \"***\"")]
    #[case("schedule = \"*/15 * * * *\"", "schedule = \"*/15 * * * *\"")]
    fn secrets_are_masked(#[case] line: &str, #[case] shown: &str) {
        assert_eq!(masked(line, "[index]"), shown);
    }

    #[rstest]
    #[case("url = \"https://hooks.example/T0/B0/x\"", "[[notify.webhook]]")]
    #[case("url = \"hooks.example/T0/B0/x", "[[notify.webhook]]")]
    #[case(
        "webhook = [{ name = \"a\", url = \"https://hooks.example/T0\" }]",
        "[notify]"
    )]
    #[case("url = \"https://hooks.example/index.php?T0\"", "[[notify.webhook]]")]
    #[case("  { url = 'https://hooks.example/T0' },", "")]
    #[case("ping-url-env = \"https://ping.example/T0\"", "[notify]")]
    fn the_address_of_a_webhook_is_masked(#[case] line: &str, #[case] header: &str) {
        let shown = masked(line, header);
        assert!(
            !shown.contains("example") && !shown.contains("T0"),
            "{shown}"
        );
        assert_eq!(shown.chars().count(), line.chars().count());
    }
}
