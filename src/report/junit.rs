//! JUnit XML: a suite a plan, a case a finding, and a case for each policy that found nothing.

use std::collections::BTreeSet;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::phrases::{self, Found};
use super::place::{message, place};
use super::{Context, Failure, wording};
use crate::review::{Exit, Status};
use crate::text::{Printable, xml};

/// One case.
struct Case {
    name: String,
    class: String,
    place: Option<(String, Option<u32>)>,
    outcome: Outcome,
}

/// How a case ended, with what there is to say.
enum Outcome {
    Passed,
    /// Found, but it does not block.
    Noted(String),
    Skipped(String),
    Failed {
        kind: String,
        head: String,
        text: String,
    },
    Error {
        head: String,
        text: String,
    },
}

/// Writes the report of a case.
pub(super) fn report(context: &Context<'_>) -> String {
    let mut suites: Vec<(String, Vec<Case>)> = Vec::new();
    for (index, path) in context.paths().into_iter().enumerate() {
        let mut cases = Vec::new();
        let mut seen = BTreeSet::new();
        for (finding, state) in context.findings() {
            if finding.plan_index == index {
                seen.insert(finding.policy.as_str());
                cases.push(case(context, (finding, state)));
            }
        }
        for policy in &context.case.policies.policies {
            let left_out = context
                .case
                .not_applicable
                .iter()
                .find(|(id, _)| *id == policy.id);
            if seen.contains(policy.id.as_str()) {
                continue;
            }
            cases.push(Case {
                name: "no findings".to_owned(),
                class: policy.id.to_string(),
                place: None,
                outcome: match left_out {
                    Some((_, reason)) => Outcome::Skipped(format!("not applicable: {reason}")),
                    None => Outcome::Passed,
                },
            });
        }
        suites.push((path.to_owned(), cases));
    }
    let problems: Vec<Case> = context
        .case
        .problems
        .iter()
        .map(|problem| Case {
            name: problem
                .place
                .as_ref()
                .unwrap_or(&problem.policy)
                .to_string(),
            class: problem.policy.to_string(),
            place: None,
            outcome: Outcome::Error {
                head: "the policy could not be used".to_owned(),
                text: problem.message.to_string(),
            },
        })
        .collect();
    if !problems.is_empty() {
        suites.push(("policies".to_owned(), problems));
    }
    let absent: Vec<Case> = wording::absent(context)
        .iter()
        .map(|absent| Case {
            name: absent.to_string(),
            class: "baseline".to_owned(),
            place: None,
            outcome: Outcome::Noted("no longer found".to_owned()),
        })
        .collect();
    if !absent.is_empty() {
        suites.push(("baseline".to_owned(), absent));
    }
    let reasons = Printable::line(&context.verdict.reasons.join("; "));
    suites.push(verdict(
        context.verdict.exit,
        reasons.as_str(),
        &wording::denominators(context),
    ));
    document(&suites)
}

/// Writes the report of a run without a case.
pub(super) fn failure(failure: &Failure) -> String {
    let mut reasons = vec![failure.heading.clone()];
    reasons.extend(failure.causes.iter().cloned());
    let hint = failure.hint.as_deref().unwrap_or_default();
    document(&[verdict(failure.exit, &reasons.join("; "), hint)])
}

/// The verdict as a case of its own: whatever the findings are, a run that does not pass has a case that fails.
fn verdict(exit: Exit, reasons: &str, more: &str) -> (String, Vec<Case>) {
    let head = format!("{exit} (exit {})", exit.code());
    let text = format!("{reasons}\n{more}");
    let outcome = match exit {
        // What let it through although something is missing.
        Exit::Pass if !reasons.is_empty() => Outcome::Noted(text),
        Exit::Pass => Outcome::Passed,
        Exit::Blocked | Exit::Unapproved => Outcome::Failed {
            kind: exit.name().to_owned(),
            head,
            text,
        },
        Exit::Usage | Exit::Input | Exit::Policy => Outcome::Error { head, text },
    };
    let case = Case {
        name: "verdict".to_owned(),
        class: "countersign".to_owned(),
        place: None,
        outcome,
    };
    ("countersign".to_owned(), vec![case])
}

