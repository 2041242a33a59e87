//! From what policies gave to findings: redacted, located, named.

mod unknown;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::{
    Certainty, Enforcement, Finding, FingerprintParts, Location, PolicyLocation, Severity,
    Standing, Target,
};
use crate::change::Change;
use crate::digest::{Digest, Sink};
use crate::plan::{Mode, Plan, ResourceChange};
use crate::policy::{Hit, Policy, PolicyProblem, Results, Rule, RuleKind, Skipped};
use crate::provenance::Explanation;
use crate::source::{Place, ResourceMode, SourceSide, Sources};
use crate::text::{Printable, Redactor};

/// What the configuration says about one policy's findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// Enforcement in place of the annotation's.
    pub enforcement: Option<Enforcement>,
    /// Severity in place of the annotation's and the result's.
    pub severity: Option<Severity>,
}

/// What findings of one plan are made from.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// Index of the plan in the case.
    pub plan_index: usize,
    /// Path of the plan as given.
    pub path: &'a Printable,
    /// Name of the plan that stays the same between runs.
    pub root: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// The git change.
    pub change: Option<&'a Change>,
    /// Digest of the files and lines that the git change touches.
    pub change_digest: Option<Digest>,
    /// The index of the configuration's source.
    pub source: Option<&'a Sources>,
    /// Whether the git change explains what the plan changes, where both commits are known.
    pub explanation: Option<&'a Explanation>,
    /// The policies.
    pub policies: &'a [Policy],
    /// The rules.
    pub rules: &'a [Rule],
    /// Overrides by policy id.
    pub overrides: &'a BTreeMap<String, Override>,
}

/// Makes the findings of one plan: what rules gave, policies that were not evaluated, and unknown actions.
#[must_use]
pub fn from_results(origin: &Origin<'_>, results: &Results) -> (Vec<Finding>, Vec<PolicyProblem>) {
    let mut findings = Vec::new();
    let mut problems = Vec::new();
    let rows = rows_by_address(origin.plan, results);
    for hit in &results.hits {
        match from_hit(origin, hit, &rows) {
            Ok(finding) => findings.push(finding),
            Err(problem) => problems.push(problem),
        }
    }
    for skipped in results.skipped.iter().filter(|s| s.applies) {
        if let Some(policy) = origin.policies.get(skipped.policy) {
            findings.push(not_evaluated(origin, policy, skipped));
        }
    }
    findings.extend(unknown::findings(origin));
    tell_twins_apart(&mut findings);
    (findings, problems)
}

/// Gives findings at one place fingerprints of their own: by message, and by their order where even that is the same. Otherwise an
/// answer to one would be an answer to the other.
pub(super) fn tell_twins_apart(findings: &mut [Finding]) {
    let mut groups: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        groups.entry(finding.fingerprint).or_default().push(index);
    }
    for (fingerprint, mut indices) in groups {
        if indices.len() < 2 {
            continue;
        }
        indices.sort_by_key(|i| findings.get(*i).map(|f| (f.message.clone(), f.content)));
        let mut same: BTreeMap<Printable, usize> = BTreeMap::new();
        for index in indices {
            let Some(finding) = findings.get_mut(index) else {
                continue;
            };
            let ordinal = same.entry(finding.message.clone()).or_default();
            let mut sink = Sink::new("countersign fingerprint v1 twin");
            sink.digest(&fingerprint);
            sink.text(finding.message.as_str());
            sink.text(&ordinal.to_string());
            *ordinal += 1;
            finding.fingerprint = sink.finish();
        }
    }
}

/// Rows of the plan at the addresses that results name.
fn rows_by_address<'a>(plan: &'a Plan, results: &'a Results) -> BTreeMap<&'a str, Vec<usize>> {
    let wanted: BTreeSet<&str> = results
        .hits
        .iter()
        .filter_map(|hit| hit.fields.get("address").and_then(Json::as_str))
        .collect();
    let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    if wanted.is_empty() {
        return rows;
    }
    for (index, change) in plan.changes.iter().enumerate() {
        if let Some(address) = wanted.get(change.address.as_str()) {
            rows.entry(address).or_default().push(index);
        }
    }
    rows
}

struct Fields<'a> {
    fields: &'a Map<String, Json>,
    redactor: &'a Redactor,
}

