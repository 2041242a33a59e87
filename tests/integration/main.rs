//! The program as its users meet it: the real binary on real plans in real git repositories.
//!
//! One binary with one module a concern, so that everything links once. Each test makes a [`scene::Scene`] of its own: a temporary
//! directory, a home directory, an environment without anything of this machine or its CI. Nothing here needs a network or Terraform;
//! `git` is required.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `exit_status` | every exit status, which of two wins, and the options that change it |
//! | `bad_input` | what people feed by mistake: each has a name, a hint and status 4 |
//! | `binary_plan` | binary plan files: shown, cross-checked, refused |
//! | `proof` | the binary plan as proof: `--plan-file`, `plan-proof`, the record |
//! | `mutations` | plans changed at random: read or refused by name, secrets kept |
//! | `bad_repository` | repositories that cannot say what the change is: the same |
//! | `git_reality` | repositories as they are met: work trees, clones, submodules, checkouts of a CI, odd names |
//! | `agreement` | what policies find, held against a plain reading of the plan |
//! | `check` | the headless gate: what it finds in real plans |
//! | `explained` | whether the git change explains the plan |
//! | `grants` | verdicts on AWS policy documents, read a second time without Rego, over all plans |
//! | `effect` | the effect digest: what keeps it and what changes it |
//! | `pictures` | pictures of the reviewer for the README |
//! | `leaks` | secrets planted in plans, searched for in everything that is written |
//! | `reports` | the reports themselves: keys, bytes, secrets, files |
//! | `semantics` | what a plan says beside plain changes, and rows that contradict themselves |
//! | `configuration` | `countersign.toml`: its errors, what it switches, and whose copy counts |
//! | `trust` | comments that waive, what is wrong with waivers, and changes to what judges a change |
//! | `user_policies` | Rego directories of users |
//! | `bad_policies` | what can be wrong with them |
//! | `attacks` | policies that want the machine, the terminal or a pass |
//! | `approval` | approving line by line and `verify` |
//! | `threats` | the threat model of approvals: every attempt at one that should not count |
//! | `passphrase` | keys that ask before they sign: at a terminal, through a program, in an agent |
//! | `merged` | approvals after a fast-forward, a merge and a squash |
//! | `source_lines` | where findings point: the commit, its base, the plan's snapshot |
//! | `hostile` | plans whose every string is hostile |
//! | `drafts` | killed reviews, full disks, damaged drafts |
//! | `hooks` | `git merge` and `git push` with the hooks installed |
//! | `hook_places` | pushes of every kind, and hooks in linked work trees, with `GIT_DIR`, in a bare repository's work tree |
//! | `server` | pushes to a bare repository with the hook of the receiving side |
//! | `policy_commands` | the commands for authors of policies, and `init` |
//! | `changes` | the policies about the git change, in repositories |
//! | `pipelines` | the ready-made files for CI systems: their scripts run, their options exist |
//! | `job_control` | the reviewer stopped, continued, killed, and policies that do not end in it, on a real terminal |
//! | `progress` | the line that says how far it is, on a real terminal |
//! | `policies` | the shipped policies: their tests, metadata and pages |
//! | `layering` | the module table of the architecture, held against the source (read by `rust_source`) |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod scene;
#[cfg(unix)]
mod terminal;

mod agreement;
mod approval;
mod attacks;
mod bad_input;
mod bad_policies;
mod bad_repository;
mod baseline;
mod binary_plan;
mod changes;
mod check;
mod configuration;
mod diff;
mod drafts;
mod effect;
mod exit_status;
mod explained;
mod git_reality;
mod grants;
mod hook_places;
mod hooks;
mod hostile;
#[cfg(unix)]
mod job_control;
mod layering;
mod leaks;
mod merge;
mod merged;
mod mutations;
#[cfg(unix)]
mod passphrase;
mod pictures;
mod pipelines;
mod policies;
mod policy_commands;
mod progress;
mod proof;
mod reports;
mod rust_source;
mod semantics;
mod server;
mod source_lines;
mod threats;
mod trust;
mod user_policies;
