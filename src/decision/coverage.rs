//! What is wrong with waivers once the findings are known: covering nothing, being over, covering too much.

use serde_json::Value as Json;

use super::{Date, Waiver};
use crate::digest::Sink;
use crate::finding::{Finding, Location, Own, WaiverRule};
use crate::text::Redactor;

/// A pattern that covers more findings than this is too broad.
pub const MANY: usize = 10;

/// What waivers are held against.
#[derive(Clone, Copy, Debug)]
pub struct Coverage<'a> {
    /// What policies found.
    pub findings: &'a [Finding],
    /// The day of the run.
    pub today: Date,
    /// Whether the plans show everything, so that covering nothing means something.
    pub complete: bool,
    /// The redactor over all plans.
    pub redactor: &'a Redactor,
}

/// Finds the waivers that should not stand as they do.
#[must_use]
pub fn waiver_faults(waivers: &[Waiver], coverage: Coverage<'_>) -> Vec<Own> {
    waivers
        .iter()
        .filter_map(|waiver| fault(waiver, coverage))
        .collect()
}

fn fault(waiver: &Waiver, coverage: Coverage<'_>) -> Option<Own> {
    let covered = coverage
        .findings
        .iter()
        .filter(|finding| waiver.covers(finding))
        .count();
    let findings = match covered {
        0 => "no finding".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    let (rule, what) = if !waiver.is_valid_on(coverage.today) {
        let what = match covered {
            0 => "is over; remove it.".to_owned(),
            _ => format!(
                "is over; remove it, or agree on a new one: it would still cover {findings}."
            ),
        };
        (WaiverRule::Expired, what)
    } else if waiver.names_nothing() {
        let what =
            format!("names no resource and covers {findings}; name the module or the resource.");
        (WaiverRule::OverBroad, what)
    } else if waiver.is_wide() && covered > MANY {
        (
            WaiverRule::OverBroad,
            format!("covers {findings}; narrow it."),
        )
    } else if covered == 0
        && coverage
            .findings
            .iter()
            .any(|finding| waiver.is_meant_for(finding))
    {
        let what = match waiver.digest {
            None => {
                "covers no finding: one about code needs its digest; add the finding's fact \"digest\" as digest."
            }
            Some(_) => {
                "covers no finding: the code there is not what it was agreed for; read it again."
            }
        };
        (WaiverRule::Unused, what.to_owned())
    } else if covered == 0 && coverage.complete {
        (
            WaiverRule::Unused,
            "covers no finding; remove it.".to_owned(),
        )
    } else {
        return None;
    };
    let line = |text: &str| coverage.redactor.line(text);
    let text = |text: &str| Json::from(line(text).into_string());
    let message = format!(
        "The waiver of {} for {} (until {}, owner {}) {what}",
        waiver.policy, waiver.address, waiver.expires, waiver.owner
    );
    let mut sink = Sink::new("countersign waiver v1");
    for part in [
        rule.word(),
        &waiver.policy,
        &waiver.address,
        &waiver.expires.to_string(),
        waiver.reason.as_str(),
    ] {
        sink.text(part);
    }
    Some(Own {
        facts: [
            ("address", text(&waiver.address)),
            ("covers", Json::from(covered)),
            ("expires", text(&waiver.expires.to_string())),
            ("owner", text(waiver.owner.as_str())),
            ("policy", text(&waiver.policy)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        location: Some(Location {
            file: waiver.file.clone(),
            line: Some(waiver.line),
            end_line: Some(waiver.line),
            in_diff: None,
            ..Location::default()
        }),
        ..Own::about_waiver(
            rule,
            line(&format!("{} for {}", waiver.policy, waiver.address)),
            line(&message),
            sink.finish(),
        )
    })
}
