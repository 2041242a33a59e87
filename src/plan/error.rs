//! Why a plan cannot be reviewed, with the command that would have made a right one.

/// Why bytes are not a reviewable plan. The text says what was found; [`PlanError::hint`] says what to do.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// No bytes at all.
    #[error("the plan is empty.")]
    Empty,
    /// Bytes that are no text.
    #[error("the plan is not UTF-8 text (byte {offset}).")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// A gzip stream.
    #[error("this is a gzip file, not a plan JSON.")]
    Gzip,
    /// The zip that `plan -out` writes, where nothing could turn it into JSON.
    #[error("this is a binary plan file, and {reason}.")]
    Binary {
        /// Why it could not be turned into JSON.
        reason: String,
    },
    /// Text for people instead of JSON.
    #[error("this is the plan's text for people, not its JSON.")]
    HumanText,
    /// The event stream of `plan -json`.
    #[error("this is the event stream of `terraform plan -json`, which holds no attribute values.")]
    EventStream,
    /// `show -json` of a state.
    #[error("this is the JSON of a state, not of a plan.")]
    StateJson,
    /// A state file.
    #[error("this is a raw state file, not a plan.")]
    RawState,
    /// Provider schemas.
    #[error("these are provider schemas, not a plan.")]
    ProviderSchemas,
    /// The redacted plan of HCP Terraform's API.
    #[error("this is the redacted plan of HCP Terraform, which lacks the configuration.")]
    Redacted,
    /// A plan inside another document.
    #[error("this document wraps a plan under the key \"{key}\".")]
    Wrapped {
        /// The key that holds it.
        key: String,
    },
    /// More than one document.
    #[error(
        "there is more than one JSON document in this file (the second starts on line {line})."
    )]
    SeveralDocuments {
        /// Line on which the second starts.
        line: usize,
    },
    /// JSON that ends too early.
    #[error(
        "the plan is truncated: its JSON ends on line {line}, column {column}, before it is complete."
    )]
    Truncated {
        /// Line of the end.
        line: usize,
        /// Column of the end.
        column: usize,
    },
    /// JSON of another shape.
    #[error("the plan is not valid JSON at line {line}, column {column}: {problem}.")]
    Json {
        /// Line of the problem.
        line: usize,
        /// Column of the problem.
        column: usize,
        /// What the parser said; never text of the plan.
        problem: String,
    },
    /// A repeated key, which parsers read in different ways.
    #[error("the plan repeats a key in one object ({place}); parsers disagree on what that means.")]
    DuplicateKey {
        /// Part of the plan in which it stands.
        place: String,
    },
    /// Deeper nesting than any plan has.
    #[error("the plan is nested deeper than 128 levels ({place}).")]
    TooDeep {
        /// Part of the plan in which it stands.
        place: String,
    },
    /// A version that this program does not know.
    #[error("format version {found} of the plan is not supported (0.1 to 1.x are).")]
    Version {
        /// The version found, sanitised.
        found: String,
    },
    /// No version at all.
    #[error("there is no \"format_version\" in this plan, so its meaning is not known.")]
    NoVersion,
    /// JSON that is something else.
    #[error("this JSON is not a Terraform plan: {reason}.")]
    NotAPlan {
        /// What is missing.
        reason: String,
    },
    /// A part of the plan has an unexpected type.
    #[error("the plan's {place} has an unexpected shape: {problem}.")]
    Shape {
        /// Part of the plan.
        place: String,
        /// What the parser said; never text of the plan.
        problem: String,
    },
    /// Bigger than this program reads.
    #[error("the plan is larger than {limit} bytes.")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The redactor or the memory-hard digest could not be made.
    #[error("the plan's secrets could not be prepared for masking: {problem}.")]
    Secrets {
        /// What went wrong.
        problem: String,
    },
}

impl PlanError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty | Self::Truncated { .. } => {
                "Write it again: terraform show -json tfplan > plan.json (check that the command succeeded and the disk is not full)."
            }
            Self::NotUtf8 { .. } => {
                "Write it without a re-encoding step: terraform show -json tfplan > plan.json (in PowerShell: | Out-File -Encoding utf8 plan.json)."
            }
            Self::Gzip => "Unpack it first: gunzip -k plan.json.gz.",
            Self::Binary { .. } => {
                "Turn it into JSON where Terraform is at hand: terraform show -json tfplan > plan.json (or tofu show -json tfplan)."
            }
            Self::HumanText => {
                "Save the plan and show it as JSON: terraform plan -out=tfplan && terraform show -json tfplan > plan.json."
            }
            Self::EventStream => {
                "Use -out and show: terraform plan -out=tfplan && terraform show -json tfplan > plan.json."
            }
            Self::StateJson | Self::RawState => {
                "Show a plan, not the state: terraform plan -out=tfplan && terraform show -json tfplan > plan.json."
            }
            Self::ProviderSchemas => {
                "Show a plan: terraform show -json tfplan > plan.json (not terraform providers schema -json)."
            }
            Self::Redacted => {
                "Take the full plan: the json-output endpoint (not json-output-redacted), or terraform show -json tfplan > plan.json."
            }
            Self::Wrapped { .. } => {
                "Take the plan out of its wrapper, for example: jq .plan wrapped.json > plan.json."
            }
            Self::SeveralDocuments { .. } => {
                "Give each plan a file of its own, for example: terragrunt run --all plan --json-out-dir plans."
            }
            Self::Json { .. }
            | Self::Shape { .. }
            | Self::DuplicateKey { .. }
            | Self::TooDeep { .. } => {
                "Give the file as terraform show -json wrote it, not edited: terraform show -json tfplan > plan.json."
            }
            Self::Version { .. } | Self::NoVersion | Self::NotAPlan { .. } => {
                "Make the plan's JSON with Terraform or OpenTofu: terraform show -json tfplan > plan.json."
            }
            Self::TooLarge { .. } => "Split the configuration, or plan fewer resources at once.",
            Self::Secrets { .. } => "Nothing was shown. Free some memory and try again.",
        }
    }
}