fn case(context: &Context<'_>, (finding, state): Found<'_>) -> Case {
    let mut name = finding.label();
    for part in [&finding.attribute, &finding.subject].into_iter().flatten() {
        if !name.contains(part.as_str()) {
            name = format!("{name} {part}");
        }
    }
    let place = place(finding);
    let line = place.lines.map(|(first, _)| first);
    let mut text = message(context, (finding, state), &place);
    if place.source {
        let lines = line.map_or_else(String::new, |line| format!(":{line}"));
        text.push_str(&format!("\nat {}{lines}", place.file));
    }
    if let Some(facts) = phrases::facts(context, finding) {
        text.push_str(&format!("\nfacts: {facts}"));
    }
    if !finding.remediation.is_empty() {
        text.push_str(&format!("\nfix: {}", finding.remediation));
    }
    let first = finding.message.as_str().lines().next().unwrap_or_default();
    let outcome = match state.status {
        Status::NotEvaluated if state.blocks => Outcome::Error {
            head: first.to_owned(),
            text,
        },
        _ if state.blocks => Outcome::Failed {
            kind: format!("{} {}", finding.severity, finding.enforcement),
            head: first.to_owned(),
            text,
        },
        status => match phrases::answered(context, state) {
            Some((_, answer)) if !status.is_undecided() => Outcome::Skipped(answer.to_string()),
            _ if status == Status::NotApplicable => Outcome::Skipped(first.to_owned()),
            _ => Outcome::Noted(format!("{}: {text}", finding.severity)),
        },
    };
    Case {
        name: format!("{name} ({})", finding.rule),
        class: finding.policy.to_string(),
        place: place.source.then_some((place.file, line)),
        outcome,
    }
}

fn document(suites: &[(String, Vec<Case>)]) -> String {
    // Writing to memory does not fail; if it did, no reader would take the text for XML.
    match write(suites).map(String::from_utf8) {
        Ok(Ok(text)) => super::inert_markup(&text),
        _ => "The report cannot be written as XML.\n".to_owned(),
    }
}

/// Tests, failures, errors and cases that were skipped.
fn counts<'c>(cases: impl Iterator<Item = &'c Case>) -> [(&'static str, usize); 4] {
    let mut counts = [("tests", 0), ("failures", 0), ("errors", 0), ("skipped", 0)];
    let [tests, failures, errors, skipped] = &mut counts;
    for case in cases {
        tests.1 += 1;
        match case.outcome {
            Outcome::Failed { .. } => failures.1 += 1,
            Outcome::Error { .. } => errors.1 += 1,
            Outcome::Skipped(_) => skipped.1 += 1,
            Outcome::Passed | Outcome::Noted(_) => {}
        }
    }
    counts
}

fn write(suites: &[(String, Vec<Case>)]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut all = writer
        .create_element("testsuites")
        .with_attribute(("name", "countersign"));
    for (name, count) in counts(suites.iter().flat_map(|(_, cases)| cases)) {
        all = all.with_attribute((name, &*count.to_string()));
    }
    all.write_inner_content(|writer| {
        for (name, cases) in suites {
            let mut suite = writer
                .create_element("testsuite")
                .with_attribute(("name", &*xml(name)));
            for (name, count) in counts(cases.iter()) {
                suite = suite.with_attribute((name, &*count.to_string()));
            }
            suite.write_inner_content(|writer| {
                cases.iter().try_for_each(|case| write_case(writer, case))
            })?;
        }
        Ok(())
    })?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &Case) -> io::Result<()> {
    let mut element = writer
        .create_element("testcase")
        .with_attribute(("name", &*xml(&case.name)))
        .with_attribute(("classname", &*xml(&case.class)));
    if let Some((file, line)) = &case.place {
        element = element.with_attribute(("file", &*xml(file)));
        if let Some(line) = line {
            element = element.with_attribute(("line", &*line.to_string()));
        }
    }
    let inner = |writer: &mut Writer<Vec<u8>>| {
        match &case.outcome {
            Outcome::Passed => {}
            Outcome::Noted(text) => {
                writer
                    .create_element("system-out")
                    .write_text_content(BytesText::new(&xml(text)))?;
            }
            Outcome::Skipped(why) => {
                writer
                    .create_element("skipped")
                    .with_attribute(("message", &*xml(why)))
                    .write_empty()?;
            }
            Outcome::Failed { kind, head, text } => {
                writer
                    .create_element("failure")
                    .with_attribute(("message", &*xml(head)))
                    .with_attribute(("type", &*xml(kind)))
                    .write_text_content(BytesText::new(&xml(text)))?;
            }
            Outcome::Error { head, text } => {
                writer
                    .create_element("error")
                    .with_attribute(("message", &*xml(head)))
                    .with_attribute(("type", "error"))
                    .write_text_content(BytesText::new(&xml(text)))?;
            }
        }
        Ok(())
    };
    if matches!(case.outcome, Outcome::Passed) {
        element.write_empty()?;
    } else {
        element.write_inner_content(inner)?;
    }
    Ok(())
}
