//! `prior_state` of the JSON beside the state in the plan file.
//!
//! Both show the state after the refresh. The state file has types beside values of no fixed type, keeps the digits of numbers, and names
//! sensitive paths without those of the provider's schema; null and absent are the same attribute.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::compare::{PlanPart, PlannedRow};
use super::conditions;
use super::marks::{self, Key};
use super::number::Decimal;
use super::row::provider;
use super::tree::{self, Output, Row, Tree};
use super::{Comparison, walk};
use crate::plan::value::{Value, marks as read_marks};

#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow, default)]
    terraform_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    values: Option<Tree<'a>>,
    #[serde(borrow, default)]
    checks: Option<&'a RawValue>,
}

/// A state file of version 4.
#[derive(Deserialize)]
struct State<'a> {
    version: u64,
    #[serde(borrow, default)]
    terraform_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    outputs: Option<BTreeMap<String, Output<'a>>>,
    #[serde(borrow, default)]
    resources: Option<Vec<Block<'a>>>,
    #[serde(default)]
    check_results: Option<Vec<conditions::Stored>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    module: Option<Cow<'a, str>>,
    #[serde(borrow)]
    mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow, default)]
    instances: Option<Vec<Instance<'a>>>,
}

#[derive(Deserialize)]
struct Instance<'a> {
    #[serde(borrow, default)]
    index_key: Option<&'a RawValue>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    deposed: Option<String>,
    #[serde(default)]
    schema_version: Option<u64>,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attributes_flat: Option<&'a RawValue>,
    #[serde(default)]
    sensitive_attributes: Option<Vec<Vec<Step>>>,
    #[serde(borrow, default)]
    identity: Option<&'a RawValue>,
    #[serde(default)]
    dependencies: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    value: Json,
}

impl Comparison<'_> {
    /// Holds `prior_state` against the state.
    pub(super) fn prior_state(&mut self, state: &[u8]) {
        let text = self.plan.section("prior_state");
        let read: Result<Option<Shown<'_>>, _> = text.map(serde_json::from_str).transpose();
        let Ok(shown) = read else {
            return self.part(PlanPart::PriorState, "");
        };
        let state: State<'_> = match serde_json::from_slice(state) {
            Ok(state) => state,
            Err(_) if shown.is_none() => return,
            Err(_) => return self.part_gap(PlanPart::PriorState, ""),
        };
        if state.version != 4 {
            return self.part_gap(PlanPart::PriorState, "");
        }
        let blocks = state.resources.unwrap_or_default();
        let outputs = state.outputs.unwrap_or_default();
        let Some(shown) = shown else {
            // An empty state is left out.
            if !blocks.is_empty() || !outputs.is_empty() {
                self.part(PlanPart::PriorState, "");
            }
            return;
        };
        if shown.terraform_version.as_deref().unwrap_or_default()
            != state.terraform_version.as_deref().unwrap_or_default()
        {
            self.part(PlanPart::PriorState, "terraform_version");
        }
        let stored = state.check_results.unwrap_or_default();
        let stored = stored.into_iter().map(conditions::Stored::condition);
        if conditions::shown(shown.checks.map(RawValue::get)) != stored.collect() {
            self.part(PlanPart::PriorState, "checks");
        }
        let mut values = shown.values.unwrap_or_default();
        self.prior_rows(values.rows(), &blocks);
        self.prior_outputs(&values.outputs.take().unwrap_or_default(), &outputs);
    }

    fn prior_rows(&mut self, rows: Vec<Row<'_>>, blocks: &[Block<'_>]) {
        let mut open: BTreeMap<(String, Option<String>), Row<'_>> = BTreeMap::new();
        for row in rows {
            let key = row.deposed_key.as_ref().map(ToString::to_string);
            if key.is_none() {
                self.schema_version(&row);
            }
            let address = row.address.to_string();
            if open.insert((address.clone(), key), row).is_some() {
                self.part(PlanPart::PriorState, &address);
            }
        }
        for block in blocks {
            let name = format!("{}.{}", block.kind, block.name);
            for instance in block.instances.iter().flatten() {
                let module = block.module.as_deref().unwrap_or_default();
                let index = instance.index_key.map(RawValue::get);
                let address = tree::instance(module, &block.mode, &name, index);
                let key = (address.clone(), instance.deposed.clone());
                if instance.attributes_flat.is_some() {
                    open.remove(&key);
                    self.part_gap(PlanPart::PriorState, &address);
                    continue;
                }
                let row = open.remove(&key);
                if !row.is_some_and(|row| is_instance(&row, block, instance)) {
                    self.part(PlanPart::PriorState, &address);
                }
            }
        }
        for (address, _) in open.into_keys() {
            self.part(PlanPart::PriorState, &address);
        }
    }

    fn prior_outputs(
        &mut self,
        shown: &BTreeMap<String, Output<'_>>,
        state: &BTreeMap<String, Output<'_>>,
    ) {
        let names: BTreeSet<&String> = shown.keys().chain(state.keys()).collect();
        for name in names {
            let same = shown.get(name).zip(state.get(name)).is_some_and(|(a, b)| {
                let kind = |output: &Output<'_>| {
                    let kind = output.kind.map(RawValue::get);
                    kind.and_then(|kind| serde_json::from_str::<Json>(kind).ok())
                };
                same(&value(b.value), &value(a.value))
                    // Versions before 1.1 do not show it.
                    && (a.kind.is_none() || kind(a) == kind(b))
                    && a.sensitive.unwrap_or(false) == b.sensitive.unwrap_or(false)
            });
            if !same {
                self.part(PlanPart::PriorState, &format!("output.{name}"));
            }
        }
    }

    pub(super) fn part_gap(&mut self, part: PlanPart, subject: &str) {
        self.gap(&PlannedRow::Part {
            part,
            subject: subject.to_owned(),
        });
    }
}

