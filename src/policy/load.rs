//! From bundles to policies that can be run, and to everything that is wrong or odd about them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::bundle::Bundle;
use super::describe::{describe, reported};
use super::dialect::{ambiguous, left_out, units};
use super::engine::{self, Limits, Loaded, LoadedRule, Runner};
use super::facts::{Policy, PolicyProblem, PolicySummary, Trust};
use super::level::Enforcement;
use super::result::Rule;
use super::view::View;
use super::watch::Step;
use crate::digest::{Digest, Sink};
use crate::text::Printable;

/// How policies are loaded and run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Settings by policy id, for `data.countersign.config`.
    pub policy: Map<String, Json>,
    /// Policies that are switched off.
    pub disabled: BTreeSet<String>,
    /// Wall clock of one rule on one input.
    pub timeout: Duration,
    /// Threads to use.
    pub threads: usize,
    /// Where the policies were read from.
    pub trust: Trust,
    /// The commit that they were read from.
    pub commit: Option<String>,
    /// The run's clock.
    pub now: jiff::Timestamp,
}

/// Policies, loaded and checked.
pub struct Policies {
    pub(super) bundles: Vec<Loaded>,
    /// `(bundle, rule in the bundle)` for each rule of `rules`.
    pub(super) entries: Vec<(usize, usize)>,
    /// The rules that find something.
    pub rules: Vec<Rule>,
    /// What was loaded, in numbers.
    pub summary: PolicySummary,
    /// What is wrong with it.
    pub problems: Vec<PolicyProblem>,
    /// What is odd about it, or left out on purpose: nothing of this changes the verdict.
    pub warnings: Vec<PolicyProblem>,
    /// Ids of the policies that are switched off.
    pub disabled: Vec<String>,
    pub(super) settings: Settings,
}

/// What is loaded together, with what it is called.
struct Part {
    loaded: Loaded,
    source: Bundle,
}

impl Policies {
    /// Loads bundles; nothing is silent: whatever is wrong with them is in `problems`.
    #[must_use]
    pub fn load(bundles: &[Bundle], settings: Settings) -> Self {
        let now = i64::try_from(settings.now.as_nanosecond()).unwrap_or(0);
        let mut sink = Sink::new("countersign policies v1");
        sink.text(engine::VERSION);
        sink.text(&Json::Object(settings.policy.clone()).to_string());
        for id in &settings.disabled {
            sink.text(id);
        }
        let mut problems = Vec::new();
        let mut warnings = Vec::new();
        let mut parts = Vec::new();
        for bundle in bundles {
            let _watched = (!bundle.builtin).then(|| Step::loading(&bundle.name));
            sink.digest(&bundle.digest());
            let mut bundle = bundle.clone();
            let own = json!({ "config": settings.policy.clone() });
            if let Err(conflict) = bundle.add_data(&["countersign".to_owned()], own) {
                problems.push(problem(&bundle.name, None, &conflict.to_string()));
            }
            let split = units(&bundle);
            let mut asides = split.asides;
            asides.extend(left_out(&bundle));
            for (faults, list) in [(split.faults, &mut problems), (asides, &mut warnings)] {
                for fault in faults {
                    let place = at(&fault.file, fault.line);
                    list.push(problem(&bundle.name, Some(&place), &fault.message));
                }
            }
            let (mut rules, mut clean) = (0, true);
            for unit in split.all {
                let loaded = Loaded::load(&unit.bundle, now);
                for (faults, list) in [
                    (&loaded.errors, &mut problems),
                    (&loaded.asides, &mut warnings),
                ] {
                    for fault in faults {
                        let place = at(&fault.file, fault.line);
                        list.push(problem(&bundle.name, Some(&place), &fault.message));
                    }
                }
                check(&loaded, &unit.bundle, &mut problems, &mut warnings);
                rules += loaded.rules.len();
                clean &= loaded.errors.is_empty();
                parts.push(Part {
                    loaded,
                    source: unit.bundle,
                });
            }
            if rules == 0 && clean && bundle.required {
                problems.push(problem(
                    &bundle.name,
                    None,
                    &format!(
                        "there is no rule named deny, violation or warn in it, nor one of any other dialect{}.",
                        near(&bundle)
                    ),
                ));
            }
        }
        let digest = sink.finish();
        Self::assemble(parts, settings, problems, warnings, digest)
    }

