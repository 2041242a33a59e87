//! The values of a plan file beside those of the JSON that is said to show it.
//!
//! Compared are, for `resource_changes` and `resource_drift`: `before`, `after`, `after_unknown`, the sensitive paths that the file has,
//! provider, previous address, reason, import, generated configuration and identities; for `output_changes`: `before`, `after`,
//! `after_unknown` and whether it is sensitive; `variables`; and what stands beside the changes or says them again: `planned_values`
//! (`planned`), `prior_state` (`prior`), `checks` (`conditions`), `relevant_attributes` and the paths that force a replacement (`paths`).
//! Of actions and deferred changes only the names are compared (`later`). A key that is not known here gives a gap.
//!
//! A plan file holds each value as `MessagePack`, written by the type that the provider's schema gives it. The schema is not in the file, so
//! without it some bytes can be read in two ways. Accepted is:
//! - a list of two whose first element is bytes is a type and a value of it (a dynamic value): nothing else is written as bytes. Inside it
//!   the type decides;
//! - a text is a text, or the number that JSON spells with the same digits, if that number fits neither 64 bits nor a float: only those
//!   are written as text;
//! - numbers are equal by their decimal digits, however they are spelled; a float is the shortest decimal that stands for it;
//! - what is unknown is absent from an object, null in a list, and marked in `after_unknown` in both cases. `after_unknown` may have any
//!   shape where it marks nothing;
//! - at the top, null and absent are the same;
//! - bytes that are no UTF-8 are replacement characters, as Go writes them;
//! - marks of the JSON that the file does not have: those of the provider's schema are not in the file;
//! - a variable that only the JSON has, where it is the default that the JSON's configuration gives.
//!
//! Everything else differs. Sets are lists in one order, which both programs keep when they show a file. What cannot be read, or could be
//! read as something else (another extension, a key twice, a list whose first text is a type, more than 128 levels, lengths beyond the
//! input) gives a gap for its row. Only the first difference of a value is told.
//!
//! Nothing is kept: one row at a time is decoded, and memory and time grow with the plan.

mod conditions;
mod later;
mod marks;
mod number;
mod paths;
mod planned;
mod prior;
mod row;
mod token;
mod tree;
mod variables;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};
use serde_json::Value as Json;

use super::compare::{self, Agreement, PlanDifference, PlanPart, PlannedRow, ValuePart};
use super::message::delimited;
use super::{ArchiveError, BinaryChange};
use crate::plan::value::{Value, marks as read_marks};
use crate::plan::{Action, Body, Mode, OutputChange, Plan, PlanMode, ResourceChange, Span};
use walk::Found;

/// `DynamicValue`.
#[derive(Clone, PartialEq, Message)]
struct Dynamic {
    #[prost(bytes = "vec", tag = "1")]
    msgpack: Vec<u8>,
}

/// One side of a change in the JSON.
struct Side<'a> {
    raw: Option<&'a str>,
    unknown: &'a Json,
    sensitive: &'a Json,
}

/// Rows of the JSON by address and deposed key.
type Rows<'a> = BTreeMap<(&'a str, Option<&'a str>), &'a ResourceChange>;

/// Top-level keys that are compared, here or by their own facts; `format_version` says only how the JSON is written.
const SECTIONS: [&str; 18] = [
    "action_invocations",
    "applyable",
    "checks",
    "complete",
    "configuration",
    "deferred_action_invocations",
    "deferred_changes",
    "errored",
    "format_version",
    "output_changes",
    "planned_values",
    "prior_state",
    "relevant_attributes",
    "resource_changes",
    "resource_drift",
    "terraform_version",
    "timestamp",
    "variables",
];

/// Adds what the values say to what the facts said. `message` is `tfplan`, which was read before, and `state` the state beside it.
pub(super) fn compare_values(
    message: &[u8],
    state: &[u8],
    mode: PlanMode,
    plan: &Plan,
    found: &mut Agreement,
) {
    let mut comparison = Comparison {
        plan,
        changes: rows(&plan.changes),
        drift: rows(&plan.drift),
        outputs: plan.outputs.iter().map(|o| (o.name.as_str(), o)).collect(),
        drifted: Vec::new(),
        variables: variables::shown(plan),
        set: BTreeSet::new(),
        planned: planned::Planned::of(plan),
        versions: BTreeMap::new(),
        conditions: BTreeSet::new(),
        relevant: BTreeSet::new(),
        later: BTreeMap::new(),
        found,
    };
    if message.is_empty() || comparison.read(message).is_err() {
        comparison.found.gaps.push(PlannedRow::Plan);
        return;
    }
    comparison.finish(mode);
    comparison.prior_state(state);
    comparison.schema_versions();
}

fn rows(changes: &[ResourceChange]) -> Rows<'_> {
    changes
        .iter()
        .filter(|change| change.mode != Mode::Ephemeral)
        .map(|change| ((change.address.as_str(), change.deposed.as_deref()), change))
        .collect()
}

