//! Paths into values: what forces a replacement, and which attributes of drift matter.

use std::collections::BTreeSet;

use prost::Message;
use serde::Deserialize;
use serde_json::Value as Json;

use super::compare::{PlanPart, PlannedRow, ValuePart};
use super::marks::{Key, Path};
use super::token::Unreadable;
use super::{ArchiveError, Comparison};
use crate::plan::ResourceChange;

/// `Plan.resource_attr`.
#[derive(Clone, PartialEq, Message)]
struct Relevant {
    #[prost(string, tag = "1")]
    resource: String,
    #[prost(message, optional, tag = "2")]
    path: Option<Path>,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    resource: String,
    #[serde(default)]
    attribute: Option<Vec<Json>>,
}

/// One form for both sides; the value of a set's element is not looked at.
fn of_file(path: &Path) -> Result<String, Unreadable> {
    let step = |key: Key| match key {
        Key::Name(name) => Json::String(name),
        Key::Index(index) => Json::from(index),
        Key::Element => Json::Null,
    };
    let steps: Json = path.keys()?.into_iter().map(step).collect();
    Ok(steps.to_string())
}

fn of_json(steps: &[Json]) -> String {
    let step = |step: &Json| match step {
        Json::String(_) => step.clone(),
        Json::Number(number) if number.is_u64() => step.clone(),
        _ => Json::Null,
    };
    let steps: Json = steps.iter().map(step).collect();
    steps.to_string()
}

impl Comparison<'_> {
    /// `replace_paths`.
    pub(super) fn forcing(&mut self, name: &PlannedRow, file: &[Path], json: &ResourceChange) {
        let shown = self.slice(json.body.replace_paths.as_ref()).unwrap_or("[]");
        let shown: Option<Vec<Vec<Json>>> = serde_json::from_str(shown).ok();
        let file: Result<BTreeSet<String>, Unreadable> = file.iter().map(of_file).collect();
        match (file, shown) {
            (Err(Unreadable), _) => self.gap(name),
            (Ok(file), Some(shown)) if file == shown.iter().map(|p| of_json(p)).collect() => {}
            _ => self.differs(name, ValuePart::ReplacePaths, String::new()),
        }
    }

    pub(super) fn relevant_attribute(&mut self, field: &[u8]) -> Result<(), ArchiveError> {
        let relevant = Relevant::decode(field).map_err(|_wire| ArchiveError::Message)?;
        match of_file(&relevant.path.unwrap_or_default()) {
            Ok(path) => drop(self.relevant.insert((relevant.resource, path))),
            Err(Unreadable) => self.part_gap(PlanPart::RelevantAttributes, &relevant.resource),
        }
        Ok(())
    }

    pub(super) fn compare_relevant_attributes(&mut self) {
        let file = std::mem::take(&mut self.relevant);
        let text = self.plan.section("relevant_attributes").unwrap_or("[]");
        let Ok(shown) = serde_json::from_str::<Vec<Shown>>(text) else {
            return self.part(PlanPart::RelevantAttributes, "");
        };
        let shown = shown.into_iter().map(|one| {
            let path = of_json(&one.attribute.unwrap_or_default());
            (one.resource, path)
        });
        let shown: BTreeSet<(String, String)> = shown.collect();
        let others = file.symmetric_difference(&shown);
        let others: BTreeSet<String> = others.map(|(resource, _)| resource.clone()).collect();
        for resource in others {
            self.part(PlanPart::RelevantAttributes, &resource);
        }
    }
}
