//! Waivers that stand in the trusted tree: `[[waiver]]` tables of the configuration, and comments at blocks of the source.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use super::Date;
use crate::finding::Finding;
use crate::text::Printable;

/// A waiver that ends within so many days is said to end soon.
pub const SOON_DAYS: i32 = 7;

/// The fewest digits of a digest that a waiver may give.
pub(super) const DIGEST_DIGITS: usize = 32;

/// Why a waiver is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaiverFault {
    /// The pattern cannot be read.
    #[error("the address pattern {0:?} cannot be read.")]
    Pattern(String),
    /// The pattern covers everything.
    #[error("the address pattern {0:?} covers every resource; name the module or the resource.")]
    OverBroad(String),
    /// The pattern can never match.
    #[error("the address pattern {0:?} has a space before or behind it, so it can never match.")]
    Space(String),
    /// The reason is too short.
    #[error("a reason of at least {} characters is needed.", super::MIN_REASON)]
    Reason,
    /// The digest is none.
    #[error(
        "the digest {0:?} is none: it has {DIGEST_DIGITS} to 64 digits from 0 to 9 and a to f."
    )]
    Digest(String),
    /// Waivers cannot be waived.
    #[error("findings of {0} cannot be waived by a waiver.")]
    Policy(String),
}

/// Which findings a waiver is meant for, by their address.
#[derive(Clone, Debug)]
enum Scope {
    /// A pattern, exact or with `*` and `?`.
    Pattern(GlobMatcher),
    /// Configuration addresses of one block, all instances of it included; a file that several modules share has several.
    Blocks(Vec<Place>),
    /// Paths of modules without keys: everything below them.
    Modules(Vec<Place>),
}

/// A configuration address with the plans, by index, whose root module reaches the block there. In another plan the same address
/// is another resource.
pub type Place = (String, BTreeSet<usize>);

/// An exception for one policy at some addresses, until a day.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Policy id, exact.
    pub policy: String,
    /// Address as it is shown: a pattern with module path and instance key, or the block that a comment stands at.
    pub address: String,
    /// The first digits of the digest of the code it is meant for. A finding about code is covered only by a waiver that names it,
    /// so that edited code is another thing.
    pub digest: Option<String>,
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
    scope: Scope,
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
        may_be_waived(&policy, reason)?;
        if address.chars().all(|c| matches!(c, '*' | '?' | '.')) {
            return Err(WaiverFault::OverBroad(address));
        }
        if address.trim() != address {
            return Err(WaiverFault::Space(address));
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
            digest: None,
            reason: Printable::line(reason),
            owner: Printable::line(owner),
            expires,
            file: Printable::line(file),
            line,
            scope: Scope::Pattern(matcher),
        })
    }

    /// Checks and makes a waiver of a comment at a block, given by its configuration addresses; it has no owner but its place.
    ///
    /// # Errors
    /// When the reason is not acceptable.
    pub fn inline(
        policy: String,
        blocks: Vec<Place>,
        is_module: bool,
        reason: &str,
        expires: Date,
        file: &str,
        line: u32,
    ) -> Result<Self, WaiverFault> {
        may_be_waived(&policy, reason)?;
        let address = match blocks.as_slice() {
            [] => String::new(),
            [(one, _)] => one.clone(),
            [(one, _), more @ ..] => format!("{one} and {} more", more.len()),
        };
        Ok(Self {
            policy,
            address,
            digest: None,
            reason: Printable::line(reason),
            owner: Printable::line(&format!("{file}:{line}")),
            expires,
            file: Printable::line(file),
            line,
            scope: if is_module {
                Scope::Modules(blocks)
            } else {
                Scope::Blocks(blocks)
            },
        })
    }

    /// The same waiver, for the code with this digest alone.
    ///
    /// # Errors
    /// When it is no digest, or too short a part of one.
    pub fn with_digest(mut self, digest: Option<String>) -> Result<Self, WaiverFault> {
        let is_digest = |text: &String| {
            (DIGEST_DIGITS..=64).contains(&text.len())
                && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        if let Some(text) = digest.as_ref().filter(|text| !is_digest(text)) {
            return Err(WaiverFault::Digest(text.clone()));
        }
        self.digest = digest;
        Ok(self)
    }

    /// Whether this waiver counts for a finding.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        let theirs = finding.target.as_ref().and_then(|target| target.digest());
        let same = match (self.digest.as_deref(), theirs) {
            (None, None) => true,
            (Some(mine), Some(theirs)) => theirs.starts_with(mine),
            _ => false,
        };
        same && self.is_meant_for(finding)
    }

    /// Whether policy and address fit, whatever code is there.
    #[must_use]
    pub fn is_meant_for(&self, finding: &Finding) -> bool {
        let Some(target) = &finding.target else {
            return false;
        };
        if finding.policy.as_str() != self.policy {
            return false;
        }
        let here = |(_, plans): &&Place| plans.contains(&finding.plan_index);
        match &self.scope {
            Scope::Pattern(matcher) => target.is(|address| matcher.is_match(address)),
            Scope::Blocks(blocks) => {
                let mut blocks = blocks.iter().filter(here);
                target.is_block(|address| blocks.any(|(block, _)| block == address))
            }
            Scope::Modules(modules) => target.is_block(|address| {
                modules.iter().filter(here).any(|(module, _)| {
                    address
                        .strip_prefix(module.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                })
            }),
        }
    }

    /// Whether one such waiver may cover many findings: a pattern, or a module.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        match &self.scope {
            Scope::Pattern(_) => self.address.contains(['*', '?']),
            Scope::Blocks(_) => false,
            Scope::Modules(_) => true,
        }
    }

    /// Whether its pattern names nothing: `module.*` and the like.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        let says_nothing = |segment: &str| {
            matches!(segment, "module" | "data")
                || segment
                    .chars()
                    .all(|c| matches!(c, '*' | '?' | '[' | ']' | '"'))
        };
        matches!(self.scope, Scope::Pattern(_)) && self.address.split('.').all(says_nothing)
    }

    /// How many days it still counts, today not counted, where these are few.
    #[must_use]
    pub fn ends_soon(&self, today: Date) -> Option<i32> {
        let left = today.until(self.expires).ok()?.get_days();
        (0..=SOON_DAYS).contains(&left).then_some(left)
    }

    /// Whether it still counts on a day.
    #[must_use]
    pub fn is_valid_on(&self, today: Date) -> bool {
        today <= self.expires
    }
}

fn may_be_waived(policy: &str, reason: &str) -> Result<(), WaiverFault> {
    if policy == crate::finding::WAIVERS {
        return Err(WaiverFault::Policy(policy.to_owned()));
    }
    if reason.trim().chars().count() < super::MIN_REASON {
        return Err(WaiverFault::Reason);
    }
    Ok(())
}
