//! Runs one rule on one input, within bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde_json::{Map, Value as Json};

use super::builtins::take_faults;
use super::entry::LoadedRule;
use super::load::{Loaded, STAND_INS};
use super::{Limits, first_line};
use crate::policy::watch::Step;

/// An input document, made once and shared.
#[derive(Clone)]
pub(in crate::policy) struct Input(Value);

impl Input {
    /// Builds an input from the JSON text of its top-level keys.
    ///
    /// # Errors
    /// With the key whose text is not JSON.
    pub(in crate::policy) fn build<'a>(
        parts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut fields = BTreeMap::new();
        for (name, text) in parts {
            let value = Value::from_json_str(text)
                .map_err(|error| format!("{name}: {}", first_line(&error)))?;
            fields.insert(Value::from(name), value);
        }
        Ok(Self(Value::from(fields)))
    }

    /// The same input with one key set to a list made of parts.
    pub(in crate::policy) fn with(&self, name: &str, parts: &[Part]) -> Self {
        let list = match parts {
            [one] => one.0.clone(),
            many => {
                let items: Vec<Value> = many
                    .iter()
                    .filter_map(|part| part.0.as_array().ok())
                    .flat_map(|items| items.iter().cloned())
                    .collect();
                Value::from(items)
            }
        };
        let mut fields = BTreeMap::new();
        if let Value::Object(object) = &self.0 {
            for (key, value) in object.iter() {
                fields.insert(key.clone(), value.clone());
            }
        }
        fields.insert(Value::from(name), list);
        Self(Value::from(fields))
    }
}

impl Input {
    /// The same document below one key, shared and not copied.
    pub(in crate::policy) fn below(&self, key: &str) -> Self {
        let mut fields = BTreeMap::new();
        fields.insert(Value::from(key), self.0.clone());
        Self(Value::from(fields))
    }
}

/// An element of a parsed list, shared by all inputs that it is in.
#[derive(Clone)]
pub(in crate::policy) struct Row(Value);

impl Input {
    /// The same input with one key set to a list of rows.
    pub(in crate::policy) fn with_rows(&self, name: &str, rows: Vec<Row>) -> Self {
        let list: Vec<Value> = rows.into_iter().map(|row| row.0).collect();
        self.with(name, &[Part(Value::from(list))])
    }
}

/// A parsed list, to be put into inputs.
pub(in crate::policy) struct Part(Value);

impl Part {
    /// The elements of the list.
    pub(in crate::policy) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let items = self.0.as_array().ok();
        items
            .into_iter()
            .flat_map(|items| items.iter().cloned().map(Row))
    }

    /// Parses a JSON list.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub(in crate::policy) fn parse(name: &str, text: &str) -> Result<Self, String> {
        Value::from_json_str(text)
            .map(Self)
            .map_err(|error| format!("{name}: {}", first_line(&error)))
    }
}

/// One element of a rule's set, before it is checked further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Outcome {
    /// Line of the definition.
    pub(in crate::policy) line: u32,
    /// Message.
    pub(in crate::policy) message: String,
    /// Other keys.
    pub(in crate::policy) fields: Map<String, Json>,
}

/// What one evaluation gave.
#[derive(Debug, Default)]
pub(in crate::policy) struct Evaluation {
    /// Results.
    pub(in crate::policy) outcomes: Vec<Outcome>,
    /// What the policy printed.
    pub(in crate::policy) prints: Vec<String>,
    /// Functions that could not answer and were undefined for it, as in OPA: what they said, which may quote the plan.
    pub(in crate::policy) hidden: Vec<String>,
    /// Why it failed; results are then not to be trusted.
    pub(in crate::policy) error: Option<String>,
    /// Results that an exception took back.
    pub(in crate::policy) excepted: usize,
}

/// An engine of one thread, prepared for one bundle.
pub(in crate::policy) struct Runner<'a> {
    loaded: &'a Loaded,
    engine: Engine,
    limits: Limits,
}

