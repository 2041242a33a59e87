//! The record of an approval, and whether one covers what is here now.
//!
//! Place in the flow: when nothing stands in the way of approving, [`Statement::build`] binds one reviewer's answers to the plans,
//! the commit, the policies and the configuration; [`Record`] wraps it into one line of a git note. Later, before a merge or an
//! apply, [`read_note`] reads the lines back and [`decide`] says whether they cover the [`Context`] of that moment. Phases of a
//! decision:
//! 1. `record`: a line becomes a [`Record`], or the [`RecordError`] says what is wrong with it;
//! 2. `check`: one record against the context; what does not match has one name ([`Void`]);
//! 3. `cover`: each finding that blocks now needs an answer in the record that permits it;
//! 4. `decide`: enough different reviewers, or a [`Refusal`].
//!
//! Invariants: no repository, file or clock is read here; a record holds no value of a plan, reasons are redacted; equal statements
//! give equal bytes and only those bytes are read back, so a record has one digest; whatever is not understood voids the record.
//!
//! A reviewer's name in an unsigned record is a claim: reports say `signed: false`, and [`ApprovalRules::accept_unsigned`] must allow it.
//! A signature goes over [`Statement::pae`] into [`Record::with_signatures`]. This module knows no keys: [`Signers`] checks signatures, and
//! says whether the trusted tree lets the key sign in the reviewer's name. A [`Revocation`] takes a record back, and a
//! [`Spending`] says that an apply used it up.

mod answer;
mod build;
mod check;
mod context;
mod cover;
mod decide;
mod groups;
mod notice;
mod owners;
mod people;
mod record;
mod revocation;
mod spending;
mod statement;
mod strict;
mod void;

pub use answer::{Answer, Given};
pub use build::{Blocked, Glass, Occasion};
pub use check::{Covers, MatchedCommit, MatchedPlans, check};
pub use context::{
    ApprovalRules, Claim, Context, PlanIdentity, Signer, Signers, StateIdentity, Unproven,
};
pub use decide::{Approved, Refusal, Summary, decide, heads, journal};
pub use groups::GroupRule;
pub use owners::{CodeOwners, CodeOwnersError};
pub use record::{
    MAX_RECORD_BYTES, MAX_RECORDS, NoteLine, PAYLOAD_TYPE, Record, Signature, read_note,
};
pub use revocation::{REVOCATION_TYPE, Revocation, read_revocations};
pub use spending::{SPENDING_TYPE, Spending, SpentPlan, read_spendings, spent_twice};
pub use statement::{
    BinaryBinding, PREDICATE_TYPE, PlanBinding, PolicyBinding, STATEMENT_TYPE, Statement, Tool,
};
pub use strict::RecordError;
pub use void::Void;

/// Longest life of an approval, in days.
pub const MAX_TTL_DAYS: u8 = 14;

/// Longest life of a break-glass record, in hours.
pub const BREAK_GLASS_HOURS: i64 = 4;

/// How far the clock of the machine that made a record may run ahead, in seconds.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// How far the clock here may be behind the base commit's, in seconds.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 3600;

/// The form in which addresses of people are compared: printable, without surrounding space, in lower case.
pub(crate) fn normal_email(email: &str) -> String {
    crate::text::Printable::line(email.trim())
        .as_str()
        .to_lowercase()
}

#[cfg(test)]
mod tests;
