//! Several JSON reports made into one: for a CI matrix that splits the plans of a change.
//!
//! A merged report is a summary of what its parts say. It looks at no plan, policy or approval again, so it is worth no more than the files that
//! it was given; `parts` in it names them. Parts must have come from one version, one change and one set of rules, and no plan may be in two:
//! what does not fit together is a [`MergeError`], not a smaller report.
//!
//! Nothing in a part is believed that can be worked out: what blocks, the numbers, the reasons and the status follow from its findings and are
//! held against what it says (`verify`). A part that was edited so that all of it fits together again is not told from a true one.
//!
//! Entries are taken over as they stand, except that plans are named by what is the same in every job: their path in the repository. Every text
//! is made printable once more, since anybody can write such a file.

#![expect(
    clippy::indexing_slicing,
    reason = "a key that JSON does not have reads as null; what is written to was held against the schema"
)]

mod entry;
mod model;
mod summary;
mod verify;

pub use summary::Summary;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Format, schema};
use crate::digest::{Digest, repeated_key};
use crate::finding::{Enforcement, Severity};
use crate::review::Exit;
use crate::text::Printable;
use model::{Model, Part as Told};

/// Why reports cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Not JSON, or not all of it.
    #[error("{file} is not JSON, or not all of it: {problem}.")]
    NoJson {
        /// The file.
        file: Printable,
        /// What the reader says.
        problem: String,
    },
    /// JSON, but not a report of this version.
    #[error("{file} is no report of this version: {problem}.")]
    NoReport {
        /// The file.
        file: Printable,
        /// Where it is not.
        problem: String,
    },
    /// A report made by merging.
    #[error("{file} is a merged report itself; give its parts.")]
    Merged {
        /// The file.
        file: Printable,
    },
    /// Two reports that do not belong together.
    #[error("{second} is of another {what} than {first}.")]
    Other {
        /// What differs.
        what: &'static str,
        /// The file that came first.
        first: Printable,
        /// The file that differs.
        second: Printable,
    },
    /// A report in which something does not follow from its findings.
    #[error("{file} was not written like this by a run: {problem}.")]
    Edited {
        /// The file.
        file: Printable,
        /// What does not follow.
        problem: Printable,
    },
    /// Two reports that say different things of one.
    #[error("{first} and {second} contradict each other: {problem}.")]
    Contradiction {
        /// The file that came first.
        first: Printable,
        /// The other.
        second: Printable,
        /// Of what they say different things.
        problem: Printable,
    },
    /// A plan in two of them.
    #[error("the plan {root} is in {first} and in {second}.")]
    Twice {
        /// Name of the plan.
        root: Printable,
        /// One file.
        first: Printable,
        /// The other.
        second: Printable,
    },
}

/// A report as it was read from a file.
#[derive(Clone, Debug)]
pub struct Part {
    /// Path as it was given.
    pub file: Printable,
    /// What it holds.
    pub text: String,
}

/// A merged report, in the order of the schema's keys.
#[derive(Clone, Debug, Serialize)]
pub struct Merged {
    schema: Json,
    tool: Json,
    verdict: Json,
    plans: Vec<Json>,
    change: Json,
    policies: Json,
    findings: Vec<Json>,
    approvals: Vec<Json>,
    counts: Json,
    notices: Vec<Json>,
    problems: Vec<Json>,
    not_applicable: Vec<Json>,
    not_looked_at: Vec<Json>,
    baseline: Json,
    parts: Vec<Json>,
    gate: Json,
    #[serde(skip)]
    model: Model,
}

/// One part, read and checked.
struct Read {
    file: Printable,
    digest: Digest,
    exit: Exit,
    report: Json,
}

