//! The variables that were set, beside those of the JSON.

use std::collections::BTreeMap;

use prost::Message;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::compare::{ChangeProblem, PlanDifference, PlannedRow, ValuePart};
use super::{ArchiveError, Comparison, Dynamic, Side};
use crate::plan::raw::RawConfiguration;
use crate::plan::value::Value;
use crate::plan::{Action, Plan};

/// An entry of the map of variables.
#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Dynamic>,
}

/// A variable of the JSON.
#[derive(Deserialize)]
struct Variable<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

/// The variables of the JSON; what has no value is null.
pub(super) fn shown(plan: &Plan) -> BTreeMap<String, &str> {
    let text = plan.section("variables").unwrap_or("{}");
    let variables: BTreeMap<String, Variable<'_>> = serde_json::from_str(text).unwrap_or_default();
    variables
        .into_iter()
        .map(|(name, variable)| (name, variable.value.map_or("null", RawValue::get)))
        .collect()
}

impl Comparison<'_> {
    pub(super) fn variable(&mut self, field: &[u8]) -> Result<(), ArchiveError> {
        let entry = Entry::decode(field).map_err(|_wire| ArchiveError::Message)?;
        let row = PlannedRow::Variable {
            name: entry.name.clone(),
        };
        match (self.variables.get(&entry.name).copied(), &entry.value) {
            (_, None) => self.gap(&row),
            (None, Some(_)) => self.only(&entry.name, ChangeProblem::OnlyInFile(Action::Read)),
            (Some(raw), Some(value)) => {
                // Keys of a variable may be secrets, so no path is told.
                let side = Side {
                    raw: Some(raw),
                    unknown: &Json::Null,
                    sensitive: &Json::Bool(true),
                };
                self.value(&row, ValuePart::Value, Some(value), &side);
            }
        }
        self.set.insert(entry.name);
        Ok(())
    }

    /// What only the JSON has must be a default: the file holds what was set.
    pub(super) fn variables_of_the_json(&mut self) {
        let others: Vec<(String, &str)> = self
            .variables
            .iter()
            .filter(|(name, _)| !self.set.contains(*name))
            .map(|(name, raw)| (name.clone(), *raw))
            .collect();
        let read = |raw: &str| Value::read(Some(raw), &Json::Null, &Json::Null);
        let text = self.plan.section("configuration").unwrap_or("{}");
        let configuration: RawConfiguration<'_> = serde_json::from_str(text).unwrap_or_default();
        let declared = configuration
            .root_module
            .and_then(|module| module.variables)
            .unwrap_or_default();
        // Both programs show the default of what was not set.
        for (name, variable) in &declared {
            if variable.default.is_some()
                && !self.variables.contains_key(name)
                && !self.set.contains(name)
            {
                self.only(name, ChangeProblem::OnlyInFile(Action::Read));
            }
        }
        for (name, raw) in others {
            let is_default = declared.get(&name).is_some_and(|variable| {
                let default = variable.default.map_or("null", RawValue::get);
                read(default) == read(raw)
            });
            if !is_default {
                self.only(&name, ChangeProblem::OnlyInJson(Action::Read));
            }
        }
    }

    fn only(&mut self, name: &str, problem: ChangeProblem) {
        self.found.differences.push(PlanDifference::Variable {
            name: name.to_owned(),
            problem,
        });
    }
}
