//! `planned_values` of the JSON, which say again what the changes say, and the versions of schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::compare::PlanPart;
use super::marks::{self, Path};
use super::token::{self, Token};
use super::tree::{Row, Tree};
use super::walk::{self, Found};
use super::{Comparison, Dynamic, Side};
use crate::plan::value::{Value, holds_true, marks as read_marks};
use crate::plan::{Action, OutputChange, Plan, ResourceChange};

/// Versions of schemas by mode and type, and by provider.
pub(super) type Versions = BTreeMap<(String, String), BTreeMap<String, BTreeSet<Option<u64>>>>;

/// What the JSON shows, and what of it was met.
#[derive(Default)]
pub(super) struct Planned<'a> {
    /// Whether it could not be read, or an address stands in it twice.
    unclear: Option<String>,
    rows: BTreeMap<String, Row<'a>>,
    outputs: BTreeMap<String, super::tree::Output<'a>>,
    met: BTreeSet<String>,
}

/// The schema versions of the configuration.
#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    root_module: Option<Module>,
}

#[derive(Default, Deserialize)]
struct Module {
    #[serde(default)]
    resources: Option<Vec<Resource>>,
    #[serde(default)]
    module_calls: Option<BTreeMap<String, Call>>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    module: Option<Module>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    mode: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    schema_version: Option<u64>,
}

impl<'a> Planned<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let mut planned = Self::default();
        let Some(text) = plan.section("planned_values") else {
            planned.unclear = Some(String::new());
            return planned;
        };
        let Ok(mut tree) = serde_json::from_str::<Tree<'_>>(text) else {
            planned.unclear = Some(String::new());
            return planned;
        };
        for row in tree.rows() {
            let address = row.address.to_string();
            if planned.rows.insert(address.clone(), row).is_some() {
                planned.unclear = Some(address);
            }
        }
        planned.outputs = tree.outputs.take().unwrap_or_default();
        planned
    }
}

/// Whether one tree of marks marks nothing that the other leaves out.
fn is_within(marks: &Json, all: &Json) -> bool {
    if all == &Json::Bool(true) {
        return true;
    }
    match (marks, all) {
        (Json::Bool(mark), _) => !mark,
        (Json::Object(fields), _) => fields
            .iter()
            .all(|(name, mark)| is_within(mark, all.get(name).unwrap_or(&Json::Null))),
        (Json::Array(items), _) => items
            .iter()
            .enumerate()
            .all(|(index, mark)| is_within(mark, all.get(index).unwrap_or(&Json::Null))),
        _ => true,
    }
}

/// A change as the file has it.
pub(super) struct FileRow<'r> {
    pub(super) address: &'r str,
    pub(super) action: Action,
    pub(super) provider: Option<&'r str>,
    /// The value after, where the change has one.
    pub(super) after: Option<&'r Dynamic>,
    pub(super) sensitive: &'r [Path],
}

