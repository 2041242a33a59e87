//! Markdown for a comment on a pull request or the summary of a job, never longer than asked for.
//!
//! Detail is dropped step by step until the text fits: first facts and fixes, then messages and places. A line a finding always stays;
//! where even these are too many, the text says how many are missing and where they are.
//!
//! Text from plans and policies makes no mark-up, no mention, no link: words with anything but letters, digits and plain punctuation stand
//! in code spans.

use std::collections::BTreeMap;

use super::phrases::{self, Found};
use super::wording::{self, number};
use super::{Context, Failure, human};
use crate::review::{Exit, Status};
use crate::text::Printable;

/// How much is said of each finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Line,
    Message,
    All,
}

/// Writes the report of a case in at most `context.max_bytes`.
pub(super) fn report(context: &Context<'_>) -> String {
    for detail in [Detail::All, Detail::Message, Detail::Line] {
        let text = assemble(context, detail, None);
        if text.len() <= context.max_bytes {
            return text;
        }
    }
    let total = context.findings().count();
    // The most that fit; each try is one text, so this takes a few.
    let (mut fits, mut too_many) = (0, total);
    while fits + 1 < too_many {
        let middle = usize::midpoint(fits, too_many);
        if assemble(context, Detail::Line, Some(middle)).len() <= context.max_bytes {
            fits = middle;
        } else {
            too_many = middle;
        }
    }
    let text = assemble(context, Detail::Line, Some(fits));
    if text.len() <= context.max_bytes {
        return text;
    }
    let mut text = heading(context.verdict.exit, context.exit);
    text.push_str("\nThe report does not fit here; see the other reports of this run.\n");
    text
}

/// Writes the report of a run without a case.
pub(super) fn failure(failure: &Failure) -> String {
    let mut text = heading(failure.exit, failure.exit);
    text.push_str(&format!("\n{}\n", prose(&failure.heading)));
    for cause in &failure.causes {
        text.push_str(&format!("\n- {}", prose(cause)));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("\n\nNext: {}", prose(hint)));
    }
    text.push('\n');
    text
}

fn heading(verdict: Exit, exit: Exit) -> String {
    let exit = if verdict == exit {
        format!("exit {}", exit.code())
    } else {
        format!(
            "exit {} as asked, {} otherwise",
            exit.code(),
            verdict.code()
        )
    };
    // The comment lets a job find its own text again.
    format!("<!-- countersign -->\n## countersign: {verdict} ({exit})\n")
}

fn assemble(context: &Context<'_>, detail: Detail, most: Option<usize>) -> String {
    let case = context.case;
    let verdict = context.verdict;
    let mut out = heading(verdict.exit, context.exit);
    let why = match verdict.reasons.as_slice() {
        [] => verdict.exit.meaning().to_owned(),
        reasons => reasons.join("; "),
    };
    out.push_str(&format!(
        "\n**{}**  \n{}\n",
        prose(&why),
        prose(&wording::denominators(context))
    ));
    out.push_str(&severities(context));
    let head = fence(&human::head(context));
    match detail {
        Detail::Line if most.is_some() => {}
        _ => out.push_str(&format!("\n{head}\n")),
    }
    if !case.problems.is_empty() {
        out.push_str("\n### Policies that could not be used\n\n");
        let shown = most.map_or(usize::MAX, |_| 20);
        for problem in case.problems.iter().take(shown) {
            let place = problem.place.as_ref().unwrap_or(&problem.policy);
            out.push_str(&format!(
                "- {}: {}\n",
                code(place.as_str()),
                prose(problem.message.as_str())
            ));
        }
        if case.problems.len() > shown {
            out.push_str(&format!("- and {} more\n", case.problems.len() - shown));
        }
    }
    findings(&mut out, context, detail, most);
    approvals(&mut out, context);
    if most.is_none() {
        folded(&mut out, "No longer found", &wording::absent(context));
        folded(
            &mut out,
            "Not applicable",
            &wording::not_applicable(context),
        );
        folded(&mut out, "Not looked at", &wording::not_looked_at(context));
        folded(&mut out, "Notices", &case.notices);
    }
    out
}

/// How many findings there are of each severity, and how many of them block.
fn severities(context: &Context<'_>) -> String {
    let mut counts: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    for (finding, state) in context.findings() {
        let count = counts.entry(finding.severity).or_default();
        count.0 += 1;
        count.1 += usize::from(state.blocks);
    }
    if counts.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n| severity | findings | block |\n| --- | ---: | ---: |\n");
    for (severity, (all, block)) in counts {
        out.push_str(&format!("| {severity} | {all} | {block} |\n"));
    }
    out
}

fn findings(out: &mut String, context: &Context<'_>, detail: Detail, most: Option<usize>) {
    let mut left = most.unwrap_or(usize::MAX);
    let parts = [
        ("What blocks", false),
        ("Open, not blocking", false),
        ("Answered", true),
        ("Not applicable to this change", true),
    ];
    let part = |(_, state): &Found<'_>| match state.status {
        _ if state.blocks => 0,
        Status::NotApplicable => 3,
        status if status.is_undecided() => 1,
        _ => 2,
    };
    let mut missing = 0;
    for (index, (title, fold)) in parts.into_iter().enumerate() {
        let mut found: Vec<Found<'_>> = context.findings().filter(|f| part(f) == index).collect();
        if found.is_empty() {
            continue;
        }
        found.sort_by_key(|(finding, _)| finding.severity);
        let count = found.len();
        let shown = count.min(left);
        left -= shown;
        missing += count - shown;
        if fold {
            out.push_str(&format!(
                "\n<details><summary>{title} ({count})</summary>\n\n"
            ));
        } else {
            out.push_str(&format!("\n### {title} ({count})\n\n"));
        }
        for found in found.into_iter().take(shown) {
            finding(out, context, found, detail);
        }
        if fold {
            out.push_str("\n</details>\n");
        }
    }
    if missing > 0 {
        out.push_str(&format!(
            "\n**{} not listed here, because the text would be too long; the JSON report has all.**\n",
            if missing == 1 { "1 finding is".to_owned() } else { format!("{missing} findings are") },
        ));
    } else if context.case.findings.is_empty() {
        let text = wording::no_findings(context);
        out.push_str(&format!("\n{text}\n"));
    }
}

