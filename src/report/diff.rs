//! What two plans would do differently, for people and as JSON.
//!
//! Values pass the redactor of both plans: what one of them marks is masked in the other too.

use serde::Serialize;

use crate::digest::Digest;
use crate::plan::{DiffDetail, DiffKind, DiffPoint, DiffSide, Value};
use crate::review::{CasePlan, Exit};
use crate::text::{Printable, Redactor, fit_end};

/// Name and version of the schema.
const SCHEMA: &str = "countersign.diff/v1";

/// Columns of a value in the text for people; JSON has it in full.
const VALUE_COLUMNS: usize = 120;

/// Two plans and what differs.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The plans, in the order given.
    pub plans: [&'a CasePlan; 2],
    /// What differs; nothing where the effect is the same.
    pub points: &'a [DiffPoint],
    /// Version of this program.
    pub tool_version: &'a str,
}

impl Compared<'_> {
    /// Pass for the same effect.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let [first, second] = self.plans;
        if self.points.is_empty() && first.plan.effect == second.plan.effect {
            Exit::Pass
        } else {
            Exit::Blocked
        }
    }

    fn redactor(&self) -> Redactor {
        Redactor::union(self.plans.map(|plan| &plan.plan.redactor))
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    same_effect: bool,
    exit: u8,
    plans: [PlanEntry<'a>; 2],
    differences: Vec<Entry>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
struct PlanEntry<'a> {
    path: &'a Printable,
    sha256: Digest,
    effect: String,
}

#[derive(Serialize)]
struct Entry {
    kind: &'static str,
    subject: Printable,
    side: &'static str,
    actions: [Option<Printable>; 2],
    details: Vec<DetailEntry>,
}

#[derive(Serialize)]
struct DetailEntry {
    field: Printable,
    path: Option<Printable>,
    /// First and second; null where they are not told.
    values: Option<[Printable; 2]>,
}

/// The differences for programs.
#[must_use]
pub fn json(compared: &Compared<'_>) -> String {
    let redactor = compared.redactor();
    let line = |text: &str| redactor.line(text);
    let detail = |detail: &DiffDetail| DetailEntry {
        field: line(&detail.field),
        path: detail.path.as_deref().map(line),
        values: detail
            .values
            .as_ref()
            .map(|(first, second)| [first.show(&redactor), second.show(&redactor)]),
    };
    let entry = |point: &DiffPoint| Entry {
        kind: point.kind.word(),
        subject: line(&point.subject),
        side: point.side.word(),
        actions: point.actions.each_ref().map(|a| a.as_deref().map(line)),
        details: point.details.iter().map(detail).collect(),
    };
    let exit = compared.exit();
    let report = Report {
        schema: SCHEMA,
        tool: Tool {
            name: "countersign",
            version: compared.tool_version,
        },
        same_effect: exit == Exit::Pass,
        exit: exit.code(),
        plans: compared.plans.map(|plan| PlanEntry {
            path: &plan.path,
            sha256: plan.plan.digest,
            effect: plan.plan.effect.to_string(),
        }),
        differences: compared.points.iter().map(entry).collect(),
    };
    match serde_json::to_string_pretty(&report) {
        Ok(text) => super::json::inert(text + "\n"),
        Err(error) => format!("The differences cannot be written as JSON: {error}.\n"),
    }
}

/// The differences for people.
#[must_use]
pub fn human(compared: &Compared<'_>) -> String {
    let redactor = compared.redactor();
    let [first, second] = compared.plans;
    let mut lines = Vec::new();
    for (label, plan) in [("first ", first), ("second", second)] {
        lines.push(format!(
            "{label}  {}  sha256 {}, effect {}",
            plan.path,
            plan.plan.digest.short(),
            plan.plan.effect.short()
        ));
    }
    if compared.exit() == Exit::Pass {
        let bytes = if first.plan.digest == second.plan.digest {
            "the same bytes"
        } else {
            "other bytes"
        };
        lines.push(format!("same effect (exit 0): {bytes}"));
    } else {
        for point in compared.points {
            lines.extend(said(point, &redactor));
        }
        let count = super::wording::number(compared.points.len(), "difference");
        lines.push(format!("other effect (exit 1): {count}"));
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(&super::human::inert(&line));
        text.push('\n');
    }
    text
}

fn said(point: &DiffPoint, redactor: &Redactor) -> Vec<String> {
    let mut subject = redactor.line(&point.subject).into_string();
    if point.kind == DiffKind::Section {
        subject = format!("{subject} of the plan document");
    }
    let [first, second] = point
        .actions
        .each_ref()
        .map(|words| words.as_deref().map(|w| redactor.line(w).into_string()));
    let action = match (&first, &second) {
        (Some(one), Some(other)) if one == other => format!(" ({one})"),
        (Some(one), Some(other)) => format!(" ({one} -> {other})"),
        (Some(only), None) | (None, Some(only)) => format!(" ({only})"),
        (None, None) => String::new(),
    };
    let (sign, end) = match point.side {
        DiffSide::OnlyFirst => ("-", ": only in the first"),
        DiffSide::OnlySecond => ("+", ": only in the second"),
        DiffSide::Both if point.details.is_empty() => ("~", ": differs"),
        DiffSide::Both => ("~", ""),
    };
    let mut lines = vec![format!(
        "{sign} {} {subject}{action}{end}",
        point.kind.word()
    )];
    for detail in &point.details {
        let name = match &detail.path {
            Some(path) if path.is_empty() => detail.field.clone(),
            Some(path) => format!("{} {path}", detail.field),
            None => detail.field.clone(),
        };
        let name = redactor.line(&name);
        let shown = |value: &Value| fit_end(value.show(redactor).as_str(), VALUE_COLUMNS);
        lines.push(match &detail.values {
            Some((one, other)) if shown(one) != shown(other) => {
                format!("    {name}: {} -> {}", shown(one), shown(other))
            }
            Some((one, _)) => format!("    {name}: differs, shown as {}", shown(one)),
            None => format!("    {name}: differs"),
        });
    }
    lines
}
