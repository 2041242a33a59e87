//! Finds every value that the plan marks as secret, and builds the redactor from them.
//!
//! Sources: the marks of resource changes, drift and deferred changes; outputs marked sensitive; variables declared sensitive, with
//! their defaults and the constants passed into them; `sensitive_values` of planned values and prior state; outputs of remote states,
//! which Terraform does not mark; constants of provider settings whose names say that they are secret.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem::Finder;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::document::{Document, State};
use super::raw::{RawConfigModule, RawConfiguration, RawObject, RawOutput};
use super::rows::Rows;
use super::value::{holds_true, union};
use super::{Body, OutputChange, PlanError, ResourceChange, Value};
use crate::text::{Redactor, RedactorBuilder};

/// Gathers all secrets of a plan.
pub(super) fn gather(
    text: &str,
    document: &Document<'_>,
    rows: &Rows<'_>,
    outputs: &[OutputChange],
) -> Result<Secrets, PlanError> {
    let mut secrets = Secrets::default();
    let deferred = rows.deferred.iter().map(|d| &d.change);
    for change in rows.changes.iter().chain(&rows.drift).chain(deferred) {
        secrets.change(text, &change.body);
    }
    for output in outputs {
        secrets.change(text, &output.body);
    }
    if let Some(text) = document.text("configuration") {
        secrets.configuration(text, document.text("variables"))?;
        secrets.provider_settings(text);
    }
    for key in ["action_invocations", "deferred_action_invocations"] {
        for item in document.list(key) {
            secrets.invocation(item);
        }
    }
    for key in ["planned_values", "prior_state"] {
        if let Some(state) = document.state(key) {
            secrets.outputs(key, state)?;
        }
    }
    for object in &rows.secret_objects {
        secrets.object(&super::shape("state", object.get())?);
    }
    Ok(secrets)
}

/// Finds the objects of states that have to be looked at.
pub(super) struct Suspicion {
    marks: Finder<'static>,
    remote_state: Finder<'static>,
}

impl Suspicion {
    pub(super) fn new() -> Self {
        Self {
            marks: Finder::new("\"sensitive_values\""),
            remote_state: Finder::new("terraform_remote_state"),
        }
    }

    /// Whether an object may hold secrets.
    pub(super) fn holds(&self, object: &str) -> bool {
        let marked = self
            .marks
            .find(object.as_bytes())
            .and_then(|at| object.get(at..))
            .is_some_and(|marks| marks.contains("true"));
        marked || self.remote_state.find(object.as_bytes()).is_some()
    }
}

/// What one pass over the plan gathers.
#[derive(Default)]
pub(super) struct Secrets {
    builder: RedactorBuilder,
    found: bool,
}

impl Secrets {
    fn change(&mut self, text: &str, body: &Body) {
        let slice = |span: &Option<super::Span>| span.as_ref().and_then(|s| text.get(s.clone()));
        let marks: Vec<&str> = [&body.before_sensitive, &body.after_sensitive]
            .into_iter()
            .filter_map(slice)
            .filter(|m| m.contains("true"))
            .collect();
        if marks.is_empty() {
            return;
        }
        let tree = marks
            .into_iter()
            .map(|m| super::value::marks(Some(m)))
            .fold(Json::Bool(false), union);
        if !holds_true(&tree) {
            return;
        }
        for value in [&body.before, &body.after] {
            if let Some(value) = slice(value) {
                self.marked(&exact(value), &tree);
            }
        }
    }

    fn marked(&mut self, value: &Value, marks: &Json) {
        match (value, marks) {
            (value, Json::Bool(true)) => self.all(value),
            (Value::Map(fields), Json::Object(marks)) => {
                for (name, mark) in marks {
                    if let Some(value) = fields.get(name) {
                        self.marked(value, mark);
                    }
                }
            }
            (Value::List(items), Json::Array(marks)) => {
                for (item, mark) in items.iter().zip(marks) {
                    self.marked(item, mark);
                }
            }
            // Marks of another shape than the value cannot be laid over it.
            (value, marks) if holds_true(marks) => self.all(value),
            _ => {}
        }
    }

    /// Takes every string and long number below a value as secret.
    fn all(&mut self, value: &Value) {
        self.found = true;
        match value {
            Value::Text(text) => {
                self.builder.secret(text);
                // A document with secrets in it: its own strings are secrets too.
                if let Some(inner) = value.embedded() {
                    self.all(&inner);
                }
            }
            Value::Number(digits) => self.builder.secret(digits),
            Value::List(items) => items.iter().for_each(|item| self.all(item)),
            Value::Map(fields) => fields.values().for_each(|field| self.all(field)),
            Value::Null | Value::Bool(_) | Value::Unknown | Value::Sensitive(_) => {}
        }
    }

    fn raw_all(&mut self, raw: Option<&RawValue>) {
        if let Some(raw) = raw {
            self.all(&exact(raw.get()));
        }
    }

    /// Values of variables that the configuration declares sensitive.
    fn configuration(&mut self, text: &str, variables: Option<&str>) -> Result<(), PlanError> {
        let configuration: RawConfiguration<'_> = super::shape("configuration", text)?;
        let Some(root) = configuration.root_module else {
            return Ok(());
        };
        let values = variables.map_or(Value::Null, exact);
        let declared = root.variables.iter().flatten();
        if !matches!(values, Value::Map(_)) && declared.clone().any(|(_, v)| v.sensitive) {
            // Of another shape than Terraform writes: which value is the secret one cannot be told.
            self.all(&values);
        }
        for (name, variable) in declared {
            if variable.sensitive {
                if let Some(value) = field(&values, name).and_then(|v| field(v, "value")) {
                    self.all(value);
                }
                self.raw_all(variable.default);
            }
        }
        self.module(&root, &values, 0);
        Ok(())
    }

