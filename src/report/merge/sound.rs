//! Whether a report agrees with itself: what its findings force, its verdict must say.
//!
//! A report is not signed, so whoever writes the file can write what they like; but an edit by hand, a wrong tool, or a file cut and put
//! together again rarely keeps all of it in step. What cannot be worked out again from a report (the settings of its gate, the approval) is
//! taken from it, never to its favour where something here speaks against it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::review::Exit;

/// The first thing that does not agree.
pub(super) fn contradiction(report: &Json, exit: Exit) -> Option<String> {
    verdict(report, exit)
        .or_else(|| counts(report))
        .or_else(|| findings(report))
}

fn verdict(report: &Json, exit: Exit) -> Option<String> {
    let code = report["verdict"]["exit"].as_u64();
    // --exit-zero writes 0 beside any status.
    if code != Some(0) && code != Some(u64::from(exit.code())) {
        return Some("verdict.exit is not that of verdict.status".to_owned());
    }
    let (least, why) = least(report);
    (exit.and(least) != exit).then(|| format!("verdict.status is {}, but {why}", exit.name()))
}

/// The mildest status that the report allows, and what forces it.
fn least(report: &Json) -> (Exit, &'static str) {
    let is_empty = |key: &str| report[key].as_array().is_none_or(Vec::is_empty);
    let mut least = (Exit::Pass, "");
    let mut force = |exit: Exit, why| {
        if least.0.and(exit) != least.0 {
            least = (least.0.and(exit), why);
        }
    };
    if list(report, "findings").any(blocks) {
        force(Exit::Blocked, "a finding in it blocks");
    }
    if list(report, "plans").any(|plan| plan["errored"] == true) {
        force(Exit::Input, "a plan in it is errored");
    }
    // A run that ended early says why in its status alone.
    let was_judged = !report["policies"]["digest"].is_null();
    if was_judged && is_empty("plans") {
        force(Exit::Input, "there is no plan in it");
    }
    if !is_empty("problems") {
        force(Exit::Policy, "a policy in it has problems");
    }
    if was_judged && report["policies"]["evaluated"] == 0 {
        force(Exit::Policy, "no rule was evaluated");
    }
    least
}

/// Whether a finding blocks whatever the gate's settings are.
fn blocks(finding: &Json) -> bool {
    match finding["status"].as_str() {
        Some("rejected") => true,
        Some("open" | "stale" | "deferred") => {
            finding["enforcement"] != "advisory"
                && finding["certainty"] == "proven"
                && finding["baseline"] != "unchanged"
        }
        _ => false,
    }
}

fn counts(report: &Json) -> Option<String> {
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in list(report, "findings") {
        let key = match finding["status"].as_str()? {
            "stale" | "deferred" => "open",
            "not-evaluated" => "not_evaluated",
            other => other,
        };
        *found.entry(key).or_default() += 1;
    }
    let counts = report["counts"].as_object()?;
    counts.iter().find_map(|(key, count)| {
        let found = found.get(key.as_str()).copied().unwrap_or(0);
        (count.as_u64() != Some(found))
            .then(|| format!("counts.{key} is {count}, and {found} of its findings are that"))
    })
}

fn findings(report: &Json) -> Option<String> {
    let plans: BTreeSet<Option<&str>> = list(report, "plans")
        .map(|plan| plan["path"].as_str())
        .collect();
    list(report, "findings")
        .enumerate()
        .find_map(|(index, finding)| {
            let plan = finding["plan"].as_str();
            if plan.is_some() && !plans.contains(&plan) {
                return Some(format!(
                    "findings[{index}] is about a plan that is not in it"
                ));
            }
            let is_hard = finding["enforcement"] == "hard-mandatory";
            let status = finding["status"].as_str();
            (is_hard && matches!(status, Some("waived" | "acknowledged")))
                .then(|| format!("findings[{index}] is hard-mandatory, and nobody can accept that"))
        })
}

fn list<'j>(report: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> {
    report[key].as_array().into_iter().flatten()
}
