//! Findings of the program itself: actions that it does not know, and rows that contradict themselves.

use std::collections::BTreeSet;

use serde_json::Map;

use super::super::{Finding, FingerprintParts, Target};
use super::{Fields, Origin, blank, location};
use crate::plan::{Action, Contradiction, OutputChange, ResourceChange};
use crate::policy::own;
use crate::text::Printable;

const UNKNOWN_ACTION: &str = own::UNKNOWN_ACTION.id;

/// Everything in a plan of which it is not known what apply would do.
pub(super) fn findings(origin: &Origin<'_>) -> Vec<Finding> {
    let plan = origin.plan;
    let mut keys: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
    let mut found = Vec::new();
    for (index, change) in plan.changes.iter().enumerate() {
        let twice = change.has_address
            && !keys.insert((change.address.as_str(), change.deposed.as_deref()));
        let what = if change.action == Action::Unknown {
            Some(not_known(&change.words))
        } else if let Some(contradiction) = plan.contradiction(change) {
            Some(contradicts(change, contradiction))
        } else {
            twice.then(|| {
                "stands in this plan twice, so what would happen to it is not known.".to_owned()
            })
        };
        if let Some(what) = what {
            found.push(of_change(origin, "deny", Some(index), change, &what));
        }
    }
    for deferred in &plan.deferred {
        if deferred.change.action == Action::Unknown {
            let what = not_known(&deferred.change.words);
            found.push(of_change(origin, "deferred", None, &deferred.change, &what));
        }
    }
    for output in &plan.outputs {
        if output.action == Action::Unknown {
            found.push(of_output(origin, output));
        }
    }
    found
}

fn not_known(words: &[String]) -> String {
    let words = words.join(", ");
    if words.is_empty() {
        "has no action in this plan, so what would happen to it is not known.".to_owned()
    } else {
        format!("has the action [{words}], which this version does not know.")
    }
}

fn contradicts(change: &ResourceChange, contradiction: Contradiction) -> String {
    format!(
        "{}; its actions are [{}].",
        contradiction.words(),
        change.words.join(", ")
    )
}

fn common(origin: &Origin<'_>, rule: &str, message: Printable) -> Finding {
    let overrides = origin
        .overrides
        .get(UNKNOWN_ACTION)
        .copied()
        .unwrap_or_default();
    Finding {
        title: Printable::line(own::UNKNOWN_ACTION.title),
        remediation: Printable::line(own::UNKNOWN_ACTION.remediation),
        severity: overrides.severity.unwrap_or(own::UNKNOWN_ACTION.severity),
        enforcement: overrides
            .enforcement
            .unwrap_or(own::UNKNOWN_ACTION.enforcement),
        ..blank(origin, &Printable::line(UNKNOWN_ACTION), rule, message)
    }
}

fn of_change(
    origin: &Origin<'_>,
    rule: &str,
    index: Option<usize>,
    change: &ResourceChange,
    what: &str,
) -> Finding {
    let redactor = &origin.plan.redactor;
    let message = redactor.line(&format!("{} {what}", change.label()));
    Finding {
        fingerprint: FingerprintParts {
            policy: UNKNOWN_ACTION,
            rule,
            root: origin.root,
            address: Some(&change.address),
            deposed: change.deposed.as_deref(),
            attribute: None,
            subject: None,
            message: None,
        }
        .digest(),
        content: origin.plan.content_digest(change),
        explained: index.and_then(|index| origin.explanation?.of(index)?.is_explained()),
        change_index: index,
        address: Some(redactor.line(&change.address)),
        target: Some(Target::new(&change.address)),
        deposed: change.deposed.as_deref().map(|d| redactor.line(d)),
        module: redactor.line(&change.module),
        kind: Some(redactor.line(&change.kind)),
        actions: change.words.iter().map(|w| redactor.line(w)).collect(),
        location: location(
            origin,
            &Fields {
                fields: &Map::new(),
                redactor,
            },
            None,
            Some(change),
        ),
        ..common(origin, rule, message)
    }
}

fn of_output(origin: &Origin<'_>, output: &OutputChange) -> Finding {
    let redactor = &origin.plan.redactor;
    let subject = format!("output.{}", output.name);
    let message = redactor.line(&format!("{subject} {}", not_known(&output.words)));
    Finding {
        fingerprint: FingerprintParts {
            policy: UNKNOWN_ACTION,
            rule: "deny",
            root: origin.root,
            address: None,
            deposed: None,
            attribute: None,
            subject: Some(&subject),
            message: None,
        }
        .digest(),
        subject: Some(redactor.line(&subject)),
        actions: output.words.iter().map(|w| redactor.line(w)).collect(),
        ..common(origin, "deny", message)
    }
}
