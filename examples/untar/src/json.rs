//! Counts the values of a JSON file while it is parsed, so that none of it is kept.

use std::fmt;
use std::io::{self, Read};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The values of a file.
pub(crate) struct Values {
    pub(crate) count: u64,
    /// Whether it is JSON to its end.
    pub(crate) valid: bool,
}

/// Counts the values in `reader`, which may hold several texts one after another.
///
/// Fails only if reading fails.
pub(crate) fn count_values(reader: impl Read) -> io::Result<Values> {
    let mut count = 0;
    for values in serde_json::Deserializer::from_reader(reader).into_iter::<Counted>() {
        match values {
            Ok(Counted(values)) => count += values,
            Err(error) if error.is_io() => return Err(error.into()),
            Err(_) => return Ok(Values { count, valid: false }),
        }
    }
    Ok(Values { count, valid: true })
}

/// The number of values in a value that was parsed, itself included.
struct Counted(u64);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counter).map(Self)
    }
}

struct Counter;

impl<'de> Visitor<'de> for Counter {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_bool<E>(self, _: bool) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_i64<E>(self, _: i64) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_u64<E>(self, _: u64) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_f64<E>(self, _: f64) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_str<E>(self, _: &str) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<u64, A::Error> {
        let mut count = 1;
        while let Some(Counted(values)) = items.next_element()? {
            count += values;
        }
        Ok(count)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<u64, A::Error> {
        let mut count = 1;
        while let Some((IgnoredAny, Counted(values))) = items.next_entry()? {
            count += values;
        }
        Ok(count)
    }
}
