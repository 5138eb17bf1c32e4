//! YAML as a tree of texts, bounded in size and depth.
//!
//! Values stay as they are written: that `on` means true, and `1.10` a number, are readings that a
//! workflow's file does not want.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// A bound on the text; people write a tenth of it.
const MOST_BYTES: usize = 512 << 10;

/// A bound on how deep collections are inside of each other.
const MOST_DEPTH: usize = 64;

/// A bound on the values, those that aliases repeat included.
const MOST_NODES: usize = 50_000;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A text, a number, a flag: as it is written.
    Text {
        text: String,
        /// Whether it stands without quotes, so that it may mean more than a text.
        is_plain: bool,
    },
    List(Vec<Node>),
    /// The entries in their order; a key that is no text is left out.
    Map(Vec<(String, Node)>),
}

/// Why a text is no YAML, or is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum YamlError {
    #[error("it is no YAML, line {line}: {message}")]
    Wrong { line: usize, message: String },
    #[error("it exceeds {MOST_BYTES} bytes, {MOST_DEPTH} levels or {MOST_NODES} values")]
    TooLarge,
    #[error("it is empty")]
    Empty,
}

impl Node {
    pub(super) const NULL: Self = Self::Text {
        text: String::new(),
        is_plain: true,
    };

    /// The value under a key; the first, when there are several.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let found = entries.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Text { text, is_plain: true } if matches!(text.as_str(), "" | "~" | "null")
        )
    }

    fn count(&self) -> usize {
        let inner: usize = match self {
            Self::Text { .. } => 0,
            Self::List(nodes) => nodes.iter().map(Self::count).sum(),
            Self::Map(entries) => entries.iter().map(|(_, node)| node.count()).sum(),
        };
        inner.saturating_add(1)
    }
}

/// A collection that has begun and not ended.
enum Open {
    List(Vec<Node>),
    Map {
        entries: Vec<(String, Node)>,
        /// The key whose value comes next; its text, unless it is no text.
        key: Option<Option<String>>,
    },
}

/// The first document of a text.
pub(super) fn parse(text: &str) -> Result<Node, YamlError> {
    if text.len() > MOST_BYTES {
        return Err(YamlError::TooLarge);
    }
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| YamlError::Wrong {
            line: error.marker().line(),
            message: error.info().to_owned(),
        })?;
        match event {
            Event::Scalar(text, style, anchor, _) => tree.put(
                Node::Text {
                    text: text.into_owned(),
                    is_plain: style == ScalarStyle::Plain,
                },
                anchor,
            )?,
            Event::SequenceStart(anchor, _) => tree.open(Open::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => tree.open(
                Open::Map {
                    entries: Vec::new(),
                    key: None,
                },
                anchor,
            )?,
            Event::SequenceEnd | Event::MappingEnd => tree.close()?,
            Event::Alias(anchor) => tree.repeat(anchor)?,
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    tree.root.ok_or(YamlError::Empty)
}

/// What was read so far.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<(Open, usize)>,
    /// What has an anchor, by its number.
    anchored: Vec<(usize, Node)>,
    nodes: usize,
}

impl Tree {
    fn open(&mut self, open: Open, anchor: usize) -> Result<(), YamlError> {
        if self.open.len() >= MOST_DEPTH {
            return Err(YamlError::TooLarge);
        }
        self.open.push((open, anchor));
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some((open, anchor)) = self.open.pop() else {
            return Ok(());
        };
        let node = match open {
            Open::List(nodes) => Node::List(nodes),
            Open::Map { entries, .. } => Node::Map(entries),
        };
        self.put(node, anchor)
    }

    /// An alias stands for what has its anchor; one that is inside of what it names for nothing.
    fn repeat(&mut self, anchor: usize) -> Result<(), YamlError> {
        let found = self.anchored.iter().find(|(known, _)| *known == anchor);
        let node = found.map_or(Node::NULL, |(_, node)| node.clone());
        self.nodes = self.nodes.saturating_add(node.count());
        self.put(node, 0)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MOST_NODES {
            return Err(YamlError::TooLarge);
        }
        // 0 is no anchor.
        if anchor != 0 {
            self.nodes = self.nodes.saturating_add(node.count());
            self.anchored.push((anchor, node.clone()));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(nodes), _)) => nodes.push(node),
            Some((Open::Map { entries, key }, _)) => match key.take() {
                None => *key = Some(node.text().map(str::to_owned)),
                Some(Some(name)) => entries.push((name, node)),
                Some(None) => {}
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_stay_as_they_are_written() {
        let root = parse("on: {a: 1.10, b: 'null', c: ~}\n\"x\": [yes, no]\n").unwrap();
        let on = root.get("on").unwrap();
        assert_eq!(on.get("a").unwrap().text(), Some("1.10"));
        assert!(!on.get("b").unwrap().is_null());
        assert!(on.get("c").unwrap().is_null());
        assert_eq!(root.get("x").unwrap().count(), 3);
        assert_eq!(root.get("y"), None);
    }

    #[test]
    fn aliases_are_repeated() {
        let root = parse("a: &x {b: c}\nd: *x\n").unwrap();
        assert_eq!(root.get("d").unwrap().get("b").unwrap().text(), Some("c"));
    }

    #[test]
    fn what_would_grow_without_end_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = level - 1;
            let many = vec![format!("*a{before}"); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{many}]\n"));
        }
        assert_eq!(parse(&bomb), Err(YamlError::TooLarge));
        assert_eq!(parse(&"[".repeat(100)), Err(YamlError::TooLarge));
        assert_eq!(parse(&"#".repeat((1 << 20) + 1)), Err(YamlError::TooLarge));
        assert_eq!(parse(&"- a\n".repeat(60_000)), Err(YamlError::TooLarge));
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_line() {
        let error = parse("a: b\nc: [d\n").unwrap_err().to_string();
        assert!(error.starts_with("it is no YAML, line "), "{error}");
        assert_eq!(parse("# nothing\n"), Err(YamlError::Empty));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[ \\-:\\[\\]{}&*!|>'\"a-c\\n\\t#,?%@`]{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn nor_do_bytes_that_are_text(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
