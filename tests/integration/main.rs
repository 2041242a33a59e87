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
//! | `check` | the headless gate: reports, trust and waivers |
//! | `configuration` | `countersign.toml`: its errors and what it switches |
//! | `user_policies` | Rego directories of users, good and bad |
//! | `approval` | approving and `verify` over fast-forward, merge and squash |
//! | `hooks` | `git merge` and `git push` with the hooks installed |
//! | `policies` | the shipped policies: their tests, metadata and pages |
//! | `layering` | the module table of the architecture, held against the source |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod scene;

mod approval;
mod bad_input;
mod check;
mod configuration;
mod exit_status;
mod hooks;
mod layering;
mod policies;
mod user_policies;
