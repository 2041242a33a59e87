//! What one configuration would do otherwise than another, in words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::{ALLOWED_SIGNERS, ApprovalConfig, Config};
use crate::decision::Waiver;
use crate::finding::{Enforcement, Override, Severity};

impl Config {
    /// Says what changes from this configuration to another, one sentence part each; nothing where only layout or comments differ.
    #[must_use]
    pub fn differences(&self, new: &Self) -> Vec<String> {
        // Taken apart, so that a key that is added later cannot be forgotten here.
        let Self {
            plan_paths,
            show,
            allowed_refs,
            allowed_repos,
            policy_paths,
            data_paths,
            disable,
            unknown_blocks,
            not_evaluated_blocks,
            timeout_seconds,
            policies,
            overrides,
            policy_lines: _,
            value_lines: _,
            disable_line: _,
            waivers,
            approval,
            review_every_change,
            digest: _,
        } = self;
        let mut out = Vec::new();
        out.extend(waiver_differences(waivers, &new.waivers));
        out.extend(
            new.disable
                .difference(disable)
                .map(|id| format!("turns {id} off")),
        );
        out.extend(
            disable
                .difference(&new.disable)
                .map(|id| format!("turns {id} on again")),
        );
        out.extend(level_differences(overrides, &new.overrides));
        out.extend(setting_differences(policies, &new.policies));
        list(
            &mut out,
            "policy directory",
            policy_paths,
            &new.policy_paths,
        );
        list(&mut out, "data file", data_paths, &new.data_paths);
        list(&mut out, "guarded ref", allowed_refs, &new.allowed_refs);
        list(
            &mut out,
            "name of this repository",
            allowed_repos,
            &new.allowed_repos,
        );
        list(&mut out, "plan path", plan_paths, &new.plan_paths);
        let word = |blocks: bool| if blocks { "deny" } else { "warn" };
        let mut value = |key: &str, old: String, new: String| {
            if old != new {
                out.push(format!("sets {key} to {new} (was {old})"));
            }
        };
        value(
            "show",
            show.programs.join(" or "),
            new.show.programs.join(" or "),
        );
        value(
            "show_timeout",
            format!("{}s", show.timeout.as_secs()),
            format!("{}s", new.show.timeout.as_secs()),
        );
        value(
            "on_unknown",
            word(*unknown_blocks).to_owned(),
            word(new.unknown_blocks).to_owned(),
        );
        value(
            "on_not_evaluated",
            word(*not_evaluated_blocks).to_owned(),
            word(new.not_evaluated_blocks).to_owned(),
        );
        value(
            "timeout",
            format!("{timeout_seconds}s"),
            format!("{}s", new.timeout_seconds),
        );
        out.extend(approval_differences(approval, &new.approval));
        let require = |every: bool| if every { "changes" } else { "findings" };
        out.extend(sets(
            "what a review must show",
            require(*review_every_change),
            require(new.review_every_change),
        ));
        out
    }
}

fn sets(key: &str, old: impl AsRef<str>, new: impl AsRef<str>) -> Option<String> {
    let (old, new) = (old.as_ref(), new.as_ref());
    (old != new).then(|| format!("sets {key} to {new} (was {old})"))
}

