//! What a record says about one finding.

use serde::{Deserialize, Serialize};

use super::strict;
use crate::decision::{Date, Decision};
use crate::digest::Digest;
use crate::text::Printable;

/// The answer to one finding at the time of the approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Answer {
    /// What was found where.
    pub fingerprint: Digest,
    /// In which state it was.
    pub content: Digest,
    /// Id of the policy, for people.
    pub policy: Printable,
    /// How it was answered.
    pub given: Given,
}

impl Answer {
    /// The word for lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.given {
            Given::Reviewer { decision, .. } => decision.word(),
            Given::Waiver { .. } => "waived by the configuration",
            Given::NotApplicable => "not applicable",
        }
    }
}

/// How a finding was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// By the reviewer.
    Reviewer {
        /// The answer.
        decision: Decision,
        /// When, which may be on an earlier plan in which the finding was the same.
        at: jiff::Timestamp,
    },
    /// By a waiver of the trusted tree; it answers nothing once that waiver is gone.
    Waiver {
        /// Why.
        reason: Printable,
        /// Last day on which it counts.
        expires: Date,
    },
    /// Not at all: the policy does not apply.
    NotApplicable,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Acknowledged,
    Waived,
    Rejected,
    WaivedByConfiguration,
    NotApplicable,
}

/// The flat form in the record, keys in order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    content: Digest,
    decided: Option<jiff::Timestamp>,
    decision: Word,
    expires: Option<Date>,
    fingerprint: Digest,
    #[serde(deserialize_with = "strict::line")]
    policy: Printable,
    #[serde(deserialize_with = "strict::optional_lines")]
    reason: Option<Printable>,
}

impl From<Answer> for Wire {
    fn from(answer: Answer) -> Self {
        let (decision, decided, reason, expires) = match answer.given {
            Given::Reviewer { decision, at } => match decision {
                Decision::Acknowledge => (Word::Acknowledged, Some(at), None, None),
                Decision::Waive { reason, expires } => (
                    Word::Waived,
                    Some(at),
                    Some(Printable::lines(&reason)),
                    Some(expires),
                ),
                Decision::Reject { reason } => (
                    Word::Rejected,
                    Some(at),
                    Some(Printable::lines(&reason)),
                    None,
                ),
            },
            Given::Waiver { reason, expires } => (
                Word::WaivedByConfiguration,
                None,
                Some(reason),
                Some(expires),
            ),
            Given::NotApplicable => (Word::NotApplicable, None, None, None),
        };
        Self {
            content: answer.content,
            decided,
            decision,
            expires,
            fingerprint: answer.fingerprint,
            policy: answer.policy,
            reason,
        }
    }
}

impl TryFrom<Wire> for Answer {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, &'static str> {
        let given = match (wire.decision, wire.decided, wire.reason, wire.expires) {
            (Word::Acknowledged, Some(at), None, None) => Given::Reviewer {
                decision: Decision::Acknowledge,
                at,
            },
            (Word::Waived, Some(at), Some(reason), Some(expires)) => Given::Reviewer {
                decision: Decision::Waive {
                    reason: reason.into_string(),
                    expires,
                },
                at,
            },
            (Word::Rejected, Some(at), Some(reason), None) => Given::Reviewer {
                decision: Decision::Reject {
                    reason: reason.into_string(),
                },
                at,
            },
            (Word::WaivedByConfiguration, None, Some(reason), Some(expires)) => {
                Given::Waiver { reason, expires }
            }
            (Word::NotApplicable, None, None, None) => Given::NotApplicable,
            _ => return Err("decided, reason and expires do not fit the decision"),
        };
        Ok(Self {
            fingerprint: wire.fingerprint,
            content: wire.content,
            policy: wire.policy,
            given,
        })
    }
}
