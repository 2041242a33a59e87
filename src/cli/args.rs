//! The command line, as `--help` shows it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::help;
use crate::policy::Trust;
use crate::report::Format;

/// Review Terraform and OpenTofu plans against Rego policies and the git change behind them, before anyone applies them.
#[derive(Parser, Debug)]
#[command(
    name = "countersign",
    version,
    args_conflicts_with_subcommands = true,
    after_help = help::PROGRAM
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) review: ReviewArgs,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Does a valid approval cover this plan and commit? Fails closed; for use before apply.
    #[command(after_help = help::VERIFY)]
    Verify(VerifyArgs),
    /// The whole job on an example: a real plan in a throw-away repository.
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// Shows the approvals of a commit, takes one back, or removes old drafts.
    #[command(after_help = help::APPROVALS)]
    Approvals {
        #[command(subcommand)]
        action: ApprovalsAction,
    },
    /// Guards merges and pushes with git hooks.
    #[command(after_help = help::HOOK)]
    Hook {
        #[command(subcommand)]
        action: HookAction,
    },
    /// Lists, shows, checks and tests policies.
    #[command(after_help = help::POLICY)]
    Policy {
        #[command(subcommand)]
        action: PolicyAction,
    },
    /// Do two plans have the same effect? Otherwise lists every difference.
    #[command(after_help = help::DIFF)]
    Diff(DiffArgs),
    /// Works on JSON reports.
    #[command(after_help = help::REPORT)]
    Report {
        #[command(subcommand)]
        action: ReportAction,
    },
    /// Writes a commented countersign.toml, a CI job and a starter policy with its test; existing files stay as they are.
    #[command(after_help = help::INIT)]
    Init(InitArgs),
    /// Prints the completions of a shell.
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, or writes the pages of all commands into a directory.
    #[command(after_help = help::MAN)]
    Man {
        /// Directory for countersign.1, countersign-verify.1 and so on.
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

/// What `init` writes.
#[derive(Args, Debug, Clone, Default)]
pub(super) struct InitArgs {
    /// For which CI a job is written (default: as the remote says, else github).
    #[arg(long, value_enum, value_name = "CI")]
    pub(super) ci: Option<CiArg>,
}

/// CI systems that `init` knows.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CiArg {
    /// A workflow of GitHub Actions.
    Github,
    /// Jobs of GitLab CI/CD.
    Gitlab,
    /// None.
    None,
}

/// What is reviewed.
#[derive(Args, Debug, Clone, Default)]
pub(super) struct SubjectArgs {
    /// Plans: JSON of `terraform show -json`, binary plan files, directories, patterns, or - for standard input.
    #[arg(value_name = "PLAN")]
    pub(super) plans: Vec<PathBuf>,
    /// The binary plan file of the plan JSON: proves that they are one plan, made from the commit under review.
    #[arg(long, value_name = "FILE")]
    pub(super) plan_file: Option<PathBuf>,
    /// The ref that the change is to be merged into.
    #[arg(long, value_name = "REF")]
    pub(super) base: Option<String>,
    /// The commit under review (default HEAD).
    #[arg(long, value_name = "REF")]
    pub(super) head: Option<String>,
    /// The repository (default: where the program is started).
    #[arg(long, value_name = "DIR")]
    pub(super) repo: Option<PathBuf>,
    /// A unified diff in place of a repository.
    #[arg(long, value_name = "FILE", conflicts_with = "repo")]
    pub(super) diff: Option<PathBuf>,
    /// More Rego policies.
    #[arg(short, long = "policy", value_name = "DIR")]
    pub(super) policies: Vec<PathBuf>,
    /// More data for policies, JSON or YAML.
    #[arg(short, long = "data", value_name = "FILE")]
    pub(super) data: Vec<PathBuf>,
    /// Where configuration, policies and waivers are read from (default: base, where there is one).
    #[arg(long, value_enum, value_name = "TREE")]
    pub(super) trust: Option<TrustArg>,
}

/// Where trusted files are read from.
#[derive(ValueEnum, Debug, Clone, Copy)]
pub(super) enum TrustArg {
    /// The base commit.
    Base,
    /// The work tree, for a local trial.
    Worktree,
}

impl From<TrustArg> for Trust {
    fn from(arg: TrustArg) -> Self {
        match arg {
            TrustArg::Base => Self::Base,
            TrustArg::Worktree => Self::Worktree,
        }
    }
}

