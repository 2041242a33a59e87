//! The statement: an in-toto Statement v1 whose predicate is one reviewer's approval.
//!
//! Subjects are the plans (digest of their bytes and of their effect), the commit and its tree. The same bindings stand in the
//! predicate; a statement in which the two differ is refused, so a foreign subject cannot be slipped in beside a right one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::PAYLOAD_TYPE;
use super::strict::{self, RecordError};
use super::{Answer, BREAK_GLASS_HOURS, Given, MAX_TTL_DAYS, normal_email};
use crate::decision::Identity;
use crate::digest::Digest;
use crate::plan::Effect;
use crate::text::Printable;

/// Type of the statement: in-toto Statement v1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// Type of the predicate: an approval of this program.
pub const PREDICATE_TYPE: &str = "urn:countersign:approval:v1";

/// What one reviewer approved, bound to everything that was reviewed. Fields stand in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// The answer to each finding, sorted by fingerprint and content.
    pub answers: Vec<Answer>,
    /// Addresses of everyone named by the commits of the change, in lower case, sorted.
    pub authors: Vec<String>,
    /// The base commit at the time.
    pub base: Option<String>,
    /// Why the rules about who must approve were set aside, where they were.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::optional_line"
    )]
    pub break_glass: Option<Printable>,
    /// The commit under review.
    pub commit: String,
    /// Digest of the configuration.
    pub config: Digest,
    /// When, in whole seconds.
    pub created: Timestamp,
    /// How many changes were on the reviewer's screen.
    pub displayed: u64,
    /// From when on it no longer counts.
    pub expires: Timestamp,
    /// The merge base of base and commit.
    pub merge_base: Option<String>,
    /// The plans, sorted by root.
    pub plans: Vec<PlanBinding>,
    /// The policies.
    pub policies: PolicyBinding,
    /// Digests of the records that this one follows, sorted.
    pub predecessors: Vec<Digest>,
    /// Name of the repository.
    #[serde(deserialize_with = "strict::optional_line")]
    pub repository: Option<Printable>,
    /// Who approved; a claim as long as the record is unsigned.
    #[serde(deserialize_with = "strict::identity")]
    pub reviewer: Identity,
    /// The program that made the record.
    pub tool: Tool,
    /// The tree of the commit.
    pub tree: String,
}

/// One approved plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanBinding {
    /// The binary plan, where it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<BinaryBinding>,
    /// Numbers of changes by kind.
    pub counts: BTreeMap<String, u64>,
    /// What it would do.
    #[serde(with = "strict::effect")]
    pub effect: Effect,
    /// How it was asked for.
    #[serde(deserialize_with = "strict::line")]
    pub mode: Printable,
    /// The name that stays the same between runs.
    #[serde(deserialize_with = "strict::line")]
    pub root: Printable,
    /// Digest of its bytes.
    pub sha256: Digest,
}

/// The binary plan file of an approved plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BinaryBinding {
    /// Lineage of the state that it starts from; none for a state that was never written.
    #[serde(deserialize_with = "strict::optional_line")]
    pub lineage: Option<Printable>,
    /// What it proved: `proven`, `differs` or `not-proven`.
    #[serde(deserialize_with = "strict::line")]
    pub proof: Printable,
    /// Serial of that state.
    pub serial: Option<u64>,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// Version that made it.
    #[serde(deserialize_with = "strict::line")]
    pub terraform_version: Printable,
}

/// The policies that were evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyBinding {
    /// Commit that they were read from, where there is one.
    pub commit: Option<String>,
    /// Digest of the bundle.
    pub digest: Digest,
    /// Where they were read from: `base` or `worktree`.
    #[serde(deserialize_with = "strict::line")]
    pub trust: Printable,
}

