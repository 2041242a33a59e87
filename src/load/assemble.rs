//! Fills a case: what is known before policies run, and what they find.

use std::collections::BTreeSet;

use super::source::{Found, SourceTree, doubt};
use super::{Config, LoadError, Progress, Request};
use crate::change::{Change, Standing};
use crate::decision::Identity;
use crate::digest::Digest;
use crate::finding::{self, Finding, Origin};
use crate::git::Repository;
use crate::policy::{
    Availability, Need, Policies, Policy, PolicyProblem, Results, Skipped, Subject, Why,
};
use crate::review::{CasePlan, Gate, ReviewCase, UnderReview};
use crate::source::SourceProblem;
use crate::text::{Printable, Redactor};

pub(super) fn empty_case(
    request: &Request,
    repository: Option<&Repository>,
    standing: Option<&Standing>,
    under_review: UnderReview,
    config: &Config,
    policies: &Policies,
    plans: Vec<CasePlan>,
) -> Result<ReviewCase, LoadError> {
    let git = |e| LoadError::git(&e);
    let mut tree = None;
    let mut name = None;
    let mut reviewer = None;
    if let Some(repository) = repository {
        if let Some(head) = under_review.head() {
            tree = Some(repository.tree_id(head).map_err(git)?);
            name = standing
                .and_then(|standing| {
                    let root = || Some(format!("root:{}", standing.roots.first()?));
                    standing.origin.clone().or_else(root)
                })
                .map(|text| Printable::line(&text));
        }
        reviewer = repository.identity(&request.env).ok().map(|who| Identity {
            name: who.name,
            email: who.email,
        });
    }
    let redactor = Redactor::union(plans.iter().map(|p| &p.plan.redactor));
    let mut notices = Vec::new();
    match under_review.dirty() {
        [] => {}
        [one] => notices.push(format!(
            "the work tree differs from the commit under review in {one}."
        )),
        [one, rest @ ..] => notices.push(format!(
            "the work tree differs from the commit under review in {one} and {} more.",
            rest.len()
        )),
    }
    for plan in &plans {
        if plan.plan.complete == Some(false) {
            notices.push(format!(
                "{} does not cover everything: it was targeted, or some changes are deferred.",
                plan.path
            ));
        }
    }
    for warning in &policies.warnings {
        let place = warning
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!("{place}: "));
        notices.push(format!("{place}{}", warning.message));
    }
    Ok(ReviewCase {
        plans,
        under_review,
        tree,
        repository: name,
        sources: Vec::new(),
        policies: policies.summary.clone(),
        problems: policies.problems.clone(),
        findings: Vec::new(),
        not_applicable: Vec::new(),
        baseline: None,
        not_looked_at: Vec::new(),
        waivers: config.waivers.clone(),
        config: config.digest,
        gate: Gate {
            fail_on_warn: request.fail_on_warn,
            unknown_blocks: config.unknown_blocks,
            not_evaluated_blocks: config.not_evaluated_blocks,
            review_every_change: config.review_every_change,
        },
        notices: notices.iter().map(|n| redactor.line(n)).collect(),
        reviewer,
        redactor,
    })
}

/// Whether a policy's setting `require` is on.
fn requires(config: &Config, policy: &Policy) -> bool {
    let settings = config.policies.get(policy.id.as_str());
    settings.and_then(|settings| settings.get("require")) == Some(&true.into())
}

/// Most problems of the source that are shown.
const MOST_PROBLEMS: usize = 20;

/// What evaluation told beside the case.
#[derive(Default)]
pub(super) struct Told {
    /// What policies printed, redacted.
    pub(super) prints: Vec<Printable>,
    /// How each rule ran.
    pub(super) trace: Vec<Printable>,
}

/// The policies' run over one plan after the other.
pub(super) struct Evaluation<'a> {
    config: &'a Config,
    policies: &'a Policies,
    standing: Option<&'a Standing>,
    now: jiff::Timestamp,
    change: Option<Change>,
    /// Which files and lines, not which commits: a merge of the same change says the same.
    change_digest: Option<Digest>,
    in_repository: bool,
    of_change: BTreeSet<(&'a Printable, &'a str)>,
    said: BTreeSet<Said>,
    done: Evaluated,
}