/// How the result is written.
#[derive(Args, Debug, Clone, Default)]
pub(super) struct OutputArgs {
    /// Format of the report: human, json, sarif, junit, github, gitlab, markdown or html.
    #[arg(short, long, value_name = "FMT", default_value = "human")]
    pub(super) format: String,
    /// Write the report to a file.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Write another report too; repeatable.
    #[arg(long = "report", value_name = "FMT=FILE")]
    pub(super) reports: Vec<String>,
    /// Bytes that a Markdown report may take; detail is dropped to fit.
    #[arg(long, value_name = "N", default_value_t = crate::report::MAX_BYTES)]
    pub(super) max_bytes: usize,
    /// Use colours.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(super) color: ColorArg,
    /// Say less on standard error.
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Say more on standard error: what policies print, and timings.
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Say on standard error which rules ran, how many resource changes each had to look at, and what they printed.
    #[arg(long)]
    pub(super) trace: bool,
}

/// When colours are used.
#[derive(ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ColorArg {
    /// On a terminal, unless the environment says otherwise: see below.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options of a review and of `--check`.
#[derive(Args, Debug, Clone, Default)]
pub(super) struct ReviewArgs {
    /// Report and exit with the status of the gate, without a terminal.
    #[arg(long)]
    pub(super) check: bool,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
    #[command(flatten)]
    pub(super) gate: GateArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Review line by line, without a full screen.
    #[arg(long, conflicts_with = "check")]
    pub(super) plain: bool,
    /// Use the mouse: a click moves the cursor, the wheel scrolls; no click decides.
    #[arg(long, conflicts_with_all = ["check", "plain"])]
    pub(super) mouse: bool,
    /// Write the approval record to a file too.
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// In an emergency: sign a record that sets aside who must approve, for 4 hours. For the group that the base's configuration names.
    #[arg(long, value_name = "REASON", conflicts_with = "check")]
    pub(super) break_glass: Option<String>,
}

/// How findings count.
#[derive(Args, Debug, Clone, Default)]
pub(super) struct GateArgs {
    /// With --check: a passing verdict also needs a valid approval.
    #[arg(long, requires = "check")]
    pub(super) require_approval: bool,
    /// Warnings block too.
    #[arg(long)]
    pub(super) fail_on_warn: bool,
    /// With --check: a JSON report of an earlier run; what it has already does not block. In the repository it is read from the base.
    #[arg(long, requires = "check", value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// With --check: report findings, but exit 0; errors are never hidden.
    #[arg(long, requires = "check")]
    pub(super) exit_zero: bool,
    /// Approvals count only for the very same bytes of the plan.
    #[arg(long)]
    pub(super) exact: bool,
}

#[derive(Args, Debug, Clone)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Approvals count only for the very same bytes of the plan.
    #[arg(long)]
    pub(super) exact: bool,
    /// For the apply that follows: mark the approval as used, in its note. No later verify accepts it.
    #[arg(long)]
    pub(super) consume: bool,
}

#[derive(Args, Debug, Clone)]
pub(super) struct DemoArgs {
    /// Print the findings instead of opening the reviewer.
    #[arg(long)]
    pub(super) check: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Review line by line, without a full screen.
    #[arg(long, conflicts_with = "check")]
    pub(super) plain: bool,
    /// Keep the throw-away repository and say where it is.
    #[arg(long)]
    pub(super) keep: bool,
}

