//! The report for people: what was looked at, what was found, what follows, what to do next.
//!
//! Phases: `header` says what is under review; problems come first, then the findings by policy (`findings`), then what was not
//! looked at; the verdict with its numbers ends it, because the end of a CI log is what is seen. States are letters and words;
//! colour only repeats them.

mod excerpt;
mod findings;
mod header;
mod style;

use std::borrow::Cow;

use super::wording::{self, number};
use super::{Context, Failure};
use crate::policy::PolicyProblem;
use crate::review::{Exit, UnderReview};
use crate::text::{Printable, wrap};
use style::{Style, Tone};

/// The narrowest layout; a narrower terminal wraps the rest itself.
const NARROWEST: usize = 40;

/// Paths of plans that a command shows.
const MOST_PATHS: usize = 4;

/// Columns where others break the lines.
const UNBROKEN: usize = 10_000;

/// Columns that a label of the head takes, with the space behind it.
pub(super) const BESIDE: usize = 10;

/// Writes the report of a case.
pub(super) fn report(context: &Context<'_>) -> String {
    let mut page = Page::new(context);
    header::write(&mut page, context);
    problems(&mut page, &context.case.problems);
    findings::write(&mut page, context);
    page.list("no longer found", &wording::absent(context));
    not_applicable(&mut page, context);
    page.counted(
        "not looked at",
        context.case.not_looked_at.len(),
        &wording::not_looked_at(context),
    );
    approvals(&mut page, context);
    page.list("notices", &context.case.notices);
    conclusion(&mut page, context);
    page.text
}

/// The head of the report alone: plans, change, policies; in unbroken lines without colours.
pub(super) fn head(context: &Context<'_>) -> String {
    let mut page = Page {
        text: String::new(),
        style: Style::new(false),
        width: UNBROKEN,
    };
    header::write(&mut page, context);
    page.text
}

/// Writes why there is nothing to report on.
pub(super) fn failure(failure: &Failure) -> String {
    let mut lines = vec![format!(
        "{} (exit {}): {}",
        failure.exit,
        failure.exit.code(),
        Printable::line(&failure.heading),
    )];
    for cause in &failure.causes {
        let cause = Printable::lines(cause);
        lines.extend(
            cause
                .as_str()
                .lines()
                .map(|line| format!("  {}", inert(line))),
        );
    }
    if let Some(hint) = &failure.hint {
        lines.push(format!("next: {}", Printable::line(hint)));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The text so far.
struct Page {
    text: String,
    style: Style,
    width: usize,
}

impl Page {
    fn new(context: &Context<'_>) -> Self {
        Self {
            text: String::new(),
            style: Style::new(context.colour),
            width: context.width.max(NARROWEST),
        }
    }

    /// Adds a line, indented; every line of the page goes through here.
    fn line(&mut self, indent: usize, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str(&inert(text));
        }
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.line(0, "");
    }

    /// Adds text broken at the width, every line indented.
    fn wrapped(&mut self, indent: usize, tone: Option<Tone>, text: &str) {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            let line = self.toned(tone, &line);
            self.line(indent, &line);
        }
    }

    /// Adds a word in front and text broken beside it.
    fn labelled(&mut self, indent: usize, label: &str, tone: Option<Tone>, text: &str) {
        let beside = indent + label.chars().count();
        let mut lines = wrap(text, self.width.saturating_sub(beside)).into_iter();
        let first = lines.next().unwrap_or_default();
        let first = format!(
            "{}{}",
            self.style.paint(Tone::Faint, label),
            self.toned(tone, &first)
        );
        self.line(indent, &first);
        for line in lines {
            let line = self.toned(tone, &line);
            self.line(beside, &line);
        }
    }

    fn heading(&mut self, tone: Tone, text: &str) {
        self.blank();
        for line in wrap(text, self.width) {
            let line = self.style.paint(tone, &line);
            self.line(0, &line);
        }
    }

    /// Adds a section of sentences, or nothing when there is none.
    fn list(&mut self, heading: &str, items: &[Printable]) {
        self.counted(heading, items.len(), items);
    }

    /// The same where a sentence may stand for several.
    fn counted(&mut self, heading: &str, count: usize, items: &[Printable]) {
        if items.is_empty() {
            return;
        }
        self.heading(Tone::Heading, &format!("{heading} ({count})"));
        for item in items {
            self.labelled(2, "- ", None, item.as_str());
        }
    }

    fn toned(&self, tone: Option<Tone>, text: &str) -> String {
        tone.map_or_else(|| text.to_owned(), |tone| self.style.paint(tone, text))
    }
}

