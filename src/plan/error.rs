//! Why a plan cannot be reviewed, with the command that would have made a right one.

use super::ArchiveError;

/// What is wrong with a gzip file.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum GzipProblem {
    /// It ends too early.
    #[error("it is truncated")]
    Truncated,
    /// Its packed data or check sum is wrong.
    #[error("it is damaged")]
    Damaged,
    /// Bytes follow that are no further member.
    #[error("something else follows its end")]
    Trailing,
    /// It unpacks to far more than a plan does.
    #[error("it unpacks to more than 250 times its size, which no plan does")]
    Ratio,
    /// Packed twice.
    #[error("inside is another gzip file")]
    Nested,
    /// A zip inside.
    #[error("inside is a zip, not JSON")]
    Binary,
}

impl GzipProblem {
    fn hint(self) -> &'static str {
        match self {
            Self::Nested | Self::Binary => {
                "Unpack it first (gunzip), and name what comes out: countersign tfplan."
            }
            Self::Ratio => {
                "If you trust it, unpack it and name the JSON: gunzip plan.json.gz && countersign plan.json."
            }
            Self::Truncated | Self::Damaged | Self::Trailing => {
                "Pack it again: terraform show -json tfplan | gzip > plan.json.gz (gunzip -t tests a file)."
            }
        }
    }
}

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
    /// Text in an encoding that JSON is not written in.
    #[error("this is {name}; JSON is UTF-8.")]
    Encoding {
        /// Name of the encoding.
        name: &'static str,
    },
    /// A gzip file that holds no plan JSON.
    #[error("this is a gzip file, and {problem}.")]
    Gzip {
        /// What is wrong with it.
        problem: GzipProblem,
    },
    /// Packed in a way that is not unpacked here.
    #[error("this is packed with {kind}, which is not unpacked here.")]
    Packed {
        /// Name of the format.
        kind: &'static str,
    },
    /// The zip that `plan -out` writes, where no program can be asked to show it.
    #[error("this is a binary plan file, and only one that is named as a file can be shown.")]
    Binary,
    /// A zip that is no plan, or none that can be trusted.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A plan that OpenTofu encrypted.
    #[error("this is a plan or state that OpenTofu encrypted.")]
    Encrypted,
    /// The bookmark that `plan -out` writes where HCP Terraform makes the plan.
    #[error("this is the bookmark of a plan that is kept at HCP Terraform; the plan is not in it.")]
    Cloud,
    /// Text of no known kind.
    #[error("this is text, but not JSON.")]
    NotJson,
    /// What a web server says instead of the file.
    #[error("this is a web page or XML, such as a download that failed leaves.")]
    WebPage,
    /// What git holds in place of a large file.
    #[error("this is a Git LFS pointer, not the file that it stands for.")]
    GitLfs,
    /// Source instead of a plan.
    #[error("this is Terraform configuration, not a plan.")]
    Configuration,
    /// What a failed command wrote.
    #[error("this is an error message of Terraform or OpenTofu, not a plan.")]
    ErrorText,
    /// A JSON array.
    #[error("this is a JSON list, not the one object that a plan is.")]
    List {
        /// Whether its first element is a plan.
        of_plans: bool,
    },
    /// A document of another program or command.
    #[error("this is {what}, not a Terraform plan.")]
    Other {
        /// What it is.
        what: &'static str,
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
    #[error("this is the redacted plan of HCP Terraform, from which values are left out.")]
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
    #[error("the part {place} of the plan has an unexpected shape: {problem}.")]
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
            Self::Encoding { .. } => {
                "Write it as UTF-8: terraform show -json tfplan > plan.json (in PowerShell: | Out-File -Encoding utf8 plan.json)."
            }
            Self::Gzip { problem } => problem.hint(),
            Self::Packed { .. } => "Unpack it first. gzip is read as it is: gzip plan.json.",
            Self::Binary => {
                "Name the file (countersign tfplan), or pipe its JSON: terraform show -json tfplan | countersign -."
            }
            Self::Archive(error) => error.hint(),
            Self::Encrypted => {
                "Let OpenTofu decrypt it, with the key provider configured: tofu show -json tfplan > plan.json."
            }
            Self::Cloud => {
                "Fetch it where you are logged in (terraform login): terraform show -json tfplan > plan.json."
            }
            Self::WebPage => {
                "Download it again and let a failure fail: curl --fail --location --output plan.json URL."
            }
            Self::GitLfs => "Fetch the file: git lfs pull.",
            Self::ErrorText => {
                "Run it again, see why it fails, and keep messages out of the file: terraform show -json tfplan > plan.json."
            }
            Self::List { of_plans: true } => {
                "Take each plan out of the list: jq '.[0]' list.json > plan.json."
            }
            Self::List { of_plans: false } => {
                "Give the whole plan, not a part that jq took out of it: terraform show -json tfplan > plan.json."
            }
            Self::Configuration => {
                "Plan it: terraform plan -out=tfplan && terraform show -json tfplan > plan.json."
            }
            Self::HumanText => {
                "Save the plan and show it as JSON: terraform plan -out=tfplan && terraform show -json tfplan > plan.json."
            }
            Self::EventStream => {
                "Use -out and show: terraform plan -out=tfplan && terraform show -json tfplan > plan.json."
            }
            Self::StateJson => {
                "Name the plan when you show it: terraform plan -out=tfplan && terraform show -json tfplan > plan.json (without a file, show gives the state)."
            }
            Self::RawState => {
                "Show a plan, not the state: terraform plan -out=tfplan && terraform show -json tfplan > plan.json."
            }
            Self::ProviderSchemas => {
                "Show a plan: terraform show -json tfplan > plan.json (not terraform providers schema -json)."
            }
            Self::Redacted => {
                "Take the full plan: the json-output endpoint (not json-output-redacted), or terraform show -json tfplan > plan.json."
            }
            Self::Wrapped { key } => match key.as_str() {
                "mock" => "Take one plan out: jq '.mock.NAME' mock.json > plan.json.",
                "tfplan" => "Take the plan out of it: jq .tfplan wrapped.json > plan.json.",
                "terraform" => "Take the plan out of it: jq .terraform wrapped.json > plan.json.",
                _ => "Take the plan out of it: jq .plan wrapped.json > plan.json.",
            },
            Self::SeveralDocuments { .. } => {
                "Give each plan a file of its own, for example: terragrunt run --all plan --json-out-dir plans."
            }
            Self::Json { .. }
            | Self::Shape { .. }
            | Self::DuplicateKey { .. }
            | Self::TooDeep { .. } => {
                "Give the file as terraform show -json wrote it, not edited: terraform show -json tfplan > plan.json."
            }
            Self::Version { .. } => {
                "If your Terraform or OpenTofu is newer than this program, update this program; else write it again: terraform show -json tfplan > plan.json."
            }
            Self::Other { .. } => {
                "Only plans of Terraform and OpenTofu are reviewed: terraform show -json tfplan > plan.json."
            }
            Self::NoVersion | Self::NotAPlan { .. } | Self::NotJson => {
                "Make the plan's JSON with Terraform or OpenTofu: terraform show -json tfplan > plan.json."
            }
            Self::TooLarge { .. } => "Split the configuration, or plan fewer resources at once.",
            Self::Secrets { .. } => "Nothing was shown. Free some memory and try again.",
        }
    }
}
