//! One HTML page: no scripts, nothing from elsewhere; readable on a phone, on paper, in light and dark.

use std::fmt::Write as _;

use super::phrases::{self, Group};
use super::wording;
use super::{Context, Failure, human};
use crate::finding::Finding;
use crate::review::{Exit, Status};
use crate::text::xml;

const STYLE: &str = include_str!("html.css");

/// Writes the report of a case.
pub(super) fn report(context: &Context<'_>) -> String {
    let case = context.case;
    let verdict = context.verdict;
    let why = match verdict.reasons.as_slice() {
        [] => verdict.exit.meaning().to_owned(),
        reasons => reasons.join("; "),
    };
    let mut body = conclusion(verdict.exit, context.exit, &why);
    push(&mut body, "p", "numbers", &wording::denominators(context));
    head(&mut body, &human::head(context));
    if !case.problems.is_empty() {
        body.push_str("<section><h2>Policies that could not be used</h2>\n<ul>\n");
        for problem in &case.problems {
            let place = problem.place.as_ref().unwrap_or(&problem.policy);
            let _written = writeln!(
                body,
                "<li><code>{}</code>: {}</li>",
                escaped(place.as_str()),
                escaped(problem.message.as_str())
            );
        }
        body.push_str("</ul></section>\n");
    }
    let groups = phrases::groups(context);
    if groups.is_empty() {
        let text = wording::no_findings(context);
        push(&mut body, "p", "", text);
    }
    for group in &groups {
        section(&mut body, context, group);
    }
    approvals(&mut body, context);
    list(&mut body, "No longer found", &wording::absent(context));
    list(
        &mut body,
        "Not applicable",
        &wording::not_applicable(context),
    );
    list(&mut body, "Not looked at", &wording::not_looked_at(context));
    list(&mut body, "Notices", &case.notices);
    let foot = format!("countersign {}", context.tool_version);
    push(&mut body, "footer", "", &foot);
    page(verdict.exit, &body)
}

/// Writes the report of a run without a case.
pub(super) fn failure(failure: &Failure) -> String {
    let mut body = conclusion(failure.exit, failure.exit, &failure.heading);
    list(&mut body, "Why", &failure.causes);
    if let Some(hint) = &failure.hint {
        push(&mut body, "p", "", &format!("Next: {hint}"));
    }
    page(failure.exit, &body)
}

fn page(exit: Exit, body: &str) -> String {
    // The policy of the page forbids everything but its own style, whatever a text in it holds.
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n<title>countersign: {exit}</title>\n\
<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    );
    super::inert_markup(&page)
}

fn conclusion(verdict: Exit, exit: Exit, why: &str) -> String {
    let class = match verdict {
        Exit::Pass => "good",
        Exit::Unapproved => "caution",
        Exit::Blocked | Exit::Usage | Exit::Input | Exit::Policy => "bad",
    };
    let code = if verdict == exit {
        format!("exit {}", exit.code())
    } else {
        format!(
            "exit {} as asked, {} otherwise",
            exit.code(),
            verdict.code()
        )
    };
    format!(
        "<h1 class=\"{class}\">{verdict} <small>{code}</small></h1>\n<p class=\"why\">{}</p>\n",
        escaped(why)
    )
}

/// Plans, change and policies, as the report for logs says them: a label, text beside it, more lines below that.
fn head(out: &mut String, text: &str) {
    out.push_str("<dl class=\"head\">\n");
    let mut is_open = false;
    // The first line names the program, which stands at the foot.
    for line in text.lines().skip(1) {
        let (label, beside) = line.split_at_checked(human::BESIDE).unwrap_or((line, ""));
        if label.trim().is_empty() && is_open {
            let _written = write!(out, "<br>{}", escaped(beside.trim()));
        } else {
            out.push_str(if is_open { "</dd>\n" } else { "" });
            let (label, beside) = (escaped(label.trim()), escaped(beside.trim()));
            let _written = write!(out, "<dt>{label}</dt><dd>{beside}");
            is_open = true;
        }
    }
    out.push_str(if is_open { "</dd>\n</dl>\n" } else { "</dl>\n" });
}

/// What all findings of a group say alike is said once, below them.
fn shared<'a>(group: &Group<'a>, of: impl Fn(&'a Finding) -> Option<String>) -> Option<String> {
    let mut all = group.found.iter().map(|(finding, _)| of(finding));
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first))
        .then_some(first)
}

