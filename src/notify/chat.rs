//! A message for Slack, and for what takes the same form: Mattermost, Rocket.Chat, Discord. Pure.
//!
//! Texts from outside must neither mention anybody, nor link, nor format. Slack reads `<…>` as
//! mentions and links; the others read Markdown and `@all` in the same text. Source: Slack's
//! documentation, "Formatting text for app surfaces"; Mattermost's, "Incoming webhooks".

use serde_json::json;

use super::happening::Item;
use super::message::Message;

/// How many items a message names; a message of more is cut short by Slack.
const MOST_ITEMS: usize = 15;

/// The most letters of one item.
const LETTERS: usize = 180;

/// A space without width.
const NOTHING: char = '\u{200b}';

/// The body.
pub(super) fn body(message: &Message) -> String {
    let mut text = format!("*rewheel* {}", harmless(&message.title));
    for item in message.items.iter().take(MOST_ITEMS) {
        text.push_str("\n• ");
        text.push_str(&line(item));
    }
    let unnamed = message.items.len().saturating_sub(MOST_ITEMS);
    let more = unnamed.saturating_add(message.more);
    if more > 0 {
        text.push_str(&format!("\n• and {more} more"));
    }
    json!({ "text": text, "unfurl_links": false, "unfurl_media": false }).to_string()
}

fn line(item: &Item) -> String {
    let mut text = harmless(&item.name());
    let said: String = item.text.chars().take(LETTERS).collect();
    if !said.is_empty() {
        text.push_str(": ");
        text.push_str(&harmless(&said));
    }
    if let Some(url) = &item.url {
        // What else could end it was made harmless when the message was put together.
        text.push_str(&format!(" <{}>", url.replace('&', "&amp;")));
    }
    text
}

/// A text in which nothing acts.
pub(super) fn harmless(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => clean.push_str("&amp;"),
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            // Mentions, channels, emoji, and what formats or links in Markdown or mrkdwn: a space
            // without width in between keeps every reader from finding it.
            '@' | '#' | ':' | '*' | '_' | '~' | '`' | '[' | ']' | '(' | ')' | '!' | '|' | '\\' => {
                clean.push(c);
                clean.push(NOTHING);
            }
            // Bare names of hosts become links.
            '.' if clean.to_ascii_lowercase().ends_with("www") => clean.extend([NOTHING, '.']),
            _ => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("<!channel> <@U1>")]
    #[case("@channel @here @everyone @all #general")]
    #[case("[click](https://evil.example) ![x](https://evil.example)")]
    #[case("<https://evil.example|OpenSSL>")]
    #[case("*bold* _it_ ~no~ `code` :tada:")]
    #[case("https://evil.example www.evil.example")]
    fn nothing_acts(#[case] text: &str) {
        let clean = harmless(text);
        for acting in [
            "<", ">", "@c", "@h", "@e", "@a", "#g", "](", "://", "*b", ":tada:", "`c", "www.",
        ] {
            assert!(!clean.contains(acting), "{acting} in {clean}");
        }
    }

    proptest! {
        /// Whatever stands between two pieces of Slack's own marks, none of it opens one.
        #[test]
        fn no_text_opens_a_mark(text in "[<>&@#!|:*_~`a-z/ ]{0,60}") {
            let clean = harmless(&text);
            prop_assert!(!clean.contains(['<', '>']));
            let entities = clean.matches('&').count();
            let known = ["&amp;", "&lt;", "&gt;"].map(|one| clean.matches(one).count());
            prop_assert_eq!(entities, known.iter().sum::<usize>());
            for (at, c) in clean.char_indices() {
                if "@#:*_~`!|".contains(c) {
                    prop_assert!(clean[at + c.len_utf8()..].starts_with(NOTHING));
                }
            }
        }
    }
}
