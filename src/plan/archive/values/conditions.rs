//! `checks` of the JSON: conditions and how they came out, beside those of the plan file or of a state.

use std::collections::BTreeSet;

use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::compare::PlanPart;
use super::tree::Named;
use super::{ArchiveError, Comparison};

/// One object with conditions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition {
    kind: &'static str,
    address: String,
    status: &'static str,
    /// Instances with status and messages, in order.
    instances: Vec<(String, &'static str, Vec<String>)>,
}

/// `CheckResults`.
#[derive(Clone, PartialEq, Message)]
struct Results {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    address: String,
    #[prost(uint32, tag = "3")]
    status: u32,
    #[prost(message, repeated, tag = "4")]
    objects: Vec<Object>,
}

/// `CheckResults.ObjectResult`.
#[derive(Clone, PartialEq, Message)]
struct Object {
    #[prost(string, tag = "1")]
    address: String,
    #[prost(uint32, tag = "2")]
    status: u32,
    #[prost(string, repeated, tag = "3")]
    messages: Vec<String>,
}

/// An entry of a state's `check_results`.
#[derive(Deserialize)]
pub(super) struct Stored {
    #[serde(default)]
    object_kind: String,
    #[serde(default)]
    config_addr: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    objects: Option<Vec<StoredObject>>,
}

#[derive(Deserialize)]
struct StoredObject {
    #[serde(default)]
    object_addr: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    failure_messages: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    address: Address<'a>,
    #[serde(default)]
    status: String,
    #[serde(borrow, default)]
    instances: Option<Vec<Instance<'a>>>,
}

#[derive(Deserialize)]
struct Instance<'a> {
    #[serde(borrow)]
    address: Address<'a>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    problems: Option<Vec<Problem>>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Address<'a> {
    #[serde(default)]
    to_display: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    mode: String,
    #[serde(default, rename = "type")]
    of: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    module: String,
    #[serde(borrow, default)]
    instance_key: Option<&'a RawValue>,
}

fn kind(word: &str) -> &'static str {
    ["resource", "output_value", "check", "var"]
        .into_iter()
        .find(|known| *known == word)
        .unwrap_or("")
}

fn status(word: &str) -> &'static str {
    ["pass", "fail", "error"]
        .into_iter()
        .find(|known| *known == word)
        .unwrap_or("unknown")
}

fn number(status: u32) -> &'static str {
    match status {
        1 => "pass",
        2 => "fail",
        3 => "error",
        _ => "unknown",
    }
}

impl Condition {
    fn sorted(mut self) -> Self {
        for (_, _, messages) in &mut self.instances {
            messages.sort();
        }
        self.instances.sort();
        self
    }
}

impl Results {
    fn condition(self) -> Condition {
        let objects = self.objects.into_iter();
        Condition {
            kind: match self.kind {
                1 => "resource",
                2 => "output_value",
                3 => "check",
                4 => "var",
                _ => "",
            },
            address: self.address,
            status: number(self.status),
            instances: objects
                .map(|one| (one.address, number(one.status), one.messages))
                .collect(),
        }
        .sorted()
    }
}

impl Stored {
    pub(super) fn condition(self) -> Condition {
        let objects = self.objects.into_iter().flatten();
        let kind = match self.object_kind.as_str() {
            "output" => "output_value",
            word => kind(word),
        };
        Condition {
            kind,
            address: self.config_addr,
            status: status(&self.status),
            instances: objects
                .map(|one| {
                    let messages = one.failure_messages.unwrap_or_default();
                    (one.object_addr, status(&one.status), messages)
                })
                .collect(),
        }
        .sorted()
    }
}

/// What the JSON shows. What cannot be read, or has parts that are not those of its address, is a condition that no file has.
pub(super) fn shown(text: Option<&str>) -> BTreeSet<Condition> {
    let list: Option<Vec<Shown<'_>>> = match text {
        None => Some(Vec::new()),
        Some(text) => serde_json::from_str(text).ok(),
    };
    let Some(list) = list else {
        return BTreeSet::from([Condition {
            kind: "",
            address: String::new(),
            status: "",
            instances: Vec::new(),
        }]);
    };
    let count = list.len();
    let mut conditions: BTreeSet<Condition> = list.into_iter().map(Shown::condition).collect();
    if conditions.len() < count {
        // Twice the same.
        conditions.clear();
    }
    conditions
}

impl Shown<'_> {
    fn condition(self) -> Condition {
        let address = &self.address;
        let is_itself = address.is_itself(address);
        let instances = self.instances.into_iter().flatten();
        let instances = instances.map(|one| {
            let place = if one.address.is_itself(address) {
                one.address.to_display
            } else {
                String::new()
            };
            let messages = one.problems.into_iter().flatten();
            let messages = messages.map(|problem| problem.message).collect();
            (place, status(&one.status), messages)
        });
        Condition {
            instances: instances.collect(),
            kind: kind(&address.kind),
            address: if is_itself {
                address.to_display.clone()
            } else {
                String::new()
            },
            status: status(&self.status),
        }
        .sorted()
    }
}

impl Address<'_> {
    /// Whether the parts are those of the address that is displayed; `of` is the object with the conditions, or this itself.
    fn is_itself(&self, of: &Address<'_>) -> bool {
        if of.kind == "resource" {
            let name = Named {
                module: &self.module,
                mode: &of.mode,
                kind: &of.of,
                name: &of.name,
                index: self.instance_key.map(RawValue::get),
            };
            return name.is(&self.to_display);
        }
        let word = match of.kind.as_str() {
            "output_value" => "output",
            kind => kind,
        };
        let own = format!("{word}.{}", of.name);
        match self.module.as_str() {
            "" => self.to_display == own,
            module => self.to_display == format!("{module}.{own}"),
        }
    }
}

impl Comparison<'_> {
    pub(super) fn condition(&mut self, field: &[u8]) -> Result<(), ArchiveError> {
        let results = Results::decode(field).map_err(|_wire| ArchiveError::Message)?;
        self.conditions.insert(results.condition());
        Ok(())
    }

    pub(super) fn compare_conditions(&mut self) {
        let file = std::mem::take(&mut self.conditions);
        let json = shown(self.plan.section("checks"));
        let others: BTreeSet<String> = file
            .symmetric_difference(&json)
            .map(|condition| condition.address.clone())
            .collect();
        for address in others {
            self.part(PlanPart::Checks, &address);
        }
    }
}