    fn assemble(
        parts: Vec<Part>,
        settings: Settings,
        mut problems: Vec<PolicyProblem>,
        mut warnings: Vec<PolicyProblem>,
        digest: Digest,
    ) -> Self {
        let mut policies: Vec<Policy> = Vec::new();
        let mut packages: BTreeMap<(usize, String), usize> = BTreeMap::new();
        let mut disabled = Vec::new();
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        for (index, Part { loaded, source }) in parts.iter().enumerate() {
            for (package, found) in &loaded.packages {
                let (policy, mut faults) = describe(package, found, source);
                let id = policy.id.to_string();
                if super::own::find(&id).is_some() {
                    faults.push(format!("the policy id \"{id}\" is this program's own."));
                }
                if let Some(other) = owners.insert(id.clone(), found.file.to_string()) {
                    faults.push(format!(
                        "the policy id \"{id}\" is already taken by {other}."
                    ));
                }
                for fault in faults {
                    problems.push(problem(&id, Some(&found.file), &fault));
                }
                if settings.disabled.contains(&id) {
                    disabled.push(id);
                } else {
                    packages.insert((index, package.clone()), policies.len());
                    policies.push(policy);
                }
            }
        }
        let mut rules = Vec::new();
        let mut entries = Vec::new();
        for (index, Part { loaded, source }) in parts.iter().enumerate() {
            let mut types = Types::new(loaded, settings.timeout);
            for (position, rule) in loaded.rules.iter().enumerate() {
                let Some(policy) = packages.get(&(index, rule.package.clone())) else {
                    continue;
                };
                let (mut made, mut faults) = reported(rule, *policy, source);
                let plain = policies
                    .get(*policy)
                    .is_some_and(|policy| policy.dialect.plan_key().is_none());
                let unread = |keys: &BTreeSet<String>| !keys.contains("resource_changes");
                if plain && made.inputs.as_ref().is_some_and(unread) {
                    made.view = View::outline();
                } else if source.builtin {
                    match view(&mut types, rule, made.sliced) {
                        Ok(view) => made.view = view,
                        Err(fault) => faults.push(format!("the rule {}: {fault}.", made.name)),
                    }
                }
                if source
                    .entries
                    .queries
                    .contains_key(&(rule.package.clone(), rule.name.clone()))
                {
                    made.enforcement = stricter(&made, rule, policies.get(*policy));
                }
                for fault in faults {
                    problems.push(problem(&rule.package, Some(&rule.file), &fault));
                }
                rules.push(made);
                entries.push((index, position));
            }
        }
        for list in [&mut problems, &mut warnings] {
            list.sort();
            list.dedup();
        }
        let summary = PolicySummary {
            digest,
            trust: settings.trust,
            commit: settings.commit.clone(),
            packages: packages.len(),
            rules: rules.len(),
            evaluated: 0,
            not_applicable: 0,
            policies,
        };
        Self {
            bundles: parts.into_iter().map(|part| part.loaded).collect(),
            entries,
            rules,
            summary,
            problems,
            warnings,
            disabled,
            settings,
        }
    }

    /// The built-in functions that a policy's rules call, themselves or through helpers.
    #[must_use]
    pub fn builtins_of(&self, policy: usize) -> Vec<Printable> {
        let mut names = BTreeSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.policy == policy {
                names.extend(self.rule(index).iter().flat_map(|rule| &rule.functions));
            }
        }
        names
            .into_iter()
            .map(|name| Printable::line(name))
            .collect()
    }

    pub(super) fn rule(&self, index: usize) -> Option<&LoadedRule> {
        let (bundle, rule) = self.entries.get(index)?;
        self.bundles.get(*bundle)?.rules.get(*rule)
    }
}

