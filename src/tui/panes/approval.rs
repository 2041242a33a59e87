//! What the approve screen says would be signed: identities, counts, every waived and every carried finding.

use std::collections::BTreeSet;

use super::super::model::Review;
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use crate::decision::Decision;
use crate::finding::Finding;
use crate::provenance::ProofVerdict;
use crate::review::{FindingState, Status};
use crate::text::{display_width, fit_address};

/// Differences and gaps of a proof that are shown.
const POINTS: usize = 10;

/// Makes the lines.
pub(in super::super) fn approval(review: &Review, width: usize) -> Vec<Rich> {
    let case = &review.case;
    let mut out = sentence(review, width);
    out.push(Rich::empty());
    out.extend(shape(review, width));
    for plan in &case.plans {
        if let Some(proof) = &plan.proof {
            let role = match proof.verdict() {
                ProofVerdict::Proven => Role::Good,
                ProofVerdict::Differs => Role::Bad,
                ProofVerdict::NotProven => Role::Warn,
            };
            let text = format!("  plan file {}: {}", plan.path, proof.sentence());
            let text = case.redactor.line(&text);
            out.extend(paragraph(role, text.as_str(), width, 4));
            let mut points = proof.difference_points();
            points.extend(proof.gap_points());
            let more = points.len().saturating_sub(POINTS) + proof.omitted();
            points.truncate(POINTS);
            for point in points {
                let text = case.redactor.line(&format!("    {}", point.text));
                out.extend(paragraph(role, text.as_str(), width, 6));
            }
            if more > 0 {
                out.push(Rich::of(role, format!("    and {more} more")));
            }
        }
    }
    let counts = review.verdict.counts;
    let (decided, total) = review.progress();
    let text = format!(
        "  findings {total}: acknowledged {}, waived {}, carried {}, rejected {}, left {}",
        counts.acknowledged,
        counts.waived,
        counts.carried,
        counts.rejected,
        total - decided
    );
    out.extend(paragraph(Role::Text, &text, width, 4));
    out.push(Rich::of(
        Role::Text,
        format!(
            "  rules {} of {} evaluated, trust {}; {} not applicable",
            case.policies.evaluated,
            case.policies.rules,
            case.policies.trust.word(),
            case.policies.not_applicable
        ),
    ));
    out.extend(list(review, "waived", width, |state| {
        state.status == Status::Waived
    }));
    out.extend(list(review, "carried", width, |state| {
        state.status == Status::Carried
    }));
    for notice in case.notices.iter().chain(&case.not_looked_at) {
        out.extend(paragraph(Role::Warn, notice.as_str(), width, 2));
    }
    out.push(Rich::empty());
    let signs = review
        .signs_with
        .as_ref()
        .map_or("none; the record will not be signed", |key| key.as_str());
    let writes = review
        .writes_to
        .as_ref()
        .map_or("refs/notes/countersign", |place| place.as_str());
    for text in [
        format!("Signature:  {signs}"),
        format!("Writes to:  {writes}"),
    ] {
        out.extend(paragraph(Role::Dim, &text, width, 12));
    }
    out
}

/// What is signed, in the first person; where it is no approval, that before anything else.
fn sentence(review: &Review, width: usize) -> Vec<Rich> {
    let case = &review.case;
    let digest = case.plan_digest();
    let short = |commit: Option<&str>| match commit {
        Some(commit) => commit.chars().take(7).collect::<String>(),
        None => "none".to_owned(),
    };
    let who = review.who();
    let who = if who.email.is_empty() {
        who.name
    } else {
        who.to_string()
    };
    let base = case
        .under_review
        .change()
        .and_then(|change| change.merge_base.as_deref().or(change.base.as_deref()));
    let mut out = Vec::new();
    let act = if let Some(reason) = &review.break_glass {
        let text = format!("BREAK-GLASS, NOT AN APPROVAL: {reason}");
        out.extend(paragraph(Role::Bad, &text, width, 0));
        let text = format!(
            "This sets aside who must approve, for {} hours, and is marked in every report.",
            crate::approval::BREAK_GLASS_HOURS
        );
        out.extend(paragraph(Role::Bad, &text, width, 0));
        out.push(Rich::empty());
        "set aside who must approve applying exactly it"
    } else {
        "approve applying exactly it"
    };
    let text = format!(
        "I, {who}, reviewed plan sha256:{} of commit {} (base {}) under policy bundle {} and {act}.",
        digest.short(),
        short(case.under_review.head()),
        short(base),
        case.policies.digest.short()
    );
    out.extend(paragraph(Role::Text, &text, width, 0));
    out
}