    /// `values` are those of the root module's variables: a sensitive variable of a child that is fed from one makes it a secret.
    fn module(&mut self, module: &RawConfigModule<'_>, values: &Value, depth: usize) {
        if depth > 64 {
            return;
        }
        for call in module.module_calls.iter().flatten().map(|(_, call)| call) {
            let Some(child) = &call.module else { continue };
            let expressions = call.expressions.map_or(Value::Null, |e| exact(e.get()));
            for (name, variable) in child.variables.iter().flatten() {
                if variable.sensitive {
                    self.raw_all(variable.default);
                    let expression = field(&expressions, name);
                    if let Some(constant) = expression.and_then(|e| field(e, "constant_value")) {
                        self.all(constant);
                    }
                    let references = match expression.and_then(|e| field(e, "references")) {
                        Some(Value::List(references)) => references.as_slice(),
                        _ => &[],
                    };
                    for reference in references {
                        let Value::Text(reference) = reference else {
                            continue;
                        };
                        let value = reference
                            .strip_prefix("var.")
                            .filter(|_| depth == 0)
                            .and_then(|fed| field(field(values, fed.split('.').next()?)?, "value"));
                        if let Some(value) = value {
                            self.all(value);
                        }
                    }
                }
            }
            self.module(child, values, depth + 1);
        }
    }

    /// Settings of actions that are marked sensitive.
    fn invocation(&mut self, raw: &RawValue) {
        #[derive(serde::Deserialize)]
        struct Item<'a> {
            #[serde(borrow, default)]
            config_values: Option<&'a RawValue>,
            #[serde(borrow, default)]
            config_sensitive: Option<&'a RawValue>,
            // A deferred invocation holds the invocation itself one level below.
            #[serde(borrow, default)]
            action_invocation: Option<Box<Item<'a>>>,
        }
        let Ok(item) = serde_json::from_str::<Item<'_>>(raw.get()) else {
            return;
        };
        for action in [Some(&item), item.action_invocation.as_deref()]
            .into_iter()
            .flatten()
        {
            if let (Some(values), Some(sensitive)) = (action.config_values, action.config_sensitive)
            {
                let marks = super::value::marks(Some(sensitive.get()));
                self.marked(&exact(values.get()), &marks);
            }
        }
    }

    /// Constants of provider settings such as `secret_key` and `password`.
    fn provider_settings(&mut self, configuration: &str) {
        #[derive(serde::Deserialize)]
        struct Providers<'a> {
            #[serde(borrow, default)]
            provider_config: Option<&'a RawValue>,
        }
        if let Ok(Providers {
            provider_config: Some(raw),
        }) = serde_json::from_str(configuration)
        {
            self.named_constants(&exact(raw.get()), false);
        }
    }

    fn named_constants(&mut self, tree: &Value, secret: bool) {
        match tree {
            Value::Map(fields) => {
                for (name, value) in fields {
                    if name == "constant_value" && secret {
                        self.all(value);
                    } else {
                        self.named_constants(value, secret || is_secret_name(name));
                    }
                }
            }
            Value::List(items) => items
                .iter()
                .for_each(|item| self.named_constants(item, secret)),
            _ => {}
        }
    }

    /// Outputs of a state that are marked sensitive.
    fn outputs(&mut self, place: &str, state: &State<'_>) -> Result<(), PlanError> {
        let Some(raw) = state.outputs else {
            return Ok(());
        };
        let outputs: Option<BTreeMap<String, RawOutput<'_>>> = super::shape(place, raw.get())?;
        for output in outputs.iter().flatten().map(|(_, output)| output) {
            if output.sensitive {
                self.raw_all(output.value);
            }
        }
        Ok(())
    }

    /// One object of a state.
    fn object(&mut self, object: &RawObject<'_>) {
        if object.kind.as_deref() == Some("terraform_remote_state") {
            let outputs = object
                .values
                .map(|v| exact(v.get()))
                .and_then(|v| field(&v, "outputs").cloned());
            if let Some(outputs) = outputs {
                self.all(&outputs);
            }
        }
        let raw = object.sensitive_values.map_or("", RawValue::get);
        if raw.contains("true")
            && let Some(values) = object.values
        {
            let marks = super::value::marks(Some(raw));
            self.marked(&exact(values.get()), &marks);
        }
    }

    /// Whether anything is marked, of whatever kind and length.
    pub(super) fn found(&self) -> bool {
        self.found
    }

    /// Ends the gathering; words that the plan uses in the open are not scrubbed from text.
    pub(super) fn finish(mut self, changes: &[ResourceChange]) -> Result<Redactor, PlanError> {
        if self.found {
            let mut words = BTreeSet::new();
            for change in changes {
                words.insert(change.kind.as_ref());
                words.insert(change.name.as_str());
                words.insert(change.provider.as_ref());
                words.insert(change.address.as_str());
            }
            for word in words {
                self.builder.plain_word(word);
            }
        }
        self.builder.build().map_err(|error| PlanError::Secrets {
            problem: error.to_string(),
        })
    }
}

/// A value with every digit that the plan gives.
fn exact(raw: &str) -> Value {
    Value::read(Some(raw), &Json::Null, &Json::Null)
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Map(fields) => fields.get(name),
        _ => None,
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "password",
        "passwd",
        "secret",
        "token",
        "private_key",
        "api_key",
        "apikey",
        "access_key",
        "credentials",
        "app_key",
        "account_key",
        "passphrase",
        "client_key",
        "shared_key",
        "sas",
    ]
    .iter()
    .any(|word| name.contains(word))
}
