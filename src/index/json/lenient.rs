//! What is of use in a file's entry, whatever else stands there.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value of which only a text, a number or a yes is of use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Scalar {
    Text(String),
    Number(u64),
    Yes,
    #[default]
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

/// What is made of a value, whatever its kind: nothing, unless it says otherwise.
trait Lenient: Default {
    const EXPECTING: &str;

    fn of_yes() -> Self {
        Self::default()
    }

    fn of_number(_: u64) -> Self {
        Self::default()
    }

    fn of_text(_: &str) -> Self {
        Self::default()
    }

    fn of_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// Visits a value of any kind; what holds others is passed over, and never held.
struct Any<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTING)
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(if value { T::of_yes() } else { T::default() })
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::of_number(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::of_text(value))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::of_map(map)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl Lenient for Scalar {
    const EXPECTING: &str = "a value";

    fn of_yes() -> Self {
        Self::Yes
    }

    fn of_number(value: u64) -> Self {
        Self::Number(value)
    }

    fn of_text(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Lenient for Fields {
    const EXPECTING: &str = "a file";

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

impl Lenient for Hashes {
    const EXPECTING: &str = "hashes";

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