fn approval_differences(old: &ApprovalConfig, new: &ApprovalConfig) -> Vec<String> {
    let ApprovalConfig {
        required,
        prevent_self,
        ttl_days,
        allowed_signers,
        exact,
        single_use,
        codeowners,
        break_glass,
        groups: _,
        rules: _,
        rule_policies: _,
    } = old;
    let place = |named: &Option<String>| named.clone().unwrap_or_else(|| ALLOWED_SIGNERS.into());
    let or_none = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".into());
    let mut out: Vec<String> = [
        sets(
            "required approvals",
            required.to_string(),
            new.required.to_string(),
        ),
        sets(
            "prevent_self",
            prevent_self.to_string(),
            new.prevent_self.to_string(),
        ),
        sets(
            "the life of approvals",
            format!("{ttl_days}d"),
            format!("{}d", new.ttl_days),
        ),
        sets(
            "the list of signers",
            place(allowed_signers),
            place(&new.allowed_signers),
        ),
        sets("exact", exact.to_string(), new.exact.to_string()),
        sets(
            "single_use",
            single_use.to_string(),
            new.single_use.to_string(),
        ),
        sets(
            "the file of code owners",
            or_none(codeowners),
            or_none(&new.codeowners),
        ),
        sets(
            "the group that may break glass",
            or_none(break_glass),
            or_none(&new.break_glass),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let names: BTreeSet<&String> = old.groups.keys().chain(new.groups.keys()).collect();
    for name in names {
        match (old.groups.get(name), new.groups.get(name)) {
            (None, Some(_)) => out.push(format!("adds the group {name}")),
            (Some(_), None) => out.push(format!("removes the group {name}")),
            (Some(before), Some(after)) if before != after => {
                out.push(format!("changes the members of the group {name}"));
            }
            _ => {}
        }
    }
    if old.rules != new.rules {
        out.push(format!(
            "changes the rules for groups (was {}, now {})",
            old.rules.len(),
            new.rules.len()
        ));
    }
    out
}

/// How each waiver reads, with how often it stands there.
fn waiver_differences(old: &[Waiver], new: &[Waiver]) -> Vec<String> {
    type Terms<'w> = BTreeSet<(crate::decision::Date, &'w str, &'w str, Option<&'w str>)>;
    fn terms(waivers: &[Waiver]) -> BTreeMap<(&str, &str), Terms<'_>> {
        let mut out: BTreeMap<(&str, &str), Terms<'_>> = BTreeMap::new();
        for waiver in waivers {
            out.entry((&waiver.policy, &waiver.address))
                .or_default()
                .insert((
                    waiver.expires,
                    waiver.reason.as_str(),
                    waiver.owner.as_str(),
                    waiver.digest.as_deref(),
                ));
        }
        out
    }
    let (old, new) = (terms(old), terms(new));
    let last = |terms: &Terms<'_>| {
        let dates = terms.iter().map(|(expires, ..)| *expires);
        dates.max().map(|date| date.to_string()).unwrap_or_default()
    };
    let digests = |terms: &Terms<'_>| -> BTreeSet<Option<String>> {
        let digests = terms.iter().map(|(.., digest)| digest.map(str::to_owned));
        digests.collect()
    };
    let mut out = Vec::new();
    for (name, terms) in &new {
        let (policy, address) = name;
        match old.get(name) {
            None => out.push(format!(
                "adds a waiver of {policy} for {address} until {}",
                last(terms)
            )),
            Some(before) if last(before) != last(terms) => out.push(format!(
                "changes the waiver of {policy} for {address} to end on {} (was {})",
                last(terms),
                last(before)
            )),
            Some(before) if digests(before) != digests(terms) => out.push(format!(
                "changes which code the waiver of {policy} for {address} is for"
            )),
            Some(before) if before != terms => {
                out.push(format!("rewords the waiver of {policy} for {address}"));
            }
            Some(_) => {}
        }
    }
    for (policy, address) in old.keys().filter(|name| !new.contains_key(*name)) {
        out.push(format!("removes the waiver of {policy} for {address}"));
    }
    out
}

fn level_differences(
    old: &BTreeMap<String, Override>,
    new: &BTreeMap<String, Override>,
) -> Vec<String> {
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut out = Vec::new();
    for id in ids {
        let of = |all: &BTreeMap<String, Override>| all.get(id).copied().unwrap_or_default();
        let (before, after) = (of(old), of(new));
        let mut say = |key: &str, before: Option<&str>, after: Option<&str>| {
            if before != after {
                let word = |level: Option<&str>| level.unwrap_or("the policy's own").to_owned();
                out.push(format!(
                    "sets the {key} of {id} to {} (was {})",
                    word(after),
                    word(before)
                ));
            }
        };
        say(
            "enforcement",
            before.enforcement.map(Enforcement::word),
            after.enforcement.map(Enforcement::word),
        );
        say(
            "severity",
            before.severity.map(Severity::word),
            after.severity.map(Severity::word),
        );
    }
    out
}

fn setting_differences(old: &Map<String, Json>, new: &Map<String, Json>) -> Vec<String> {
    let empty = Map::new();
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut out = Vec::new();
    for id in ids {
        let fields = |all: &Map<String, Json>| {
            all.get(id)
                .and_then(Json::as_object)
                .unwrap_or(&empty)
                .clone()
        };
        let (before, after) = (fields(old), fields(new));
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            if before.get(key) != after.get(key) {
                out.push(format!("changes the setting {key} of {id}"));
            }
        }
    }
    out
}

