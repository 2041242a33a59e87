//! Finds every value that the plan marks as secret, and builds the redactor from them.
//!
//! Sources: the marks of resource changes, drift and deferred changes; outputs marked sensitive; variables declared sensitive, with
//! their defaults and whatever is passed into them through any number of modules; `sensitive_values` of planned values and prior state;
//! outputs of remote states, which Terraform does not mark; what names say to be secret (`guess`): constants of provider settings,
//! variables (ephemeral ones carry no mark), attributes of plans without marks; texts of a well-known shape anywhere in the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use aho_corasick::AhoCorasick;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use super::guess::{is_data, is_reference, is_secret_name, is_secret_setting, is_word};
use super::raw::{RawConfigModule, RawConfiguration, RawModule, RawObject, RawPrior, RawState};
use super::value::{holds_true, union};
use super::{Body, PlanError, ResourceChange, Value};
use crate::text::{Redactor, RedactorBuilder, tokens};

/// Values of a module's variables, as far as the plan tells them.
type Variables = BTreeMap<String, Vec<Rc<Value>>>;

/// What one pass over the plan gathers.
#[derive(Default)]
pub(super) struct Secrets {
    builder: RedactorBuilder,
    /// Secrets that could be names of attributes, outputs, variables or modules.
    words: BTreeSet<String>,
    found: bool,
}