impl Loaded {
    /// Makes an engine for one thread.
    pub(in crate::policy) fn runner(&self, limits: Limits) -> Runner<'_> {
        Runner {
            engine: self.engine(limits),
            loaded: self,
            limits,
        }
    }

    fn engine(&self, limits: Limits) -> Engine {
        let mut engine = self.template.clone();
        if let Some(check_interval) = NonZeroU32::new(16) {
            engine.set_execution_timer_config(ExecutionTimerConfig {
                limit: limits.time,
                check_interval,
            });
        }
        engine
    }
}

impl Runner<'_> {
    /// Evaluates rules of one package on an input together, so that what they share is worked out once. When something fails, each is
    /// evaluated alone, so that the failure has one name.
    pub(in crate::policy) fn evaluate(
        &mut self,
        rules: &[&LoadedRule],
        input: &Input,
    ) -> Vec<Evaluation> {
        if let [_, _, ..] = rules {
            self.engine.set_input(input.0.clone());
            let paths: Vec<&str> = rules.iter().map(|rule| rule.path.as_str()).collect();
            let query = format!("[{}]", paths.join(", "));
            let watched = self.watched(rules);
            let together = catch_unwind(AssertUnwindSafe(|| self.together(&query)));
            drop(watched);
            if let Ok(Some(values)) = &together
                && values.len() == rules.len()
            {
                let mut prints = self.engine.take_prints().unwrap_or_default();
                let each = rules.iter().zip(values).map(|(rule, value)| {
                    let mut evaluation = self.guarded(|runner| runner.outcomes(rule, value));
                    evaluation.prints.append(&mut prints);
                    evaluation
                });
                return each.collect();
            }
            if together.is_err() {
                self.engine = self.loaded.engine(self.limits);
            }
            // What was printed is printed again below.
            drop(self.engine.take_prints());
            drop(take_faults());
        }
        let alone = rules.iter().map(|rule| {
            let mut hidden = Vec::new();
            let mut evaluation = self.guarded(|runner| runner.value(rule, input, &mut hidden));
            evaluation.hidden.extend(hidden);
            evaluation
        });
        alone.collect()
    }

    /// The values of several rules at once; `None` when one of them failed or is undefined.
    fn together(&mut self, query: &str) -> Option<Vec<Value>> {
        let started = Instant::now();
        let results = self.strictly(|engine| engine.eval_query(query.to_owned(), false));
        let (hidden, fatal) = take_faults();
        let results = results.ok()?;
        if started.elapsed() >= self.limits.time || !hidden.is_empty() || fatal.is_some() {
            return None;
        }
        let value = &results.result.first()?.expressions.first()?.value;
        let values = value.as_array().ok()?;
        Some(values.iter().cloned().collect())
    }

    /// Runs something that may fail or panic in the engine.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<Vec<Outcome>, String>,
    ) -> Evaluation {
        let mut evaluation = Evaluation::default();
        let result = catch_unwind(AssertUnwindSafe(|| work(self)));
        evaluation.prints = self.engine.take_prints().unwrap_or_default();
        let (hidden, fatal) = take_faults();
        evaluation.hidden = hidden;
        let result = result.map(|done| match (fatal, done) {
            // The engine drops an error in one clause of a function when another clause gives a value.
            (Some(why), Ok(_)) => Err(format!("{why}.")),
            (_, done) => done,
        });
        match result {
            Ok(Ok(outcomes)) => evaluation.outcomes = outcomes,
            Ok(Err(message)) => evaluation.error = Some(message),
            Err(_) => {
                // The engine's state cannot be trusted after a panic.
                self.engine = self.loaded.engine(self.limits);
                evaluation.error =
                    Some("the engine failed while it evaluated this rule.".to_owned());
            }
        }
        evaluation
    }

    fn value(
        &mut self,
        rule: &LoadedRule,
        input: &Input,
        hidden: &mut Vec<String>,
    ) -> Result<Vec<Outcome>, String> {
        let watched = self.watched(&[rule]);
        self.engine.set_input(input.0.clone());
        let started = Instant::now();
        // Strictly first: when no function fails, nothing is hidden and the result is the same.
        let strict = self.strictly(|engine| engine.eval_rule(rule.path.clone()));
        let value = match strict {
            Ok(value) => {
                drop(watched);
                value
            }
            Err(error) => {
                drop(self.engine.take_prints());
                drop(take_faults());
                drop(watched);
                if started.elapsed() >= self.limits.time {
                    return Err(self.too_slow());
                }
                let _watched = self.watched(&[rule]);
                self.engine.set_input(input.0.clone());
                let value = self
                    .engine
                    .eval_rule(rule.path.clone())
                    .map_err(|error| self.explain(&error))?;
                hidden.push(said(&error));
                value
            }
        };
        // The engine drops a limit that is hit in one clause of a function when another clause gives a value.
        if started.elapsed() >= self.limits.time {
            return Err(self.too_slow());
        }
        self.outcomes(rule, &value)
    }

    fn outcomes(&mut self, rule: &LoadedRule, value: &Value) -> Result<Vec<Outcome>, String> {
        let elements = elements(value)?;
        // Each definition alone would work out again what the shipped policies share between theirs.
        let lines = if elements.is_empty() || rule.definitions.len() == 1 || self.loaded.builtin {
            BTreeMap::new()
        } else {
            self.lines_of(rule).map_err(|error| self.explain(&error))?
        };
        let _watched = self.watched(&[rule]);
        elements
            .into_iter()
            .map(|element| {
                let line = lines.get(&element).copied().unwrap_or(rule.line);
                if rule.any_result {
                    any_outcome(&element, line)
                } else {
                    outcome(&element, line)
                }
            })
            .collect()
    }

    /// The names that a package's `exception` rules give.
    ///
    /// # Errors
    /// When they cannot be evaluated, or are no lists of texts.
    pub(in crate::policy) fn exceptions(
        &mut self,
        package: &str,
        input: &Input,
    ) -> Result<BTreeSet<String>, String> {
        let path = format!("data.{package}.exception");
        let started = Instant::now();
        let watched =
            (!self.loaded.builtin).then(|| Step::evaluating(self.limits.time, || path.clone()));
        let value = catch_unwind(AssertUnwindSafe(|| {
            self.engine.set_input(input.0.clone());
            self.engine.eval_rule(path.clone())
        }));
        drop(watched);
        let Ok(value) = value else {
            self.engine = self.loaded.engine(self.limits);
            return Err("the engine failed while it evaluated this rule.".to_owned());
        };
        let value = value.map_err(|error| self.explain(&error))?;
        if started.elapsed() >= self.limits.time {
            return Err(self.too_slow());
        }
        let wrong = || {
            "an exception is no list of rule names; write \"exception contains [\\\"name\\\"] if …\"."
                .to_owned()
        };
        let mut names = BTreeSet::new();
        for list in elements(&value).map_err(|_shape| wrong())? {
            for name in elements(&list).map_err(|_shape| wrong())? {
                let name = name.as_string().map_err(|_shape| wrong())?;
                names.insert(name.to_string());
            }
        }
        Ok(names)
    }

    /// The texts in the list or set that a rule gives without an input.
    ///
    /// # Errors
    /// When it cannot be evaluated, or is something else.
    pub(in crate::policy) fn texts(
        &mut self,
        package: &str,
        rule: &str,
    ) -> Result<Vec<String>, String> {
        let path = format!("data.{package}.{rule}");
        let value = catch_unwind(AssertUnwindSafe(|| self.engine.eval_rule(path)))
            .map_err(|_panic| "the engine failed while it evaluated this rule.".to_owned())?
            .map_err(|error| self.explain(&error))?;
        elements(&value)?
            .iter()
            .map(|text| {
                text.as_string()
                    .map(ToString::to_string)
                    .map_err(|error| self.explain(&error))
            })
            .collect()
    }

    /// Evaluates with errors of functions as errors, not as *undefined*.
    fn strictly<T>(&mut self, work: impl FnOnce(&mut Engine) -> T) -> T {
        self.engine.set_strict_builtin_errors(true);
        let done = work(&mut self.engine);
        self.engine.set_strict_builtin_errors(false);
        done
    }

    /// Says outside which rules of others run now.
    fn watched(&self, rules: &[&LoadedRule]) -> Option<Step> {
        (!self.loaded.builtin).then(|| {
            Step::evaluating(self.limits.time, || {
                let places = rules.iter().take(5);
                let places: Vec<String> =
                    places.map(|r| format!("{}:{}", r.file, r.line)).collect();
                places.join(", ")
            })
        })
    }

    fn too_slow(&self) -> String {
        format!(
            "the rule ran longer than {} s.",
            self.limits.time.as_secs_f32()
        )
    }

    fn explain(&self, error: &anyhow::Error) -> String {
        let message = first_line(error);
        if message.contains("execution exceeded") || message.contains("time limit") {
            self.too_slow()
        } else if message.contains("memory") && message.contains("limit") {
            "the rule needed more memory than it may.".to_owned()
        } else {
            format!("{}.", said(error))
        }
    }

    /// Which definition gives which element: each is evaluated alone.
    fn lines_of(&mut self, rule: &LoadedRule) -> Result<BTreeMap<Value, u32>, anyhow::Error> {
        let mut lines = BTreeMap::new();
        for (module, definition, line) in &rule.definitions {
            let _watched = self.watched(&[rule]);
            let data = self.engine.eval_rule_in_module(module, definition, false)?;
            let mut value = &data;
            for step in rule.path.split('.').skip(1) {
                value = &value[step];
            }
            for element in elements(value).unwrap_or_default() {
                lines.entry(element).or_insert(*line);
            }
        }
        Ok(lines)
    }
}