#[derive(Subcommand, Debug, Clone)]
pub(super) enum ApprovalsAction {
    /// Lists the approval records of a commit.
    #[command(after_help = help::APPROVALS)]
    List {
        /// The commit.
        #[arg(default_value = "HEAD")]
        commit: String,
        /// The repository.
        #[arg(long, value_name = "DIR")]
        repo: Option<PathBuf>,
    },
    /// Shows the statements of the approval records of a commit.
    #[command(after_help = help::APPROVALS)]
    Show {
        /// The commit.
        #[arg(default_value = "HEAD")]
        commit: String,
        /// The repository.
        #[arg(long, value_name = "DIR")]
        repo: Option<PathBuf>,
    },
    /// Takes an approval back: adds that to its note, and prints the line for .countersign/revoked, which binds once it is on the base.
    #[command(after_help = help::APPROVALS)]
    Revoke {
        /// Its digest, as approvals list shows it; the first 8 digits or more.
        digest: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// The repository.
        #[arg(long, value_name = "DIR")]
        repo: Option<PathBuf>,
    },
    /// Removes review drafts that were not touched for 14 days, or all.
    #[command(after_help = help::APPROVALS)]
    Purge {
        /// Remove all drafts.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Subcommand, Debug, Clone)]
pub(super) enum HookAction {
    /// Writes pre-merge-commit and pre-push hooks; an existing hook is kept and runs first.
    #[command(after_help = help::HOOK)]
    Install {
        /// The repository.
        #[arg(long, value_name = "DIR")]
        repo: Option<PathBuf>,
    },
    /// Removes them, and puts earlier hooks back.
    #[command(after_help = help::HOOK)]
    Uninstall {
        /// The repository.
        #[arg(long, value_name = "DIR")]
        repo: Option<PathBuf>,
    },
    /// What the hooks run.
    #[command(after_help = help::HOOK)]
    Run {
        /// Name of the hook.
        name: String,
        /// What git gives to the hook.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// The two plans.
#[derive(Args, Debug, Clone)]
pub(super) struct DiffArgs {
    /// The plan that was reviewed; JSON, a binary plan file, or - for standard input.
    #[arg(value_name = "PLAN_A")]
    pub(super) first: PathBuf,
    /// The plan that is to be applied.
    #[arg(value_name = "PLAN_B")]
    pub(super) second: PathBuf,
    /// human or json.
    #[arg(short, long, value_enum, default_value = "human", value_name = "FMT")]
    pub(super) format: ListFormat,
    /// Write it to a file.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Subcommand, Debug, Clone)]
pub(super) enum ReportAction {
    /// Prints the JSON Schema of JSON reports.
    #[command(after_help = help::SCHEMA)]
    Schema,
    /// Makes one report of several, as the jobs of a CI matrix wrote them, in every format. A summary, no gate by itself.
    #[command(after_help = help::MERGE)]
    Merge {
        /// JSON reports of one change.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// Formats of lists.
#[derive(ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ListFormat {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// Formats of test reports.
#[derive(ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum TestFormat {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
    /// For CI systems.
    Junit,
}

#[derive(Subcommand, Debug, Clone)]
pub(super) enum PolicyAction {
    /// Lists all policies: the shipped ones, those of the configuration, and those of -p.
    #[command(after_help = help::POLICY)]
    List {
        /// More Rego policies.
        #[arg(short, long = "policy", value_name = "DIR")]
        policies: Vec<PathBuf>,
        /// human or json.
        #[arg(short, long, value_enum, default_value = "human", value_name = "FMT")]
        format: ListFormat,
    },
    /// Shows what a policy is, needs and does, and where it comes from.
    #[command(after_help = help::POLICY)]
    Show {
        /// Its id.
        id: String,
        /// More Rego policies.
        #[arg(short, long = "policy", value_name = "DIR")]
        policies: Vec<PathBuf>,
        /// human or json.
        #[arg(short, long, value_enum, default_value = "human", value_name = "FMT")]
        format: ListFormat,
    },
    /// Runs the tests of policies (rules named test_…).
    #[command(after_help = help::TEST)]
    Test(TestArgs),
    /// Shows everything that is wrong or odd about policies, with file, line and column.
    #[command(after_help = help::CHECK)]
    Check {
        /// Directory with policies (default: those of the configuration, else policies).
        dir: Option<PathBuf>,
        /// human or json.
        #[arg(short, long, value_enum, default_value = "human", value_name = "FMT")]
        format: ListFormat,
    },
}

/// How tests are run.
#[derive(Args, Debug, Clone)]
pub(super) struct TestArgs {
    /// Directory with policies and their tests (default: those of the configuration, else policies).
    pub(super) dir: Option<PathBuf>,
    /// Only tests whose path matches.
    #[arg(long, value_name = "REGEX")]
    pub(super) run: Option<String>,
    /// Show which lines of the policies were reached.
    #[arg(long)]
    pub(super) coverage: bool,
    /// Fail when less than so many percent of the lines were reached.
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = percent)]
    pub(super) threshold: Option<u32>,
    /// Wall clock of one test, such as 30s (default: that of [policies] timeout).
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(super) timeout: Option<Duration>,
    /// human, json or junit.
    #[arg(short, long, value_enum, default_value = "human", value_name = "FMT")]
    pub(super) format: TestFormat,
    /// Show the tests that pass, too.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// A time as in the configuration: `1s` to `600s`.
fn seconds(text: &str) -> Result<Duration, String> {
    text.strip_suffix('s')
        .and_then(|number| number.parse().ok())
        .filter(|seconds| (1..=600).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text} is no time between 1s and 600s"))
}

/// A percentage in hundredths: `80`, `82.5`.
fn percent(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text} is no percentage between 0 and 100");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return Err(wrong());
    }
    let whole: u32 = whole.parse().map_err(|_long| wrong())?;
    let hundredths: u32 = format!("{part:0<2}").parse().map_err(|_long| wrong())?;
    whole
        .checked_mul(100)
        .map(|n| n + hundredths)
        .filter(|n| *n <= 10_000)
        .ok_or_else(wrong)
}

/// Reads the names of formats.
pub(super) fn format(word: &str) -> Result<Format, String> {
    word.parse::<Format>().map_err(|error| error.to_string())
}