fn list(out: &mut Vec<String>, what: &str, old: &[String], new: &[String]) {
    let before = out.len();
    for name in new.iter().filter(|name| !old.contains(name)) {
        out.push(format!("adds the {what} {name}"));
    }
    for name in old.iter().filter(|name| !new.contains(name)) {
        out.push(format!("removes the {what} {name}"));
    }
    if out.len() == before && old != new {
        out.push(format!("changes the order of the entries: {what}"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::FILE;
    use super::*;

    fn differences(old: &str, new: &str) -> Vec<String> {
        let read = |text| Config::read(text, FILE).unwrap();
        read(old).differences(&read(new))
    }

    fn waiver(address: &str, expires: &str, reason: &str) -> String {
        format!(
            "[[waiver]]\npolicy = \"no-destroy\"\naddress = \"{address}\"\nreason = \"{reason}\"\nowner = \"ops\"\nexpires = {expires}\n"
        )
    }

    #[test]
    fn waivers_are_named_with_what_they_cover() {
        let (a, b) = (
            waiver(
                "aws_db_instance.main",
                "2026-12-01",
                "agreed with the owner",
            ),
            waiver("module.a.*", "2026-12-01", "agreed with the owner"),
        );
        assert_eq!(
            differences(&a, &format!("{a}{b}")),
            ["adds a waiver of no-destroy for module.a.* until 2026-12-01"]
        );
        assert_eq!(
            differences(&format!("{a}{b}"), &b),
            ["removes the waiver of no-destroy for aws_db_instance.main"]
        );
        let later = waiver("module.a.*", "2027-12-01", "agreed with the owner");
        assert_eq!(
            differences(&b, &later),
            [
                "changes the waiver of no-destroy for module.a.* to end on 2027-12-01 (was 2026-12-01)"
            ]
        );
        // A second one for the same place counts by its last day.
        assert_eq!(differences(&b, &format!("{b}{later}")).len(), 1);
        let pinned = |digit: &str| {
            let base = waiver("module.a.*", "2026-12-01", "agreed with the owner");
            format!("{base}digest = \"{}\"\n", digit.repeat(32))
        };
        let for_other_code = ["changes which code the waiver of no-destroy for module.a.* is for"];
        assert_eq!(differences(&b, &pinned("a")), for_other_code);
        assert_eq!(differences(&pinned("a"), &pinned("b")), for_other_code);
        let other = waiver("module.a.*", "2026-12-01", "another good reason");
        assert_eq!(
            differences(&b, &other),
            ["rewords the waiver of no-destroy for module.a.*"]
        );
        assert!(differences(&a, &format!("# a comment\n\n{a}")).is_empty());
    }

    #[test]
    fn every_key_has_words() {
        for (new, said) in [
            (
                "[policies]\ndisable = [\"no-destroy\"]\n",
                "turns no-destroy off",
            ),
            (
                "[policies]\npaths = [\"policies\"]\n",
                "adds the policy directory policies",
            ),
            (
                "[policies]\ndata = [\"d.json\"]\n",
                "adds the data file d.json",
            ),
            (
                "[policies]\non_unknown = \"warn\"\n",
                "sets on_unknown to warn (was deny)",
            ),
            (
                "[policies]\non_not_evaluated = \"warn\"\n",
                "sets on_not_evaluated to warn (was deny)",
            ),
            (
                "[policies]\ntimeout = \"1s\"\n",
                "sets timeout to 1s (was 10s)",
            ),
            (
                "[policy.no-destroy]\nenforcement = \"advisory\"\n",
                "sets the enforcement of no-destroy to advisory (was the policy's own)",
            ),
            (
                "[policy.no-destroy]\nseverity = \"info\"\n",
                "sets the severity of no-destroy to info (was the policy's own)",
            ),
            (
                "[policy.approved-providers]\nallow = [\"*/*\"]\n",
                "changes the setting allow of approved-providers",
            ),
            (
                "[approval]\nrequired = 2\n",
                "sets required approvals to 2 (was 1)",
            ),
            (
                "[approval]\nallowed_signers = \"ops/signers\"\n",
                "sets the list of signers to ops/signers (was .countersign/allowed_signers)",
            ),
            (
                "[approval.groups]\nops = [\"a@example.com\"]\n",
                "adds the group ops",
            ),
            (
                "[git]\nallowed_repos = [\"git.example.com/fork\"]\n",
                "adds the name of this repository git.example.com/fork",
            ),
            (
                "[approval]\nprevent_self = false\n",
                "sets prevent_self to false (was true)",
            ),
            (
                "[approval]\nsingle_use = true\n",
                "sets single_use to true (was false)",
            ),
            (
                "[approval]\nttl = \"1d\"\n",
                "sets the life of approvals to 1d (was 14d)",
            ),
            (
                "[review]\nrequire = \"changes\"\n",
                "sets what a review must show to changes (was findings)",
            ),
            (
                "[plan]\nshow = [\"tofu\", \"show\", \"-json\"]\n",
                "sets show to tofu (was terraform or tofu)",
            ),
        ] {
            assert_eq!(differences("", new), [said], "{new}");
            assert_eq!(differences(new, "").len(), 1, "{new}");
        }
        assert_eq!(
            differences("", "[git]\nallowed_refs = [\"refs/heads/main\"]\n"),
            ["removes the guarded ref refs/heads/master"]
        );
        assert_eq!(
            differences(
                "",
                "[plan]\npaths = [\"plan.json\", \"tfplan.json\", \"tfplan\"]\n"
            ),
            ["changes the order of the entries: plan path"]
        );
    }
}
