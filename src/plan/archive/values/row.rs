//! One row of the file, of changes, drift or outputs, beside the row of the JSON.

use prost::Message;
use serde_json::Value as Json;

use super::compare::{PlannedRow, ValuePart};
use super::marks::{self, Path};
use super::planned::FileRow;
use super::{ArchiveError, BinaryChange, Comparison, Dynamic, Side, Trees};
use super::{tree, walk};
use crate::plan::archive::message;
use crate::plan::value::holds_true;
use crate::plan::{Import, Mode, ResourceChange, Span};

/// `ResourceInstanceChange`, without private data.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(string, tag = "13")]
    address: String,
    #[prost(string, tag = "14")]
    previous_address: String,
    #[prost(string, tag = "7")]
    deposed: String,
    #[prost(string, tag = "8")]
    provider: String,
    #[prost(message, optional, tag = "9")]
    inner: Option<Inner>,
    #[prost(message, repeated, tag = "11")]
    forcing: Vec<Path>,
    #[prost(uint32, tag = "12")]
    reason: u32,
}

/// `OutputChange`.
#[derive(Clone, PartialEq, Message)]
struct Output {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    inner: Option<Inner>,
    #[prost(bool, tag = "3")]
    sensitive: bool,
}

/// `Change`, as far as both programs number its fields alike.
#[derive(Clone, PartialEq, Message)]
struct Inner {
    #[prost(uint32, tag = "1")]
    action: u32,
    #[prost(message, repeated, tag = "2")]
    values: Vec<Dynamic>,
    #[prost(message, repeated, tag = "3")]
    before_sensitive: Vec<Path>,
    #[prost(message, repeated, tag = "4")]
    after_sensitive: Vec<Path>,
    #[prost(message, optional, tag = "5")]
    importing: Option<Importing>,
    #[prost(string, tag = "6")]
    generated_config: String,
}

/// `Importing`.
#[derive(Clone, PartialEq, Message)]
struct Importing {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(bool, tag = "2")]
    unknown: bool,
    #[prost(message, optional, tag = "3")]
    identity: Option<Dynamic>,
}

/// `ResourceInstanceChange`, its identities only: Terraform's numbers.
#[derive(Clone, PartialEq, Message)]
struct IdentityRow {
    #[prost(message, optional, tag = "9")]
    inner: Option<Identities>,
}

/// `Change`, its identities only.
#[derive(Clone, PartialEq, Message)]
struct Identities {
    #[prost(message, optional, tag = "7")]
    before: Option<Dynamic>,
    #[prost(message, optional, tag = "8")]
    after: Option<Dynamic>,
}

/// A row whose values cannot be decoded, by its name.
#[derive(Clone, PartialEq, Message)]
struct Named {
    #[prost(string, tag = "13")]
    address: String,
    #[prost(string, tag = "7")]
    deposed: String,
}

/// Where before and after stand among the values of a change: none is null. Nothing for an action that is not known.
fn places(action: u32) -> Option<(Option<usize>, Option<usize>)> {
    match action {
        0 => Some((Some(0), Some(0))),
        1 => Some((None, Some(0))),
        2 | 3 | 6 | 7 | 9 | 10 => Some((Some(0), Some(1))),
        5 | 8 => Some((Some(0), None)),
        _ => None,
    }
}

/// Words of `ResourceInstanceActionReason`. OpenTofu's own begin behind them.
const REASONS: [&str; 14] = [
    "",
    "replace_because_tainted",
    "replace_by_request",
    "replace_because_cannot_update",
    "delete_because_no_resource_config",
    "delete_because_wrong_repetition",
    "delete_because_count_index",
    "delete_because_each_key",
    "delete_because_no_module",
    "replace_by_triggers",
    "read_because_config_unknown",
    "read_because_dependency_pending",
    "delete_because_no_move_target",
    "read_because_check_nested",
];

/// The source address in `module.a.provider["registry.terraform.io/hashicorp/aws"].west`.
pub(super) fn provider(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("provider[\"")?;
    Some(rest.split_once("\"]")?.0)
}

