//! What a proof says, in words. Paths, addresses and sources are text of the plan's author: they reach an output only through a redactor.

use serde_json::{Value as Json, json};

use super::{
    ConfigurationProblem, Difference, FileProblem, Gap, LockProblem, ModuleProblem, Opaque, Proof,
    ProofVerdict,
};
use crate::plan::{BinaryPlan, ChangeProblem, PlanDifference, PlanPart, PlannedRow, ValuePart};

/// Most points of one kind that are listed; the others are counted.
const MOST: usize = 100;

/// A difference or a gap, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// `plan`, `change`, `output`, `variable`, `section`, `configuration`, `module`, `file`, `lock`, `commit` or `directory`.
    pub kind: &'static str,
    /// The path, address, name or source address that it is about.
    pub subject: Option<String>,
    /// Key of a deposed object.
    pub deposed: Option<String>,
    /// What is wrong, as a word that does not change.
    pub problem: &'static str,
    /// Where a module comes from.
    pub source: Option<String>,
    /// What is wrong, as a sentence.
    pub text: String,
}

impl Point {
    fn new(kind: &'static str, subject: Option<&str>, problem: &'static str, text: String) -> Self {
        Self {
            kind,
            subject: subject.map(str::to_owned),
            deposed: None,
            problem,
            source: None,
            text,
        }
    }

    fn json(&self) -> Json {
        json!({
            "kind": self.kind,
            "subject": self.subject,
            "deposed": self.deposed,
            "problem": self.problem,
            "source": self.source,
            "text": self.text,
        })
    }
}

impl Proof {
    /// The differences that are listed.
    #[must_use]
    pub fn difference_points(&self) -> Vec<Point> {
        let points = self.differences.iter().take(MOST);
        points.map(Difference::point).collect()
    }

    /// The gaps that are listed.
    #[must_use]
    pub fn gap_points(&self) -> Vec<Point> {
        self.gaps.iter().take(MOST).map(Gap::point).collect()
    }

    /// How many differences and gaps are not listed.
    #[must_use]
    pub fn omitted(&self) -> usize {
        [self.differences.len(), self.gaps.len()]
            .iter()
            .map(|count| count.saturating_sub(MOST))
            .sum()
    }

    /// The answer, as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let count = |number: usize, what: &str| match number {
            1 => format!("1 {what}"),
            _ => format!("{number} {what}s"),
        };
        match self.verdict() {
            ProofVerdict::Proven => {
                let json = if self.paired {
                    "the JSON has its changes and values"
                } else {
                    "the JSON was made from it and has its values"
                };
                format!(
                    "proven: planned from {} as committed{}; {json}",
                    count(self.files, "file"),
                    match self.directory.as_str() {
                        "" => String::new(),
                        directory => format!(" in {directory}"),
                    }
                )
            }
            ProofVerdict::Differs => format!(
                "differs: {} between plan file, commit and JSON",
                count(self.differences.len(), "difference")
            ),
            ProofVerdict::NotProven => format!(
                "not proven: nothing differs, but {} could not be compared",
                count(self.gaps.len(), "thing")
            ),
        }
    }

    /// `input.countersign.provenance.proof`.
    #[must_use]
    pub fn json(&self, binary: Option<&BinaryPlan>) -> Json {
        let list = |points: Vec<Point>| points.iter().map(Point::json).collect::<Vec<Json>>();
        json!({
            "verdict": self.verdict().word(),
            "summary": self.sentence(),
            "directory": self.directory,
            "files": self.files,
            "values": self.values,
            "paired": self.paired,
            "differences": list(self.difference_points()),
            "gaps": list(self.gap_points()),
            "omitted": self.omitted(),
            "sha256": binary.map(|binary| binary.digest),
            "terraform_version": binary.map(|binary| &binary.terraform_version),
            "lineage": binary.and_then(|binary| binary.lineage.as_ref()),
            "serial": binary.and_then(|binary| binary.serial),
        })
    }
}

