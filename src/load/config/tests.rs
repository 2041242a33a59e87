#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::policy::Enforcement;

#[test]
fn every_key_has_a_default_and_can_be_set() {
    assert!(Config::read("", FILE).is_ok());
    let config = Config::read(
        r#"
[plan]
paths = ["a.json"]
show = ["tofu", "show", "-json"]
show_timeout = "30s"
[git]
allowed_refs = ["refs/heads/live"]
[policies]
paths = ["policy"]
disable = ["no-destroy"]
on_unknown = "warn"
timeout = "3s"
[policy.approved-providers]
allow = ["acme/*"]
enforcement = "hard-mandatory"
[[waiver]]
policy = "no-destroy"
address = "module.a.*"
reason = "agreed with the owner"
owner = "ops"
expires = 2026-12-01
[approval]
required = 2
prevent_self = false
ttl = "3d"
[review]
require = "changes"
"#,
        FILE,
    )
    .unwrap();
    assert_eq!(config.plan_paths, ["a.json"]);
    assert_eq!(config.show.programs, ["tofu"]);
    assert_eq!(config.show.timeout, Duration::from_secs(30));
    assert_eq!(Config::default().show.programs, ["terraform", "tofu"]);
    assert!(!config.unknown_blocks);
    assert_eq!(
        config.approval,
        ApprovalConfig {
            required: 2,
            prevent_self: false,
            ttl_days: 3,
            ..ApprovalConfig::default()
        }
    );
    assert_eq!(config.waivers.len(), 1);
    assert_eq!(
        config
            .overrides
            .get("approved-providers")
            .unwrap()
            .enforcement,
        Some(Enforcement::HardMandatory)
    );
    assert_eq!(
        config.policies.get("approved-providers").unwrap(),
        &serde_json::json!({"allow": ["acme/*"]})
    );
    assert!(config.review_every_change);
}

#[test]
fn settings_that_would_guard_nothing_or_run_something_are_refused() {
    for text in [
        "[git]\nallowed_refs = [\"main\"]\n",
        "[git]\nallowed_refs = []\n",
        "[git]\nallowed_refs = [\"refs/heads/[\"]\n",
        "[git]\nallowed_refs = [\"refs/heads/\"]\n",
        "[git]\nallowed_refs = [\"refs/heads/a \"]\n",
        "[policies]\npaths = [\"\"]\n",
        "[plan]\npaths = [\"plan.json\", \" \"]\n",
        "[[waiver]]\npolicy = \"no-destroy\"\naddress = \"module.a.* \"\nreason = \"agreed with the owner\"\nowner = \"ops\"\nexpires = 2026-12-01\n",
        "[plan]\nshow = [\"sh\", \"-c\", \"id\"]\n",
        "[plan]\nshow = [\"./terraform\", \"show\", \"-json\"]\n",
        "[plan]\nshow = [\"terraform\", \"apply\"]\n",
        "[plan]\nshow = [\"terraform\", \"show\", \"-json\", \"-state=x\"]\n",
        "[plan]\nshow_timeout = \"0s\"\n",
        "[plan]\nshow_timeout = \"601s\"\n",
        "[plan]\nshow_timeout = 30\n",
    ] {
        assert_eq!(Config::read(text, FILE).unwrap_err().len(), 1, "{text}");
    }
}

#[test]
fn all_problems_are_reported_at_once_with_lines_and_suggestions() {
    let problems = Config::read(
        "[polices]\npaths = []\n[policies]\ndisabled = [\"x\"]\non_unknown = \"ignore\"\n[approval]\nttl = \"90d\"\n[[waiver]]\npolicy = \"p\"\n",
        FILE,
    )
    .unwrap_err();
    let texts: Vec<String> = problems
        .iter()
        .map(|p| format!("{}: {}", p.line, p.message))
        .collect();
    assert_eq!(
        texts,
        [
            "1: there is no table [polices] (did you mean \"policies\"?).",
            "4: [policies] has no key \"disabled\" (did you mean \"disable\"?).",
            "5: \"on_unknown\" must be one of deny, warn.",
            "7: \"ttl\" must be between \"1d\" and \"14d\".",
            "8: this waiver has no \"address\".",
            "8: this waiver has no \"expires\" of the form YYYY-MM-DD.",
            "8: this waiver has no \"owner\".",
            "8: this waiver has no \"reason\".",
        ]
    );
}