/// The program that made a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    #[serde(deserialize_with = "strict::line")]
    pub name: Printable,
    /// Its version.
    #[serde(deserialize_with = "strict::line")]
    pub version: Printable,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    digest: BTreeMap<String, String>,
    #[serde(deserialize_with = "strict::line")]
    name: Printable,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    predicate: &'a Statement,
    predicate_type: &'static str,
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Types {
    #[serde(rename = "_type")]
    kind: String,
    predicate_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Incoming {
    #[serde(rename = "_type")]
    _kind: serde::de::IgnoredAny,
    predicate: Statement,
    #[serde(rename = "predicateType")]
    _predicate_type: serde::de::IgnoredAny,
    subject: Vec<Subject>,
}

const PART: &str = "statement";

impl Statement {
    /// The canonical JSON text: keys in order, no white space.
    ///
    /// # Errors
    /// Never with a statement from [`Self::build`] or [`Self::parse`]; a time outside the range of RFC 3339 has no text.
    pub fn payload(&self) -> Result<String, RecordError> {
        serde_json::to_string(&Outgoing {
            kind: STATEMENT_TYPE,
            predicate: self,
            predicate_type: PREDICATE_TYPE,
            subject: self.subjects(),
        })
        .map_err(|error| strict::shape(PART, &error))
    }

    /// Digest of the canonical text; it stays the same whoever signs it, so a revocation that names it cannot be evaded by
    /// signing again.
    ///
    /// # Errors
    /// As [`Self::payload`].
    pub fn digest(&self) -> Result<Digest, RecordError> {
        Ok(Digest::of(self.payload()?.as_bytes()))
    }

    /// The bytes that a signature is made over: the DSSE v1 pre-authentication encoding.
    ///
    /// # Errors
    /// As [`Self::payload`].
    pub fn pae(&self) -> Result<Vec<u8>, RecordError> {
        let payload = self.payload()?;
        let kind = PAYLOAD_TYPE;
        Ok(format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len()).into_bytes())
    }

    /// Reads a canonical text; anything else is refused.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        strict::refuse_repeated_keys(PART, text)?;
        let types: Types = serde_json::from_str(text).map_err(|e| strict::shape(PART, &e))?;
        if types.kind != STATEMENT_TYPE {
            return Err(RecordError::StatementType(strict::shown(&types.kind)));
        }
        if types.predicate_type != PREDICATE_TYPE {
            return Err(RecordError::PredicateType(strict::shown(
                &types.predicate_type,
            )));
        }
        let incoming: Incoming = serde_json::from_str(text).map_err(|e| strict::shape(PART, &e))?;
        let statement = incoming.predicate;
        statement.validate()?;
        if incoming.subject != statement.subjects() {
            return Err(RecordError::Subjects);
        }
        if statement.payload()? != text {
            return Err(RecordError::NotCanonical(PART));
        }
        Ok(statement)
    }

    fn subjects(&self) -> Vec<Subject> {
        let one = |name: &str, digests: &[(&str, String)]| Subject {
            digest: digests
                .iter()
                .map(|(kind, value)| ((*kind).to_owned(), value.clone()))
                .collect(),
            name: Printable::line(name),
        };
        let mut subjects: Vec<Subject> = self
            .plans
            .iter()
            .map(|plan| {
                one(
                    plan.root.as_str(),
                    &[
                        ("sha256", plan.sha256.to_string()),
                        ("countersignEffectV1", plan.effect.to_string()),
                    ],
                )
            })
            .collect();
        for plan in &self.plans {
            if let Some(binary) = &plan.binary {
                let name = format!("{} (plan file)", plan.root);
                subjects.push(one(&name, &[("sha256", binary.sha256.to_string())]));
            }
        }
        subjects.push(one("commit", &[("gitCommit", self.commit.clone())]));
        subjects.push(one("tree", &[("gitTree", self.tree.clone())]));
        subjects
    }

    /// Whether the values can be those of an approval.
    fn validate(&self) -> Result<(), RecordError> {
        let field = |field, problem, holds: bool| {
            if holds {
                Ok(())
            } else {
                Err(RecordError::Field { field, problem })
            }
        };
        let object = "not the hexadecimal name of a git object";
        field("commit", object, is_object(&self.commit))?;
        field("tree", object, is_object(&self.tree))?;
        for (name, value) in [
            ("base", &self.base),
            ("mergeBase", &self.merge_base),
            ("policies.commit", &self.policies.commit),
        ] {
            field(name, object, value.as_deref().is_none_or(is_object))?;
        }
        let longest = SignedDuration::from_hours(24 * i64::from(MAX_TTL_DAYS));
        field("expires", "not after created", self.created < self.expires)?;
        field(
            "expires",
            "more than 14 days after created",
            self.expires.duration_since(self.created) <= longest,
        )?;
        if let Some(reason) = &self.break_glass {
            field(
                "breakGlass",
                "without a reason",
                !reason.as_str().trim().is_empty(),
            )?;
            let longest = SignedDuration::from_hours(BREAK_GLASS_HOURS);
            field(
                "expires",
                "more than 4 hours after created, with breakGlass",
                self.expires.duration_since(self.created) <= longest,
            )?;
        }
        field(
            "reviewer",
            "without an address",
            !normal_email(&self.reviewer.email).is_empty(),
        )?;
        field("plans", "empty", !self.plans.is_empty())?;
        let order = "not sorted, or something stands twice";
        field("plans", order, ascending(&self.plans, |p| p.root.clone()))?;
        field("authors", order, ascending(&self.authors, Clone::clone))?;
        field(
            "authors",
            "not in lower case, or not printable",
            self.authors.iter().all(|a| *a == normal_email(a)),
        )?;
        field("predecessors", order, ascending(&self.predecessors, |p| *p))?;
        field(
            "answers",
            order,
            ascending(&self.answers, |a| (a.fingerprint, a.content)),
        )?;
        field(
            "answers",
            "decided after the record was made",
            self.answers.iter().all(|answer| match answer.given {
                Given::Reviewer { at, .. } => at <= self.created,
                Given::Waiver { .. } | Given::NotApplicable => true,
            }),
        )
    }
}

fn ascending<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> bool {
    items
        .iter()
        .zip(items.iter().skip(1))
        .all(|(a, b)| key(a) < key(b))
}

/// Whether a text is a git object name in lower-case hexadecimal, SHA-1 or SHA-256.
fn is_object(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
