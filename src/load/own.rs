//! What this program itself adds to a case: waivers that stand in the source, and the findings of its own policies.

use std::collections::BTreeSet;
use std::path::Path;

use super::root;
use super::source::{Found, SourceTree};
use super::tamper::{Sides, config_at, in_repository, tampering};
use super::waivers::{self, Indexed, Inline, Roots};
use super::{Config, LoadError, Request};
use crate::change::Change;
use crate::decision::{Coverage, waiver_faults};
use crate::finding::{self, Home, Own, from_own};
use crate::git::Repository;
use crate::policy::{Policies, own};
use crate::review::ReviewCase;
use crate::text::{Printable, Redactor};

/// From what own findings are made.
pub(super) struct Ground<'a> {
    pub(super) request: &'a Request,
    pub(super) repository: Option<&'a Repository>,
    /// The trusted commit; none where the work tree is trusted.
    pub(super) base: Option<&'a str>,
    pub(super) config: &'a Config,
    pub(super) policies: &'a Policies,
    /// The source at the commit under review.
    pub(super) tree: Option<&'a SourceTree>,
    /// What is known of each plan's.
    pub(super) found: &'a [Found],
    pub(super) root: &'a Path,
}

/// Adds them; the policies must have run.
pub(super) fn add(case: &mut ReviewCase, ground: &Ground<'_>) -> Result<(), LoadError> {
    let Some(first) = case.plans.first().map(|plan| plan.path.clone()) else {
        return Ok(());
    };
    let empty = SourceTree::default();
    let head = ground.tree.unwrap_or(&empty);
    let mut roots = Roots::new();
    for (plan, found) in ground.found.iter().enumerate() {
        let directory = found.root.directory.clone();
        roots.entry(directory).or_default().insert(plan);
    }
    let repository = ground.repository;
    let at = |commit: &str| -> Result<SourceTree, LoadError> {
        match repository {
            Some(repository) => SourceTree::read(repository, commit),
            None => Ok(SourceTree::default()),
        }
    };
    let trusted = match (ground.base, ground.repository) {
        (Some(base), _) => at(base)?,
        (None, Some(repository)) => waivers::work_tree(head, repository)?,
        (None, None) => SourceTree::default(),
    };
    let ids = ids(ground.policies);
    let Inline {
        waivers: inline,
        faults,
    } = waivers::read(
        &waivers::indices(&trusted, &agreed(case, ground, &roots, &trusted)),
        &ids,
        &case.redactor,
    );
    if ground.base.is_none() && !inline.is_empty() {
        let notice = format!(
            "waivers in comments ({}) were read from the work tree, which the change under review can edit.",
            inline.len()
        );
        case.notices.push(Printable::line(&notice));
    }
    case.waivers.extend(inline);
    let home = Home {
        plan: &first,
        overrides: &ground.config.overrides,
    };
    let compared = match (ground.repository, ground.base, case.under_review.change()) {
        (Some(repository), Some(base), Some(change)) => compare(
            ground,
            repository,
            change,
            &|commit| {
                if commit == base {
                    Ok(waivers::indices(&trusted, &roots))
                } else if change.head.as_deref() == Some(commit) {
                    Ok(waivers::indices(head, &roots))
                } else {
                    Ok(waivers::indices(&at(commit)?, &roots))
                }
            },
            &case.redactor,
        )?,
        _ => None,
    };
    if compared.is_none() {
        not_compared(case, ground.base.is_some());
    }
    let tampered = compared.unwrap_or_default();
    leave_out(case, &tampered);
    case.findings.extend(from_own(tampered, home));
    let mut found: Vec<Own> = faults;
    found.extend(waiver_faults(
        &case.waivers,
        Coverage {
            findings: &case.findings,
            today: ground.request.now.to_zoned(jiff::tz::TimeZone::UTC).date(),
            complete: case
                .plans
                .iter()
                .all(|plan| !plan.plan.errored && plan.plan.complete != Some(false)),
            redactor: &case.redactor,
        },
    ));
    case.findings.extend(from_own(found, home));
    finding::sort(&mut case.findings);
    Ok(())
}

/// The root modules whose comments in a tree are about the plans: a change that adds or takes away files can make a plan that of another
/// directory, and what was agreed there is not about it.
fn agreed(case: &ReviewCase, ground: &Ground<'_>, roots: &Roots, tree: &SourceTree) -> Roots {
    let directory = &ground.request.directory;
    let mut agreed = roots.clone();
    for (at, (plan, found)) in case.plans.iter().zip(ground.found).enumerate() {
        let placed =
            |tree: &SourceTree| root::placed(&tree.files, &plan.root, ground.root, directory);
        let own = &found.root.directory;
        let same = if ground.tree.is_some_and(|head| placed(head) == *own) {
            placed(tree) == *own
        } else {
            root::holds(&tree.files, own)
        };
        if !same && let Some(plans) = agreed.get_mut(own) {
            plans.remove(&at);
        }
    }
    agreed.retain(|_, plans| !plans.is_empty());
    agreed
}

/// One file, one finding: what `policy-tamper` says of a file, `ci-tamper` need not say again.
fn leave_out(case: &mut ReviewCase, tampered: &[Own]) {
    let told: BTreeSet<&Printable> = tampered.iter().map(|own| &own.subject).collect();
    case.findings.retain(|finding| {
        finding.policy.as_str() != "ci-tamper"
            || finding.address.is_some()
            || !finding
                .subject
                .as_ref()
                .is_some_and(|subject| told.contains(subject))
    });
}

/// Every policy that can be waived.
fn ids(policies: &Policies) -> Vec<&str> {
    let loaded = policies.summary.policies.iter();
    loaded
        .map(|policy| policy.id.as_str())
        .chain(policies.disabled.iter().map(String::as_str))
        .chain(own::OWN.iter().map(|policy| policy.id))
        .collect()
}

/// What the change does to the rules; none where it has no two commits.
fn compare(
    ground: &Ground<'_>,
    repository: &Repository,
    change: &Change,
    at: &dyn Fn(&str) -> Result<Vec<Indexed>, LoadError>,
    redactor: &Redactor,
) -> Result<Option<Vec<Own>>, LoadError> {
    let (Some(merge_base), Some(head)) = (&change.merge_base, &change.head) else {
        return Ok(None);
    };
    // Both sides by the trees alone: what a plan or the work tree tells of modules is not part of the change.
    let waived = |commit: &str| -> Result<_, LoadError> {
        Ok(waivers::waived(at(commit)?.iter().map(|(index, _)| index)))
    };
    let request = ground.request;
    // Who edits the baseline decides what blocks later.
    let data: Vec<_> = request
        .data
        .iter()
        .chain(&request.baseline)
        .cloned()
        .collect();
    Ok(Some(tampering(&Sides {
        change,
        base: ground.config,
        configs: [
            &config_at(repository, merge_base)?,
            &config_at(repository, head)?,
        ],
        given: [request.policies.clone(), data]
            .each_ref()
            .map(|paths| in_repository(paths, &request.directory, ground.root)),
        waived: [waived(merge_base)?, waived(head)?],
        redactor,
    })))
}

fn not_compared(case: &mut ReviewCase, trusts_base: bool) {
    let reason = if trusts_base {
        "there is no change under review."
    } else {
        "policies and configuration are not read from a base commit, so there is nothing to compare with."
    };
    case.not_applicable.push((
        Printable::line(own::POLICY_TAMPER.id),
        Printable::line(reason),
    ));
    case.not_applicable.sort();
}
