//! What a table of keys is made of: a key, what its value looks like, and which keys go together.

/// Says why a text is not what its key wants.
pub(in crate::config) type Check = fn(&str) -> Result<(), String>;

/// What the value of a key looks like.
pub(in crate::config) enum Kind {
    /// A text, with an example of one.
    Text(Check, &'static str),
    /// A list of texts.
    Texts(Check, &'static str),
    /// A whole number from one bound to the other.
    Number(u64, u64),
    /// `true` or `false`.
    Flag,
    /// A section.
    Table(&'static [Key]),
    /// Any number of sections.
    Tables(&'static [Key]),
    /// A section whose keys are the user's own, with texts.
    Inputs,
}

/// What is known of a text without reading it: for editors, which cannot call a [`Check`]. It may
/// let through what the check refuses, and never refuses what the check lets through.
pub(in crate::config) enum Shape {
    /// Any text.
    Any,
    /// A text in which this regular expression finds something.
    Pattern(&'static str),
    /// One of these words.
    Words(&'static [&'static str]),
}

/// Which keys of a section go together.
pub(in crate::config) enum Rule {
    /// Exactly one of them is there.
    One(&'static [&'static str]),
    /// At most one of them is there.
    NotBoth(&'static [&'static str]),
    /// At least one of them is there.
    Any(&'static [&'static str]),
}

/// A key.
pub(in crate::config) struct Key {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) kind: Kind,
    /// What it means: a sentence in Markdown, without the full stop at its end.
    pub(in crate::config) about: &'static str,
    /// What holds where it is left out, in TOML; empty where nothing does, or where `about` says it.
    pub(in crate::config) default: &'static str,
    /// Whether its section cannot do without it.
    pub(in crate::config) is_required: bool,
    pub(in crate::config) shape: Shape,
    /// Of a section: which of its keys go together.
    pub(in crate::config) rules: &'static [Rule],
}

pub(super) const fn key(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        about: "",
        default: "",
        is_required: false,
        shape: Shape::Any,
        rules: &[],
    }
}

pub(super) const fn text(name: &'static str, check: Check, example: &'static str) -> Key {
    key(name, Kind::Text(check, example))
}

pub(super) const fn texts(name: &'static str, check: Check, example: &'static str) -> Key {
    key(name, Kind::Texts(check, example))
}

impl Key {
    /// The same key with what it means.
    pub(super) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// The same key with what holds where it is left out, in TOML.
    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// The same key, which its section cannot do without.
    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The same key of texts in which this regular expression finds something.
    pub(super) const fn pattern(mut self, pattern: &'static str) -> Self {
        self.shape = Shape::Pattern(pattern);
        self
    }

    /// The same key of one of these words, or of a list of them.
    pub(super) const fn words(mut self, words: &'static [&'static str]) -> Self {
        self.shape = Shape::Words(words);
        self
    }

    /// The same section with the keys that go together.
    pub(super) const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }
}

impl Kind {
    /// What a value looks like, for people.
    pub(in crate::config) fn wanted(&self) -> String {
        match self {
            Self::Text(_, example) => format!("a text, such as \"{example}\""),
            Self::Texts(_, example) => format!("a list of texts, such as {example}"),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Flag => "true or false".to_owned(),
            Self::Table(_) => "a section".to_owned(),
            Self::Tables(_) => "sections in double brackets".to_owned(),
            Self::Inputs => "a section of texts".to_owned(),
        }
    }

    /// The keys of a section.
    pub(in crate::config) const fn keys(&self) -> &'static [Key] {
        match self {
            Self::Table(keys) | Self::Tables(keys) => keys,
            _ => &[],
        }
    }
}
