#![allow(clippy::unwrap_used)]

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
fn broken_toml_is_a_problem_with_a_line() {
    let problems = Config::read("[plan]\npaths = [\n", FILE).unwrap_err();
    assert!(problems.first().unwrap().line >= 2);
}