impl Difference {
    /// It, ready to be shown.
    #[must_use]
    pub fn point(&self) -> Point {
        match self {
            Self::Plan(difference) => plan(difference),
            Self::Module { key, problem } => {
                let (word, text) = match problem {
                    ModuleProblem::NotCalled => ("not-called", "was planned, and nothing calls it"),
                    ModuleProblem::NotPlanned => ("not-planned", "is called, and was not planned"),
                    ModuleProblem::OtherSource => (
                        "other-source",
                        "was planned from another source than its call names",
                    ),
                    ModuleProblem::OtherDirectory => (
                        "other-directory",
                        "was planned from another directory than its source names",
                    ),
                    ModuleProblem::OtherVersion => (
                        "other-version",
                        "was planned in a version that its call does not allow",
                    ),
                };
                let text = format!("The module {key} {text}.");
                Point::new("module", Some(key), word, text)
            }
            Self::Configuration { address, problem } => {
                let (word, text) = configuration(*problem);
                Point::new(
                    "configuration",
                    Some(address),
                    word,
                    format!("{address}: the configuration of the JSON {text}."),
                )
            }
            Self::File { path, problem } => {
                let (word, text) = match problem {
                    FileProblem::Changed => (
                        "changed",
                        "was planned with other content than the commit has",
                    ),
                    FileProblem::NotInCommit => {
                        ("not-in-commit", "was planned, and is not in the commit")
                    }
                    FileProblem::NotPlanned => {
                        ("not-planned", "is in the commit, and was not planned")
                    }
                };
                Point::new("file", Some(path), word, format!("{path} {text}."))
            }
            Self::Lock { provider, problem } => lock(provider, *problem),
        }
    }
}

fn lock(provider: &str, problem: LockProblem) -> Point {
    let (word, text) = match problem {
        LockProblem::Unreadable => {
            let text = "The lock file of the plan or of the commit cannot be read.";
            return Point::new("lock", None, "unreadable", text.to_owned());
        }
        LockProblem::NotInCommit => ("not-in-commit", "in the plan, and not in the commit"),
        LockProblem::NotPlanned => ("not-planned", "in the commit, and not in the plan"),
        LockProblem::OtherVersion => ("other-version", "in different versions"),
        LockProblem::OtherHashes => ("other-hashes", "with different package hashes"),
        LockProblem::OtherConstraints => ("other-constraints", "with different constraints"),
    };
    let text = format!("The provider {provider} is locked {text}.");
    Point::new("lock", Some(provider), word, text)
}

fn configuration(problem: ConfigurationProblem) -> (&'static str, &'static str) {
    match problem {
        ConfigurationProblem::Missing => ("missing", "is missing"),
        ConfigurationProblem::OnlyInJson => {
            ("only-in-json", "has it, and the planned files do not")
        }
        ConfigurationProblem::OnlyInFile => (
            "only-in-plan-file",
            "does not have it, and the planned files do",
        ),
        ConfigurationProblem::Twice => ("twice", "has it twice"),
        ConfigurationProblem::OtherProvisioners => (
            "other-provisioners",
            "has other provisioners than the planned files",
        ),
        ConfigurationProblem::OtherProvider => (
            "other-provider",
            "has another provider than the planned files",
        ),
        ConfigurationProblem::OtherRepetition => (
            "other-repetition",
            "has another count or for_each than the planned files",
        ),
        ConfigurationProblem::OtherSource => (
            "other-source",
            "has another module source or version than the planned files",
        ),
        ConfigurationProblem::OtherArgument => (
            "other-argument",
            "has another value or other references in an argument than the planned files",
        ),
    }
}

fn plan(difference: &PlanDifference) -> Point {
    let whole = |word, text: &str| Point::new("plan", None, word, text.to_owned());
    match difference {
        PlanDifference::Time => whole(
            "other-time",
            "The JSON was made at another time than the plan file.",
        ),
        PlanDifference::Version => whole(
            "other-version",
            "The JSON was made by another version than the plan file.",
        ),
        PlanDifference::Errored => whole("errored", "Only one of JSON and plan file is errored."),
        PlanDifference::Extent => whole(
            "extent",
            "JSON and plan file do not agree on whether the plan is complete and can be applied.",
        ),
        PlanDifference::Change {
            address,
            deposed,
            problem,
        } => {
            let name = label(address, deposed.as_deref());
            let (word, text) = change(&name, *problem);
            Point {
                deposed: deposed.clone(),
                ..Point::new("change", Some(address), word, text)
            }
        }
        PlanDifference::Output { name, problem } => {
            let (word, text) = change(&format!("The output {name}"), *problem);
            Point::new("output", Some(name), word, text)
        }
        PlanDifference::Drift {
            address,
            deposed,
            problem,
        } => {
            let name = format!("{} outside Terraform", label(address, deposed.as_deref()));
            let (word, text) = change(&name, *problem);
            Point {
                deposed: deposed.clone(),
                ..Point::new("change", Some(address), word, text)
            }
        }
        PlanDifference::Variable { name, problem } => {
            let (word, text) = match problem {
                ChangeProblem::OnlyInFile(_) => (
                    "only-in-plan-file",
                    "was set for the plan file, and the JSON does not show it",
                ),
                _ => (
                    "only-in-json",
                    "is in the JSON with a value that was not set for the plan file, nor is it the default",
                ),
            };
            let text = format!("The variable {name} {text}.");
            Point::new("variable", Some(name), word, text)
        }
        PlanDifference::Value { row, part, path } => value(row, *part, path),
        PlanDifference::Part { part, subject } => {
            let (key, word) = section(*part);
            let what = match subject.as_str() {
                "" => key.to_owned(),
                subject => format!("{key}, {subject}"),
            };
            let text = format!("{what}: in the JSON it is not what the plan file says.");
            Point::new("section", Some(&format!("{key} {subject}")), word, text)
        }
    }
}