/// What came out of it.
#[derive(Default)]
pub(super) struct Evaluated {
    told: Told,
    findings: Vec<Finding>,
    notes: BTreeSet<Printable>,
    problems: Vec<PolicyProblem>,
    not_applicable: BTreeSet<(Printable, Printable)>,
    not_looked_at: Vec<Printable>,
    /// The least over all plans.
    rules: Option<usize>,
    left_out: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        under_review: &UnderReview,
        config: &'a Config,
        policies: &'a Policies,
        standing: Option<&'a Standing>,
        now: jiff::Timestamp,
    ) -> Self {
        let change = under_review.change().cloned();
        Self {
            config,
            policies,
            standing,
            now,
            change_digest: change
                .as_ref()
                .and_then(|change| serde_json::to_vec(&change.files).ok())
                .map(|files| Digest::of(&files)),
            change,
            in_repository: !matches!(
                under_review,
                UnderReview::NoRepository | UnderReview::DiffFile(_)
            ),
            of_change: rules_of_the_change(policies),
            said: BTreeSet::new(),
            done: Evaluated::default(),
        }
    }

    /// Runs all rules over a plan.
    pub(super) fn plan(
        &mut self,
        plan_index: usize,
        plan: &CasePlan,
        found: &Found,
        progress: &Progress<'_>,
    ) {
        let (config, policies, standing) = (self.config, self.policies, self.standing);
        let change = self.change.as_ref();
        let done = &mut self.done;
        let source = found.sources.as_ref();
        let explanation = found.explanation.as_ref();
        let in_repository = self.in_repository;
        let available = |policy: &Policy, need: Need| match need {
            Need::Plan => Availability::Present,
            Need::Git if change.is_some() => Availability::Present,
            Need::Source if source.is_some() => Availability::Present,
            Need::BinaryPlan if plan.plan.binary.is_some() => Availability::Present,
            // Most plans come as JSON alone: the shipped policy asks for more only where it is told to.
            Need::BinaryPlan if requires(config, policy) => Availability::Missing,
            Need::BinaryPlan if policy.builtin => Availability::NotApplicable,
            Need::Repository if standing.is_some() => Availability::Present,
            Need::Source | Need::BinaryPlan if in_repository => Availability::Missing,
            Need::Git | Need::Source | Need::BinaryPlan | Need::Repository | Need::Settings => {
                Availability::NotApplicable
            }
        };
        let subject = Subject {
            plan: &plan.plan,
            change,
            repository: standing,
            source: source.map(|sources| &sources.head),
            proof: plan.proof.as_ref(),
            explanation,
            now: self.now,
        };
        let stage = |done: usize, total: usize| progress("evaluate policies", done, Some(total));
        let mut results = policies.evaluate(&subject, &available, &stage);
        for skipped in results.skipped.iter().filter(|s| !s.applies) {
            if let Some(policy) = policies.summary.policies.get(skipped.policy) {
                let reason = not_there(policy, &skipped.why);
                done.not_applicable.insert((policy.id.clone(), reason));
            }
        }
        let rest = policies.rules.len() - results.evaluated;
        let left_out = results.skipped.iter().filter(|s| !s.applies);
        let left_out: usize = left_out.map(|s| policies.rules_of(s)).sum();
        done.left_out = done.left_out.max(left_out.min(rest));
        let origin = Origin {
            plan_index,
            path: &plan.path,
            root: &plan.root,
            plan: &plan.plan,
            change,
            change_digest: self.change_digest,
            source,
            explanation,
            policies: &policies.summary.policies,
            rules: &policies.rules,
            overrides: &config.overrides,
        };
        if source.is_some() {
            done.told.trace.push(root_of(plan, found));
        }
        done.told.trace.extend(trace(policies, plan, &results));
        let (own, faults) = finding::from_results(&origin, &results);
        let (of_change, said) = (&self.of_change, &mut self.said);
        let new = own.into_iter().filter(|f| is_new(f, of_change, said));
        done.findings.extend(new);
        done.problems.extend(faults);
        done.problems.append(&mut results.problems);
        done.told.prints.append(&mut results.prints);
        done.notes.extend(std::mem::take(&mut results.notes));
        let least = done
            .rules
            .map_or(results.evaluated, |e| e.min(results.evaluated));
        done.rules = Some(least);
        let missing = [
            (Need::Source, source.is_none()),
            (Need::Git, change.is_none()),
        ];
        let not_looked_at = not_looked_at(policies, &results.skipped, missing);
        done.not_looked_at.extend(not_looked_at);
    }

    pub(super) fn finish(self) -> Evaluated {
        self.done
    }
}

impl Evaluated {
    /// Puts it into the case; gives what was told beside it.
    pub(super) fn put_into(mut self, case: &mut ReviewCase) -> Told {
        finding::sort(&mut self.findings);
        case.findings = self.findings;
        case.not_applicable = self.not_applicable.into_iter().collect();
        case.not_looked_at = self.not_looked_at;
        case.not_looked_at.sort();
        case.not_looked_at.dedup();
        case.notices.extend(self.notes);
        case.problems.extend(self.problems);
        case.problems.sort();
        case.problems.dedup();
        case.policies.evaluated = self.rules.unwrap_or(0);
        case.policies.not_applicable = case.policies.not_applicable.max(self.left_out);
        self.told
    }
}

/// Why a policy has nothing to look at.
fn not_there(policy: &Policy, why: &Why) -> Printable {
    Printable::line(&match why {
        Why::Need(Need::BinaryPlan) => "no binary plan was given (--plan-file).".to_owned(),
        Why::Need(Need::Settings) => format!(
            "it has no settings; a table [policy.{}] in the configuration switches it on.",
            policy.id
        ),
        Why::Need(Need::Repository) => "there is no repository.".to_owned(),
        Why::Need(need) => format!("it needs {}, and there is none under review.", need.word()),
        Why::Host(reason) => format!("{reason}."),
    })
}