fn value(raw: Option<&RawValue>) -> Value {
    Value::read(raw.map(RawValue::get), &Json::Null, &Json::Null)
}

fn is_instance(row: &Row<'_>, block: &Block<'_>, instance: &Instance<'_>) -> bool {
    let shown = value(row.values);
    let mut dependencies = instance.dependencies.clone().unwrap_or_default();
    let mut depends = row.depends_on.clone().unwrap_or_default();
    dependencies.sort();
    depends.sort();
    let version = match instance.deposed {
        // Not shown of a deposed object.
        Some(_) => row.schema_version.unwrap_or_default() == 0,
        None => {
            row.schema_version.unwrap_or_default() == instance.schema_version.unwrap_or_default()
        }
    };
    row.names_itself()
        && same(&value(instance.attributes), &shown)
        && same(&value(instance.identity), &value(row.identity))
        && version
        && depends == dependencies
        && row.tainted.unwrap_or(false) == (instance.status.as_deref() == Some("tainted"))
        && provider(&block.provider) == Some(&*row.provider_name)
        && are_marked(instance, row, &shown)
}

fn are_marked(instance: &Instance<'_>, row: &Row<'_>, shown: &Value) -> bool {
    let marks = read_marks(row.sensitive_values.map(RawValue::get));
    let paths = instance.sensitive_attributes.iter().flatten();
    paths.into_iter().all(|path| {
        let keys: Vec<Key> = path.iter().map(Step::key).collect();
        marks::is_marked(&keys, Some(shown), &Json::Null, &marks)
    })
}

impl Step {
    fn key(&self) -> Key {
        match (self.kind.as_str(), &self.value) {
            ("get_attr", Json::String(name)) => Key::Name(name.clone()),
            ("index", Json::Object(key)) => match key.get("value") {
                Some(Json::String(name)) => Key::Name(name.clone()),
                Some(Json::Number(number)) => number
                    .as_u64()
                    .and_then(|index| usize::try_from(index).ok())
                    .map_or(Key::Element, Key::Index),
                _ => Key::Element,
            },
            _ => Key::Element,
        }
    }
}

/// Whether a value of the state is the one that the JSON shows.
fn same(file: &Value, json: &Value) -> bool {
    let equal = match (file, json) {
        (Value::Map(file), Value::Map(json)) => {
            let names: BTreeSet<&String> = file.keys().chain(json.keys()).collect();
            names.into_iter().all(|name| {
                let of = |fields: &BTreeMap<String, Value>| {
                    fields.get(name).cloned().unwrap_or(Value::Null)
                };
                same(&of(file), &of(json))
            })
        }
        (Value::List(file), Value::List(json)) => {
            file.len() == json.len() && file.iter().zip(json).all(|(file, json)| same(file, json))
        }
        (Value::Number(file), Value::Number(json)) => {
            file == json || Decimal::parse(file).is_some_and(|n| Some(n) == Decimal::parse(json))
        }
        (file, json) => file == json,
    };
    equal || typed(file).is_some_and(|file| same(file, json))
}

/// The value in `{"value": …, "type": …}`, as a state holds what has no fixed type.
fn typed(file: &Value) -> Option<&Value> {
    let Value::Map(fields) = file else {
        return None;
    };
    let kind = fields.get("type").filter(|_| fields.len() == 2)?;
    let kind = match kind {
        Value::Text(name) => Json::String(name.clone()),
        Value::List(parts) => match parts.first()? {
            Value::Text(name) if parts.len() > 1 => {
                // What the type is made of is not looked at.
                let inner = match name.as_str() {
                    "object" => Json::Object(serde_json::Map::new()),
                    "tuple" => Json::Array(Vec::new()),
                    _ => Json::Null,
                };
                Json::Array(vec![Json::String(name.clone()), inner])
            }
            _ => return None,
        },
        _ => return None,
    };
    fields.get("value").filter(|_| walk::is_type(&kind))
}