impl Secrets {
    pub(super) fn change(&mut self, text: &str, body: &Body) {
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
            .filter_map(|m| serde_json::from_str(m).ok())
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
    pub(super) fn remote_state(&mut self, text: &str, change: &ResourceChange) {
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
    pub(super) fn shapes(&mut self, text: &str) {
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
    pub(super) fn variables(&mut self, raw: &RawValue) {
        for (name, values) in given(raw) {
            for value in values.iter().filter(|_| is_secret_name(&name)) {
                self.named(&Value::Map(BTreeMap::from([(
                    name.clone(),
                    value.as_ref().clone(),
                )])));
            }
        }
    }

    /// Values of variables that the configuration declares sensitive.
    pub(super) fn configuration(
        &mut self,
        raw: &RawValue,
        variables: Option<&RawValue>,
    ) -> Result<(), PlanError> {
        let configuration: RawConfiguration<'_> = super::shape("configuration", raw)?;
        let Some(root) = configuration.root_module else {
            return Ok(());
        };
        let values = variables.map(given).unwrap_or_default();
        self.module(&root, values, 0);
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
                && let Ok(Json::Object(mut fields)) = serde_json::from_str(expression.get())
                && let Some(constant) = fields.remove("constant_value")
            {
                self.all(&of(&constant));
            }
        }
        for (_, call) in module.module_calls.iter().flatten() {
            let Some(child) = &call.module else { continue };
            let expressions: Json = call
                .expressions
                .and_then(|e| serde_json::from_str(e.get()).ok())
                .unwrap_or(Json::Null);
            let mut passed = Variables::new();
            for (name, _) in child.variables.iter().flatten() {
                let into = passed.entry(name.clone()).or_default();
                let Some(expression) = expressions.get(name) else {
                    continue;
                };
                if let Some(constant) = expression.get("constant_value") {
                    into.push(Rc::new(of(constant)));
                }
                let references = expression.get("references").and_then(Json::as_array);
                for reference in references.into_iter().flatten() {
                    let variable = reference.as_str().and_then(|r| r.strip_prefix("var."));
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
    pub(super) fn invocations(&mut self, raw: &RawValue) {
        let Ok(Json::Array(items)) = serde_json::from_str::<Json>(raw.get()) else {
            return;
        };
        for item in &items {
            // A deferred invocation holds the invocation itself one level below.
            for action in [Some(item), item.get("action_invocation")]
                .into_iter()
                .flatten()
            {
                if let (Some(values), Some(marks)) =
                    (action.get("config_values"), action.get("config_sensitive"))
                {
                    self.marked(&of(values), marks);
                }
            }
        }
    }

    /// Constants of provider settings such as `secret_key` and `password`.
    pub(super) fn provider_settings(&mut self, configuration: &RawValue) {
        #[derive(serde::Deserialize)]
        struct Providers<'a> {
            #[serde(borrow, default)]
            provider_config: Option<&'a RawValue>,
        }
        if let Ok(Providers {
            provider_config: Some(raw),
        }) = serde_json::from_str(configuration.get())
            && let Ok(tree) = serde_json::from_str::<Json>(raw.get())
        {
            self.settings(&tree, false, false);
        }
    }

    /// `constant` is whether the tree is part of a constant, `secret` whether a name above says that it is secret.
    fn settings(&mut self, tree: &Json, constant: bool, secret: bool) {
        match tree {
            Json::Object(fields) => {
                for (name, value) in fields {
                    let constant = constant || name == "constant_value";
                    self.settings(value, constant, secret || is_secret_setting(name));
                }
            }
            Json::Array(items) => items
                .iter()
                .for_each(|item| self.settings(item, constant, secret)),
            value if constant && secret => {
                self.all(&of(value));
                // The value of an `Authorization` header names its scheme first.
                if let Some((_, token)) = value.as_str().and_then(|text| text.split_once(' ')) {
                    self.all(&Value::Text(token.to_owned()));
                }
            }
            _ => {}
        }
    }

    /// Gathers from `planned_values`; gives the tree of its marks, where there are some.
    pub(super) fn planned_values(&mut self, raw: &RawValue) -> Result<Option<Json>, PlanError> {
        let state: RawState<'_> = super::shape("planned_values", raw)?;
        Ok(self.state(&state))
    }

    /// Gathers from `prior_state`; gives the tree of its marks, where there are some.
    pub(super) fn prior_state(&mut self, raw: &RawValue) -> Result<Option<Json>, PlanError> {
        let prior: RawPrior<'_> = super::shape("prior_state", raw)?;
        let marks = prior.values.and_then(|state| self.state(&state));
        Ok(marks.map(|marks| json!({ "values": marks })))
    }

    fn state(&mut self, state: &RawState<'_>) -> Option<Json> {
        let mut marks = serde_json::Map::new();
        let mut outputs = serde_json::Map::new();
        for (name, output) in state.outputs.iter().filter(|(_, o)| o.sensitive) {
            self.raw_all(output.value);
            outputs.insert(name.clone(), json!({ "value": true }));
        }
        if !outputs.is_empty() {
            marks.insert("outputs".to_owned(), Json::Object(outputs));
        }
        if let Some(module) = &state.root_module
            && let Some(inner) = self.state_module(module, 0)
        {
            marks.insert("root_module".to_owned(), inner);
        }
        (!marks.is_empty()).then_some(Json::Object(marks))
    }

    fn state_module(&mut self, module: &RawModule<'_>, depth: usize) -> Option<Json> {
        if depth > 64 {
            return None;
        }
        let resources: Vec<Json> = module
            .resources
            .iter()
            .map(|object| self.object(object))
            .collect();
        let children: Vec<Json> = module
            .child_modules
            .iter()
            .map(|child| {
                self.state_module(child, depth + 1)
                    .unwrap_or(Json::Bool(false))
            })
            .collect();
        let mut marks = serde_json::Map::new();
        for (name, list) in [("resources", resources), ("child_modules", children)] {
            if list.iter().any(|mark| mark != &Json::Bool(false)) {
                marks.insert(name.to_owned(), Json::Array(list));
            }
        }
        (!marks.is_empty()).then_some(Json::Object(marks))
    }

    /// Gathers from one object of a state; gives its marks, or false.
    fn object(&mut self, object: &RawObject<'_>) -> Json {
        if object.kind.as_deref() == Some(REMOTE_STATE) {
            let outputs = object
                .values
                .map(|v| exact(v.get()))
                .and_then(|v| field(&v, "outputs").cloned());
            if let Some(outputs) = outputs {
                self.all(&outputs);
                return json!({ "values": { "outputs": true } });
            }
        }
        let marks = object.sensitive_values.map_or("", RawValue::get);
        if marks.contains("true")
            && let Ok(marks) = serde_json::from_str::<Json>(marks)
            && let Some(values) = object.values
        {
            self.marked(&exact(values.get()), &marks);
            return json!({ "values": marks });
        }
        Json::Bool(false)
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
                && let Ok(automaton) = AhoCorasick::new(keys.iter().map(|(_, key)| key))
            {
                for found in automaton.find_overlapping_iter(text) {
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
fn given(raw: &RawValue) -> Variables {
    let mut values = Variables::new();
    if let Value::Map(given) = exact(raw.get()) {
        for (name, variable) in given {
            if let Value::Map(mut fields) = variable
                && let Some(value) = fields.remove("value")
            {
                values.entry(name).or_default().push(Rc::new(value));
            }
        }
    }
    values
}

/// A value with every digit that the plan gives.
fn exact(raw: &str) -> Value {
    Value::read(Some(raw), &Json::Null, &Json::Null)
}

fn of(json: &Json) -> Value {
    exact(&json.to_string())
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Map(fields) => fields.get(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