impl Comparison<'_> {
    /// The row of an object that is not deposed: values and marks must be those of the file, where it exists afterwards. What is not
    /// known yet is told by the JSON's change.
    pub(super) fn planned_row(&mut self, file: &FileRow<'_>, json: Option<&ResourceChange>) {
        let exists = !matches!(file.action, Action::Delete | Action::Forget);
        let Some(row) = self.planned.rows.get(file.address) else {
            if exists {
                self.part(PlanPart::PlannedValues, file.address);
            }
            return;
        };
        self.planned.met.insert(file.address.to_owned());
        let values = row.values.map(RawValue::get);
        let values = Value::read(values, &Json::Null, &Json::Null);
        let mut same = row.names_itself()
            && Some(&*row.provider_name) == file.provider
            && row.deposed_key.is_none();
        if !exists {
            // Terraform before 1.13 and OpenTofu list what is forgotten, without values. Nothing lists what is deleted.
            same &= file.action == Action::Forget && values == Value::Null;
        } else if let Some(json) = json {
            let unknown = self.tree(json.body.after_unknown.as_ref());
            let all = self.tree(json.body.after_sensitive.as_ref());
            let marks = read_marks(row.sensitive_values.map(RawValue::get));
            let side = Side {
                raw: None,
                unknown: &unknown,
                sensitive: &marks,
            };
            let shown = Some(&values).filter(|value| **value != Value::Null);
            same &= is_within(&marks, &all)
                && marks::unmarked(file.sensitive, shown, &side) == Ok(None)
                && is_planned(file.after, shown, &unknown, true);
        }
        if !same {
            self.part(PlanPart::PlannedValues, file.address);
        }
    }

    /// An output: value, type and mark.
    pub(super) fn planned_output(
        &mut self,
        json: &OutputChange,
        action: Action,
        file: Option<&Dynamic>,
        sensitive: bool,
    ) {
        let shown = self.planned.outputs.remove(&json.name);
        let same = match (action, &shown) {
            (Action::Delete, shown) => shown.is_none(),
            (_, None) => false,
            (_, Some(shown)) => {
                let unknown = self.tree(json.body.after_unknown.as_ref());
                let value = shown.value.map(RawValue::get);
                let value = value.map(|raw| Value::read(Some(raw), &Json::Null, &Json::Null));
                // One that is not wholly known is not shown.
                let is_value = (value.is_none() && holds_true(&unknown))
                    || is_planned(file, value.as_ref(), &Json::Null, false);
                is_value
                    && shown.sensitive.unwrap_or(false) == sensitive
                    && shown.kind.is_none_or(|kind| is_type_of(kind, file))
            }
        };
        if !same {
            self.part(PlanPart::PlannedValues, &format!("output.{}", json.name));
        }
    }

    /// What is left: rows of nothing that changes, and schema versions that do not agree.
    pub(super) fn planned_rest(&mut self) {
        if let Some(place) = self.planned.unclear.take() {
            self.part(PlanPart::PlannedValues, &place);
        }
        let planned = std::mem::take(&mut self.planned);
        for address in planned.rows.keys().filter(|a| !planned.met.contains(*a)) {
            self.part(PlanPart::PlannedValues, address);
        }
        for name in planned.outputs.keys() {
            self.part(PlanPart::PlannedValues, &format!("output.{name}"));
        }
        for row in planned.rows.values() {
            self.schema_version(row);
        }
    }

    /// Takes down the version of a row's schema.
    pub(super) fn schema_version(&mut self, row: &Row<'_>) {
        let kind = (row.mode.to_string(), row.kind.to_string());
        let providers = self.versions.entry(kind).or_default();
        let of = providers.entry(row.provider_name.to_string()).or_default();
        of.insert(row.schema_version);
    }

    /// No plan file has them; each type has one version, in `planned_values`, in the state and in the configuration.
    pub(super) fn schema_versions(&mut self) {
        let versions = std::mem::take(&mut self.versions);
        let text = self.plan.section("configuration").unwrap_or("{}");
        let configuration: Configuration = serde_json::from_str(text).unwrap_or_default();
        let mut open: Vec<Module> = configuration.root_module.into_iter().collect();
        let mut wrong: BTreeSet<String> = BTreeSet::new();
        for ((_, kind), providers) in &versions {
            if providers.values().any(|found| found.len() > 1) {
                wrong.insert(kind.clone());
            }
        }
        let mut declared: BTreeMap<(String, String), BTreeSet<Option<u64>>> = BTreeMap::new();
        while let Some(module) = open.pop() {
            for resource in module.resources.into_iter().flatten() {
                let kind = (resource.mode, resource.kind);
                let of = declared.entry(kind).or_default();
                of.insert(resource.schema_version);
            }
            let calls = module.module_calls.into_iter().flatten();
            open.extend(calls.filter_map(|(_, call)| call.module));
        }
        for (kind, declared) in &declared {
            let Some(providers) = versions.get(kind) else {
                continue;
            };
            // A type that two providers have can have two versions, of which no more than these are declared.
            let all: BTreeSet<_> = providers.values().flatten().copied().collect();
            if all.is_disjoint(declared) || (providers.len() == 1 && all != *declared) {
                wrong.insert(kind.1.clone());
            }
        }
        for kind in wrong {
            self.part(PlanPart::SchemaVersions, &kind);
        }
    }
}

/// Whether a value is the one of the file. One that cannot be read is a gap of its row.
fn is_planned(
    file: Option<&Dynamic>,
    shown: Option<&Value>,
    unknown: &Json,
    is_object: bool,
) -> bool {
    let bytes = file.map_or(&[0xc0][..], |file| &file.msgpack);
    let empty = Value::Map(BTreeMap::new());
    let found = walk::compare(bytes, shown, unknown, is_object);
    match found {
        // An object without attributes is left out.
        Found::Differs(_) if shown.is_none() => {
            let found = walk::compare(bytes, Some(&empty), unknown, is_object);
            matches!(found, Found::Same(_))
        }
        found => !matches!(found, Found::Differs(_)),
    }
}

/// Whether the file has an output with this type; one that is written without a type has none to compare.
fn is_type_of(kind: &RawValue, file: Option<&Dynamic>) -> bool {
    let Some(file) = file else {
        return false;
    };
    let mut rest = file.msgpack.as_slice();
    if token::next(&mut rest) != Ok(Token::List(2)) {
        return true;
    }
    let Ok(Token::Bytes(written)) = token::next(&mut rest) else {
        return true;
    };
    let read = |bytes: &[u8]| serde_json::from_slice::<Json>(bytes).ok();
    read(written).is_some_and(|written| Some(written) == read(kind.get().as_bytes()))
}
