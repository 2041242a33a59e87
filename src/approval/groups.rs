//! Who else must approve: rules that ask for members of a group where findings or files call for them.

use jiff::Timestamp;

use super::owners::is_member;
use super::people::People;
use super::{Answer, Context, Given, Statement, Void};
use crate::change::Change;
use crate::decision::Journal;
use crate::finding::Finding;
use crate::policy::Severity;
use crate::review::{ReviewCase, Status, verdict};
use crate::text::Printable;

/// A rule of the configuration. Conditions on findings hold together for one finding; those on findings and on files hold both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// Name of the group.
    pub group: String,
    /// Addresses of its members; `*` stands for any characters.
    pub members: Vec<String>,
    /// How many of them must approve.
    pub required: u8,
    /// Policies one of whose findings calls for the group; empty for any.
    pub policies: Vec<String>,
    /// The least severity of such a finding.
    pub severity: Option<Severity>,
    /// Patterns of changed files that call for the group; empty for any.
    pub paths: Vec<String>,
}

impl GroupRule {
    /// Why too few of the group approved, where the rule applies and that is so.
    pub(super) fn missing(
        &self,
        context: &Context<'_>,
        told: &[&Statement],
        people: &People,
    ) -> Option<Void> {
        let why = if context.without_plan {
            self.applies_by_record(context.case, told)?
        } else {
            self.applies(context.case, context.now)?
        };
        let need = usize::from(self.required.max(1));
        let have = people.count(|address| self.has_member(address));
        (have < need).then(|| Void::GroupQuorum {
            group: Printable::line(&self.group),
            have,
            need,
            why,
            members: Printable::line(&self.members.join(", ")),
        })
    }

    /// Whether an address belongs to the group.
    #[must_use]
    pub fn has_member(&self, address: &str) -> bool {
        self.members.iter().any(|member| is_member(member, address))
    }

    /// Why the group is asked, as the rest of a sentence; none where it is not.
    #[must_use]
    pub fn applies(&self, case: &ReviewCase, now: Timestamp) -> Option<String> {
        let mut why = Vec::new();
        if !self.policies.is_empty() || self.severity.is_some() {
            let verdict = verdict(case, &Journal::default(), now);
            let found = case
                .findings
                .iter()
                .zip(&verdict.states)
                .filter(|(_, state)| {
                    !matches!(state.status, Status::Waived | Status::NotApplicable)
                })
                .map(|(finding, _)| finding)
                .find(|finding| self.is_about(finding))?;
            why.push(format!(
                "a finding of {} ({}) calls for",
                found.policy, found.severity
            ));
        }
        self.by_path(case, why)
    }

    /// As [`Self::applies`], where findings are known only by the answers to them. A record names no severity: that of the policy stands
    /// for it.
    fn applies_by_record(&self, case: &ReviewCase, told: &[&Statement]) -> Option<String> {
        let mut why = Vec::new();
        if !self.policies.is_empty() || self.severity.is_some() {
            let severity = |id: &Printable| {
                let known = case.policies.policies.iter().find(|p| p.id == *id);
                known.and_then(|policy| policy.severity)
            };
            let asks = |answer: &&Answer| {
                matches!(answer.given, Given::Reviewer { .. })
                    && (self.policies.is_empty()
                        || self.policies.iter().any(|id| id == answer.policy.as_str()))
                    && self.severity.is_none_or(|least| {
                        severity(&answer.policy).is_none_or(|found| found <= least)
                    })
            };
            let answer = told.iter().flat_map(|s| &s.answers).find(asks)?;
            why.push(format!("a finding of {} calls for", answer.policy));
        }
        self.by_path(case, why)
    }

    fn by_path(&self, case: &ReviewCase, mut why: Vec<String>) -> Option<String> {
        if !self.paths.is_empty() {
            let change = case.under_review.change();
            let path = change.and_then(|change| self.touched(change));
            why.push(format!("the change to {} calls for", path?));
        }
        Some(if why.is_empty() {
            "every change needs".to_owned()
        } else {
            why.join(" and ")
        })
    }

    fn is_about(&self, finding: &Finding) -> bool {
        // The worst severity is the least of the order.
        (self.policies.is_empty() || self.policies.iter().any(|id| id == finding.policy.as_str()))
            && self.severity.is_none_or(|least| finding.severity <= least)
    }

    fn touched(&self, change: &Change) -> Option<Printable> {
        let matches = |path: &str| {
            self.paths.iter().any(|pattern| {
                globset::GlobBuilder::new(pattern)
                    .literal_separator(true)
                    .build()
                    .is_ok_and(|glob| glob.compile_matcher().is_match(path))
            })
        };
        let sides = change
            .files
            .iter()
            .flat_map(|file| [Some(&file.path), file.old_path.as_ref()]);
        sides
            .flatten()
            .find(|path| matches(path))
            .map(|path| Printable::line(path))
    }
}
