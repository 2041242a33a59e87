//! countersign reviews Terraform and OpenTofu plans before anyone applies them.
//!
//! It loads a plan and the git change behind it, evaluates Rego policies, lets a person step through the findings, and gates
//! headless with `--check`. Facts point down, intent points up; the terminal reviewer and `--check` differ only in who appends to the
//! journal:
//!
//! ```text
//! args → load → ReviewCase (immutable facts) → policy results → findings → Journal (a person's decisions, append-only)
//!      → verdict() → report | tui → Approval → git note
//! ```
//!
//! Every arrow is a type; each stage can be tested from the previous stage's value. `load` is the only input on the way in, `cli` the
//! only output on the way out. Clock, environment, identity and terminal enter as values from `cli`; nothing below reads them.
//!
//! # Modules
//!
//! A test holds this table: a module may use what stands in its row, and nothing else of this crate.
//!
//! | layer | module | responsibility | may use |
//! | --- | --- | --- | --- |
//! | 0 | [`text`] | hostile strings → `Printable`; the one redactor | – |
//! | 0 | [`digest`] | canonical JSON, SHA-256 ids, the memory-hard pass | `text` |
//! | 1 | [`plan`] | plan JSON → typed values; sensitive and unknown as types that cannot be printed; effect digest; what two plans do differently | `text`, `digest` |
//! | 1 | [`change`] | the git change as data; no repository access | `text`, `digest` |
//! | 1 | [`source`] | index of `.tf` and `.tf.json`: address → file and lines | `text`, `digest` |
//! | 2 | [`provenance`] | joins: which hunk explains which change; does the binary plan hold this commit's files and this JSON's changes | `plan`, `change`, `source` and layer 0 |
//! | 2 | [`policy`] | bundles, annotations, static checks, evaluation → results; `policy::engine` is the only user of the Rego engine | `plan`, `change`, `source`, `provenance` and layer 0 |
//! | 3 | [`finding`] | what was found where, redacted and located; from results | layers 0–2 |
//! | 4 | [`decision`] | acknowledge, waive, reject; the journal; what a finding permits | `finding` and layer 0 |
//! | 5 | [`review`] | `ReviewCase`; the pure `verdict(&case, &journal, now)` | layers 0–4 |
//! | 6 | [`approval`] | statements over the digests; what a valid approval must match and why one is void | layers 0–5 |
//! | 6 | [`report`] | human, JSON, SARIF, JUnit, GitHub, GitLab, Markdown, HTML: `render(format, context)` | layers 0–5 |
//! | A | [`git`] | repository: base, diff, trees, identity, notes, hooks | `change`, `digest` |
//! | A | [`sign`] | SSH signatures: who may sign, making and checking them | `text` |
//! | A | [`store`] | drafts, atomic files, locks | `decision`, `digest` |
//! | B | [`load`] | assembles a `ReviewCase` from paths, standard input and git, with progress | layers 0–6 and A |
//! | C | [`tui`] | the terminal reviewer: model, update, view; `update` returns effects | layers 0–6 |
//! | D | [`cli`] | arguments, running effects, exit status | all |

pub mod approval;
pub mod change;
pub mod cli;
pub mod decision;
pub mod digest;
pub mod finding;
pub mod git;
pub mod load;
pub mod plan;
pub mod policy;
pub mod provenance;
pub mod report;
pub mod review;
pub mod sign;
pub mod source;
pub mod store;
pub mod text;
pub mod tui;