impl Read {
    fn of(part: &Part) -> Result<Self, MergeError> {
        let file = part.file.clone();
        let no_json = |problem: String| MergeError::NoJson {
            file: file.clone(),
            problem,
        };
        if let Some(key) = repeated_key(&part.text).map_err(|e| no_json(e.to_string()))? {
            let shown: String = key.chars().take(60).collect();
            return Err(no_json(format!("duplicate key {shown:?}")));
        }
        let report: Json = serde_json::from_str(&part.text).map_err(|e| no_json(e.to_string()))?;
        let wrong = |problem: String| MergeError::NoReport {
            file: file.clone(),
            problem,
        };
        schema::check(&report).map_err(|error| wrong(error.to_string()))?;
        if !report["parts"].is_null() {
            return Err(MergeError::Merged { file });
        }
        let mut report = printable(report);
        let said = verify::Said::deserialize(&report).map_err(|e| wrong(e.to_string()))?;
        let told = Told::of(&report).map_err(wrong)?;
        let exit = told.verify(&said).map_err(|problem| MergeError::Edited {
            file: file.clone(),
            problem: Printable::line(&problem),
        })?;
        rename(&mut report);
        Ok(Self {
            digest: Digest::of(part.text.as_bytes()),
            file,
            exit,
            report,
        })
    }

    fn list(&self, key: &str) -> impl Iterator<Item = &Json> {
        self.report[key].as_array().into_iter().flatten()
    }

    /// Whether the run ended before there was anything to judge.
    fn failed(&self) -> bool {
        self.report["policies"]["digest"].is_null()
    }
}

/// Names plans, and what is said of them, by the name that no job chooses.
fn rename(report: &mut Json) {
    let mut roots: BTreeMap<String, Json> = BTreeMap::new();
    for plan in report["plans"].as_array_mut().into_iter().flatten() {
        let root = plan["root"].clone();
        let path = plan["path"].as_str().unwrap_or_default().to_owned();
        plan["path"] = root.clone();
        roots.insert(path, root);
    }
    for finding in report["findings"].as_array_mut().into_iter().flatten() {
        let root = finding["plan"].as_str().and_then(|path| roots.get(path));
        if let Some(root) = root {
            finding["plan"] = root.clone();
        }
    }
}

/// The same document, every text and every name in it fit to be shown.
fn printable(json: Json) -> Json {
    match json {
        Json::String(text) => Json::from(Printable::lines(&text).into_string()),
        Json::Array(items) => items.into_iter().map(printable).collect(),
        Json::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| (Printable::line(&name).into_string(), printable(field)))
            .collect(),
        other => other,
    }
}

/// Merges reports. The status is the worst of theirs, whatever `--exit-zero` made of it.
///
/// # Errors
/// When one is no report, or when they do not belong together.
pub fn merge(parts: &[Part]) -> Result<Merged, MergeError> {
    let mut parts: Vec<Read> = parts.iter().map(Read::of).collect::<Result<_, _>>()?;
    // In any order the same report.
    parts.sort_by(|a, b| (&a.file, a.digest).cmp(&(&b.file, b.digest)));
    fits(&parts)?;
    let exit = parts
        .iter()
        .fold(Exit::Pass, |worst, part| worst.and(part.exit));
    let whole: Vec<&Read> = parts.iter().filter(|part| !part.failed()).collect();
    // Where every run failed, they all say the same nothing.
    let model = whole.first().copied().or(parts.first());
    let of = |key: &str| model.map_or(Json::Null, |part| part.report[key].clone());
    let all = |key: &str| -> Vec<Json> {
        parts
            .iter()
            .flat_map(|part| part.list(key))
            .cloned()
            .collect()
    };
    let once = |key: &str| {
        let mut all = all(key);
        all.sort_by_cached_key(Json::to_string);
        all.dedup();
        all
    };
    let reasons = parts.iter().flat_map(|part| {
        let reasons = part.report["verdict"]["reasons"].as_array();
        let line =
            |reason: &Json| format!("{}: {}", part.file, reason.as_str().unwrap_or_default());
        reasons.into_iter().flatten().map(line)
    });
    let mut findings = all("findings");
    findings.sort_by_cached_key(key);
    // What is said of the rules names no plan, so that every part has it.
    let mut seen: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    findings.retain(|finding| {
        let known = seen.entry(finding["fingerprint"].to_string()).or_default();
        let is_new = !known.iter().any(|other| is_same(finding, other));
        if is_new {
            known.push(finding.clone());
        }
        is_new
    });
    let parts_said: Vec<Json> = parts
        .iter()
        .map(|part| {
            json!({
                "file": part.file, "sha256": part.digest.to_string(), "status": part.exit.name(),
                "exit": part.report["verdict"]["exit"], "plans": part.list("plans").count(),
            })
        })
        .collect();
    let mut merged = Merged {
        schema: of("schema"),
        tool: of("tool"),
        verdict: json!({
            "status": exit.name(), "exit": exit.code(), "reasons": reasons.collect::<Vec<_>>(),
        }),
        plans: all("plans"),
        change: of("change"),
        policies: policies(&whole, of("policies")),
        findings,
        approvals: once("approvals"),
        counts: Json::Null,
        notices: once("notices"),
        problems: once("problems"),
        not_applicable: once("not_applicable"),
        not_looked_at: once("not_looked_at"),
        baseline: baseline(&whole, of("baseline")),
        parts: parts_said,
        gate: of("gate"),
        model: Model::default(),
    };
    merged.model = Model::of(&merged, exit).map_err(|problem| MergeError::NoReport {
        file: Printable::line("what they make together"),
        problem,
    })?;
    merged.counts = json!(merged.model.counts());
    Ok(merged)
}

