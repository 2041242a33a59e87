//! Fills a case: what is known before policies run, and what they find.

use super::{Config, LoadError, Progress, Request};
use crate::decision::Identity;
use crate::digest::Digest;
use crate::finding::{self, Finding, Origin};
use crate::git::Repository;
use crate::policy::{Availability, Need, Policies, Results, Subject, Why};
use crate::provenance::Explanation;
use crate::review::{CasePlan, Gate, ReviewCase, UnderReview};
use crate::source::SourceIndex;
use crate::text::{Printable, Redactor};

pub(super) fn empty_case(
    request: &Request,
    repository: Option<&Repository>,
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
            let identity = repository.repository_identity(head).map_err(git)?;
            name = identity
                .origin
                .or_else(|| identity.roots.first().map(|root| format!("root:{root}")))
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
        source: None,
        policies: policies.summary.clone(),
        problems: policies.problems.clone(),
        findings: Vec::new(),
        not_applicable: Vec::new(),
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

/// What evaluation told beside the case.
#[derive(Default)]
pub(super) struct Told {
    /// What policies printed, redacted.
    pub(super) prints: Vec<Printable>,
    /// How each rule ran.
    pub(super) trace: Vec<Printable>,
}

/// What each plan was joined with.
#[derive(Clone, Copy)]
pub(super) struct Joined<'a> {
    /// Indices of the source.
    pub(super) indices: &'a [Option<SourceIndex>],
    /// Whether the change explains what the plan changes.
    pub(super) explanations: &'a [Option<Explanation>],
}

pub(super) fn evaluate(
    case: &mut ReviewCase,
    config: &Config,
    policies: &Policies,
    joined: Joined<'_>,
    now: jiff::Timestamp,
    progress: &Progress<'_>,
) -> Told {
    let mut told = Told::default();
    let change = case.under_review.change().cloned();
    // Which files and lines, not which commits: a merge of the same change says the same.
    let change_digest = change
        .as_ref()
        .and_then(|change| serde_json::to_vec(&change.files).ok())
        .map(|files| Digest::of(&files));
    let in_repository = !matches!(
        case.under_review,
        UnderReview::NoRepository | UnderReview::DiffFile(_)
    );
    let mut findings: Vec<Finding> = Vec::new();
    let mut notes = std::collections::BTreeSet::new();
    let mut evaluated: Option<usize> = None;
    let mut problems = Vec::new();
    let mut not_applicable = std::collections::BTreeSet::new();
    for (plan_index, plan) in case.plans.iter().enumerate() {
        let source = joined.indices.get(plan_index).and_then(Option::as_ref);
        let explanation = joined.explanations.get(plan_index).and_then(Option::as_ref);
        let available = |need: Need| match need {
            Need::Plan => Availability::Present,
            Need::Git if change.is_some() => Availability::Present,
            Need::Source if source.is_some() => Availability::Present,
            Need::Source | Need::BinaryPlan if in_repository => Availability::Missing,
            Need::Git | Need::Source | Need::BinaryPlan => Availability::NotApplicable,
        };
        let subject = Subject {
            plan: &plan.plan,
            change: change.as_ref(),
            source,
            explanation,
            now,
        };
        let stage = |done: usize, total: usize| progress("evaluate policies", done, Some(total));
        let results = policies.evaluate(&subject, &available, &stage);
        for skipped in results.skipped.iter().filter(|s| !s.applies) {
            if let Some(policy) = policies.summary.policies.get(skipped.policy) {
                let reason = match &skipped.why {
                    Why::Need(need) => {
                        format!("it needs {}, and there is none under review.", need.word())
                    }
                    Why::Host(reason) => format!("{reason}."),
                };
                not_applicable.insert((policy.id.clone(), Printable::line(&reason)));
            }
        }
        let origin = Origin {
            plan_index,
            path: &plan.path,
            root: &plan.root,
            plan: &plan.plan,
            change: change.as_ref(),
            change_digest,
            source,
            explanation,
            policies: &policies.summary.policies,
            rules: &policies.rules,
            overrides: &config.overrides,
        };
        told.trace.extend(trace(policies, plan, &results));
        let (own, faults) = finding::from_results(&origin, &results);
        findings.extend(own);
        problems.extend(faults);
        problems.extend(results.problems);
        told.prints.extend(results.prints);
        notes.extend(results.notes);
        evaluated = Some(evaluated.map_or(results.evaluated, |e| e.min(results.evaluated)));
        if source.is_none() {
            for policy in policies
                .summary
                .policies
                .iter()
                .filter(|p| p.uses.contains(&Need::Source))
            {
                case.not_looked_at.push(Printable::line(&format!(
                    "{} read no Terraform source: what only the source tells was not looked at.",
                    policy.id
                )));
            }
        }
    }
    finding::sort(&mut findings);
    case.findings = findings;
    case.not_applicable = not_applicable.into_iter().collect();
    case.not_looked_at.sort();
    case.not_looked_at.dedup();
    case.notices.extend(notes);
    case.problems.extend(problems);
    case.problems.sort();
    case.problems.dedup();
    case.policies.evaluated = evaluated.unwrap_or(0);
    told
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

pub(super) fn add_source_notices(case: &mut ReviewCase) {
    let Some(source) = &case.source else { return };
    let redactor = case.redactor.clone();
    let notices: Vec<Printable> = source
        .problems
        .iter()
        .take(20)
        .map(|p| redactor.line(&format!("{}:{}: {}", p.file, p.line, p.message)))
        .collect();
    case.notices.extend(notices);
}