/// What a unit's rules read and do not read, and which rules a policy set names in vain.
fn check(
    loaded: &Loaded,
    source: &Bundle,
    problems: &mut Vec<PolicyProblem>,
    warnings: &mut Vec<PolicyProblem>,
) {
    if source.builtin {
        return;
    }
    let entries = &source.entries;
    for reading in &loaded.readings {
        if let Some(fault) = reading.fault(entries) {
            let place = format!("{}:{}:{}", reading.file, reading.line, reading.column);
            let message = format!("the rule {} {fault}.", reading.rule);
            warnings.push(problem(&reading.package, Some(&place), &message));
        }
    }
    for rule in &loaded.rules {
        let dialect = entries.dialect(&rule.package);
        if let Some(why) = ambiguous(dialect, rule.inputs.as_ref()) {
            let place = at(&rule.file, Some(rule.line));
            let message = format!("the dialect of the rule {} is not clear: {why}", rule.name);
            problems.push(problem(&rule.package, Some(&place), &message));
        }
    }
    let broken: BTreeSet<&str> = loaded.errors.iter().map(|e| e.file.as_str()).collect();
    for ((package, rule), query) in &entries.queries {
        let exists = loaded
            .rules
            .iter()
            .any(|r| r.package == *package && r.name == *rule);
        if !exists && broken.is_empty() {
            let place = at(&query.file, Some(query.line));
            let message = format!(
                "the policy {} is about data.{package}.{rule}, and there is no such rule.",
                query.policy
            );
            problems.push(problem(package, Some(&place), &message));
        }
    }
}

/// A rule whose name is nearly one that is evaluated, as the end of a sentence.
fn near(bundle: &Bundle) -> String {
    for module in &bundle.modules {
        let Some(outline) = engine::Outline::read(&module.path, &module.text) else {
            continue;
        };
        for head in outline.heads.iter().filter(|head| !head.function) {
            let name = head.name.to_lowercase();
            let begins = [("den", "deny"), ("viol", "violation"), ("warn", "warn")];
            if let Some((_, word)) = begins.iter().find(|(start, _)| name.starts_with(start)) {
                return format!(
                    " ({}:{} has a rule {}; did you mean {word}?)",
                    module.path, head.line, head.name
                );
            }
        }
    }
    String::new()
}

/// The strictest of what a policy set and the annotations of the rule and of its package say: a list may not soften what an author wrote.
fn stricter(made: &Rule, rule: &LoadedRule, policy: Option<&Policy>) -> Option<Enforcement> {
    let custom = rule
        .annotation
        .as_ref()
        .and_then(|a| a.custom("enforcement"));
    let own = custom.and_then(Json::as_str).and_then(Enforcement::parse);
    let package = policy.and_then(|policy| policy.enforcement);
    [made.enforcement, own, package].into_iter().flatten().min()
}

fn at(file: &str, line: Option<u32>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// The lists of types that the shipped rules of a bundle name, each worked out once.
struct Types<'a> {
    loaded: &'a Loaded,
    timeout: Duration,
    runner: Option<Runner<'a>>,
    known: BTreeMap<(String, String), Vec<String>>,
}

impl<'a> Types<'a> {
    fn new(loaded: &'a Loaded, timeout: Duration) -> Self {
        Self {
            loaded,
            timeout,
            runner: None,
            known: BTreeMap::new(),
        }
    }

    fn of(&mut self, package: &str, rule: &str) -> Result<Vec<String>, String> {
        let key = (package.to_owned(), rule.to_owned());
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let limits = Limits { time: self.timeout };
        let runner = self
            .runner
            .get_or_insert_with(|| self.loaded.runner(limits));
        let types = runner.texts(package, rule)?;
        self.known.insert(key, types.clone());
        Ok(types)
    }
}

/// What a shipped rule says that it looks at.
fn view(types: &mut Types<'_>, rule: &LoadedRule, sliced: bool) -> Result<View, String> {
    let custom = |key: &str| rule.annotation.as_ref().and_then(|a| a.custom(key));
    let text = |key: &str| custom(key).and_then(Json::as_str);
    View::read(
        custom("actions"),
        text("values"),
        sliced || text("rows") == Some("values"),
        |name| types.of(&rule.package, name),
    )
}

pub(super) fn problem(policy: &str, place: Option<&str>, message: &str) -> PolicyProblem {
    PolicyProblem {
        policy: Printable::line(policy),
        place: place.map(Printable::line),
        message: Printable::line(message),
    }
}