/// The key of the JSON that a part is, and the word for a difference in it.
fn section(part: PlanPart) -> (&'static str, &'static str) {
    match part {
        PlanPart::PlannedValues => ("planned_values", "other-planned-values"),
        PlanPart::PriorState => ("prior_state", "other-prior-state"),
        PlanPart::Checks => ("checks", "other-checks"),
        PlanPart::RelevantAttributes => ("relevant_attributes", "other-relevant-attributes"),
        PlanPart::Deferred => ("deferred_changes", "other-deferred"),
        PlanPart::Actions => ("action_invocations", "other-actions"),
        PlanPart::DeferredActions => ("deferred_action_invocations", "other-actions"),
        PlanPart::SchemaVersions => ("schema_version", "other-schema-version"),
        PlanPart::Other => ("other keys", "other-key"),
    }
}

fn label(address: &str, deposed: Option<&str>) -> String {
    match deposed {
        Some(key) => format!("{address} (deposed {key})"),
        None => address.to_owned(),
    }
}

/// What kind of thing a row is, what it is called, and its name in a sentence.
fn named(row: &PlannedRow) -> (&'static str, Option<&str>, Option<&str>, String) {
    match row {
        PlannedRow::Plan => ("plan", None, None, "the plan".to_owned()),
        PlannedRow::Change { address, deposed } => {
            let name = label(address, deposed.as_deref());
            ("change", Some(address), deposed.as_deref(), name)
        }
        PlannedRow::Drift { address, deposed } => {
            let name = format!("{} outside Terraform", label(address, deposed.as_deref()));
            ("change", Some(address), deposed.as_deref(), name)
        }
        PlannedRow::Deferred { address } => {
            let name = format!("the deferred change of {address}");
            ("change", Some(address), None, name)
        }
        PlannedRow::Output { name } => ("output", Some(name), None, format!("the output {name}")),
        PlannedRow::Variable { name } => {
            let text = format!("the variable {name}");
            ("variable", Some(name), None, text)
        }
        PlannedRow::Part { part, subject } => {
            let key = section(*part).0;
            let name = format!("{key} {subject}");
            ("section", Some(subject), None, name.trim().to_owned())
        }
    }
}

fn value(row: &PlannedRow, part: ValuePart, path: &str) -> Point {
    let (kind, subject, deposed, name) = named(row);
    let what = if path.is_empty() { "the value" } else { path };
    let (word, text) = match part {
        ValuePart::Before => (
            "other-before",
            format!("{what} before the change is not that of the plan file"),
        ),
        ValuePart::After => (
            "other-after",
            format!("{what} after the change is not that of the plan file"),
        ),
        ValuePart::Value => (
            "other-value",
            "the value is not that of the plan file".to_owned(),
        ),
        ValuePart::SensitiveBefore | ValuePart::SensitiveAfter => (
            "other-marks",
            format!("{what} is not marked sensitive as in the plan file"),
        ),
        ValuePart::Provider => (
            "other-provider",
            "the provider is not that of the plan file".to_owned(),
        ),
        ValuePart::PreviousAddress => (
            "other-previous-address",
            "the address before the move is not that of the plan file".to_owned(),
        ),
        ValuePart::Reason => (
            "other-reason",
            "the reason is not that of the plan file".to_owned(),
        ),
        ValuePart::Import => (
            "other-import",
            "the import is not that of the plan file".to_owned(),
        ),
        ValuePart::GeneratedConfig => (
            "other-generated-config",
            "the generated configuration is not that of the plan file".to_owned(),
        ),
        ValuePart::Identity => (
            "other-identity",
            "the identity is not that of the plan file".to_owned(),
        ),
        ValuePart::Address => (
            "other-name",
            "module, mode, type, name or index is not that of the address".to_owned(),
        ),
        ValuePart::ReplacePaths => (
            "other-replace-paths",
            "what forces the replacement is not what the plan file says".to_owned(),
        ),
    };
    let mut name = name;
    if let Some(rest) = name.strip_prefix("the ") {
        name = format!("The {rest}");
    }
    Point {
        deposed: deposed.map(str::to_owned),
        ..Point::new(kind, subject, word, format!("{name}: in the JSON {text}."))
    }
}