/// Whether two findings are one that two parts have: equal but for the plan that was at hand.
fn is_same(a: &Json, b: &Json) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else {
        return false;
    };
    a.iter()
        .all(|(key, value)| key == "plan" || b.get(key) == Some(value))
}

impl Merged {
    /// The status that follows: the worst of the parts'.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.model.exit()
    }

    /// Writes it in a format; the text ends with a line break.
    #[must_use]
    pub fn render(&self, format: Format, colour: bool, width: usize, max_bytes: usize) -> String {
        match format {
            Format::Json => json(self),
            other => super::render(other, &self.model.context(colour, width, max_bytes)),
        }
    }
}

/// Whether the parts belong together.
fn fits(parts: &[Read]) -> Result<(), MergeError> {
    let what: [(&str, &str, bool); 9] = [
        ("/tool/version", "version", true),
        ("/change/base", "base commit", false),
        ("/change/head", "commit", false),
        ("/change/merge_base", "merge base", false),
        ("/policies/digest", "policy bundle", false),
        ("/policies/config", "configuration", false),
        ("/policies/rules", "number of rules", false),
        ("/gate", "gate", false),
        ("/baseline/sha256", "baseline", false),
    ];
    for (pointer, what, failed_too) in what {
        let mut parts = parts.iter().filter(|part| failed_too || !part.failed());
        let Some(first) = parts.next() else { continue };
        let value = |part: &Read| part.report.pointer(pointer).cloned().unwrap_or_default();
        if let Some(second) = parts.find(|part| value(part) != value(first)) {
            return Err(MergeError::Other {
                what,
                first: first.file.clone(),
                second: second.file.clone(),
            });
        }
    }
    let mut seen: BTreeMap<&str, &Printable> = BTreeMap::new();
    let mut bytes: BTreeMap<&str, (&Read, &Json)> = BTreeMap::new();
    let mut states: BTreeMap<&str, (&Read, &Json)> = BTreeMap::new();
    for part in parts {
        for plan in part.list("plans") {
            let root = plan["root"].as_str().unwrap_or_default();
            if let Some(first) = seen.insert(root, &part.file) {
                return Err(MergeError::Twice {
                    root: Printable::line(root),
                    first: first.clone(),
                    second: part.file.clone(),
                });
            }
            let digest = plan["sha256"].as_str().unwrap_or_default();
            if let Some((first, other)) = bytes.insert(digest, (part, plan)) {
                let problem = format!("{root} has the bytes of {}", other["root"]);
                same_plan((first, other), (part, plan))
                    .then_some(())
                    .ok_or_else(|| contradiction(first, part, &problem))?;
            }
        }
        for finding in part.list("findings") {
            let fingerprint = finding["fingerprint"].as_str().unwrap_or_default();
            if let Some((first, other)) = states.insert(fingerprint, (part, finding)) {
                const KEYS: [&str; 6] = [
                    "policy",
                    "rule",
                    "severity",
                    "enforcement",
                    "status",
                    "blocks",
                ];
                if KEYS.iter().any(|key| finding[key] != other[key]) {
                    let problem = format!("the finding {fingerprint} is not the same in both");
                    return Err(contradiction(first, part, &problem));
                }
            }
        }
    }
    Ok(())
}

