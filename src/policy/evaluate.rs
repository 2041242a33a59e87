//! Loads bundles and runs their rules over a plan, on all cores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::bundle::Bundle;
use super::describe::{describe, reported};
use super::engine::{self, Evaluation, Input, Limits, Loaded, LoadedRule, Runner};
use super::facts::{Need, Policy, PolicyProblem, PolicySummary, Trust};
use super::input::{Inputs, Subject};
use super::result::{Hit, Rule};
use crate::digest::{Digest, Sink};
use crate::text::{Printable, Redactor};

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

/// Whether an input that a policy may need is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It is there.
    Present,
    /// It should be there and is not: the policy is not evaluated, which blocks.
    Missing,
    /// There is nothing of the kind under review.
    NotApplicable,
}

/// Policies, loaded and checked.
pub struct Policies {
    bundles: Vec<Loaded>,
    /// `(bundle, rule in the bundle)` for each rule of `rules`.
    entries: Vec<(usize, usize)>,
    /// The rules that find something.
    pub rules: Vec<Rule>,
    /// What was loaded, in numbers.
    pub summary: PolicySummary,
    /// What is wrong with it.
    pub problems: Vec<PolicyProblem>,
    /// Ids of the policies that are switched off.
    pub disabled: Vec<String>,
    settings: Settings,
}

/// A policy that was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Index of the policy.
    pub policy: usize,
    /// What it needs.
    pub need: Need,
    /// Whether it would apply here.
    pub applies: bool,
}