fn fix(finding: &Finding) -> Option<String> {
    (!finding.remediation.is_empty()).then(|| finding.remediation.to_string())
}

fn rule(finding: &Finding) -> Option<String> {
    let rule = finding.policy_location.as_ref()?;
    Some(format!("{}:{}", rule.file, rule.line))
}

fn section(out: &mut String, context: &Context<'_>, group: &Group<'_>) {
    let Some((first, _)) = group.found.first() else {
        return;
    };
    let title = if first.title.is_empty() {
        String::new()
    } else {
        format!(": {}", first.title)
    };
    let _written = writeln!(
        out,
        "<section>\n<h2>{}{}</h2>\n<p class=\"numbers\">{}</p>",
        escaped(first.policy.as_str()),
        escaped(&title),
        escaped(&phrases::numbers(group))
    );
    let common: Vec<(&str, String)> = [("fix", shared(group, fix)), ("rule", shared(group, rule))]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
        .collect();
    let is_common = |name| common.iter().any(|(known, _)| *known == name);
    for found in &group.found {
        let (finding, state) = found;
        let class = match (state.blocks, state.status.is_undecided()) {
            (true, _) => "blocks",
            (false, true) => "open",
            (false, false) => "answered",
        };
        // What nobody has to look at again is folded.
        let open = if state.blocks { " open" } else { "" };
        let tail = phrases::tail(context, *found, group.levels.len() > 1).join(", ");
        let _written = writeln!(
            out,
            "<details class=\"finding {class}\"{open}>\n<summary><b class=\"{severity}\">{severity}</b> <i>{status}</i> <code>{}</code> <span>{}</span></summary>",
            escaped(&finding.label()),
            escaped(&tail),
            severity = finding.severity,
            status = state.status.word(),
        );
        push(out, "p", "", finding.message.as_str());
        let mut entries: Vec<(&str, String)> = Vec::new();
        if context.has_many() {
            entries.push(("plan", finding.plan.to_string()));
        }
        if let (Some(subject), Some(_)) = (&finding.subject, &finding.address) {
            entries.push(("subject", subject.to_string()));
        }
        if let Some(location) = &finding.location {
            entries.push(("at", phrases::place(location)));
        } else if finding.address.is_some() {
            entries.push(("at", "no line of the configuration is known".to_owned()));
        }
        if finding.explained == Some(false) {
            let text = "the change under review does not explain this";
            entries.push(("explained", text.to_owned()));
        }
        if let Some(facts) = phrases::facts(context, finding) {
            entries.push(("facts", facts));
        }
        if let Some((label, text)) = phrases::answered(context, state) {
            entries.push((label.trim_end_matches(": "), text.to_string()));
        }
        if state.status != Status::NotApplicable && !is_common("fix") {
            entries.extend(fix(finding).map(|text| ("fix", text)));
        }
        if !is_common("rule") {
            entries.extend(rule(finding).map(|text| ("rule", text)));
        }
        definitions(out, "", &entries);
        out.push_str("</details>\n");
    }
    definitions(out, " class=\"common\"", &common);
    out.push_str("</section>\n");
}

fn definitions(out: &mut String, class: &str, entries: &[(&str, String)]) {
    if entries.is_empty() {
        return;
    }
    let _written = writeln!(out, "<dl{class}>");
    for (name, text) in entries {
        let _written = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escaped(text));
    }
    out.push_str("</dl>\n");
}

fn approvals(out: &mut String, context: &Context<'_>) {
    let lines: Vec<String> = context
        .approvals
        .iter()
        .map(|approval| {
            format!(
                "{}: {} by {}, {}, {} until {}{}",
                approval.state(),
                approval.digest.short(),
                approval.reviewer,
                approval.signature(),
                approval.created,
                approval.expires,
                approval.why(),
            )
        })
        .collect();
    list(out, "Approvals", &lines);
}

fn list(out: &mut String, title: &str, items: &[impl std::fmt::Display]) {
    if items.is_empty() {
        return;
    }
    let _written = writeln!(out, "<section><h2>{title} ({})</h2>\n<ul>", items.len());
    for item in items {
        push(out, "li", "", &item.to_string());
    }
    out.push_str("</ul></section>\n");
}

fn push(out: &mut String, element: &str, class: &str, text: &str) {
    let class = if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    };
    let _written = writeln!(out, "<{element}{class}>{}</{element}>", escaped(text));
}

/// Text as it may stand between tags.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in xml(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