#[test]
fn groups_and_their_rules_are_read() {
    // A rule may stand before the group that it names.
    let config = Config::read(
        "[[approval.rules]]\ngroup = \"security\"\nrequired = 2\npolicies = [\"no-destroy\"]\nseverity = \"high\"\npaths = [\"live/**\"]\n\
[approval.groups]\nsecurity = [\"kim@example.com\", \"*@security.example.com\"]\n[approval]\nallowed_signers = \"ops/signers\"\n[git]\n\
allowed_repos = [\"git.example.com/*/infra\"]\n",
        FILE,
    )
    .unwrap();
    let rule = &config.approval.rules[0];
    assert_eq!((rule.group.as_str(), rule.required), ("security", 2));
    assert!(rule.has_member("Kim@Example.com") && rule.has_member("a@security.example.com"));
    assert!(!rule.has_member("rae@example.com"));
    assert_eq!(
        config.approval.allowed_signers.as_deref(),
        Some("ops/signers")
    );
    assert_eq!(config.allowed_repos, ["git.example.com/*/infra"]);
    let problems = config.check_policies(&[]);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].line, 4);
    assert!(
        problems[0]
            .message
            .contains("there is no policy \"no-destroy\"")
    );
}

#[test]
fn groups_and_rules_that_cannot_be_meant_are_problems_with_a_line() {
    let groups = "[approval.groups]\nsecurity = [\"kim@example.com\"]\n";
    let rule = |text: &str| format!("{groups}[[approval.rules]]\n{text}");
    for (text, line, message) in [
        (
            rule("group = \"securty\"\n"),
            4,
            "there is no group \"securty\" (did you mean \"security\"?).",
        ),
        (
            rule("policies = [\"p\"]\n"),
            3,
            "this rule has no \"group\".",
        ),
        (
            rule("group = \"security\"\nrequired = 2\n"),
            3,
            "has 1 members, and the rule asks for 2.",
        ),
        (
            rule("group = \"security\"\nrequired = 0\n"),
            5,
            "must be between 1 and 10.",
        ),
        (
            rule("group = \"security\"\npolicy = \"p\"\n"),
            5,
            "[approval.rules] has no key \"policy\" (did you mean \"policies\"?).",
        ),
        (
            rule("group = \"security\"\npaths = [\"/live\"]\n"),
            5,
            "\"/live\" can never match",
        ),
        (
            rule("group = \"security\"\npaths = []\n"),
            5,
            "must not be empty.",
        ),
        (
            rule("group = \"security\"\nseverity = \"severe\"\n"),
            5,
            "must be one of critical, high",
        ),
        (
            "[approval.groups]\nsecurity = []\n".to_owned(),
            2,
            "the group \"security\" is empty.",
        ),
        (
            "[approval.groups]\nsecurity = [\"kim\"]\n".to_owned(),
            2,
            "\"kim\" in the group \"security\" is no address",
        ),
        (
            "[approval]\nallowed_signers = \"../signers\"\n".to_owned(),
            2,
            "must be a path from the root of the repository",
        ),
        (
            "[approval]\nallowed_signers = \"/etc/signers\"\n".to_owned(),
            2,
            "must be a path from the root of the repository",
        ),
        (
            "[approval]\nrules = 1\n".to_owned(),
            2,
            "rules are written as [[approval.rules]].",
        ),
        (
            "[git]\nallowed_repos = [\"https://git.example.com/x\"]\n".to_owned(),
            2,
            "can never match; write host/path.",
        ),
    ] {
        let problems = Config::read(&text, FILE).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert_eq!(problems[0].line, line, "{text}: {problems:?}");
        assert!(
            problems[0].message.contains(message),
            "{text}: {problems:?}"
        );
    }
}

#[test]
fn broken_toml_is_a_problem_with_a_line() {
    let problems = Config::read("[plan]\npaths = [\n", FILE).unwrap_err();
    assert!(problems.first().unwrap().line >= 2);
}

