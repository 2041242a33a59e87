//! The policies that this program itself holds, beside those in Rego: what a reader is told about each.
//!
//! Their findings are made where the facts are: in `finding` and `load`. Their ids cannot be taken by a Rego policy.

use super::{Enforcement, Severity};

/// A policy of this program itself.
#[derive(Clone, Copy, Debug)]
pub struct OwnPolicy {
    /// Stable id.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// What it looks for.
    pub description: &'static str,
    /// What to do about its findings.
    pub remediation: &'static str,
    /// Severity of its findings.
    pub severity: Severity,
    /// What its findings do to the gate.
    pub enforcement: Enforcement,
    /// What it needs.
    pub needs: &'static str,
    /// Its rules, with a line on each.
    pub rules: &'static [(&'static str, &'static str)],
}

/// Actions that this version does not know.
pub const UNKNOWN_ACTION: OwnPolicy = OwnPolicy {
    id: "unknown-action",
    title: "Every action is known",
    description: "Finds resource changes whose actions are missing, are none that this version knows, or cannot happen to such a \
resource. Nobody can say what an apply would do there, so no other policy's silence about it means anything.",
    remediation: "Use a version that knows this action, or make the plan again.",
    severity: Severity::High,
    enforcement: Enforcement::SoftMandatory,
    needs: "plan",
    rules: &[
        (
            "deny",
            "an action that is not known, or a row that contradicts itself",
        ),
        ("deferred", "the same in a change that this plan puts off"),
    ],
};

/// Waivers that should not stand.
pub const WAIVERS: OwnPolicy = OwnPolicy {
    id: "waivers",
    title: "Waivers are few, narrow and in use",
    description: "Looks at every waiver of the trusted tree: the [[waiver]] tables of countersign.toml, and the comments \
`# countersign:waive POLICY until=YYYY-MM-DD REASON` at resource, data and module blocks. Its findings cannot be waived by a waiver.
A waiver that waits for the change it was agreed for is unused until then.",
    remediation: "Remove the waiver, narrow it, or write it as countersign.toml or the comment needs it.",
    severity: Severity::Low,
    enforcement: Enforcement::Advisory,
    needs: "plan",
    rules: &[
        (
            "unused",
            "it covers no finding; not said of a plan that is errored or does not cover everything",
        ),
        ("expired", "its last day is over, so it no longer counts"),
        (
            "over-broad",
            "it names no resource (module.*), or it covers more than 10 findings by a pattern or a module",
        ),
        (
            "malformed",
            "a comment begins with countersign: and is no waiver, so it waives nothing",
        ),
    ],
};

/// Changes to what judges the change.
pub const POLICY_TAMPER: OwnPolicy = OwnPolicy {
    id: "policy-tamper",
    title: "A change does not touch what judges it",
    description: "Finds changes to the configuration, to policy directories and data files (those that the base names, that the \
head would name, and those of the command line that lie in the repository), to .countersign/, to comments that waive, and to \
CODEOWNERS. Both sides of a rename count, as do modes, links and a directory that becomes something else. This review uses \
the base's copies, except of what -p and -d name. What is merged decides about every change after it.
A waiver of this policy names a path of the repository as its address, and counts only from the base. Where the work tree is \
trusted there is nothing to compare with, and the policy does not apply.",
    remediation: "Review it as what it is, a change of the rules; best alone, without a change of resources. To answer such findings \
without a waiver each, set [policy.policy-tamper] enforcement = \"advisory\" on the base.",
    severity: Severity::High,
    enforcement: Enforcement::SoftMandatory,
    needs: "git",
    rules: &[
        ("configuration", "countersign.toml changes"),
        ("policies", "a file that policies are read from changes"),
        ("data", "a data file of the policies changes"),
        ("approvers", "a file below .countersign/ changes"),
        ("owners", "a CODEOWNERS file changes"),
        ("waivers", "comments waive something else than before"),
    ],
};

/// All of them, in the order of their ids.
pub const OWN: [OwnPolicy; 3] = [POLICY_TAMPER, UNKNOWN_ACTION, WAIVERS];

/// The policy of this program with an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static OwnPolicy> {
    const ALL: &[OwnPolicy] = &OWN;
    ALL.iter().find(|policy| policy.id == id)
}