impl Fields<'_> {
    fn raw(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Json::as_str)
    }

    fn text(&self, key: &str) -> Option<Printable> {
        self.raw(key).map(|text| self.redactor.line(text))
    }

    /// An attribute path: a text, or a list of steps.
    fn path(&self, key: &str) -> Option<Printable> {
        let Some(Json::Array(steps)) = self.fields.get(key) else {
            return self.text(key);
        };
        let mut path = String::new();
        for step in steps {
            match step {
                Json::String(name) if path.is_empty() => path.push_str(name),
                Json::String(name) => path.push_str(&format!(".{name}")),
                other => path.push_str(&format!("[{other}]")),
            }
        }
        Some(self.redactor.line(&path))
    }

    fn number(&self, key: &str) -> Option<u32> {
        self.fields
            .get(key)
            .and_then(Json::as_u64)
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| *n > 0)
    }

    fn facts(&self) -> BTreeMap<String, Json> {
        match self.fields.get("facts") {
            Some(Json::Object(facts)) => facts
                .iter()
                .map(|(name, value)| (self.redactor.line(name).into_string(), self.fact(value)))
                .collect(),
            _ => BTreeMap::new(),
        }
    }

    /// Facts are flat: a scalar, or a list of scalars; anything deeper is shown as text.
    fn fact(&self, value: &Json) -> Json {
        match value {
            Json::String(text) => Json::from(self.redactor.line(text).into_string()),
            Json::Array(items) => items
                .iter()
                .map(|item| match item {
                    Json::Array(_) | Json::Object(_) => self.document(item),
                    scalar => self.fact(scalar),
                })
                .collect(),
            Json::Object(_) => self.document(value),
            other => other.clone(),
        }
    }

    /// A deeper value as text; its own texts are redacted first, because writing it as JSON changes them.
    fn document(&self, value: &Json) -> Json {
        let text = redacted(self.redactor, value).to_string();
        Json::from(self.redactor.line(&text).into_string())
    }
}

/// A value with all texts and keys in it redacted.
fn redacted(redactor: &Redactor, value: &Json) -> Json {
    match value {
        Json::String(text) => Json::from(redactor.redact(text)),
        Json::Array(items) => items.iter().map(|item| redacted(redactor, item)).collect(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, field)| (redactor.redact(name), redacted(redactor, field)))
            .collect(),
        other => other.clone(),
    }
}

fn from_hit(
    origin: &Origin<'_>,
    hit: &Hit,
    rows: &BTreeMap<&str, Vec<usize>>,
) -> Result<Finding, PolicyProblem> {
    let redactor = &origin.plan.redactor;
    let fields = Fields {
        fields: &hit.fields,
        redactor,
    };
    let (Some(rule), Some(policy)) = (
        origin.rules.get(hit.rule),
        origin
            .rules
            .get(hit.rule)
            .and_then(|rule| origin.policies.get(rule.policy)),
    ) else {
        return Err(PolicyProblem {
            policy: Printable::default(),
            place: None,
            message: Printable::line("a result belongs to no rule."),
        });
    };
    let fault = |message: String| PolicyProblem {
        policy: policy.id.clone(),
        place: Some(Printable::line(&format!("{}:{}", rule.file, hit.line))),
        message: redactor.line(&message),
    };
    let (severity, certainty) = scales(&fields).map_err(fault)?;
    let address = fields.raw("address");
    let deposed = fields.raw("deposed");
    let change_index = row_of(origin, address, deposed, rows);
    let row = change_index.and_then(|i| origin.plan.changes.get(i));
    let overrides = origin
        .overrides
        .get(policy.id.as_str())
        .copied()
        .unwrap_or_default();
    let (enforcement, default_severity) = match rule.kind {
        RuleKind::Warn => (
            Enforcement::Advisory,
            rule.severity.unwrap_or(Severity::Low),
        ),
        RuleKind::Deny => (
            overrides
                .enforcement
                .or(rule.enforcement)
                .or(policy.enforcement)
                .unwrap_or(Enforcement::SoftMandatory),
            rule.severity
                .or(policy.severity)
                .unwrap_or(Severity::Medium),
        ),
    };
    let message = redactor.lines(&hit.message);
    let facts = fields.facts();
    let attribute = fields.path("attribute");
    let subject = fields.text("subject");
    let bare = address.is_none() && attribute.is_none() && subject.is_none();
    let fingerprint = FingerprintParts {
        policy: policy.id.as_str(),
        rule: &rule.reported,
        root: origin.root,
        address,
        deposed,
        attribute: attribute.as_ref().map(Printable::as_str),
        subject: subject.as_ref().map(Printable::as_str),
        message: bare.then(|| message.as_str()),
    }
    .digest();
    Ok(Finding {
        fingerprint,
        content: content(origin, rule, row, &message, &fields),
        policy: policy.id.clone(),
        title: policy.title.clone(),
        rule: Printable::line(&rule.reported),
        severity: overrides.severity.or(severity).unwrap_or(default_severity),
        enforcement,
        certainty,
        standing: Standing::Fired,
        message,
        remediation: policy.remediation.clone(),
        plan: origin.path.clone(),
        plan_index: origin.plan_index,
        change_index,
        address: fields.text("address"),
        // What has no address can still be named by a waiver: the file or the thing that it is about.
        target: address
            .or(fields.raw("subject"))
            .map(|named| Target::new(named).with_digest(fields.raw("digest"))),
        deposed: fields.text("deposed"),
        module: row.map_or_else(Printable::default, |r| redactor.line(&r.module)),
        kind: row.map(|r| redactor.line(&r.kind)),
        actions: row.map_or_else(Vec::new, |r| {
            r.words.iter().map(|w| redactor.line(w)).collect()
        }),
        attribute,
        subject,
        facts,
        location: location(origin, &fields, address, row),
        policy_location: Some(PolicyLocation {
            file: Printable::line(&rule.file),
            line: hit.line,
        }),
        explained: change_index.and_then(|index| origin.explanation?.of(index)?.is_explained()),
    })
}

