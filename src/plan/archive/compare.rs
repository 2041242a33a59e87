//! In what a plan's JSON differs from the plan file that it is said to show.

use std::collections::{BTreeMap, BTreeSet};

use super::{BinaryChange, BinaryPlan, values};
use crate::plan::{Action, Mode, Plan};

/// One thing that the JSON tells otherwise than the plan file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanDifference {
    /// They were made at different times.
    Time,
    /// They were made by different versions.
    Version,
    /// Only one of the two is errored.
    Errored,
    /// One covers everything or can be applied, the other not.
    Extent,
    /// Something else is done to an object.
    Change {
        /// Address of the instance.
        address: String,
        /// Key of the deposed object, where it is not the current one.
        deposed: Option<String>,
        /// In what way.
        problem: ChangeProblem,
    },
    /// Something else is done to an output of the root module.
    Output {
        /// Its name.
        name: String,
        /// In what way.
        problem: ChangeProblem,
    },
    /// Something else changed outside Terraform.
    Drift {
        /// Address of the instance.
        address: String,
        /// Key of the deposed object, where it is not the current one.
        deposed: Option<String>,
        /// In what way.
        problem: ChangeProblem,
    },
    /// Another variable was set; the action means nothing here.
    Variable {
        /// Its name.
        name: String,
        /// In what way.
        problem: ChangeProblem,
    },
    /// A row that both have tells something else.
    Value {
        /// The row.
        row: PlannedRow,
        /// Which part of it.
        part: ValuePart,
        /// Path of the attribute that differs first; empty for the whole.
        path: String,
    },
    /// A part of the JSON that stands beside its changes.
    Part {
        /// Which one.
        part: PlanPart,
        /// What it is about; empty for the whole.
        subject: String,
    },
}

/// A part of the JSON that stands beside its changes, or says them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanPart {
    /// `planned_values`, which say again what the changes say.
    PlannedValues,
    /// `prior_state`, which is the state in the plan file.
    PriorState,
    /// `checks`.
    Checks,
    /// `relevant_attributes`.
    RelevantAttributes,
    /// `deferred_changes`.
    Deferred,
    /// `action_invocations`.
    Actions,
    /// `deferred_action_invocations`.
    DeferredActions,
    /// Versions of schemas in `planned_values` and `configuration`.
    SchemaVersions,
    /// A key that this version does not know.
    Other,
}

/// A row whose values are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlannedRow {
    /// The plan file as a whole.
    Plan,
    /// A change of a resource.
    Change {
        /// Address of the instance.
        address: String,
        /// Key of the deposed object.
        deposed: Option<String>,
    },
    /// A change outside Terraform.
    Drift {
        /// Address of the instance.
        address: String,
        /// Key of the deposed object.
        deposed: Option<String>,
    },
    /// A change that is put off.
    Deferred {
        /// Address of the instance.
        address: String,
    },
    /// An output of the root module.
    Output {
        /// Its name.
        name: String,
    },
    /// A variable of the root module.
    Variable {
        /// Its name.
        name: String,
    },
    /// Another part of the JSON.
    Part {
        /// Which one.
        part: PlanPart,
        /// What of it; empty for the whole.
        subject: String,
    },
}

/// The part of a row that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValuePart {
    /// The value before.
    Before,
    /// The value after, or what is known of it.
    After,
    /// A mark of the value before.
    SensitiveBefore,
    /// A mark of the value after.
    SensitiveAfter,
    /// The value of a variable.
    Value,
    /// The provider.
    Provider,
    /// The address before a move.
    PreviousAddress,
    /// Why it is done.
    Reason,
    /// What is imported.
    Import,
    /// Configuration that was generated for an import.
    GeneratedConfig,
    /// The identity that the provider gives the object.
    Identity,
    /// Module, mode, type, name or index, which the address says again.
    Address,
    /// The attributes that force a replacement.
    ReplacePaths,
}

/// What the comparison of a plan file with JSON found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// In what they differ.
    pub differences: Vec<PlanDifference>,
    /// Rows whose values could not be compared.
    pub gaps: Vec<PlannedRow>,
    /// Leaves of values that are the same.
    pub values: usize,
}

/// In what way a change differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeProblem {
    /// Only the JSON has it.
    OnlyInJson(Action),
    /// Only the plan file has it.
    OnlyInFile(Action),
    /// Both have it, with different actions.
    OtherAction {
        /// What apply would do.
        file: Action,
        /// What the JSON shows.
        json: Action,
    },
    /// The JSON has several rows for it.
    Twice,
}

impl PlanDifference {
    /// Whether it is about what stands beside the changes, their values and those of outputs and variables.
    #[must_use]
    pub fn is_beside(&self) -> bool {
        matches!(self, Self::Part { .. })
    }

