//! What is of use in a file's entry, whatever else stands there.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value of which only a text, a number or a yes is of use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Text(String),
    Number(u64),
    Yes,
    Other,
}

impl Scalar {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The fields of a file's entry.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) is_object: bool,
    pub(super) filename: Option<String>,
    pub(super) url: Option<String>,
    pub(super) sha256: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) upload_time: Option<String>,
    /// The reason, empty where none is told. Source: PEP 592 and 691.
    pub(super) yanked: Option<String>,
}

/// The hash that is of use.
#[derive(Default)]
struct Hashes(Option<String>);

/// What is made of a value, whatever its kind; what holds others is passed over.
macro_rules! of_any {
    ($kind:ty, $visitor:ident, $expecting:literal, $other:expr) => {
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($visitor)
            }
        }

        struct $visitor;

        impl<'de> Visitor<'de> for $visitor {
            type Value = $kind;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str($expecting)
            }

            fn visit_bool<E>(self, value: bool) -> Result<$kind, E> {
                Ok(<$kind>::of_bool(value).unwrap_or($other))
            }

            fn visit_i64<E>(self, _: i64) -> Result<$kind, E> {
                Ok($other)
            }

            fn visit_u64<E>(self, value: u64) -> Result<$kind, E> {
                Ok(<$kind>::of_number(value).unwrap_or($other))
            }

            fn visit_f64<E>(self, _: f64) -> Result<$kind, E> {
                Ok($other)
            }

            fn visit_str<E>(self, value: &str) -> Result<$kind, E> {
                Ok(<$kind>::of_text(value).unwrap_or($other))
            }

            fn visit_unit<E>(self) -> Result<$kind, E> {
                Ok($other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<$kind, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok($other)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$kind, A::Error> {
                <$kind>::of_map(map)
            }
        }
    };
}

of_any!(Scalar, ScalarVisitor, "a value", Scalar::Other);
of_any!(Fields, FieldsVisitor, "a file", Fields::default());
of_any!(Hashes, HashesVisitor, "hashes", Hashes::default());

impl Scalar {
    const fn of_bool(value: bool) -> Option<Self> {
        if value { Some(Self::Yes) } else { None }
    }

    const fn of_number(value: u64) -> Option<Self> {
        Some(Self::Number(value))
    }

    fn of_text(value: &str) -> Option<Self> {
        Some(Self::Text(value.to_owned()))
    }

    fn of_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::Other)
    }
}

impl Fields {
    const fn of_bool(_: bool) -> Option<Self> {
        None
    }

    const fn of_number(_: u64) -> Option<Self> {
        None
    }

    const fn of_text(_: &str) -> Option<Self> {
        None
    }

    fn of_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut fields = Self {
            is_object: true,
            ..Self::default()
        };
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "filename" => fields.filename = map.next_value::<Scalar>()?.text(),
                "url" => fields.url = map.next_value::<Scalar>()?.text(),
                "upload-time" => fields.upload_time = map.next_value::<Scalar>()?.text(),
                "hashes" => fields.sha256 = map.next_value::<Hashes>()?.0,
                "size" => {
                    fields.size = match map.next_value()? {
                        Scalar::Number(size) => Some(size),
                        _ => None,
                    };
                }
                "yanked" => {
                    fields.yanked = match map.next_value()? {
                        Scalar::Yes => Some(String::new()),
                        Scalar::Text(reason) => Some(reason),
                        _ => None,
                    };
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

impl Hashes {
    const fn of_bool(_: bool) -> Option<Self> {
        None
    }

    const fn of_number(_: u64) -> Option<Self> {
        None
    }

    const fn of_text(_: &str) -> Option<Self> {
        None
    }

    fn of_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut found = Self(None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "sha256" => found.0 = map.next_value::<Scalar>()?.text(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}