#[test]
fn settings_of_a_wrong_type_are_problems_at_their_value() {
    let policies = crate::load::command_line_bundles(&[]).unwrap();
    let policies = crate::policy::Policies::load(
        &policies,
        crate::policy::Settings {
            policy: serde_json::Map::new(),
            disabled: std::collections::BTreeSet::new(),
            timeout: std::time::Duration::from_secs(10),
            threads: 1,
            trust: crate::policy::Trust::Worktree,
            commit: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        },
    );
    let check = |text: &str| -> Vec<(u32, String)> {
        let config = Config::read(text, FILE).unwrap();
        let problems = config.check_policies(&policies.summary.policies);
        problems.into_iter().map(|p| (p.line, p.message)).collect()
    };
    let found = check(
        "[policy.mass-destroy]\nignore_types = []\nshare_from = \"x\"\nshare = 2\n\
         [policy.approved-providers]\nexec_providers = \"Deny\"\n\
         [policy.read-only-principals]\nmatch = [\n  \"*\",\n  \"\",\n]\nhidden_grants = \"no\"\n\
         [policy.no-delete-grants]\nmatch = 5\n",
    );
    let expected = [
        (
            3,
            "share_from of [policy.mass-destroy] must be a whole number from 0 on.",
        ),
        (
            4,
            "share of [policy.mass-destroy] must be a number from 0 to 1.",
        ),
        (
            6,
            "exec_providers of [policy.approved-providers] must be one of allow, deny (did you mean \"deny\"?).",
        ),
        (
            10,
            "match of [policy.read-only-principals] holds an empty text, which can never match.",
        ),
        (
            12,
            "hidden_grants of [policy.read-only-principals] must be true or false.",
        ),
        (
            14,
            "match of [policy.no-delete-grants] must be a list of globs.",
        ),
    ];
    assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    assert_eq!(
        check("[policy.mass-destroy]\nshare_from = 3\nshare = 0.1\n"),
        []
    );
    let patterns = check(
        "[policy.no-destroy]\nignore_types = [\"aws_*\", \"aws_db_instance.main\"]\nignore_addresses = [\n  \"module.a.*\",\n  \"module.net\",\n]\n\
         [policy.read-only-principals]\nmatch = [\"ci-*\", \"!*\"]\n\
         [policy.approved-providers]\ndeny = [\"https://registry.terraform.io/acme/x\"]\n\
         [policy.ci-tamper]\npaths = [\"ci/../x\"]\n\
         [policy.unplanned-hunk]\nignore_files = [\"/docs/*\"]\n\
         [policy.allowed-refs]\nrefs = [\"main\"]\n",
    );
    let expected = [
        (
            2,
            "ignore_types of [policy.no-destroy] holds \"aws_db_instance.main\", which can never match: a resource type has no \".\"; write \"aws_db_instance\", or take the setting for addresses.",
        ),
        (
            5,
            "ignore_addresses of [policy.no-destroy] holds \"module.net\", which can never match: it is the address of a module; write \"module.net.*\" for all that is in it.",
        ),
        (
            8,
            "match of [policy.read-only-principals] leaves out everything (\"!*\"), so the policy would look at nothing.",
        ),
        (
            10,
            "deny of [policy.approved-providers] holds \"https://registry.terraform.io/acme/x\", which can never match: a source has no \"https://\"; write \"registry.terraform.io/acme/x\".",
        ),
        (
            12,
            "paths of [policy.ci-tamper] holds \"ci/../x\", which can never match: no path of a repository has \".\" or \"..\" as a name.",
        ),
        (
            14,
            "ignore_files of [policy.unplanned-hunk] holds \"/docs/*\", which can never match: paths begin at the root of the repository, without \"/\".",
        ),
        (
            16,
            "refs of [policy.allowed-refs] holds \"main\", which can never match: names of refs are given in full; write \"refs/heads/main\".",
        ),
    ];
    assert_eq!(
        patterns,
        expected.map(|(line, text)| (line, text.to_owned()))
    );
    assert_eq!(
        check("[policies]\ndisable = [\"no-destroy\"]\n[approval.groups]\nops = [\"a@example.com\"]\n[[approval.rules]]\ngroup = \"ops\"\npolicies = [\"no-destroy\"]\n"),
        [(
            7,
            "the policy \"no-destroy\" is switched off by [policies] disable, so this rule never asks for it."
                .to_owned()
        )]
    );
}
