//! The one order of findings: strictest first, then worst, then by policy, plan and address.

use super::Finding;

/// Sorts findings; equal inputs always give the same order.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
}

type Key<'a> = (
    super::Enforcement,
    super::Severity,
    &'a crate::text::Printable,
    &'a crate::text::Printable,
    usize,
    &'a Option<crate::text::Printable>,
    &'a Option<crate::text::Printable>,
    &'a Option<crate::text::Printable>,
    &'a Option<crate::text::Printable>,
    (&'a crate::text::Printable, crate::digest::Digest),
);

fn key(finding: &Finding) -> Key<'_> {
    (
        finding.enforcement,
        finding.severity,
        &finding.policy,
        &finding.rule,
        finding.plan_index,
        &finding.address,
        &finding.deposed,
        &finding.attribute,
        &finding.subject,
        (&finding.message, finding.fingerprint),
    )
}
