//! Waivers that stand in the trusted tree: `[[waiver]]` tables of the configuration.

use globset::{GlobBuilder, GlobMatcher};

use super::Date;
use crate::finding::Finding;
use crate::text::Printable;

/// Why a waiver is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaiverFault {
    /// The pattern cannot be read.
    #[error("the address pattern {0:?} cannot be read.")]
    Pattern(String),
    /// The pattern covers everything.
    #[error("the address pattern {0:?} covers every resource; name the module or the resource.")]
    OverBroad(String),
    /// The reason is too short.
    #[error("a reason of at least {} characters is needed.", super::MIN_REASON)]
    Reason,
}

/// An exception for one policy at some addresses, until a day.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Policy id, exact.
    pub policy: String,
    /// Address, exact or with `*` and `?`, module path and instance key included.
    pub address: String,
    /// Why.
    pub reason: Printable,
    /// Who answers for it.
    pub owner: Printable,
    /// Last day on which it counts.
    pub expires: Date,
    /// Where it is written.
    pub file: Printable,
    /// Line, counted from 1.
    pub line: u32,
    matcher: GlobMatcher,
}

impl Waiver {
    /// Checks and makes a waiver.
    ///
    /// # Errors
    /// When pattern or reason are not acceptable.
    pub fn new(
        policy: String,
        address: String,
        reason: &str,
        owner: &str,
        expires: Date,
        file: &str,
        line: u32,
    ) -> Result<Self, WaiverFault> {
        if reason.trim().chars().count() < super::MIN_REASON {
            return Err(WaiverFault::Reason);
        }
        if address.chars().all(|c| matches!(c, '*' | '?' | '.')) {
            return Err(WaiverFault::OverBroad(address));
        }
        // Brackets are instance keys, not character classes; braces are no alternatives either.
        let escaped: String = address
            .chars()
            .flat_map(|c| match c {
                '[' | ']' | '{' | '}' | '!' | '\\' => vec!['\\', c],
                c => vec![c],
            })
            .collect();
        let matcher = GlobBuilder::new(&escaped)
            .literal_separator(false)
            .backslash_escape(true)
            .build()
            .map_err(|_error| WaiverFault::Pattern(address.clone()))?
            .compile_matcher();
        Ok(Self {
            policy,
            address,
            reason: Printable::line(reason),
            owner: Printable::line(owner),
            expires,
            file: Printable::line(file),
            line,
            matcher,
        })
    }

    /// Whether this waiver is meant for a finding.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        let Some(target) = &finding.target else {
            return false;
        };
        finding.policy.as_str() == self.policy
            && target.is(|address| self.matcher.is_match(address))
    }

    /// Whether it still counts on a day.
    #[must_use]
    pub fn is_valid_on(&self, today: Date) -> bool {
        today <= self.expires
    }
}