struct Comparison<'a> {
    plan: &'a Plan,
    changes: Rows<'a>,
    drift: Rows<'a>,
    outputs: BTreeMap<&'a str, &'a OutputChange>,
    /// Rows of drift that the file has.
    drifted: Vec<BinaryChange>,
    /// Values of the JSON's variables.
    variables: BTreeMap<String, &'a str>,
    /// Variables that the file has.
    set: BTreeSet<String>,
    planned: planned::Planned<'a>,
    versions: planned::Versions,
    /// Conditions of the file.
    conditions: BTreeSet<conditions::Condition>,
    /// Relevant attributes of the file.
    relevant: BTreeSet<(String, String)>,
    later: later::Balance,
    found: &'a mut Agreement,
}

impl<'a> Comparison<'a> {
    fn read(&mut self, message: &[u8]) -> Result<(), ArchiveError> {
        let mut rest = message;
        while !rest.is_empty() {
            let (tag, wire) = decode_key(&mut rest).map_err(|_wire| ArchiveError::Message)?;
            if wire != WireType::LengthDelimited {
                skip_field(wire, tag, &mut rest, DecodeContext::default())
                    .map_err(|_wire| ArchiveError::Message)?;
                continue;
            }
            let field = delimited(&mut rest)?;
            match tag {
                2 => self.variable(field)?,
                3 => self.change(field, false)?,
                4 => self.output(field)?,
                15 => self.relevant_attribute(field)?,
                19 => self.condition(field)?,
                27 | 30 | 31 => self.later(tag, field)?,
                18 => self.change(field, true)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What stands on one side only, where the facts did not say it yet.
    fn finish(&mut self, mode: PlanMode) {
        self.variables_of_the_json();
        self.planned_rest();
        self.compare_conditions();
        self.compare_relevant_attributes();
        self.compare_later();
        let others = self.plan.section_names();
        let others: Vec<&str> = others.filter(|name| !SECTIONS.contains(name)).collect();
        for name in others {
            self.part_gap(PlanPart::Other, name);
        }
        let drifted = std::mem::take(&mut self.drifted);
        // Objects that only moved are left out, but for a plan that only refreshes.
        let hidden = |change: &BinaryChange| {
            let quiet = change.action == Action::NoOp && mode != PlanMode::RefreshOnly;
            let dropped = change.mode() == Mode::Data && change.action == Action::Delete;
            (quiet || dropped) && !self.drift.contains_key(&change.name())
        };
        let own = drifted
            .iter()
            .filter(|change| !hidden(change))
            .map(|change| (change.name(), change.action));
        let json = self
            .plan
            .drift
            .iter()
            .map(|c| ((c.address.as_str(), c.deposed.as_deref()), c.action));
        let differences = compare::compared(own, json);
        self.found.differences.extend(differences.into_iter().map(
            |((address, deposed), problem)| PlanDifference::Drift {
                address: address.to_owned(),
                deposed: deposed.map(str::to_owned),
                problem,
            },
        ));
    }

    fn slice(&self, span: Option<&Span>) -> Option<&'a str> {
        span.map(|span| self.plan.slice(span))
    }

    /// Holds one value of the file against a side of the JSON.
    fn value(
        &mut self,
        row: &PlannedRow,
        part: ValuePart,
        file: Option<&Dynamic>,
        side: &Side<'_>,
    ) -> Option<Value> {
        let json = side
            .raw
            .map(|raw| Value::read(Some(raw), &Json::Null, &Json::Null));
        let is_object = matches!(row, PlannedRow::Change { .. } | PlannedRow::Drift { .. });
        let found = match file {
            Some(file) => walk::compare(&file.msgpack, json.as_ref(), side.unknown, is_object),
            // Null in the file is no value; and what is not there is known.
            None => walk::compare(&[0xc0], json.as_ref(), side.unknown, is_object),
        };
        match found {
            Found::Same(leaves) => self.found.values += leaves,
            Found::Differs(steps) => {
                let path = walk::path(&steps, side.sensitive);
                self.differs(row, part, path);
            }
            Found::Unreadable => self.gap(row),
        }
        json
    }

    fn differs(&mut self, row: &PlannedRow, part: ValuePart, path: String) {
        self.found.differences.push(PlanDifference::Value {
            row: row.clone(),
            part,
            path,
        });
    }

    /// A part of the JSON, other than a row of changes, is not what the file says.
    fn part(&mut self, part: PlanPart, subject: &str) {
        self.found.differences.push(PlanDifference::Part {
            part,
            subject: subject.to_owned(),
        });
    }

    fn gap(&mut self, row: &PlannedRow) {
        self.found.gaps.push(row.clone());
    }

    fn tree(&self, span: Option<&Span>) -> Json {
        read_marks(self.slice(span))
    }
}

/// The trees of marks of a change.
struct Trees {
    unknown: Json,
    before_sensitive: Json,
    after_sensitive: Json,
}

impl Trees {
    fn of(comparison: &Comparison<'_>, body: &Body) -> Self {
        Self {
            unknown: comparison.tree(body.after_unknown.as_ref()),
            before_sensitive: comparison.tree(body.before_sensitive.as_ref()),
            after_sensitive: comparison.tree(body.after_sensitive.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests;
