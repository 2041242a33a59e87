//! Finds every value that the plan marks as secret, and builds the redactor from them.
//!
//! Sources: the marks of resource changes, drift and deferred changes; outputs marked sensitive; variables declared sensitive, with
//! their defaults and whatever is passed into them through any number of modules; `sensitive_values` of planned values and prior state;
//! outputs of remote states, which Terraform does not mark; what names say to be secret (`guess`): constants of provider settings,
//! variables (ephemeral ones carry no mark), attributes of plans without marks; texts of a well-known shape anywhere in the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::document::{Document, State, spells_oddly};
use super::guess::{is_data, is_reference, is_secret_name, is_secret_setting, is_word};
use super::raw::{RawConfigModule, RawConfiguration, RawObject, RawOutput};
use super::rows::Rows;
use super::value::{holds_true, union};
use super::{Body, OutputChange, PlanError, ResourceChange, Value};
use crate::text::{Redactor, RedactorBuilder, tokens};

/// Values of a module's variables, as far as the plan tells them.
type Variables = BTreeMap<String, Vec<Rc<Value>>>;

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
        secrets.remote_state(text, change);
    }
    for output in outputs {
        secrets.change(text, &output.body);
    }
    if let Some(text) = document.text("variables") {
        secrets.variables(text);
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
    secrets.shapes(text);
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
            remote_state: Finder::new(REMOTE_STATE),
        }
    }

    /// Whether an object may hold secrets.
    pub(super) fn holds(&self, object: &str) -> bool {
        let marked = self
            .marks
            .find(object.as_bytes())
            .and_then(|at| object.get(at..))
            .is_some_and(|marks| marks.contains("true"));
        marked || self.remote_state.find(object.as_bytes()).is_some() || spells_oddly(object)
    }
}

/// What one pass over the plan gathers.
#[derive(Default)]
pub(super) struct Secrets {
    builder: RedactorBuilder,
    /// Secrets that could be names of attributes, outputs, variables or modules.
    words: BTreeSet<String>,
    found: bool,
}

