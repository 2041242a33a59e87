//! A bundle: policies that are loaded together, with their data.
//!
//! Each bundle gets an engine of its own, so that a bad module harms only its neighbours in the bundle. The digest is over original
//! bytes, never over anything rewritten.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::digest::{Digest, Sink};

/// One policy file.
#[derive(Clone, Debug)]
pub struct Module {
    /// Path for people and for errors, with `/`.
    pub path: String,
    /// The text as it was read.
    pub text: Arc<str>,
}

/// Policies that are loaded together.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// Name for people: a directory, or `built-in`.
    pub name: String,
    /// Whether it is shipped with this program.
    pub builtin: bool,
    /// Whether an empty bundle is an error, because somebody asked for it.
    pub required: bool,
    /// The files, in the order of their paths; tests left out.
    pub modules: Vec<Module>,
    /// Files that are not loaded: tests, and those whose ending is written otherwise.
    pub left_out: Vec<Module>,
    /// Data documents, merged into one tree.
    pub data: Map<String, Json>,
    /// Lists of policy sets: `policies.hcl` and `scalr-policy.hcl`.
    pub sets: Vec<Module>,
    /// Which rules find something; filled in when the bundle is loaded.
    pub entries: super::Entries,
}

/// A conflict between two data documents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data at {path} is given twice with different values.")]
pub struct DataConflict {
    /// Where, with dots.
    pub path: String,
}

impl Bundle {
    /// Whether a file is the list of a policy set, by its path.
    #[must_use]
    pub fn is_set(path: &str) -> bool {
        super::dialect::is_set(path)
    }

    /// Merges a data document at a path.
    ///
    /// # Errors
    /// When another document has another value at the same place.
    pub fn add_data(&mut self, path: &[String], value: Json) -> Result<(), DataConflict> {
        let mut tree = value;
        for name in path.iter().rev() {
            let mut outer = Map::new();
            outer.insert(name.clone(), tree);
            tree = Json::Object(outer);
        }
        match tree {
            Json::Object(fields) => merge(&mut self.data, fields, ""),
            _ => Err(DataConflict {
                path: "data (the root must be an object)".to_owned(),
            }),
        }
    }

    /// Digest over the original bytes of all modules and the data.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut sink = Sink::new("countersign bundle v1");
        for module in &self.modules {
            sink.text(&module.path);
            sink.text(&module.text);
        }
        for set in &self.sets {
            sink.text(&set.path);
            sink.text(&set.text);
        }
        sink.text(&Json::Object(self.data.clone()).to_string());
        sink.finish()
    }
}

fn merge(
    into: &mut Map<String, Json>,
    from: Map<String, Json>,
    path: &str,
) -> Result<(), DataConflict> {
    for (name, value) in from {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match (into.get_mut(&name), value) {
            (None, value) => {
                into.insert(name, value);
            }
            (Some(Json::Object(known)), Json::Object(new)) => merge(known, new, &path)?,
            (Some(known), new) if *known == new => {}
            (Some(_), _) => return Err(DataConflict { path }),
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn data_documents_merge_and_conflicts_are_named() {
        let mut bundle = Bundle::default();
        bundle
            .add_data(&["a".to_owned(), "b".to_owned()], json!({"x": 1}))
            .unwrap();
        bundle
            .add_data(&["a".to_owned()], json!({"b": {"y": 2}}))
            .unwrap();
        assert_eq!(
            Json::Object(bundle.data.clone()),
            json!({"a": {"b": {"x": 1, "y": 2}}})
        );
        assert_eq!(
            bundle
                .add_data(&[], json!({"a": {"b": {"x": 3}}}))
                .unwrap_err()
                .path,
            "a.b.x"
        );
        assert!(bundle.add_data(&[], json!([])).is_err());
    }

    #[test]
    fn the_digest_follows_every_byte() {
        let module = |text: &str| Module {
            path: "a.rego".to_owned(),
            text: Arc::from(text),
        };
        let one = Bundle {
            modules: vec![module("package a")],
            ..Bundle::default()
        };
        let two = Bundle {
            modules: vec![module("package a ")],
            ..Bundle::default()
        };
        assert_ne!(one.digest(), two.digest());
    }
}
