//! The types of a policy's settings, as `custom.setting_types` of its annotation gives them, and whether a value is of its type.
//!
//! A type is a word (`boolean`, `integer`, `number`, `text`, `texts`, `globs`, `table`), or a map with `type` and, where there are some,
//! `minimum` and `maximum` of a number, `words` of a text or a list of texts, and `of` of a list of globs or texts: what they are
//! patterns of (`pattern`).
//!
//! Invariant: a value of a wrong type is never passed on, since a rule that compares it would be undefined, which finds nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::pattern::Of;
use crate::text::{Printable, suggestion};

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    Integer,
    Number,
    Text,
    Texts,
    Globs,
    Table,
}

const KINDS: [(&str, Kind); 7] = [
    ("boolean", Kind::Boolean),
    ("integer", Kind::Integer),
    ("number", Kind::Number),
    ("text", Kind::Text),
    ("texts", Kind::Texts),
    ("globs", Kind::Globs),
    ("table", Kind::Table),
];

/// The type of a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingType {
    kind: Kind,
    minimum: Option<f64>,
    maximum: Option<f64>,
    words: Vec<String>,
    of: Option<Of>,
}

/// What is wrong with a value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongValue {
    /// The item of a list that is wrong.
    pub item: Option<usize>,
    /// The rest of a sentence that begins with the setting.
    pub message: String,
}

impl SettingType {
    fn read(value: &Json) -> Option<Self> {
        let empty = Map::new();
        let (word, fields) = match value {
            Json::String(word) => (word.as_str(), &empty),
            Json::Object(fields) => (fields.get("type")?.as_str()?, fields),
            _ => return None,
        };
        let (_, kind) = KINDS.into_iter().find(|(name, _)| *name == word)?;
        let mut read = Self {
            kind,
            minimum: None,
            maximum: None,
            words: Vec::new(),
            of: None,
        };
        let is_number = matches!(kind, Kind::Integer | Kind::Number);
        for (key, value) in fields {
            match key.as_str() {
                "type" => {}
                "minimum" if is_number => read.minimum = Some(value.as_f64()?),
                "maximum" if is_number => read.maximum = Some(value.as_f64()?),
                "words" if matches!(kind, Kind::Text | Kind::Texts) => {
                    let words = value.as_array().filter(|words| !words.is_empty())?;
                    for word in words {
                        read.words.push(word.as_str()?.to_owned());
                    }
                }
                "of" if matches!(kind, Kind::Globs | Kind::Texts) => {
                    read.of = Some(Of::parse(value.as_str()?)?);
                }
                _ => return None,
            }
        }
        Some(read)
    }

    /// Compares a value with the type.
    #[must_use]
    pub fn wrong(&self, value: &Json) -> Option<WrongValue> {
        let whole = |message: String| {
            Some(WrongValue {
                item: None,
                message,
            })
        };
        match (self.kind, value) {
            (Kind::Boolean, Json::Bool(_)) | (Kind::Table, Json::Object(_)) => None,
            (Kind::Integer, Json::Number(number)) if !number.is_f64() => {
                self.bounds(value).and_then(whole)
            }
            (Kind::Number, Json::Number(_)) => self.bounds(value).and_then(whole),
            (Kind::Text, Json::String(text)) => self.text(text).and_then(whole),
            (Kind::Texts | Kind::Globs, Json::Array(items)) => {
                let texts: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
                if let Some(why) = self.of.and_then(|of| of.nothing(&texts)) {
                    return whole(why.to_owned());
                }
                items.iter().enumerate().find_map(|(index, item)| {
                    let message = match item {
                        Json::String(text) => self.text(text)?,
                        _ => "must be a list of texts".to_owned(),
                    };
                    Some(WrongValue {
                        item: Some(index),
                        message,
                    })
                })
            }
            _ => whole(format!("must be {}", self.what())),
        }
    }

    fn bounds(&self, value: &Json) -> Option<String> {
        let number = value.as_f64()?;
        let low = self.minimum.is_some_and(|minimum| number < minimum);
        let high = self.maximum.is_some_and(|maximum| number > maximum);
        (low || high).then(|| format!("must be {}", self.what()))
    }

    fn text(&self, text: &str) -> Option<String> {
        if !self.words.is_empty() {
            let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
            return (!words.contains(&text)).then(|| {
                format!(
                    "must be {}{}",
                    self.what(),
                    suggestion(&text.to_lowercase(), &words)
                )
            });
        }
        let what = if text.is_empty() {
            "an empty text"
        } else if self.kind == Kind::Globs && text == "!" {
            "a ! without a glob"
        } else if self.kind == Kind::Globs && text.trim() != text {
            "a glob with a space before or behind it"
        } else if self.kind == Kind::Globs && text.chars().any(char::is_control) {
            "a glob with a control character"
        } else {
            let why = self.of.and_then(|of| of.never(text))?;
            return Some(format!(
                "holds \"{}\", which can never match: {why}",
                Printable::line(text)
            ));
        };
        Some(format!("holds {what}, which can never match"))
    }