fn contradiction(first: &Read, second: &Read, problem: &str) -> MergeError {
    MergeError::Contradiction {
        first: first.file.clone(),
        second: second.file.clone(),
        problem: Printable::line(problem),
    }
}

/// Whether the same is said of two plans with the same bytes. Where they lie, what proves them and what the source adds may differ.
fn same_plan((first, one): (&Read, &Json), (second, other): (&Read, &Json)) -> bool {
    const OF_THE_BYTES: [&str; 9] = [
        "effect",
        "terraform_version",
        "format_version",
        "mode",
        "complete",
        "errored",
        "counts",
        "applyable",
        "changes",
    ];
    const OF_A_FINDING: [&str; 10] = [
        "policy",
        "rule",
        "severity",
        "enforcement",
        "certainty",
        "address",
        "deposed",
        "attribute",
        "subject",
        "actions",
    ];
    let found = |part: &Read, plan: &Json| {
        let of_it = part.list("findings").filter(|f| f["plan"] == plan["root"]);
        // What names no object is about the run.
        let mut found: Vec<String> = of_it
            .filter(|f| !f["address"].is_null())
            .map(|f| OF_A_FINDING.map(|key| f[key].to_string()).join(" "))
            .collect();
        found.sort_unstable();
        found
    };
    OF_THE_BYTES.iter().all(|key| one[key] == other[key])
        && found(first, one) == found(second, other)
}

/// What was evaluated everywhere, as one run over all plans counts it.
fn policies(whole: &[&Read], mut policies: Json) -> Json {
    let counts = |key: &str| {
        let counts = whole.iter().map(|part| &part.report["policies"][key]);
        counts.filter_map(Json::as_u64).collect::<Vec<u64>>()
    };
    if let Some(least) = counts("evaluated").into_iter().min() {
        policies["evaluated"] = least.into();
    }
    if let Some(most) = counts("not_applicable").into_iter().max() {
        policies["not_applicable"] = most.into();
    }
    policies
}

fn baseline(whole: &[&Read], mut baseline: Json) -> Json {
    if baseline.is_null() {
        return baseline;
    }
    let parts = || whole.iter().map(|part| &part.report["baseline"]);
    for (key, count) in sums(parts()).as_object().into_iter().flatten() {
        baseline[key] = count.clone();
    }
    let absent = parts().flat_map(|part| part["absent"].as_array().into_iter().flatten());
    baseline["absent"] = absent.cloned().collect();
    baseline
}

/// The sums of the numbers in objects of one shape.
fn sums<'j>(objects: impl Iterator<Item = &'j Json>) -> Json {
    let mut sums: BTreeMap<&String, u64> = BTreeMap::new();
    for (key, value) in objects.filter_map(Json::as_object).flatten() {
        if let Some(count) = value.as_u64() {
            let sum = sums.entry(key).or_default();
            *sum = sum.saturating_add(count);
        }
    }
    json!(sums)
}

/// The order of findings: strictest first, then worst, then by policy, rule, plan and address.
fn key(finding: &Json) -> (Option<Enforcement>, Option<Severity>, Vec<String>) {
    let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let rest = [
        "policy",
        "rule",
        "plan",
        "address",
        "deposed",
        "attribute",
        "subject",
        "message",
        "fingerprint",
    ];
    (
        Enforcement::parse(&text("enforcement")),
        Severity::parse(&text("severity")),
        rest.map(text).to_vec(),
    )
}

/// The merged report as JSON.
fn json(merged: &Merged) -> String {
    match serde_json::to_string_pretty(merged) {
        Ok(text) => super::json::inert(text + "\n"),
        Err(error) => format!("The report cannot be written as JSON: {error}.\n"),
    }
}
