//! Runs the rules of loaded policies over a plan, on all cores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::dialect::{Dialect, understood, unknowable, without_prefix};
use super::engine::{self, Evaluation, Input, Limits, LoadedRule, Runner};
use super::facts::{Need, Policy, PolicyProblem};
use super::input::{Inputs, Subject, Wanted};
use super::load::{Policies, problem};
use super::result::Hit;
use super::view::View;
use super::watch;
use crate::plan::Plan;
use crate::text::{Printable, Redactor};

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

/// Why a policy, or some of its rules, was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It needs an input that is not there.
    Need(Need),
    /// It reads what only its host knows; a part of a sentence.
    Host(String),
}

/// A policy that was not run, or not with all its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Index of the policy.
    pub policy: usize,
    /// The rules that were not run; all of them when empty.
    pub rules: Vec<String>,
    /// Why.
    pub why: Why,
    /// Whether it would apply here.
    pub applies: bool,
}

impl Skipped {
    /// Why, as a part of a sentence.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.why {
            Why::Need(need) => format!("it needs {}, which is missing here", need.word()),
            Why::Host(reason) => reason.clone(),
        }
    }
}

/// How one rule ran: the denominators behind its silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRun {
    /// Index of the rule.
    pub rule: usize,
    /// How many results it gave.
    pub hits: usize,
    /// How many resource changes are of the types that it looks for, where it looks for some.
    pub matched: Option<usize>,
    /// Results that an exception took back.
    pub excepted: usize,
    /// Whether it was evaluated to the end.
    pub finished: bool,
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
    /// How each rule ran.
    pub runs: Vec<RuleRun>,
    /// What a reader must know although it is no finding: exceptions, rules that looked at nothing.
    pub notes: Vec<Printable>,
}

/// How recursion is told.
const ITSELF: &str = "a rule refers to itself";