    /// The type, for a sentence.
    #[must_use]
    pub fn what(&self) -> String {
        let words = || self.words.join(", ");
        match self.kind {
            Kind::Boolean => "true or false".to_owned(),
            Kind::Text if !self.words.is_empty() => format!("one of {}", words()),
            Kind::Texts if !self.words.is_empty() => format!("a list of some of {}", words()),
            Kind::Text => "a text".to_owned(),
            Kind::Texts => "a list of texts".to_owned(),
            Kind::Globs => "a list of globs".to_owned(),
            Kind::Table => "a table".to_owned(),
            Kind::Integer | Kind::Number => {
                let name = if self.kind == Kind::Integer {
                    "a whole number"
                } else {
                    "a number"
                };
                match (self.minimum, self.maximum) {
                    (Some(low), Some(high)) => format!("{name} from {low} to {high}"),
                    (Some(low), None) => format!("{name} from {low} on"),
                    (None, Some(high)) => format!("{name} up to {high}"),
                    (None, None) => name.to_owned(),
                }
            }
        }
    }
}

/// Reads `custom.setting_types`; what is none is a fault, and so is a type of no setting.
pub(super) fn types(
    found: Option<&Json>,
    settings: &[(Printable, Printable)],
    faults: &mut Vec<String>,
) -> BTreeMap<String, SettingType> {
    let mut types = BTreeMap::new();
    let fields = match found {
        None => return types,
        Some(Json::Object(fields)) => fields,
        Some(_) => {
            faults.push("custom.setting_types is no map.".to_owned());
            return types;
        }
    };
    for (name, value) in fields {
        if !settings.iter().any(|(known, _)| known.as_str() == name) {
            faults.push(format!(
                "custom.setting_types names \"{name}\", which custom.settings does not."
            ));
        }
        match SettingType::read(value) {
            Some(read) => {
                types.insert(name.clone(), read);
            }
            None => faults.push(format!(
                "the type of \"{name}\" in custom.setting_types is none of boolean, integer, number, text, texts, globs, table, or does not have such bounds or words."
            )),
        }
    }
    types
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::{Policies, Settings, Trust, builtin};

    fn wrong(kind: &Json, value: &Json) -> Option<String> {
        SettingType::read(kind)
            .unwrap()
            .wrong(value)
            .map(|wrong| wrong.message)
    }

    #[test]
    fn values_are_compared_with_type_bounds_and_words() {
        let share = json!({"type": "number", "minimum": 0, "maximum": 1});
        assert_eq!(wrong(&share, &json!(0.5)), None);
        assert_eq!(wrong(&share, &json!(1)), None);
        for value in [json!("x"), json!(1.5), json!(-1), json!(null), json!([0.5])] {
            assert_eq!(
                wrong(&share, &value).unwrap(),
                "must be a number from 0 to 1"
            );
        }
        let word = json!({"type": "text", "words": ["allow", "deny"]});
        assert_eq!(wrong(&word, &json!("deny")), None);
        assert_eq!(
            wrong(&word, &json!("Deny")).unwrap(),
            "must be one of allow, deny (did you mean \"deny\"?)"
        );
        assert_eq!(
            wrong(&word, &json!(true)).unwrap(),
            "must be one of allow, deny"
        );
        assert!(wrong(&json!("integer"), &json!(1.0)).is_some());
        assert!(wrong(&json!("boolean"), &json!("false")).is_some());
        assert!(wrong(&json!("table"), &json!([])).is_some());
        for glob in ["", "!", " a", "a\n"] {
            assert!(
                wrong(&json!("globs"), &json!(["*", glob])).is_some(),
                "{glob:?}"
            );
        }
        let place = SettingType::read(&json!("globs"))
            .unwrap()
            .wrong(&json!(["a", 5]))
            .unwrap();
        assert_eq!(place.item, Some(1));
    }

    #[test]
    fn types_that_are_none_are_refused() {
        for kind in [
            json!("list"),
            json!({"type": "text", "minimum": 1}),
            json!({"type": "text", "words": []}),
            json!({"type": "number", "minimum": "0"}),
            json!({"minimum": 0}),
            json!(5),
        ] {
            assert_eq!(SettingType::read(&kind), None, "{kind}");
        }
        let mut faults = Vec::new();
        types(
            Some(&json!({"a": "text"})),
            &[(Printable::line("b"), Printable::default())],
            &mut faults,
        );
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn every_setting_of_a_shipped_policy_has_a_type() {
        let settings = Settings {
            policy: Map::new(),
            disabled: std::collections::BTreeSet::new(),
            timeout: std::time::Duration::from_secs(10),
            threads: 1,
            trust: Trust::Worktree,
            commit: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let policies = Policies::load(&[builtin::bundle().unwrap()], settings);
        assert_eq!(policies.problems, []);
        for policy in &policies.summary.policies {
            let names: Vec<&str> = policy.settings.iter().map(|(n, _)| n.as_str()).collect();
            let typed: Vec<&str> = policy.setting_types.keys().map(String::as_str).collect();
            assert_eq!(
                names.into_iter().collect::<std::collections::BTreeSet<_>>(),
                typed.into_iter().collect(),
                "{}",
                policy.id
            );
            // No type takes everything.
            for (name, kind) in &policy.setting_types {
                let values = [json!(-1), json!("neither"), json!([{}]), json!(null)];
                let refused = values.iter().filter(|v| kind.wrong(v).is_some()).count();
                assert!(refused >= 3, "{} {name}", policy.id);
            }
        }
    }
}
