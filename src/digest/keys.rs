//! Names that stand twice in an object of JSON: which of the two counts, every reader decides for itself.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// The first key that stands twice in one object, at any depth.
///
/// # Errors
/// When the text is not one JSON document.
pub fn repeated_key(text: &str) -> Result<Option<String>, serde_json::Error> {
    let mut repeated = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let outcome = Unique {
        repeated: &mut repeated,
    }
    .deserialize(&mut reader);
    if repeated.is_some() {
        return Ok(repeated);
    }
    outcome.and_then(|()| reader.end()).map(|()| None)
}

struct Unique<'a> {
    repeated: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(Unique {
                repeated: &mut *self.repeated,
            })?
            .is_some()
        {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                *self.repeated = Some(key);
                return Err(A::Error::custom("repeated key"));
            }
            seen.insert(key);
            map.next_value_seed(Unique {
                repeated: &mut *self.repeated,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_is_named_at_any_depth_and_however_it_is_written() {
        let found = |text: &str| repeated_key(text).ok().flatten();
        assert_eq!(
            found(r#"{"a":[1,-2,0.5,null,true,"x"],"b":{"a":{}}}"#),
            None
        );
        assert_eq!(found(r#"{"a":1,"a":1}"#).as_deref(), Some("a"));
        assert_eq!(
            found(r#"[{"b":{"c":1,"d":2,"c":1}}]"#).as_deref(),
            Some("c")
        );
        assert_eq!(found(r#"{"a":1,"\u0061":2}"#).as_deref(), Some("a"));
        assert!(repeated_key("{}{}").is_err() && repeated_key("{").is_err());
    }
}