/// What an error says, with its place.
pub(super) fn said(error: &anyhow::Error) -> String {
    let message = super::without_values(&super::words::plain(&first_line(error)));
    match super::place(error) {
        Some((file, line)) if file != STAND_INS => format!("{message} ({file}:{line})"),
        _ => message,
    }
}

/// The elements of a rule's value; a rule that is not a set is an error, undefined is not "nothing found".
fn elements(value: &Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Set(items) => Ok(items.iter_sorted().cloned().collect()),
        Value::Array(items) => Ok(items.iter().cloned().collect()),
        Value::Undefined => {
            Err("the rule is undefined; a rule that finds something must be a set.".to_owned())
        }
        other => Err(format!(
            "the rule is {}, not a set; write \"deny contains message if …\".",
            match other {
                Value::Bool(_) => "a boolean",
                Value::String(_) => "a text",
                Value::Number(_) => "a number",
                Value::Object(_) => "an object",
                _ => "null",
            }
        )),
    }
}

/// A result of any shape, as HCP Terraform takes it: what is no message is shown as JSON.
fn any_outcome(element: &Value, line: u32) -> Result<Outcome, String> {
    match serde_json::to_value(element) {
        Ok(Json::Object(fields)) if !fields.get("msg").is_some_and(Json::is_string) => {
            let message = ["message", "reason"]
                .iter()
                .find_map(|key| fields.get(*key).and_then(Json::as_str))
                .map_or_else(|| Json::Object(fields.clone()).to_string(), str::to_owned);
            Ok(Outcome {
                line,
                message,
                fields: Map::new(),
            })
        }
        Ok(Json::Object(_) | Json::String(_)) => outcome(element, line),
        Ok(other) => Ok(Outcome {
            line,
            message: other.to_string(),
            fields: Map::new(),
        }),
        Err(error) => Err(format!("a result cannot be read: {error}.")),
    }
}

fn outcome(element: &Value, line: u32) -> Result<Outcome, String> {
    let read = message_of(element, line)?;
    if read.message.trim().is_empty() {
        return Err("the message of a result is empty; say what is wrong.".to_owned());
    }
    Ok(read)
}

fn message_of(element: &Value, line: u32) -> Result<Outcome, String> {
    match serde_json::to_value(element) {
        Ok(Json::String(message)) => Ok(Outcome {
            line,
            message,
            fields: Map::new(),
        }),
        Ok(Json::Object(mut fields)) => match fields.remove("msg") {
            Some(Json::String(message)) => Ok(Outcome {
                line,
                message,
                fields,
            }),
            _ => Err("a result object has no text under \"msg\".".to_owned()),
        },
        Ok(_) => Err("a result is neither a text nor an object with \"msg\".".to_owned()),
        Err(error) => Err(format!("a result cannot be read: {error}.")),
    }
}
