//! What the approve screen says would be signed: identities, counts, every waived and every carried finding.

use super::super::model::Review;
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use crate::decision::Decision;
use crate::finding::Finding;
use crate::provenance::ProofVerdict;
use crate::review::{FindingState, Status};
use crate::text::{fit_address, fit_end};

/// Differences and gaps of a proof that are shown.
const POINTS: usize = 10;

/// Makes the lines.
pub(in super::super) fn approval(review: &Review, width: usize) -> Vec<Rich> {
    let case = &review.case;
    let digest = case.plan_digest();
    let short = |commit: Option<&str>| {
        commit
            .unwrap_or("no commit")
            .chars()
            .take(7)
            .collect::<String>()
    };
    let base = case
        .under_review
        .change()
        .and_then(|change| change.merge_base.as_deref().or(change.base.as_deref()));
    let text = format!(
        "I, {}, reviewed plan sha256:{} of commit {} (base {}) under policy bundle {} and approve applying exactly it.",
        review.who(),
        digest.short(),
        short(case.under_review.head()),
        short(base),
        case.policies.digest.short()
    );
    let mut out = paragraph(Role::Text, &text, width, 0);
    out.push(Rich::empty());
    out.push(shape(review));
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
    out.push(Rich::of(
        Role::Text,
        format!(
            "  findings {total}: acknowledged {}, waived {}, carried {}, rejected {}, undecided {}",
            counts.acknowledged,
            counts.waived,
            counts.carried,
            counts.rejected,
            total - decided
        ),
    ));
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
    out.push(Rich::of(
        Role::Dim,
        format!("Signature:  {}", fit_end(signs, width.saturating_sub(12))),
    ));
    out.push(Rich::of(
        Role::Dim,
        format!("Writes to:  {}", fit_end(writes, width.saturating_sub(12))),
    ));
    out
}

fn shape(review: &Review) -> Rich {
    let counts = review.case.counts();
    let explained = || {
        review
            .case
            .findings
            .iter()
            .filter_map(|finding| finding.explained)
    };
    let unexplained = explained().filter(|explained| !explained).count();
    let is_known = explained().next().is_some();
    let mut line = Rich::of(Role::Text, "  ");
    for (role, word, number) in [
        (Role::Add, "create", counts.create),
        (Role::Change, "change", counts.update),
        (Role::Replace, "replace", counts.replace),
        (Role::Bad, "destroy", counts.delete),
        (Role::Warn, "forget", counts.forget),
        (Role::Text, "drift", counts.drift),
        (Role::Text, "unexplained", unexplained),
    ] {
        // A number that nobody worked out is not a zero.
        if (number == 0 && word == "forget") || (word == "unexplained" && !is_known) {
            continue;
        }
        let role = if number == 0 { Role::Dim } else { role };
        line = line.add(role, format!("{word} {number}  "));
    }
    line
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
    let mut out = Vec::new();
    for (finding, state) in found {
        let reason = match (
            &state.recorded,
            state
                .waiver
                .and_then(|index| review.case.waivers.get(index)),
        ) {
            (Some(recorded), _) => match &recorded.decision {
                Decision::Waive { reason, expires } => {
                    format!(
                        "until {expires} \u{201c}{}\u{201d}",
                        review.case.redactor.line(reason)
                    )
                }
                other => format!("{} by {}", other.word(), recorded.by),
            },
            (None, Some(waiver)) => format!(
                "until {} {}:{} \u{201c}{}\u{201d}",
                waiver.expires, waiver.file, waiver.line, waiver.reason
            ),
            (None, None) => String::new(),
        };
        let head = format!("  {word}: {} ", finding.policy);
        let room = width.saturating_sub(crate::text::display_width(&head));
        out.push(Rich::of(Role::Text, head).add(Role::Strong, fit_address(&finding.label(), room)));
        out.extend(paragraph(Role::Dim, &format!("      {reason}"), width, 6));
    }
    out
}
