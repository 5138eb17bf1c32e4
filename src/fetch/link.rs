//! The `Link` header of a page. Source: RFC 8288.

/// The address of the next page, as a `Link` header names it. Source: RFC 8288.
pub fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|one| {
        let (target, parameters) = one.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            parameter
                .trim()
                .split_once('=')
                .is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("rel")
                        && value
                            .trim()
                            .trim_matches('"')
                            .split_ascii_whitespace()
                            .any(|rel| rel.eq_ignore_ascii_case("next"))
                })
        });
        is_next.then(|| target.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        r#"<https://a.example/r?page=2>; rel="next", <https://a.example/r?page=5>; rel="last""#,
        Some("https://a.example/r?page=2")
    )]
    #[case(r#"<https://a.example/r?page=1>; rel="prev", <https://a.example/r?page=3>; rel="next last""#, Some("https://a.example/r?page=3"))]
    #[case(
        "<https://a.example/r?page=2>;rel=NEXT",
        Some("https://a.example/r?page=2")
    )]
    #[case(r#"<https://a.example/r?page=1>; rel="prev""#, None)]
    #[case("https://a.example/r?page=2; rel=next", None)]
    #[case("", None)]
    fn names_the_next_page(#[case] link: &str, #[case] next: Option<&str>) {
        assert_eq!(next_page(link).as_deref(), next);
    }
}