    /// What it is, as the end of a sentence that quotes nothing.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Time => "it was made at another time",
            Self::Version => "it was made by another version",
            Self::Errored => "only one of the two is errored",
            Self::Extent => "it covers something else",
            Self::Change { .. } => "it does something else to an object",
            Self::Output { .. } => "it does something else to an output",
            Self::Drift { .. } => "it tells other changes made outside Terraform",
            Self::Variable { .. } => "it was made with other variables",
            Self::Value { .. } => "it shows another value",
            Self::Part { .. } => "a part of it is not what the plan file says",
        }
    }
}

/// Name of an object: address, and key where it is deposed.
type Name<'a> = (&'a str, Option<&'a str>);

impl BinaryPlan {
    /// In what a plan's JSON differs from this file, and what could not be compared.
    ///
    /// Time, version and extent must be equal, what is done to each object and output, and their values. Data sources that the plan drops
    /// are left out, since the JSON omits them, and so are ephemeral objects.
    #[must_use]
    pub fn compare(&self, plan: &Plan) -> Agreement {
        let mut agreement = Agreement {
            differences: self.facts(plan),
            ..Agreement::default()
        };
        values::compare_values(&self.message, &self.state, self.mode, plan, &mut agreement);
        agreement
    }

    /// In what the JSON differs, values aside.
    fn facts(&self, plan: &Plan) -> Vec<PlanDifference> {
        let mut found = Vec::new();
        let shown = plan
            .section("timestamp")
            .and_then(|text| serde_json::from_str::<String>(text).ok());
        if self.timestamp.is_some() && self.timestamp != shown {
            found.push(PlanDifference::Time);
        }
        if plan.terraform_version.as_ref() != Some(&self.terraform_version) {
            found.push(PlanDifference::Version);
        }
        if plan.errored != self.errored {
            found.push(PlanDifference::Errored);
        }
        // Versions that do not say it in the JSON do not say it in the file, and those that say one say both.
        let says = self.complete || self.applyable;
        let says = says || plan.complete.is_some() || plan.applyable.is_some();
        if says && (plan.complete != Some(self.complete) || plan.applyable != Some(self.applyable))
        {
            found.push(PlanDifference::Extent);
        }
        let own = self
            .changes
            .iter()
            .filter(|change| change.is_shown())
            .map(|change| (change.name(), change.action));
        let json = plan
            .changes
            .iter()
            .filter(|change| change.mode != Mode::Ephemeral)
            .map(|c| ((c.address.as_str(), c.deposed.as_deref()), c.action));
        found.extend(
            compared(own, json)
                .into_iter()
                .map(|((address, deposed), problem)| PlanDifference::Change {
                    address: address.to_owned(),
                    deposed: deposed.map(str::to_owned),
                    problem,
                }),
        );
        let own = self.outputs.iter().map(|(name, action)| (name, *action));
        let json = plan.outputs.iter().map(|o| (&o.name, o.action));
        found.extend(compared(own, json).into_iter().map(|(name, problem)| {
            PlanDifference::Output {
                name: name.clone(),
                problem,
            }
        }));
        found
    }
}

/// Holds two lists against each other, by name.
pub(super) fn compared<N: Ord + Copy>(
    own: impl Iterator<Item = (N, Action)>,
    json: impl Iterator<Item = (N, Action)>,
) -> Vec<(N, ChangeProblem)> {
    let own: BTreeMap<N, Action> = own.collect();
    let mut rows: BTreeMap<N, Vec<Action>> = BTreeMap::new();
    for (name, action) in json {
        rows.entry(name).or_default().push(action);
    }
    let names: BTreeSet<N> = own.keys().chain(rows.keys()).copied().collect();
    let problem = |name: &N| match (own.get(name), rows.get(name).map(Vec::as_slice)) {
        (Some(file), Some([json])) if file == json => None,
        (Some(file), Some([json])) => Some(ChangeProblem::OtherAction {
            file: *file,
            json: *json,
        }),
        (None, Some([json])) => Some(ChangeProblem::OnlyInJson(*json)),
        (Some(file), None | Some([])) => Some(ChangeProblem::OnlyInFile(*file)),
        (_, Some([_, ..])) => Some(ChangeProblem::Twice),
        (None, None | Some([])) => None,
    };
    names
        .into_iter()
        .filter_map(|name| problem(&name).map(|problem| (name, problem)))
        .collect()
}

impl BinaryChange {
    /// Whether the JSON shows it: not where it is a data source that is dropped, or an ephemeral object.
    pub(super) fn is_shown(&self) -> bool {
        match self.mode() {
            Mode::Data => self.action != Action::Delete,
            mode => mode != Mode::Ephemeral,
        }
    }

    pub(super) fn name(&self) -> Name<'_> {
        (self.address.as_str(), self.deposed.as_deref())
    }
}
