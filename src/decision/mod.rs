//! What people answer to findings.
//!
//! Place in the flow: the terminal reviewer appends to a [`Journal`]; `review::verdict` reads it. A plain `--check` has an
//! empty journal and knows only the waivers of the trusted tree.
//!
//! Invariants: the journal is append-only, undo appends a retraction; a decision belongs to a [`DecisionKey`], so it never slips to
//! another finding; what a finding permits is decided in one place, [`permits`].

mod coverage;
mod journal;
mod waiver;

pub use coverage::{Coverage, MANY, waiver_faults};
pub use journal::{Entry, Event, Journal, Recorded};
pub use waiver::{Place, SOON_DAYS, Waiver, WaiverFault};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::finding::{Enforcement, Finding, Standing};

/// Which finding, in which state, a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DecisionKey {
    /// What was found where.
    pub fingerprint: Digest,
    /// Rule text and change at the time of the decision.
    pub content: Digest,
}

impl DecisionKey {
    /// The key of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            fingerprint: finding.fingerprint,
            content: finding.content,
        }
    }
}

/// A calendar date in UTC, `YYYY-MM-DD`.
pub type Date = jiff::civil::Date;

/// Who decides. Not authenticated by itself; a signature on the approval does that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// Name as git is configured.
    pub name: String,
    /// Address as git is configured.
    pub email: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{} <{}>", self.name, self.email);
        f.pad(crate::text::Printable::line(&text).as_str())
    }
}

/// A person's answer to a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Decision {
    /// Seen and accepted as it is; only for findings that do not block.
    Acknowledge,
    /// Accepted although it blocks.
    Waive {
        /// Why.
        reason: String,
        /// Last day on which the waiver counts.
        expires: Date,
    },
    /// Not accepted: the plan must not be applied.
    Reject {
        /// Why.
        reason: String,
    },
}

impl Decision {
    /// The word used in lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledged",
            Self::Waive { .. } => "waived",
            Self::Reject { .. } => "rejected",
        }
    }
}

/// Shortest reason that is accepted, in characters.
pub const MIN_REASON: usize = 10;

/// Longest life of a waiver, in days, counted from the day of the decision.
pub const MAX_WAIVER_DAYS: i32 = 366;

/// Why an answer is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A blocking finding cannot be acknowledged.
    #[error("a {0} finding cannot be acknowledged; waive it with a reason, or reject it.")]
    BlocksAcknowledge(Enforcement),
    /// A hard-mandatory finding cannot be waived.
    #[error("a hard-mandatory finding cannot be waived; reject it, or change the plan.")]
    HardMandatory,
    /// There is nothing to waive.
    #[error("an advisory finding does not block; acknowledge it, or reject it.")]
    NothingToWaive,
    /// There is nothing to answer.
    #[error("this policy does not apply here; there is nothing to decide.")]
    NotApplicable,
    /// The reason is too short.
    #[error("a reason of at least {MIN_REASON} characters is needed.")]
    ReasonTooShort,
    /// The expiry is over or too far away.
    #[error("the expiry must be after today and at most {MAX_WAIVER_DAYS} days away.")]
    Expiry,
}

/// Says whether a finding permits an answer on a given day.
///
/// # Errors
/// With the reason why not.
pub fn permits(finding: &Finding, decision: &Decision, today: Date) -> Result<(), Refusal> {
    if finding.standing == Standing::NotApplicable {
        return Err(Refusal::NotApplicable);
    }
    let reason_is_good = |reason: &str| reason.trim().chars().count() >= MIN_REASON;
    match (decision, finding.enforcement) {
        (Decision::Acknowledge, Enforcement::Advisory) => Ok(()),
        (Decision::Acknowledge, level) => Err(Refusal::BlocksAcknowledge(level)),
        (Decision::Waive { .. }, Enforcement::HardMandatory) => Err(Refusal::HardMandatory),
        (Decision::Waive { .. }, Enforcement::Advisory) => Err(Refusal::NothingToWaive),
        (Decision::Waive { reason, expires }, Enforcement::SoftMandatory) => {
            if !reason_is_good(reason) {
                return Err(Refusal::ReasonTooShort);
            }
            let last = today
                .checked_add(jiff::Span::new().days(MAX_WAIVER_DAYS))
                .unwrap_or(today);
            if *expires <= today || *expires > last {
                return Err(Refusal::Expiry);
            }
            Ok(())
        }
        (Decision::Reject { reason }, _) => {
            if reason_is_good(reason) {
                Ok(())
            } else {
                Err(Refusal::ReasonTooShort)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