fn change(name: &str, problem: ChangeProblem) -> (&'static str, String) {
    match problem {
        ChangeProblem::OnlyInJson(action) => (
            "only-in-json",
            format!("{name}: {action} in the JSON; the plan file has no such change."),
        ),
        ChangeProblem::OnlyInFile(action) => (
            "only-in-plan-file",
            format!("{name}: {action} in the plan file; the JSON does not show it."),
        ),
        ChangeProblem::OtherAction { file, json } if file.word() == json.word() => (
            "other-action",
            format!("{name}: {file} in both, in another order."),
        ),
        ChangeProblem::OtherAction { file, json } => (
            "other-action",
            format!("{name}: {file} in the plan file, {json} in the JSON."),
        ),
        ChangeProblem::Twice => (
            "twice",
            format!("{name}: the JSON has several rows for one object."),
        ),
    }
}

impl Gap {
    /// It, ready to be shown.
    #[must_use]
    pub fn point(&self) -> Point {
        match self {
            Self::NoCommit => Point::new(
                "commit",
                None,
                "no-commit",
                "There is no commit to compare with.".to_owned(),
            ),
            Self::NoFiles => Point::new(
                "directory",
                None,
                "no-files",
                "No Terraform file of the commit was compared.".to_owned(),
            ),
            Self::RootElsewhere => Point::new(
                "directory",
                None,
                "root-elsewhere",
                "The plan was made from another directory than its root module's.".to_owned(),
            ),
            Self::RemoteModule {
                key,
                source,
                version,
            } => {
                let version = version.as_ref().map_or(String::new(), |v| format!(" {v}"));
                let text = format!(
                    "Not covered: the module {key} from {source}{version}, whose files are not in the commit."
                );
                Point {
                    source: Some(source.clone()),
                    ..Point::new("module", Some(key), "remote", text)
                }
            }
            Self::Outside { key } => {
                let text = format!(
                    "Not covered: the module {key}, whose files lie outside the repository."
                );
                Point::new("module", Some(key), "outside", text)
            }
            Self::Opaque { path, kind } => {
                let (word, what) = match kind {
                    Opaque::Link => ("link", "a link that leads to no file of the commit"),
                    Opaque::Submodule => (
                        "submodule",
                        "a submodule, whose files are not in the commit",
                    ),
                };
                Point::new(
                    "file",
                    Some(path),
                    word,
                    format!("Not covered: {path} is {what}."),
                )
            }
            Self::TofuFile { path } => {
                let text =
                    format!("{path} was not planned: Terraform does not read it, OpenTofu does.");
                Point::new("file", Some(path), "tofu-file", text)
            }
            Self::Configuration { module } => {
                let subject = if module.is_empty() {
                    "configuration"
                } else {
                    module
                };
                Point::new(
                    "configuration",
                    Some(subject),
                    "configuration",
                    format!(
                        "{subject}: the planned files could not be compared with the configuration of the JSON."
                    ),
                )
            }
            Self::Values(row) => {
                let (kind, subject, deposed, name) = named(row);
                Point {
                    deposed: deposed.map(str::to_owned),
                    ..Point::new(
                        kind,
                        subject,
                        "values",
                        format!("Values of {name} could not be compared."),
                    )
                }
            }
            Self::NoLock { providers } => {
                let what = match providers {
                    1 => "1 provider".to_owned(),
                    n => format!("{n} providers"),
                };
                let text = format!("The commit has no lock file for the {what} of the plan.");
                Point::new("lock", None, "no-lock", text)
            }
        }
    }
}
