//! A merged report for people: a list of lines, in plain text or in Markdown.

#![expect(
    clippy::indexing_slicing,
    reason = "a key that JSON does not have reads as null; what is written to was held against the schema"
)]

use serde_json::Value as Json;

use super::Merged;
use crate::report::wording::number;
use crate::text::Printable;

/// What everybody who reads a merged report is told.
const NO_GATE: &str = "This sums up the reports that it was made from. It looked at no plan and no approval itself; the gate is each run.";

/// The merged report for people; in Markdown, as code-free lists, in at most `max_bytes`.
#[must_use]
pub fn text(merged: &Merged, markdown: Option<usize>) -> String {
    let most = merged.findings.len();
    let Some(max_bytes) = markdown else {
        return assemble(merged, &Plain, most, true);
    };
    for messages in [true, false] {
        let text = assemble(merged, &Markdown, most, messages);
        if text.len() <= max_bytes {
            return text;
        }
    }
    // Each try halves what is left, so this ends.
    let mut fits = most;
    while fits > 0 {
        fits /= 2;
        let text = assemble(merged, &Markdown, fits, false);
        if text.len() <= max_bytes {
            return text;
        }
    }
    assemble(merged, &Markdown, 0, false)
}

/// How headings, items and running text are written.
trait Layout {
    /// A title of this program's own words.
    fn heading(&self, title: &str) -> String;
    /// Text of a report.
    fn item(&self, text: &str) -> String;
}

struct Plain;

impl Layout for Plain {
    fn heading(&self, title: &str) -> String {
        format!("\n{title}\n")
    }
    fn item(&self, text: &str) -> String {
        let text = Printable::line(text);
        format!("  - {}\n", crate::report::human::inert(text.as_str()))
    }
}

struct Markdown;

impl Layout for Markdown {
    fn heading(&self, title: &str) -> String {
        format!("\n### {title}\n\n")
    }
    fn item(&self, text: &str) -> String {
        format!("- {}\n", crate::report::markdown::prose(text))
    }
}

fn assemble(merged: &Merged, layout: &dyn Layout, most: usize, messages: bool) -> String {
    let word = |json: &Json, key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let exit = merged.exit();
    let mut out = layout.heading(&format!("countersign: {exit} (exit {})", exit.code()));
    out.push_str(&format!("{NO_GATE}\n"));
    let mut list = |title: &str, items: Vec<String>| {
        if !items.is_empty() {
            out.push_str(&layout.heading(&format!("{title} ({})", items.len())));
            for item in items {
                out.push_str(&layout.item(Printable::line(&item).as_str()));
            }
        }
    };
    let texts = |items: &[Json]| -> Vec<String> {
        items
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect()
    };
    list(
        "why",
        texts(
            merged.verdict["reasons"]
                .as_array()
                .map_or(&[], Vec::as_slice),
        ),
    );
    let part = |part: &Json| {
        format!(
            "{}: {} (exit {}), plans: {}",
            word(part, "file"),
            word(part, "status"),
            part["exit"],
            part["plans"]
        )
    };
    list("reports", merged.parts.iter().map(part).collect());
    let problem = |json: &Json| format!("{}: {}", word(json, "policy"), word(json, "message"));
    list(
        "policies that could not be used",
        merged.problems.iter().map(problem).collect(),
    );
    let finding = |json: &Json| {
        let place = match (json["address"].as_str(), json["subject"].as_str()) {
            (Some(place), _) | (None, Some(place)) => place.to_owned(),
            (None, None) => word(json, "plan"),
        };
        let known = json["baseline"]
            .as_str()
            .map_or_else(String::new, |word| format!(", {word}"));
        let message = if messages {
            format!(": {}", word(json, "message"))
        } else {
            String::new()
        };
        format!(
            "{} {} {} {place} in {} [{}{known}]{message}",
            word(json, "status"),
            word(json, "severity"),
            word(json, "policy"),
            word(json, "plan"),
            word(json, "enforcement"),
        )
    };
    let shown = merged.findings.iter().take(most).map(finding).collect();
    list("findings", shown);
    if most < merged.findings.len() {
        let left = merged.findings.len() - most;
        list(
            "not listed here",
            vec![format!("{left} findings; the JSON report has all")],
        );
    }
    list("not looked at", texts(&merged.not_looked_at));
    list("notices", texts(&merged.notices));
    let counts = merged.counts.as_object().into_iter().flatten();
    let counts: Vec<String> = counts
        .map(|(key, count)| format!("{count} {}", key.replace('_', " ")))
        .collect();
    out.push('\n');
    out.push_str(&format!(
        "{}, {} of {} rules evaluated; {}, {}.\n",
        number(merged.plans.len(), "plan"),
        merged.policies["evaluated"],
        merged.policies["rules"],
        number(merged.findings.len(), "finding"),
        counts.join(", "),
    ));
    out.trim_start().to_owned()
}
