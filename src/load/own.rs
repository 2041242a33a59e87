//! What this program itself adds to a case: waivers that stand in the source, and the findings of its own policies.

use std::collections::BTreeSet;
use std::path::Path;

use super::source::{SourceFile, root_directory, source_files};
use super::tamper::{Sides, config_at, in_repository, tampering};
use super::waivers::{self, Indexed, Inline, Roots};
use super::{Config, LoadError, Request};
use crate::change::Change;
use crate::decision::{Coverage, waiver_faults};
use crate::finding::{self, Home, Own, from_own};
use crate::git::Repository;
use crate::policy::{Policies, own};
use crate::review::ReviewCase;
use crate::source::SourceIndex;
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
    pub(super) files: Option<Vec<SourceFile>>,
    /// Its index for each plan.
    pub(super) indices: &'a [Option<SourceIndex>],
    pub(super) root: &'a Path,
}

/// Adds them; the policies must have run.
pub(super) fn add(case: &mut ReviewCase, mut ground: Ground<'_>) -> Result<(), LoadError> {
    let Some(first) = case.plans.first().map(|plan| plan.path.clone()) else {
        return Ok(());
    };
    let directory = &ground.request.directory;
    let files = ground.files.take().unwrap_or_default();
    let root_of = |files: &[SourceFile]| -> Vec<String> {
        case.plans
            .iter()
            .map(|plan| root_directory(files, &plan.root, ground.root, directory))
            .collect()
    };
    let head = root_of(&files);
    let mut roots = Roots::new();
    for (plan, root) in head.iter().enumerate() {
        roots.entry(root.clone()).or_default().insert(plan);
    }
    // A change that adds or takes away files can make a plan that of another directory; what was agreed there is not about it.
    let agreed = |files: &[SourceFile]| {
        let mut agreed = roots.clone();
        for (plan, root) in root_of(files).iter().enumerate() {
            if head.get(plan) != Some(root)
                && let Some(plans) = head.get(plan).and_then(|root| agreed.get_mut(root))
            {
                plans.remove(&plan);
            }
        }
        agreed.retain(|_, plans| !plans.is_empty());
        agreed
    };
    let repository = ground.repository;
    let at = |commit: &str| -> Result<Vec<SourceFile>, LoadError> {
        Ok(source_files(repository, Some(commit))?.unwrap_or_default())
    };
    let trusted = match (ground.base, ground.repository) {
        (Some(base), _) => at(base)?,
        (None, Some(repository)) => waivers::work_tree(files, repository)?,
        (None, None) => Vec::new(),
    };
    let ids = ids(ground.policies);
    let Inline {
        waivers: inline,
        faults,
    } = waivers::read(
        &waivers::indices(&trusted, &agreed(&trusted)),
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
            &ground,
            repository,
            change,
            &|commit| {
                if commit == base {
                    Ok(waivers::indices(&trusted, &roots))
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
    let old = waivers::waived(at(merge_base)?.iter().map(|(index, _)| index));
    let request = ground.request;
    Ok(Some(tampering(&Sides {
        change,
        base: ground.config,
        configs: [
            &config_at(repository, merge_base)?,
            &config_at(repository, head)?,
        ],
        given: [&request.policies, &request.data]
            .map(|paths| in_repository(paths, &request.directory, ground.root)),
        waived: [old, waivers::waived(ground.indices.iter().flatten())],
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