fn finding(out: &mut String, context: &Context<'_>, (finding, state): Found<'_>, detail: Detail) {
    let label = Printable::line(&finding.label());
    let tail = phrases::tail(context, (finding, state), true);
    let tail = if tail.is_empty() {
        String::new()
    } else {
        format!(": {}", prose(&tail.join(", ")))
    };
    out.push_str(&format!(
        "- **{}** {} {}{tail}\n",
        finding.severity,
        prose(finding.policy.as_str()),
        code(label.as_str()),
    ));
    if detail == Detail::Line {
        return;
    }
    for line in finding.message.as_str().lines() {
        out.push_str(&format!("  {}  \n", prose(line)));
    }
    let mut more = Vec::new();
    if context.has_many() {
        more.push(format!("plan {}", code(finding.plan.as_str())));
    }
    if let Some(location) = &finding.location {
        more.push(format!("at {}", prose(&phrases::place(location))));
    }
    if let Some((label, text)) = phrases::answered(context, state) {
        more.push(format!("{label}{}", prose(text.as_str())));
    }
    if finding.explained == Some(false) {
        more.push("the change under review does not explain this".to_owned());
    }
    if detail == Detail::All {
        if let Some(facts) = phrases::facts(context, finding) {
            more.push(format!("facts: {}", prose(&facts)));
        }
        if state.blocks && !finding.remediation.is_empty() {
            more.push(format!("fix: {}", prose(finding.remediation.as_str())));
        }
    }
    for text in more {
        out.push_str(&format!("  - {text}\n"));
    }
}

fn approvals(out: &mut String, context: &Context<'_>) {
    if context.approvals.is_empty() {
        return;
    }
    let valid = context
        .approvals
        .iter()
        .filter(|line| line.state() == "valid")
        .count();
    let heading = format!("Approvals ({valid} of {} valid)", context.approvals.len());
    out.push_str(&format!("\n### {heading}\n\n"));
    for approval in context.approvals {
        let state = approval.state();
        let signed = approval.signature();
        let text = format!(
            "{} by {}, {signed}, {} until {}{}",
            approval.digest.short(),
            approval.reviewer,
            approval.created,
            approval.expires,
            approval.why()
        );
        out.push_str(&format!("- **{state}** {}\n", prose(&text)));
    }
}

fn folded(out: &mut String, title: &str, items: &[Printable]) {
    if items.is_empty() {
        return;
    }
    let count = number(items.len(), "item");
    out.push_str(&format!(
        "\n<details><summary>{title}: {count}</summary>\n\n"
    ));
    for item in items {
        out.push_str(&format!("- {}\n", prose(item.as_str())));
    }
    out.push_str("\n</details>\n");
}

/// Running text: what could be mark-up, a mention, a reference or a link stands in a code span.
pub(super) fn prose(text: &str) -> String {
    let text = Printable::line(text);
    let words: Vec<String> = text.as_str().split(' ').map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || ",.;:'\"()?!%/-–…→".contains(c);
    let linked = word.contains("://") || word.to_ascii_lowercase().contains("www.");
    let reference = word.to_ascii_uppercase().contains("GH-");
    // A list, a heading or a rule begins a line with these.
    // A command of a CI system, were the text in a log.
    let command = word.starts_with("::");
    let leading =
        word.chars().all(|c| "-.)0123456789".contains(c)) && word.contains(['-', '.', ')']);
    if word.chars().all(is_plain) && !linked && !reference && !leading && !command {
        return word.to_owned();
    }
    if leading && word.chars().any(|c| c.is_ascii_digit()) && !word.ends_with(['.', ')']) {
        return word.to_owned();
    }
    let end = word.trim_end_matches([',', '.', ';', ':']).len();
    match word.split_at(end) {
        ("", rest) => code(rest),
        (start, rest) => format!("{}{rest}", code(start)),
    }
}

/// A code span, whatever the text holds.
fn code(text: &str) -> String {
    let text = &text.replace("##", "#<U+0023>");
    let ticks = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    // A pipe would end a cell, were the span in a table; none is.
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A block of text as it is.
fn fence(text: &str) -> String {
    let text = &text.replace("##", "#<U+0023>");
    let ticks = "`".repeat(longest_run(text).max(2) + 1);
    format!("{ticks}text\n{}\n{ticks}", text.trim_end())
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_makes_no_mark_up() {
        for hostile in [
            "@team",
            "#12",
            "https://example.com/x",
            "<img",
            "![x](y)",
            "**x**",
            "_x_",
            "a|b",
            "~~x~~",
            "GH-12",
            "www.example.com",
            "&lt;",
            "$x$",
            "\\",
            "-",
            "1.",
            "+",
            "=",
            "---",
        ] {
            let shown = prose(hostile);
            assert!(shown.contains('`'), "{hostile}: {shown}");
        }
        assert_eq!(
            prose("It is destroyed, see main.tf:12."),
            "It is destroyed, see main.tf:12."
        );
        assert_eq!(
            prose("aws_instance.x[0], then"),
            "`aws_instance.x[0]`, then"
        );
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fence("a ``` b"), "````text\na ``` b\n````");
    }
}