impl Comparison<'_> {
    pub(super) fn change(&mut self, field: &[u8], is_drift: bool) -> Result<(), ArchiveError> {
        let named = Named::decode(field).map_err(|_wire| ArchiveError::Message)?;
        let (address, deposed) = (
            named.address,
            Some(named.deposed).filter(|key| !key.is_empty()),
        );
        let key = (address.as_str(), deposed.as_deref());
        let rows = if is_drift { &self.drift } else { &self.changes };
        let json = rows.get(&key).copied();
        let name = if is_drift {
            PlannedRow::Drift {
                address: address.clone(),
                deposed: deposed.clone(),
            }
        } else {
            PlannedRow::Change {
                address: address.clone(),
                deposed: deposed.clone(),
            }
        };
        let Ok(row) = Row::decode(field) else {
            self.gap(&name);
            return Ok(());
        };
        let action = message::action_of(row.inner.as_ref().map_or(0, |inner| inner.action));
        let change = BinaryChange {
            address: address.clone(),
            deposed,
            action,
        };
        if is_drift {
            self.drifted.push(change);
        } else if change.deposed.is_none() && change.is_shown() {
            let place = row.inner.as_ref().and_then(|inner| places(inner.action));
            let after = row.inner.as_ref().zip(place.and_then(|place| place.1));
            let file = FileRow {
                address: &address,
                action,
                provider: provider(&row.provider),
                after: after.and_then(|(inner, place)| inner.values.get(place)),
                sensitive: row
                    .inner
                    .as_ref()
                    .map_or(&[], |inner| &inner.after_sensitive),
            };
            self.planned_row(&file, json);
        }
        let Some(json) = json else {
            return Ok(());
        };
        let Some(inner) = &row.inner else {
            self.gap(&name);
            return Ok(());
        };
        // Another action is told by itself.
        if action == json.action && json.mode != Mode::Ephemeral {
            self.sides(&name, inner, json);
            self.facts(&name, &row, inner, json);
            self.identities(&name, field, json);
            self.forcing(&name, &row.forcing, json);
        }
        Ok(())
    }

    fn sides(&mut self, name: &PlannedRow, inner: &Inner, json: &ResourceChange) {
        let trees = Trees::of(self, &json.body);
        let Some((before, after)) = places(inner.action) else {
            self.gap(name);
            return;
        };
        let before_side = Side {
            raw: self.slice(json.body.before.as_ref()),
            unknown: &Json::Null,
            sensitive: &trees.before_sensitive,
        };
        let after_side = Side {
            raw: self.slice(json.body.after.as_ref()),
            unknown: &trees.unknown,
            sensitive: &trees.after_sensitive,
        };
        let parts = [
            (
                before,
                &before_side,
                &inner.before_sensitive,
                ValuePart::Before,
                ValuePart::SensitiveBefore,
            ),
            (
                after,
                &after_side,
                &inner.after_sensitive,
                ValuePart::After,
                ValuePart::SensitiveAfter,
            ),
        ];
        for (place, side, paths, part, marked) in parts {
            let file = place.map(|place| inner.values.get(place));
            if file == Some(None) {
                self.gap(name);
                continue;
            }
            let value = self.value(name, part, file.flatten(), side);
            match marks::unmarked(paths, value.as_ref(), side) {
                Ok(None) => {}
                Ok(Some(steps)) => {
                    let path = walk::path(&steps, side.sensitive);
                    self.differs(name, marked, path);
                }
                Err(_unreadable) => self.gap(name),
            }
        }
    }

    /// What else the row tells.
    fn facts(&mut self, name: &PlannedRow, row: &Row, inner: &Inner, json: &ResourceChange) {
        let own = self.plan.slice(&json.span);
        let mut fact = |same: bool, part| {
            if !same {
                self.differs(name, part, String::new());
            }
        };
        fact(
            provider(&row.provider) == Some(&*json.provider),
            ValuePart::Provider,
        );
        fact(
            json.mode == Mode::Ephemeral || tree::change_names_itself(own, &json.address),
            ValuePart::Address,
        );
        let previous = json
            .previous_address
            .as_deref()
            .filter(|previous| *previous != json.address);
        fact(
            Some(row.previous_address.as_str()).filter(|p| !p.is_empty()) == previous,
            ValuePart::PreviousAddress,
        );
        let reason = usize::try_from(row.reason)
            .ok()
            .and_then(|n| REASONS.get(n));
        fact(
            reason.is_none_or(|reason| *reason == json.reason.as_deref().unwrap_or_default()),
            ValuePart::Reason,
        );
        let generated: String = self
            .slice(json.body.generated_config.as_ref())
            .map_or(Ok(String::new()), serde_json::from_str)
            .unwrap_or_default();
        if inner.generated_config != generated {
            self.differs(name, ValuePart::GeneratedConfig, String::new());
        }
        let same = match (&inner.importing, &json.import) {
            (None, None) => true,
            (Some(file), Some(Import::Unknown)) => file.unknown,
            (Some(file), Some(Import::Id(id))) => !file.unknown && file.id == *id,
            (Some(file), Some(Import::Identity(span))) if !file.unknown && file.id.is_empty() => {
                self.identity(name, ValuePart::Import, file.identity.as_ref(), Some(span));
                true
            }
            _ => false,
        };
        if !same {
            self.differs(name, ValuePart::Import, String::new());
        }
    }

    /// Only Terraform's JSON has identities; where it has one, the file must.
    fn identities(&mut self, name: &PlannedRow, field: &[u8], json: &ResourceChange) {
        let body = &json.body;
        if body.before_identity.is_none() && body.after_identity.is_none() {
            return;
        }
        let Ok(row) = IdentityRow::decode(field) else {
            self.gap(name);
            return;
        };
        let inner = row.inner.unwrap_or_default();
        for (file, json) in [
            (&inner.before, &body.before_identity),
            (&inner.after, &body.after_identity),
        ] {
            self.identity(name, ValuePart::Identity, file.as_ref(), json.as_ref());
        }
    }

    fn identity(
        &mut self,
        name: &PlannedRow,
        part: ValuePart,
        file: Option<&Dynamic>,
        json: Option<&Span>,
    ) {
        let side = Side {
            raw: self.slice(json),
            unknown: &Json::Null,
            sensitive: &Json::Null,
        };
        self.value(name, part, file, &side);
    }

    pub(super) fn output(&mut self, field: &[u8]) -> Result<(), ArchiveError> {
        let output = Output::decode(field).map_err(|_wire| ArchiveError::Message)?;
        let Some(json) = self.outputs.get(output.name.as_str()).copied() else {
            return Ok(());
        };
        let name = PlannedRow::Output { name: output.name };
        let inner = output.inner.unwrap_or_default();
        let action = message::action_of(inner.action);
        let planned = places(inner.action).and_then(|(_, after)| inner.values.get(after?));
        self.planned_output(json, action, planned, output.sensitive);
        if action != json.action {
            return Ok(());
        }
        let Some((before, after)) = places(inner.action) else {
            self.gap(&name);
            return Ok(());
        };
        let trees = Trees::of(self, &json.body);
        let sides = [
            (
                before,
                &json.body.before,
                &Json::Null,
                &trees.before_sensitive,
                ValuePart::Before,
                ValuePart::SensitiveBefore,
            ),
            (
                after,
                &json.body.after,
                &trees.unknown,
                &trees.after_sensitive,
                ValuePart::After,
                ValuePart::SensitiveAfter,
            ),
        ];
        for (place, raw, unknown, sensitive, part, marked) in sides {
            let side = Side {
                raw: self.slice(raw.as_ref()),
                unknown,
                sensitive,
            };
            let file = place.map(|place| inner.values.get(place));
            if file == Some(None) {
                self.gap(&name);
            } else {
                self.value(&name, part, file.flatten(), &side);
            }
            let marks = if output.sensitive {
                sensitive == &Json::Bool(true)
            } else {
                !holds_true(sensitive)
            };
            if !marks {
                self.differs(&name, marked, String::new());
            }
        }
        Ok(())
    }
}