/// Severity and certainty of a result; a word that is none is an error, not a default.
fn scales(fields: &Fields<'_>) -> Result<(Option<Severity>, Certainty), String> {
    let severity = match fields.fields.get("severity") {
        None => None,
        Some(word) => {
            let word = word.as_str().unwrap_or_default();
            let known = Severity::parse(word);
            Some(known.ok_or_else(|| format!("a result has the severity {}.", no_such(word)))?)
        }
    };
    let certainty = match fields.raw("certainty") {
        None | Some("proven") => Certainty::Proven,
        Some("unknown") => Certainty::Unknown,
        Some(word) => return Err(format!("a result has the certainty {}.", no_such(word))),
    };
    Ok((severity, certainty))
}

/// A wrong word as an error may name it: one that a person could have meant. Anything else may be a value of the plan in some form.
fn no_such(word: &str) -> String {
    let is_word = (1..=16).contains(&word.len())
        && word
            .chars()
            .all(|c| c.is_ascii_alphabetic() || c == '-' || c == '_');
    if is_word {
        format!("\"{word}\", which is none")
    } else {
        "of a text that is none".to_owned()
    }
}

/// The row that a result speaks of: the one with its deposed key, else the first at its address.
fn row_of(
    origin: &Origin<'_>,
    address: Option<&str>,
    deposed: Option<&str>,
    rows: &BTreeMap<&str, Vec<usize>>,
) -> Option<usize> {
    let indices = rows.get(address?)?;
    let deposed_of = |i: usize| origin.plan.changes.get(i).map(|c| c.deposed.as_deref());
    indices
        .iter()
        .copied()
        .find(|i| deposed_of(*i) == Some(deposed))
        .or_else(|| indices.first().copied())
}

/// What a decision stays valid for. A rule that looks at each resource change alone speaks of its change; any other may have looked at
/// the whole plan, and one that reads `input.countersign` at the git change too.
fn content(
    origin: &Origin<'_>,
    rule: &Rule,
    row: Option<&ResourceChange>,
    message: &Printable,
    fields: &Fields<'_>,
) -> Digest {
    let mut sink = Sink::new("countersign content v1");
    sink.text(&rule.text);
    sink.text(message.as_str());
    for (name, value) in fields.facts() {
        sink.text(&name);
        sink.text(&value.to_string());
    }
    for key in ["file", "severity", "certainty"] {
        sink.optional(fields.text(key).as_ref().map(Printable::as_str));
    }
    match row {
        Some(row) if rule.sliced => sink.digest(&origin.plan.content_digest(row)),
        _ => sink.text(&origin.plan.effect.to_string()),
    }
    let reads_git = rule
        .inputs
        .as_ref()
        .is_none_or(|keys| keys.contains("countersign"));
    if let Some(files) = origin.change_digest
        && reads_git
    {
        sink.digest(&files);
    }
    sink.finish()
}