fn shape(review: &Review, width: usize) -> Vec<Rich> {
    let counts = review.case.counts();
    let of_changes = || {
        let findings = review.case.findings.iter();
        findings.filter_map(|finding| {
            Some((finding.plan_index, finding.change_index?, finding.explained))
        })
    };
    let changes_that_are = |wanted| {
        let alike = of_changes().filter(|(.., explained)| *explained == wanted);
        alike.collect::<BTreeSet<_>>().len()
    };
    let is_known = of_changes().any(|(.., explained)| explained.is_some());
    let mut lines = vec![Rich::of(Role::Text, "  ")];
    for (role, word, number) in [
        (Role::Add, "create", counts.create),
        (Role::Change, "change", counts.update),
        (Role::Replace, "replace", counts.replace),
        (Role::Bad, "destroy", counts.delete),
        (Role::Warn, "forget", counts.forget),
        (Role::Text, "drift", counts.drift),
        (Role::Warn, "unexplained", changes_that_are(Some(false))),
        (Role::Warn, "perhaps unexplained", changes_that_are(None)),
    ] {
        // A number that nobody worked out is not a zero.
        if (number == 0 && matches!(word, "forget" | "perhaps unexplained"))
            || (word.ends_with("unexplained") && !is_known)
        {
            continue;
        }
        let role = if number == 0 { Role::Dim } else { role };
        let text = format!("{word} {number}  ");
        match lines.last_mut() {
            Some(line) if line.width() + display_width(text.trim_end()) <= width => {
                line.spans.push((role, text));
            }
            _ => lines.push(Rich::of(Role::Text, "  ").add(role, text)),
        }
    }
    lines
}

fn list(
    review: &Review,
    word: &str,
    width: usize,
    wanted: impl Fn(&FindingState) -> bool,
) -> Vec<Rich> {
    let found: Vec<(&Finding, &FindingState)> = review
        .case
        .findings
        .iter()
        .zip(&review.verdict.states)
        .filter(|(_, state)| wanted(state))
        .collect();
    // Findings of one policy with the same reason stand below it together.
    let mut together: Vec<(String, String, Vec<&Finding>)> = Vec::new();
    for (finding, state) in found {
        let reason = reason(review, state);
        let policy = finding.policy.as_str();
        let known = together
            .iter_mut()
            .find(|(name, text, _)| name == policy && *text == reason);
        match known {
            Some((_, _, findings)) => findings.push(finding),
            None => together.push((policy.to_owned(), reason, vec![finding])),
        }
    }
    let mut out = Vec::new();
    for (policy, reason, findings) in together {
        let head = match findings.len() {
            1 => format!("  {word}: {policy} "),
            number => format!("  {word}: {policy}, {number} findings "),
        };
        let mut line = Rich::of(Role::Text, &head);
        if let [only] = findings.as_slice() {
            let room = width.saturating_sub(display_width(&head));
            line = line.add(Role::Strong, fit_address(&only.label(), room));
        }
        out.push(line);
        out.extend(paragraph(Role::Dim, &format!("      {reason}"), width, 6));
        if findings.len() > 1 {
            for finding in findings {
                let label = fit_address(&finding.label(), width.saturating_sub(6));
                out.push(Rich::of(Role::Strong, format!("      {label}")));
            }
        }
    }
    out
}

/// Why a finding does not block.
fn reason(review: &Review, state: &FindingState) -> String {
    let waiver = state.waiver.and_then(|at| review.case.waivers.get(at));
    match (&state.recorded, waiver) {
        (Some(recorded), _) => match &recorded.decision {
            Decision::Waive { reason, expires } => {
                let reason = review.case.redactor.line(reason);
                format!("until {expires} \u{201c}{reason}\u{201d}")
            }
            other => format!("{} by {}", other.word(), recorded.by),
        },
        (None, Some(waiver)) => format!(
            "until {} {}:{} \u{201c}{}\u{201d}",
            waiver.expires, waiver.file, waiver.line, waiver.reason
        ),
        (None, None) => String::new(),
    }
}