/// What evaluation gave for one plan.
#[derive(Debug, Default)]
pub struct Results {
    /// Elements of the rules' sets.
    pub hits: Vec<Hit>,
    /// Rules that were evaluated to the end.
    pub evaluated: usize,
    /// Rules that failed.
    pub problems: Vec<PolicyProblem>,
    /// Policies that were not run.
    pub skipped: Vec<Skipped>,
    /// What policies printed, redacted.
    pub prints: Vec<Printable>,
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
        let mut loaded = Vec::new();
        for bundle in bundles {
            sink.digest(&bundle.digest());
            let mut bundle = bundle.clone();
            let own = json!({ "config": settings.policy.clone() });
            if let Err(conflict) = bundle.add_data(&["countersign".to_owned()], own) {
                problems.push(problem(&bundle.name, None, &conflict.to_string()));
            }
            let result = Loaded::load(&bundle, now);
            for error in &result.errors {
                let place = match error.line {
                    Some(line) => format!("{}:{line}", error.file),
                    None => error.file.clone(),
                };
                problems.push(problem(&bundle.name, Some(&place), &error.message));
            }
            if result.rules.is_empty() && result.errors.is_empty() && bundle.required {
                problems.push(problem(
                    &bundle.name,
                    None,
                    "there is no rule named deny, violation or warn in it.",
                ));
            }
            loaded.push(result);
        }
        let digest = sink.finish();
        Self::assemble(loaded, bundles, settings, problems, digest)
    }

    fn assemble(
        bundles: Vec<Loaded>,
        sources: &[Bundle],
        settings: Settings,
        mut problems: Vec<PolicyProblem>,
        digest: Digest,
    ) -> Self {
        let mut policies: Vec<Policy> = Vec::new();
        let mut packages: BTreeMap<(usize, String), usize> = BTreeMap::new();
        let mut disabled = Vec::new();
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        for (index, (bundle, source)) in bundles.iter().zip(sources).enumerate() {
            for (package, loaded) in &bundle.packages {
                let (policy, mut faults) = describe(package, loaded, source.builtin);
                let id = policy.id.to_string();
                if id == "unknown-action" {
                    faults
                        .push("the policy id \"unknown-action\" is this program's own.".to_owned());
                }
                if let Some(other) = owners.insert(id.clone(), loaded.file.to_string()) {
                    faults.push(format!(
                        "the policy id \"{id}\" is already taken by {other}."
                    ));
                }
                for fault in faults {
                    problems.push(problem(&id, Some(&loaded.file), &fault));
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
        for (index, bundle) in bundles.iter().enumerate() {
            for (position, rule) in bundle.rules.iter().enumerate() {
                let Some(policy) = packages.get(&(index, rule.package.clone())) else {
                    continue;
                };
                let builtin = policies.get(*policy).is_some_and(|p| p.builtin);
                let (made, faults) = reported(rule, *policy, builtin);
                for fault in faults {
                    problems.push(problem(&rule.package, Some(&rule.file), &fault));
                }
                rules.push(made);
                entries.push((index, position));
            }
        }
        problems.sort();
        problems.dedup();
        let summary = PolicySummary {
            digest,
            trust: settings.trust,
            commit: settings.commit.clone(),
            packages: packages.len(),
            rules: rules.len(),
            evaluated: 0,
            policies,
        };
        Self {
            bundles,
            entries,
            rules,
            summary,
            problems,
            disabled,
            settings,
        }
    }

    fn rule(&self, index: usize) -> Option<&LoadedRule> {
        let (bundle, rule) = self.entries.get(index)?;
        self.bundles.get(*bundle)?.rules.get(*rule)
    }

    /// Runs all rules over one plan. `available` says which inputs there are; `progress` is told how many of how many steps are done.
    #[must_use]
    pub fn evaluate(
        &self,
        subject: &Subject<'_>,
        available: &dyn Fn(Need) -> Availability,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Results {
        let mut results = Results::default();
        let redactor = &subject.plan.redactor;
        let mut runnable = Vec::new();
        let mut skipped = BTreeMap::new();
        for (index, policy) in self.summary.policies.iter().enumerate() {
            for need in &policy.needs {
                match available(*need) {
                    Availability::Present => {}
                    Availability::Missing => {
                        // What is missing counts before what does not apply.
                        skipped.insert(index, (*need, true));
                    }
                    Availability::NotApplicable => {
                        skipped.entry(index).or_insert((*need, false));
                    }
                }
            }
        }
        for (index, rule) in self.rules.iter().enumerate() {
            if !skipped.contains_key(&rule.policy) {
                runnable.push(index);
            }
        }
        results.skipped = skipped
            .into_iter()
            .map(|(policy, (need, applies))| Skipped {
                policy,
                need,
                applies,
            })
            .collect();
        let (sliced, whole): (Vec<usize>, Vec<usize>) = runnable
            .iter()
            .copied()
            .partition(|i| self.rules.get(*i).is_some_and(|r| r.sliced));
        let inputs = match Inputs::build(
            subject,
            self.keys(&whole).as_ref(),
            self.keys(&sliced).as_ref(),
            self.settings.threads,
        ) {
            Ok(inputs) => inputs,
            Err(message) => {
                results
                    .problems
                    .push(problem("input", None, &redactor.redact(&message)));
                return results;
            }
        };
        engine::limit_memory((2 << 30) + 10 * subject.plan.text().len() as u64);
        let outcomes = self.run(&inputs, &whole, &sliced, progress);
        engine::release_memory_limit();
        self.collect(&mut results, outcomes, &runnable, redactor);
        results
    }

    /// The top-level keys that some rules read; `None` when one of them may read everything.
    fn keys(&self, rules: &[usize]) -> Option<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        for index in rules {
            keys.extend(self.rule(*index)?.inputs.clone()?);
        }
        Some(keys)
    }

    /// Rules of one package that are evaluated on the same inputs, together.
    fn groups(&self, rules: &[usize]) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        for rule in rules {
            if let (Some((bundle, _)), Some(loaded)) = (self.entries.get(*rule), self.rule(*rule)) {
                groups
                    .entry((*bundle, loaded.package.as_str()))
                    .or_default()
                    .push(*rule);
            }
        }
        groups.into_values().collect()
    }

    fn run(
        &self,
        inputs: &Inputs,
        whole: &[usize],
        sliced: &[usize],
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Vec<(usize, Evaluation)> {
        let (whole, sliced) = (self.groups(whole), self.groups(sliced));
        let chunks = if sliced.is_empty() {
            0
        } else {
            inputs.slices.max(1)
        };
        let jobs = whole.len() + chunks;
        let queue = AtomicUsize::new(0);
        let finished = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        let worker = || {
            let mut runners: BTreeMap<usize, Runner<'_>> = BTreeMap::new();
            let mut own = Vec::new();
            loop {
                let job = queue.fetch_add(1, Ordering::Relaxed);
                if job >= jobs {
                    break;
                }
                if let Some(group) = whole.get(job) {
                    own.extend(self.evaluate_group(&mut runners, group, &inputs.whole));
                } else {
                    let input = inputs.slice(job - whole.len());
                    for group in &sliced {
                        own.extend(self.evaluate_group(&mut runners, group, &input));
                    }
                }
                progress(finished.fetch_add(1, Ordering::Relaxed) + 1, jobs);
            }
            if let Ok(mut results) = results.lock() {
                results.append(&mut own);
            }
        };
        let threads = self.settings.threads.clamp(1, jobs.max(1));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let spawned = std::thread::Builder::new()
                    .name("policy".to_owned())
                    .stack_size(engine::STACK_BYTES)
                    .spawn_scoped(scope, worker);
                // Without a thread its share is left to the others; if none starts, no rule counts as evaluated.
                drop(spawned);
            }
        });
        results.into_inner().unwrap_or_default()
    }

    fn evaluate_group<'s>(
        &'s self,
        runners: &mut BTreeMap<usize, Runner<'s>>,
        group: &[usize],
        input: &Input,
    ) -> Vec<(usize, Evaluation)> {
        let rules: Vec<&LoadedRule> = group.iter().filter_map(|rule| self.rule(*rule)).collect();
        let bundle = group
            .first()
            .and_then(|rule| self.entries.get(*rule))
            .map(|entry| entry.0);
        let Some((index, owner)) = bundle.and_then(|i| Some((i, self.bundles.get(i)?))) else {
            return Vec::new();
        };
        let limits = Limits {
            time: self.settings.timeout,
        };
        let runner = runners.entry(index).or_insert_with(|| owner.runner(limits));
        group
            .iter()
            .copied()
            .zip(runner.evaluate(&rules, input))
            .collect()
    }

    fn collect(
        &self,
        results: &mut Results,
        outcomes: Vec<(usize, Evaluation)>,
        runnable: &[usize],
        redactor: &Redactor,
    ) {
        let mut failed: BTreeSet<usize> = BTreeSet::new();
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut prints = BTreeSet::new();
        for (rule, evaluation) in outcomes {
            seen.insert(rule);
            prints.extend(evaluation.prints);
            // As in OPA such a function is undefined; that it failed must still be seen.
            let (_, place) = self.name_of(rule);
            let hidden = evaluation.hidden.iter();
            prints.extend(hidden.map(|why| format!("{place}: a function gave no result: {why}")));
            if let Some(error) = evaluation.error {
                failed.insert(rule);
                let (id, place) = self.name_of(rule);
                results.problems.push(PolicyProblem {
                    policy: id,
                    place: Some(place),
                    message: redactor.line(&error),
                });
            }
            results
                .hits
                .extend(evaluation.outcomes.into_iter().map(|outcome| Hit {
                    rule,
                    line: outcome.line,
                    message: outcome.message,
                    fields: outcome.fields,
                }));
        }
        for rule in runnable {
            if !seen.contains(rule) {
                failed.insert(*rule);
                let (id, place) = self.name_of(*rule);
                results.problems.push(PolicyProblem {
                    policy: id,
                    place: Some(place),
                    message: Printable::line(
                        "the rule was not evaluated: no thread could be started.",
                    ),
                });
            }
        }
        results.problems.sort();
        results.problems.dedup();
        results.evaluated = runnable.len() - failed.len();
        results.prints = prints.iter().map(|p| redactor.line(p)).collect();
    }

    fn name_of(&self, rule: usize) -> (Printable, Printable) {
        let Some(rule) = self.rules.get(rule) else {
            return (Printable::default(), Printable::default());
        };
        let id = self
            .summary
            .policies
            .get(rule.policy)
            .map_or_else(Printable::default, |p| p.id.clone());
        (id, Printable::line(&format!("{}:{}", rule.file, rule.line)))
    }
}

fn problem(policy: &str, place: Option<&str>, message: &str) -> PolicyProblem {
    PolicyProblem {
        policy: Printable::line(policy),
        place: place.map(Printable::line),
        message: Printable::line(message),
    }
}