/// Keeps CI systems from taking a line for a command of theirs: GitHub reads `::name::` at the start of a line, indented or not, and
/// like Azure and `TeamCity` `##[name]` or `##name[` anywhere.
pub(super) fn inert(line: &str) -> Cow<'_, str> {
    let mut line = Cow::Borrowed(line);
    if let Some(rest) = line.trim_start().strip_prefix("::") {
        line = Cow::Owned(format!("<U+003A>:{rest}"));
    }
    if line.contains("##") && line.contains('[') {
        line = Cow::Owned(line.replace("##", "#<U+0023>"));
    }
    line
}

fn problems(page: &mut Page, problems: &[PolicyProblem]) {
    if problems.is_empty() {
        return;
    }
    let heading = format!(
        "{}: the answer of the policies is worth nothing until they are solved",
        number(problems.len(), "policy problem")
    );
    page.heading(Tone::Bad, &heading);
    for problem in problems {
        let place = problem.place.as_ref().map_or_else(
            || problem.policy.to_string(),
            |place| format!("{} at {place}", problem.policy),
        );
        page.labelled(2, "P ", None, &place);
        page.wrapped(6, None, problem.message.as_str());
    }
}

fn not_applicable(page: &mut Page, context: &Context<'_>) {
    let items = wording::not_applicable(context);
    let count = context.case.not_applicable.len();
    page.counted("not applicable", count, &items);
}

fn approvals(page: &mut Page, context: &Context<'_>) {
    if context.approvals.is_empty() {
        return;
    }
    let valid = context
        .approvals
        .iter()
        .filter(|line| line.state() == "valid")
        .count();
    let heading = format!("approvals ({valid} of {} valid)", context.approvals.len());
    page.heading(Tone::Heading, &heading);
    for approval in context.approvals {
        let (label, tone) = match approval.state() {
            "valid" => ("V valid  ", None),
            "break-glass" => ("! BROKEN ", Some(Tone::Bad)),
            _ => ("X void   ", Some(Tone::Caution)),
        };
        let text = format!(
            "{} by {}, {}, {} until {}{}",
            approval.digest.short(),
            approval.reviewer,
            approval.signature(),
            approval.created,
            approval.expires,
            approval.why(),
        );
        page.labelled(2, label, tone, &text);
    }
}

/// The verdict, what it is about, and what to do now.
fn conclusion(page: &mut Page, context: &Context<'_>) {
    let verdict = context.verdict;
    let exit = if verdict.exit == context.exit {
        format!("exit {}", context.exit.code())
    } else {
        format!(
            "exit {} as asked, {} otherwise",
            context.exit.code(),
            verdict.exit.code()
        )
    };
    let why = match verdict.reasons.as_slice() {
        [] if verdict.exit == Exit::Pass => "nothing blocks".to_owned(),
        [] => verdict.exit.meaning().to_owned(),
        reasons => Printable::line(&reasons.join("; ")).into_string(),
    };
    let tone = match verdict.exit {
        Exit::Pass => Tone::Good,
        Exit::Unapproved => Tone::Caution,
        Exit::Blocked | Exit::Usage | Exit::Input | Exit::Policy => Tone::Bad,
    };
    page.heading(tone, &format!("{} ({exit}): {why}", verdict.exit));
    page.wrapped(0, None, &wording::denominators(context));
    for (command, what) in next(context) {
        page.labelled(0, "next: ", None, &format!("`{command}` {what}"));
    }
}

/// Commands that lead on from here.
fn next(context: &Context<'_>) -> Vec<(String, &'static str)> {
    let paths = context.paths();
    // A line of many paths is read by nobody.
    let plans = match paths.len() {
        ..=MOST_PATHS => paths
            .into_iter()
            .map(shell_word)
            .collect::<Vec<_>>()
            .join(" "),
        _ => "PLAN".to_owned(),
    };
    let review = format!("countersign {plans}");
    let can_approve = matches!(context.case.under_review, UnderReview::Commits(_));
    match context.verdict.exit {
        Exit::Blocked => vec![(
            review,
            "to look at each finding beside its change and answer it.",
        )],
        Exit::Unapproved => vec![
            (review, "to review and approve."),
            (
                format!("countersign verify {plans}"),
                "to see which approval is missing.",
            ),
        ],
        Exit::Pass if can_approve && !context.approvals.iter().any(|a| a.valid) => {
            vec![(review, "to review and approve.")]
        }
        Exit::Policy => vec![(
            "countersign policy list -p DIR".to_owned(),
            "to load the policies by themselves.",
        )],
        Exit::Input => vec![(
            "terraform show -json tfplan > plan.json".to_owned(),
            "once planning ends without an error.",
        )],
        Exit::Pass | Exit::Usage => Vec::new(),
    }
}

/// A path as one word of a command line; standard input cannot be read twice, so it is a placeholder.
fn shell_word(path: &str) -> String {
    if path == "-" {
        return "PLAN".to_owned();
    }
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ':' | '@' | ',');
    let path = if path.starts_with('-') {
        format!("./{path}")
    } else {
        path.to_owned()
    };
    if path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}