fn location(
    origin: &Origin<'_>,
    fields: &Fields<'_>,
    address: Option<&str>,
    row: Option<&ResourceChange>,
) -> Option<Location> {
    let in_diff = |file: &str, line: Option<u32>, end: Option<u32>| {
        let change = origin.change?;
        let line = line?;
        Some(change.touches(file, &(line..=end.unwrap_or(line))))
    };
    if let Some(file) = fields.raw("file") {
        // Lines count from 1: a policy that writes 0 knows none.
        let number = |key| fields.number(key).filter(|number| *number > 0);
        let (line, end_line) = (number("line"), number("end_line"));
        return Some(Location {
            file: fields.redactor.line(file),
            line,
            end_line: end_line.or(line),
            in_diff: in_diff(file, line, end_line),
            side: match origin.source {
                Some(source) if source.head.is_snapshot(file) => SourceSide::PlanSnapshot,
                _ => SourceSide::Commit,
            },
            ..Location::default()
        });
    }
    let source = origin.source?;
    let place = match row {
        Some(row) => source.place(&row.module, resource_mode(row.mode), &row.kind, &row.name),
        None => address.and_then(|a| source.place_of_config(a)),
    }?;
    Some(Location {
        file: fields.redactor.line(&place.file),
        line: u32::try_from(place.line).ok(),
        end_line: u32::try_from(place.end_line).ok(),
        in_diff: origin.change.and_then(|change| is_in(change, &place)),
        kind: place.kind,
        side: place.side,
    })
}

/// Whether a change touches a place; not known for a file that is not in its commits.
#[must_use]
pub fn is_in(change: &Change, place: &Place) -> Option<bool> {
    let line = |line: usize| u32::try_from(line).ok();
    let lines = line(place.line)?..=line(place.end_line.max(place.line))?;
    match place.side {
        SourceSide::Commit => Some(change.touches(&place.file, &lines)),
        SourceSide::Base => Some(change.removes(&place.file, &lines)),
        SourceSide::PlanSnapshot => None,
    }
}

fn resource_mode(mode: Mode) -> ResourceMode {
    match mode {
        Mode::Managed | Mode::Other => ResourceMode::Managed,
        Mode::Data => ResourceMode::Data,
        Mode::Ephemeral => ResourceMode::Ephemeral,
    }
}

fn blank(origin: &Origin<'_>, policy: &Printable, rule: &str, message: Printable) -> Finding {
    Finding {
        fingerprint: FingerprintParts {
            policy: policy.as_str(),
            rule,
            root: origin.root,
            address: None,
            deposed: None,
            attribute: None,
            subject: None,
            message: None,
        }
        .digest(),
        content: Digest::of(origin.plan.effect.to_string().as_bytes()),
        policy: policy.clone(),
        title: policy.clone(),
        rule: Printable::line(rule),
        severity: Severity::High,
        enforcement: Enforcement::SoftMandatory,
        certainty: Certainty::Proven,
        standing: Standing::Fired,
        message,
        remediation: Printable::default(),
        plan: origin.path.clone(),
        plan_index: origin.plan_index,
        change_index: None,
        address: None,
        target: None,
        deposed: None,
        module: Printable::default(),
        kind: None,
        actions: Vec::new(),
        attribute: None,
        subject: None,
        facts: BTreeMap::new(),
        location: None,
        policy_location: None,
        explained: None,
    }
}

fn not_evaluated(origin: &Origin<'_>, policy: &Policy, skipped: &Skipped) -> Finding {
    let what = match skipped.rules.as_slice() {
        [] => policy.id.to_string(),
        rules => format!("{} ({})", policy.id, rules.join(", ")),
    };
    let message = format!("{what} was not evaluated: {}.", skipped.reason());
    Finding {
        title: policy.title.clone(),
        severity: policy.severity.unwrap_or(Severity::Medium),
        enforcement: origin
            .overrides
            .get(policy.id.as_str())
            .and_then(|o| o.enforcement)
            .or(policy.enforcement)
            .unwrap_or(Enforcement::SoftMandatory),
        certainty: Certainty::Unknown,
        standing: Standing::NotEvaluated,
        remediation: policy.remediation.clone(),
        ..blank(
            origin,
            &policy.id,
            "not-evaluated",
            Printable::line(&message),
        )
    }
}

#[cfg(test)]
mod tests;