impl Policies {
    /// Runs all rules over one plan. `available` says which inputs there are; `progress` is told how many of how many steps are done.
    #[must_use]
    pub fn evaluate(
        &self,
        subject: &Subject<'_>,
        available: &dyn Fn(&Policy, Need) -> Availability,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Results {
        let mut results = Results::default();
        let redactor = &subject.plan.redactor;
        let mut runnable = Vec::new();
        let mut skipped = BTreeMap::new();
        for (index, policy) in self.summary.policies.iter().enumerate() {
            for need in &policy.needs {
                let found = match need {
                    Need::Settings if self.settings.policy.contains_key(policy.id.as_str()) => {
                        Availability::Present
                    }
                    Need::Settings => Availability::NotApplicable,
                    need => available(policy, *need),
                };
                match found {
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
        let mut unknowns: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if skipped.contains_key(&rule.policy) {
                continue;
            }
            match unknowable(self.dialect(rule.policy), rule.inputs.as_ref()) {
                Some(reason) => unknowns
                    .entry((rule.policy, reason))
                    .or_default()
                    .push(rule.reported.clone()),
                None => runnable.push(index),
            }
        }
        results.skipped = skipped
            .into_iter()
            .map(|(policy, (need, applies))| Skipped {
                policy,
                rules: Vec::new(),
                why: Why::Need(need),
                applies,
            })
            .chain(
                unknowns
                    .into_iter()
                    .map(|((policy, reason), rules)| Skipped {
                        policy,
                        rules,
                        why: Why::Host(reason),
                        applies: true,
                    }),
            )
            .collect();
        let (sliced, whole): (Vec<usize>, Vec<usize>) = runnable
            .iter()
            .copied()
            .partition(|i| self.rules.get(*i).is_some_and(|r| r.sliced));
        let wanted = Wanted {
            whole: self.keys(&whole),
            sliced: self.keys(&sliced),
            whole_views: whole
                .iter()
                .filter_map(|i| self.rules.get(*i))
                .map(|rule| (self.dialect(rule.policy), rule.view.clone()))
                .collect(),
            sliced_views: sliced
                .iter()
                .filter_map(|i| Some(self.rules.get(*i)?.view.clone()))
                .collect(),
        };
        let inputs = match Inputs::build(subject, &wanted, self.settings.threads) {
            Ok(inputs) => inputs,
            Err(message) => {
                results
                    .problems
                    .push(problem("input", None, &redactor.redact(&message)));
                return results;
            }
        };
        let memory = (2 << 30) + 10 * subject.plan.text().len() as u64;
        engine::limit_memory(memory);
        watch::allow_memory(memory);
        let outcomes = self.run(&inputs, &whole, &sliced, progress);
        engine::release_memory_limit();
        self.collect(&mut results, outcomes, &runnable, redactor);
        self.count(&mut results, &runnable, subject.plan);
        results
    }

    /// How many rules were left out.
    #[must_use]
    pub fn rules_of(&self, skipped: &Skipped) -> usize {
        if skipped.rules.is_empty() {
            let of = |rule: &&super::Rule| rule.policy == skipped.policy;
            self.rules.iter().filter(of).count()
        } else {
            skipped.rules.len()
        }
    }

    fn dialect(&self, policy: usize) -> Dialect {
        self.summary
            .policies
            .get(policy)
            .map_or_else(Dialect::default, |p| p.dialect)
    }

    /// The top-level keys of the plan that some rules read; `None` when one of them may read everything.
    fn keys(&self, rules: &[usize]) -> Option<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        for index in rules {
            let rule = self.rule(*index)?;
            let read = rule.inputs.clone()?;
            match self.dialect(self.rules.get(*index)?.policy).plan_key() {
                None => keys.extend(read),
                Some(key) if read.contains(key) => {
                    keys.extend(rule.below.get(key).cloned().flatten()?);
                }
                Some(_) => {}
            }
        }
        Some(keys)
    }

    /// Rules of one package that are evaluated on the same inputs, together. The shipped packages share helpers that work things out
    /// for several of them, so their rules are evaluated together too.
    fn groups(&self, rules: &[usize]) -> Vec<(&View, Vec<usize>)> {
        let mut groups: BTreeMap<(usize, &str, &View), Vec<usize>> = BTreeMap::new();
        for index in rules {
            if let (Some((bundle, _)), Some(loaded), Some(rule)) = (
                self.entries.get(*index),
                self.rule(*index),
                self.rules.get(*index),
            ) {
                let builtin = self.bundles.get(*bundle).is_some_and(|b| b.builtin);
                let package = if builtin { "" } else { loaded.package.as_str() };
                groups
                    .entry((*bundle, package, &rule.view))
                    .or_default()
                    .push(*index);
            }
        }
        groups
            .into_iter()
            .map(|((_, _, view), rules)| (view, rules))
            .collect()
    }

    fn run(
        &self,
        inputs: &Inputs<'_>,
        whole: &[usize],
        sliced: &[usize],
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Vec<(usize, Evaluation)> {
        let (whole, sliced) = (self.groups(whole), self.groups(sliced));
        let pieces: Vec<(&View, usize)> = inputs
            .slices()
            .flat_map(|(view, count)| (0..count).map(move |index| (view, index)))
            .collect();
        let jobs = whole.len() + pieces.len();
        let queue = AtomicUsize::new(0);
        let finished = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        let worker = || {
            let mut runners: BTreeMap<usize, Runner<'_>> = BTreeMap::new();
            let mut own = Vec::new();
            loop {
                let job = queue.fetch_add(1, Ordering::Relaxed);
                if let Some((view, group)) = whole.get(job) {
                    let dialect = group
                        .first()
                        .and_then(|i| Some(self.dialect(self.rules.get(*i)?.policy)))
                        .unwrap_or_default();
                    let input = inputs.of(dialect, view);
                    own.extend(self.evaluate_group(&mut runners, group, input));
                } else if let Some((view, index)) = pieces.get(job - whole.len()) {
                    let groups = sliced.iter().filter(|(seen, _)| seen == view);
                    match inputs.slice(view, *index) {
                        Ok(input) => {
                            for (_, group) in groups {
                                own.extend(self.evaluate_group(&mut runners, group, &input));
                            }
                        }
                        Err(error) => own.extend(groups.flat_map(|(_, group)| {
                            group.iter().map(|rule| {
                                let error = Some(format!("{}: {error}", view.place()));
                                let evaluation = Evaluation {
                                    error,
                                    ..Evaluation::default()
                                };
                                (*rule, evaluation)
                            })
                        })),
                    }
                } else {
                    break;
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
        let mut evaluations = runner.evaluate(&rules, input);
        let package = rules.first().map_or("", |rule| rule.package.as_str());
        if owner.packages.get(package).is_some_and(|p| p.exceptions) {
            match runner.exceptions(package, input) {
                Ok(names) => {
                    for (rule, evaluation) in rules.iter().zip(&mut evaluations) {
                        if names.contains(without_prefix(&rule.name)) {
                            evaluation.excepted += evaluation.outcomes.len();
                            evaluation.outcomes.clear();
                        }
                    }
                }
                // Without knowing what is excepted, no rule of the package counts as evaluated.
                Err(error) => {
                    for evaluation in &mut evaluations {
                        evaluation
                            .error
                            .get_or_insert_with(|| format!("its exceptions: {error}"));
                    }
                }
            }
        }
        group.iter().copied().zip(evaluations).collect()
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
        let mut without = BTreeSet::new();
        let mut prints = BTreeSet::new();
        let mut runs: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (rule, evaluation) in outcomes {
            seen.insert(rule);
            let run = runs.entry(rule).or_default();
            run.0 += evaluation.outcomes.len();
            run.1 += evaluation.excepted;
            prints.extend(evaluation.prints);
            // As in OPA such a function is undefined; that it failed must still be seen.
            let (_, place) = self.name_of(rule);
            let shipped = self.is_shipped(rule);
            if !shipped && !evaluation.hidden.is_empty() {
                without.insert(rule);
            }
            let hidden = evaluation.hidden.iter();
            prints.extend(hidden.map(|why| format!("{place}: a function gave no result: {why}")));
            if let Some(error) = evaluation.error {
                failed.insert(rule);
                let (id, place) = self.name_of(rule);
                // What loading said of the same line need not be said again.
                let said = self.problems.iter().any(|known| {
                    let known = known.place.as_ref().map(Printable::as_str);
                    known.is_some_and(|known| error.ends_with(&format!("({known}).")))
                }) || error.starts_with(ITSELF)
                    && (self.problems.iter())
                        .any(|known| known.message.as_str().starts_with(ITSELF));
                if !said {
                    results.problems.push(PolicyProblem {
                        policy: id,
                        place: Some(place),
                        message: redactor.line(&error),
                    });
                }
            }
            results
                .hits
                .extend(evaluation.outcomes.into_iter().map(|outcome| Hit {
                    rule,
                    line: outcome.line,
                    message: outcome.message,
                    fields: if shipped {
                        outcome.fields
                    } else {
                        understood(outcome.fields)
                    },
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
        results.runs = runnable
            .iter()
            .map(|rule| {
                let (hits, excepted) = runs.get(rule).copied().unwrap_or_default();
                RuleRun {
                    rule: *rule,
                    hits,
                    matched: None,
                    excepted,
                    finished: !failed.contains(rule),
                }
            })
            .collect();
        results.problems.sort();
        results.problems.dedup();
        results.evaluated = runnable.len() - failed.len();
        if !without.is_empty() {
            let rules: Vec<usize> = without.into_iter().collect();
            results.notes.push(Printable::line(&format!(
                "a function gave no result in {}, so what depends on it is undefined; -v says why: {}.",
                match rules.len() {
                    1 => "one rule".to_owned(),
                    n => format!("{n} rules"),
                },
                self.some_titles(&rules)
            )));
        }
        results.prints = prints.iter().map(|p| redactor.line(p)).collect();
    }

    /// Says how much each rule had to look at.
    fn count(&self, results: &mut Results, runnable: &[usize], plan: &Plan) {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for change in &plan.changes {
            *kinds.entry(&change.kind).or_default() += 1;
        }
        let mut idle = Vec::new();
        for run in &mut results.runs {
            let Some(types) = self.rule(run.rule).and_then(|rule| rule.types.as_ref()) else {
                continue;
            };
            let matched = types.iter().filter_map(|t| kinds.get(t.as_str())).sum();
            run.matched = Some(matched);
            // The shipped policies look for hundreds of types; that a plan has none of them tells nobody anything.
            let shipped = self.is_shipped(run.rule);
            if matched == 0 && run.hits == 0 && run.excepted == 0 && run.finished && !shipped {
                idle.push(run.rule);
            }
        }
        if !idle.is_empty() {
            results.notes.push(Printable::line(&format!(
                "{} of {} rules matched no resource, because they look for types that this plan does not hold: {}.",
                idle.len(),
                runnable.len(),
                self.some_titles(&idle)
            )));
        }
        for run in results.runs.iter().filter(|run| run.excepted > 0) {
            results.notes.push(Printable::line(&format!(
                "an exception took back {} of {}.",
                match run.excepted {
                    1 => "one result".to_owned(),
                    n => format!("{n} results"),
                },
                self.title_of(run.rule)
            )));
        }
    }

    fn is_shipped(&self, rule: usize) -> bool {
        self.rules
            .get(rule)
            .and_then(|rule| self.summary.policies.get(rule.policy))
            .is_some_and(|policy| policy.builtin)
    }

    /// The first of some rules by name, and how many more there are.
    fn some_titles(&self, rules: &[usize]) -> String {
        let mut names: Vec<String> = rules.iter().map(|rule| self.title_of(*rule)).collect();
        let more = names.len().saturating_sub(5);
        names.truncate(5);
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("{}{rest}", names.join(", "))
    }

    /// Policy and rule, for people.
    #[must_use]
    pub fn title_of(&self, rule: usize) -> String {
        let (id, _) = self.name_of(rule);
        let name = self.rules.get(rule).map_or("", |r| r.reported.as_str());
        format!("{id} {name}")
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
