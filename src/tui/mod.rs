//! The terminal reviewer: a person reads each finding with its change, source and policy, answers it, and approves.
//!
//! Place in the flow: the command line layer starts the work that loads a case, hands its messages to [`run`], and runs the
//! [`Effect`]s that come back. Elm style, synchronous, one thread owns terminal and model:
//! 1. a key, a job's message or the clock becomes a [`Msg`];
//! 2. [`update`] changes the [`Model`] and answers with effects; it touches neither terminal nor disk nor clock;
//! 3. [`view`] draws the model; it changes nothing;
//! 4. [`Msg::Drawn`] tells the model what a person could have seen.
//!
//! Invariants:
//! - Enter and Esc never decide; a decision names the finding of the last drawn frame;
//! - an entry of the journal counts once it is in the draft; until then approving is blocked;
//! - every string shown was redacted and sanitised; there is no key that reveals a secret;
//! - lists are windows: a frame touches only visible rows, orders are rebuilt when filter or grouping change.

mod filter;
mod keys;
mod layout;
mod model;
mod msg;
mod panes;
mod plain;
mod queue;
mod rich;
mod run;
mod session;
mod table;
mod theme;
mod tree;
mod update;
mod view;
mod window;

pub use keys::{Binding, Command, Context, Stroke};
pub use model::Model;
pub use msg::{Effect, Failure, Loaded, Msg, Outcome, PersistFailure};
pub use plain::run_plain;
pub use run::{Options, TuiError, run};
pub use session::leave_screen;
pub use table::BINDINGS;
pub use theme::{Role, Theme};
pub use update::update;
pub use view::view;

#[cfg(test)]
mod tests;