/// What a finding about the change says, and where.
type Said = (
    Printable,
    Printable,
    Printable,
    Option<Printable>,
    Option<(Printable, Option<u32>)>,
);

/// Whether a finding is about a plan, or about the change and not yet said of an earlier plan.
fn is_new(
    finding: &Finding,
    of_change: &BTreeSet<(&Printable, &str)>,
    said: &mut BTreeSet<Said>,
) -> bool {
    let place = finding.location.as_ref();
    finding.address.is_some()
        || !of_change.contains(&(&finding.policy, finding.rule.as_str()))
        || said.insert((
            finding.policy.clone(),
            finding.rule.clone(),
            finding.message.clone(),
            finding.subject.clone(),
            place.map(|place| (place.file.clone(), place.line)),
        ))
}

/// What policies did without, one sentence each; of those that were not run at all something else is said.
fn not_looked_at(
    policies: &Policies,
    skipped: &[Skipped],
    missing: [(Need, bool); 2],
) -> Vec<Printable> {
    let mut told = Vec::new();
    for (index, policy) in policies.summary.policies.iter().enumerate() {
        if skipped
            .iter()
            .any(|s| s.policy == index && s.rules.is_empty())
        {
            continue;
        }
        for (need, _) in missing
            .iter()
            .filter(|(need, missing)| *missing && policy.uses.contains(need))
        {
            let (what, only) = match need {
                Need::Git => ("saw no git change", "the change"),
                _ => ("read no Terraform source", "the source"),
            };
            told.push(Printable::line(&format!(
                "{} {what}: what only {only} tells was not looked at.",
                policy.id
            )));
        }
    }
    told
}

/// The shipped rules that look at nothing of a plan: what they find is found once, however many plans there are.
fn rules_of_the_change(policies: &Policies) -> BTreeSet<(&Printable, &str)> {
    let mut of_change = BTreeSet::new();
    let mut of_plan = BTreeSet::new();
    for rule in &policies.rules {
        let Some(policy) = policies.summary.policies.get(rule.policy) else {
            continue;
        };
        let reads = |keys: &BTreeSet<String>| keys.iter().all(|key| key == "countersign");
        let alone = policy.builtin && rule.inputs.as_ref().is_some_and(reads);
        let list = if alone { &mut of_change } else { &mut of_plan };
        list.insert((&policy.id, rule.reported.as_str()));
    }
    &of_change - &of_plan
}

/// Where the plan's root module is taken to be, and why.
fn root_of(plan: &CasePlan, found: &Found) -> Printable {
    let (directory, reason) = (&found.root.directory, found.root.certainty.reason());
    let line = format!("{}: root module in \"{directory}\": {reason}", plan.path);
    plan.plan.redactor.line(&line)
}

/// One line for each rule: what it is, how much it had to look at, what it gave.
fn trace(policies: &Policies, plan: &CasePlan, results: &Results) -> Vec<Printable> {
    let all = plan.plan.changes.len();
    let mut lines = Vec::new();
    for run in &results.runs {
        let place = policies
            .rules
            .get(run.rule)
            .map_or_else(String::new, |rule| format!("{}:{}", rule.file, rule.line));
        let looked = match run.matched {
            Some(matched) => format!("{matched} of {all} resource changes are of its types"),
            None => format!("{all} resource changes"),
        };
        let ended = match (run.finished, run.excepted) {
            (false, _) => "not evaluated to the end".to_owned(),
            (true, 0) => format!("results: {}", run.hits),
            (true, n) => format!("results: {}, taken back by exceptions: {n}", run.hits),
        };
        lines.push(format!(
            "{}: {} ({place}): {looked}; {ended}",
            plan.path,
            policies.title_of(run.rule)
        ));
    }
    for skipped in &results.skipped {
        let Some(policy) = policies.summary.policies.get(skipped.policy) else {
            continue;
        };
        let rules = if skipped.rules.is_empty() {
            String::new()
        } else {
            format!(" {}", skipped.rules.join(", "))
        };
        lines.push(format!(
            "{}: {}{rules}: not run: {}",
            plan.path,
            policy.id,
            skipped.reason()
        ));
    }
    lines
        .iter()
        .map(|line| plan.plan.redactor.line(line))
        .collect()
}

pub(super) fn add_source_notices(
    case: &mut ReviewCase,
    found: &[Found],
    tree: Option<&SourceTree>,
) {
    let doubts = case.plans.iter().zip(found);
    let doubts = doubts.filter_map(|(plan, found)| doubt(plan, found, tree));
    let all = found.iter().filter_map(|found| found.sources.as_ref());
    let all: BTreeSet<&SourceProblem> = all.flat_map(|sources| &sources.head.problems).collect();
    let shown = all.iter().take(MOST_PROBLEMS).map(|problem| {
        let line = problem
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}: {}", problem.file, problem.message)
    });
    let left = all.len().saturating_sub(MOST_PROBLEMS);
    let more = (left > 0).then(|| format!("{left} more places of the source were not understood."));
    let notices: Vec<Printable> = doubts
        .chain(shown)
        .chain(more)
        .map(|notice| case.redactor.line(&notice))
        .collect();
    case.notices.extend(notices);
}