impl Secrets {
    fn change(&mut self, text: &str, body: &Body) {
        let slice = |span: &Option<super::Span>| span.as_ref().and_then(|s| text.get(s.clone()));
        if body.before_sensitive.is_none() && body.after_sensitive.is_none() {
            for value in [&body.before, &body.after].into_iter().filter_map(slice) {
                self.named(&exact(value));
            }
            return;
        }
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
                self.secret(text);
                // A document with secrets in it: its own strings are secrets too.
                if let Some(inner) = value.embedded() {
                    self.all(&inner);
                }
            }
            Value::Number(digits) => self.secret(digits),
            Value::List(items) => items.iter().for_each(|item| self.all(item)),
            Value::Map(fields) => {
                for (key, field) in fields {
                    if is_data(key) {
                        self.secret(key);
                    }
                    self.all(field);
                }
            }
            Value::Null | Value::Bool(_) | Value::Unknown | Value::Sensitive(_) => {}
        }
    }

    fn secret(&mut self, text: &str) {
        self.found = true;
        self.builder.secret(text);
        if is_word(text) {
            self.words.insert(text.to_owned());
        }
    }

    /// Takes values whose names say that they are secret, where nothing is marked.
    fn named(&mut self, value: &Value) {
        match value {
            Value::Map(fields) => {
                for (name, field) in fields {
                    match field {
                        Value::Text(text) if is_secret_name(name) => {
                            if !is_reference(text) {
                                self.all(field);
                            }
                        }
                        field => self.named(field),
                    }
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.named(item)),
            _ => {}
        }
    }

    /// Takes the outputs of a remote state that is read by this plan; Terraform does not mark them.
    fn remote_state(&mut self, text: &str, change: &ResourceChange) {
        if change.kind.as_ref() != REMOTE_STATE {
            return;
        }
        for span in [&change.body.before, &change.body.after]
            .into_iter()
            .flatten()
        {
            if let Some(value) = text.get(span.clone()) {
                let value = exact(value);
                if let Some(outputs) = field(&value, "outputs") {
                    self.all(outputs);
                }
            }
        }
    }

    /// Takes what has a well-known shape, wherever it stands in the plan.
    fn shapes(&mut self, text: &str) {
        for place in tokens(text) {
            let raw = text.get(place).unwrap_or_default();
            // A private key is cut out of a JSON text, so its line breaks are escaped.
            match serde_json::from_str::<String>(&format!("\"{raw}\"")) {
                Ok(token) => self.secret(&token),
                Err(_) => self.secret(raw),
            }
        }
    }

    fn raw_all(&mut self, raw: Option<&RawValue>) {
        if let Some(raw) = raw {
            self.all(&exact(raw.get()));
        }
    }

    /// Values of variables whose names say that they are secret: ephemeral ones carry no mark.
    fn variables(&mut self, text: &str) {
        for (name, values) in given(&exact(text)) {
            for value in values.iter().filter(|_| is_secret_name(&name)) {
                self.named(&Value::Map(BTreeMap::from([(
                    name.clone(),
                    value.as_ref().clone(),
                )])));
            }
        }
    }

    /// Values of variables that the configuration declares sensitive.
    fn configuration(&mut self, text: &str, variables: Option<&str>) -> Result<(), PlanError> {
        let configuration: RawConfiguration<'_> = super::shape("configuration", text)?;
        let Some(root) = configuration.root_module else {
            return Ok(());
        };
        let values = variables.map_or(Value::Null, exact);
        let mut declared = root.variables.iter().flatten();
        if !matches!(values, Value::Map(_)) && declared.any(|(_, variable)| variable.sensitive) {
            // Of another shape than Terraform writes: which value is the secret one cannot be told.
            self.all(&values);
        }
        self.module(&root, given(&values), 0);
        Ok(())
    }

    /// Takes the values of a module's sensitive variables and outputs, and follows what is passed on into the modules that it calls.
    fn module(&mut self, module: &RawConfigModule<'_>, mut values: Variables, depth: usize) {
        if depth > 64 {
            return;
        }
        for (name, variable) in module.variables.iter().flatten() {
            if let Some(default) = variable.default {
                let default = Rc::new(exact(default.get()));
                values.entry(name.clone()).or_default().push(default);
            }
            if variable.sensitive {
                for value in values.get(name).into_iter().flatten() {
                    self.all(value);
                }
            }
        }
        for (_, output) in module.outputs.iter().flatten() {
            if output.sensitive
                && let Some(expression) = output.expression
                && let Some(constant) = field(&exact(expression.get()), "constant_value")
            {
                self.all(constant);
            }
        }
        for (_, call) in module.module_calls.iter().flatten() {
            let Some(child) = &call.module else { continue };
            let expressions = call.expressions.map_or(Value::Null, |e| exact(e.get()));
            let mut passed = Variables::new();
            for (name, _) in child.variables.iter().flatten() {
                let into = passed.entry(name.clone()).or_default();
                let Some(expression) = field(&expressions, name) else {
                    continue;
                };
                if let Some(constant) = field(expression, "constant_value") {
                    into.push(Rc::new(constant.clone()));
                }
                let references = match field(expression, "references") {
                    Some(Value::List(references)) => references.as_slice(),
                    _ => &[],
                };
                for reference in references {
                    let Value::Text(reference) = reference else {
                        continue;
                    };
                    let variable = reference.strip_prefix("var.");
                    let name = variable.and_then(|v| v.split(['.', '[']).next());
                    let known = name.and_then(|name| values.get(name));
                    for value in known.into_iter().flatten() {
                        // An expression names one variable several times; the values must not grow with the depth.
                        if !into.iter().any(|other| Rc::ptr_eq(other, value)) {
                            into.push(Rc::clone(value));
                        }
                    }
                }
            }
            self.module(child, passed, depth + 1);
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
            self.settings(&exact(raw.get()), false, false);
        }
    }

    /// `constant` is whether the tree is part of a constant, `secret` whether a name above says that it is secret.
    fn settings(&mut self, tree: &Value, constant: bool, secret: bool) {
        match tree {
            Value::Map(fields) => {
                for (name, value) in fields {
                    let constant = constant || name == "constant_value";
                    self.settings(value, constant, secret || is_secret_setting(name));
                }
            }
            Value::List(items) => items
                .iter()
                .for_each(|item| self.settings(item, constant, secret)),
            value if constant && secret => {
                self.all(value);
                // The value of an `Authorization` header names its scheme first.
                if let Value::Text(text) = value
                    && let Some((_, token)) = text.split_once(' ')
                {
                    self.all(&Value::Text(token.to_owned()));
                }
            }
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
        if object.kind.as_deref() == Some(REMOTE_STATE) {
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
    ///
    /// Such a word is spared only where it is all of a secret, and names of attributes, outputs, variables and modules only where the
    /// secret is a word: who could name something after a secret to have it shown knows it already.
    pub(super) fn finish(
        mut self,
        text: &str,
        changes: &[ResourceChange],
    ) -> Result<Redactor, PlanError> {
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
            let keys: Vec<(&String, String)> = self
                .words
                .iter()
                .map(|word| (word, format!("\"{word}\":")))
                .collect();
            if !keys.is_empty()
                && let Ok(automaton) = AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostFirst)
                    .build(keys.iter().map(|(_, key)| key))
            {
                // Quoted words do not overlap.
                for found in automaton.find_iter(text) {
                    if let Some((word, _)) = keys.get(found.pattern().as_usize()) {
                        self.builder.plain_word(word);
                    }
                }
            }
        }
        self.builder.build().map_err(|error| PlanError::Secrets {
            problem: error.to_string(),
        })
    }
}

/// The data source whose outputs are those of another state.
const REMOTE_STATE: &str = "terraform_remote_state";

/// The values that the root module's variables were given.
fn given(variables: &Value) -> Variables {
    let mut values = Variables::new();
    if let Value::Map(given) = variables {
        for (name, variable) in given {
            if let Some(value) = field(variable, "value") {
                let value = Rc::new(value.clone());
                values.entry(name.clone()).or_default().push(value);
            }
        }
    }
    values
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

#[cfg(test)]
mod tests;
