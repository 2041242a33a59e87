use serde_json::Value as Json;

use super::*;

/// The keys of an object in the order of the text, which a parsed map does not keep.
fn keys(text: &str, indent: usize) -> Vec<String> {
    let start = format!("{}\"", " ".repeat(indent));
    text.lines()
        .filter_map(|line| line.strip_prefix(&start)?.split_once("\":"))
        .map(|(key, _)| key.to_owned())
        .collect()
}

/// The text of a top-level key's value.
fn section<'a>(text: &'a str, key: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("\n  \"{key}\": ")).unwrap();
    rest.split_once("\n  \"").map_or(rest, |(value, _)| value)
}

fn parsed(case: &ReviewCase, journal: &Journal) -> Json {
    valid(&decided(Format::Json, case, journal))
}

/// The document, which must be what its schema says.
fn valid(text: &str) -> Json {
    let report = serde_json::from_str(text).unwrap();
    assert_eq!(schema::check(&report), Ok(()), "{text}");
    report
}

/// Section, indent of its keys, the keys.
const CONTRACT: [(&str, usize, &str); 8] = [
    ("tool", 4, "name version"),
    ("verdict", 4, "status exit reasons"),
    (
        "plans",
        6,
        "path sha256 effect terraform_version format_version mode complete errored counts applyable checks deferred invocations migrations binary proof root changes",
    ),
    (
        "plans",
        8,
        "create update replace delete read no-op import move forget drift output",
    ),
    (
        "change",
        4,
        "base head merge_base files insertions deletions dirty",
    ),
    (
        "policies",
        4,
        "digest trust packages rules evaluated commit config not_applicable",
    ),
    (
        "findings",
        6,
        "fingerprint policy title rule severity enforcement certainty message plan address deposed module type actions \
         attribute subject facts location policy_location explained status waiver baseline remediation blocks",
    ),
    (
        "counts",
        4,
        "open waived acknowledged rejected carried not_evaluated",
    ),
];

#[test]
fn the_keys_are_those_of_the_contract_in_its_order() {
    let mut case = case();
    case.findings.truncate(1);
    let text = rendered(Format::Json, &case);
    assert!(text.starts_with("{\n  \"schema\": \"countersign.report/v1\",\n"));
    assert!(text.ends_with("\n}\n"));
    assert_eq!(
        keys(&text, 2).join(" "),
        "schema tool verdict plans change policies findings approvals counts notices problems not_applicable not_looked_at baseline parts gate"
    );
    for (key, indent, expected) in CONTRACT {
        assert_eq!(keys(section(&text, key), indent).join(" "), expected);
    }
}

#[test]
fn a_finding_has_every_key_and_null_where_nothing_applies() {
    let report = parsed(&case(), &Journal::default());
    let findings = report["findings"].as_array().unwrap();
    let [destroyed, waived, warned] = findings.as_slice() else {
        unreachable!("three findings")
    };
    assert_eq!(destroyed["rule"], "deny");
    assert_eq!(destroyed["enforcement"], "soft-mandatory");
    assert_eq!(destroyed["certainty"], "proven");
    assert_eq!(destroyed["module"], "");
    assert_eq!(destroyed["type"], "terraform_data");
    assert_eq!(destroyed["actions"], json!(["delete"]));
    assert_eq!(destroyed["location"], Json::Null);
    assert_eq!(
        destroyed["policy_location"],
        json!({"file": "policies/no-destroy/no_destroy.rego", "line": 14})
    );
    assert_eq!(destroyed["explained"], false);
    assert_eq!(destroyed["status"], "open");
    assert_eq!(destroyed["waiver"], Json::Null);
    assert_eq!(destroyed["blocks"], true);
    assert_eq!(waived["deposed"], "4e2a1f00");
    assert_eq!(waived["status"], "waived");
    assert_eq!(
        waived["waiver"],
        json!({
            "reason": "agreed with the owner", "owner": "platform team", "expires": "2026-12-24",
            "file": "countersign.toml", "line": 3,
        })
    );
    assert_eq!(waived["explained"], Json::Null);
    assert_eq!(waived["blocks"], false);
    assert_eq!(
        warned["location"],
        json!({"file": "main.tf", "line": 2, "end_line": 3, "in_diff": true, "kind": "block", "side": "commit"})
    );
    assert_eq!(
        warned["facts"],
        json!({"found": "(sensitive)", "keys": ["password", "token"]})
    );
    for finding in findings {
        assert_eq!(finding.as_object().unwrap().len(), 25);
    }
}

#[test]
fn the_verdict_is_the_one_that_was_decided_and_the_exit_the_actual_one() {
    let case = case();
    let verdict = verdict(&case, &Journal::default(), now());
    let context = Context {
        exit: Exit::Pass,
        ..context(&case, &verdict)
    };
    let report = valid(&render(Format::Json, &context));
    assert_eq!(
        report["verdict"],
        json!({"status": "blocked", "exit": 0, "reasons": ["1 soft-mandatory finding is open"]})
    );
    assert_eq!(
        report["counts"],
        json!({"open": 2, "waived": 1, "acknowledged": 0, "rejected": 0, "carried": 0, "not_evaluated": 0})
    );
}

#[test]
fn plan_change_and_policies_are_named_by_their_digests() {
    let case = case();
    let report = parsed(&case, &Journal::default());
    let plan = &case.plans[0].plan;
    assert_eq!(report["plans"][0]["sha256"], plan.digest.to_string());
    assert_eq!(report["plans"][0]["effect"], plan.effect.to_string());
    assert_eq!(report["plans"][0]["mode"], "normal");
    assert_eq!(report["plans"][0]["complete"], true);
    assert_eq!(report["plans"][0]["counts"]["no-op"], 1);
    assert_eq!(
        report["change"],
        json!({
            "base": "1".repeat(40), "head": "2".repeat(40), "merge_base": "1".repeat(40),
            "files": 1, "insertions": 1, "deletions": 1, "dirty": [],
        })
    );
    assert_eq!(
        report["policies"],
        json!({
            "digest": case.policies.digest.to_string(), "trust": "base",
            "packages": 3, "rules": 7, "evaluated": 7,
            "commit": "1".repeat(40), "config": case.config.to_string(), "not_applicable": 0,
        })
    );
    assert_eq!(
        report["tool"],
        json!({"name": "countersign", "version": "0.1.0"})
    );
}

#[test]
fn without_a_change_the_key_is_null() {
    for under_review in [
        UnderReview::NoRepository,
        UnderReview::NoChange {
            base: None,
            head: "2".repeat(40),
            reason: line("head is in base."),
            dirty: Vec::new(),
        },
    ] {
        let report = parsed(
            &ReviewCase {
                under_review,
                ..case()
            },
            &Journal::default(),
        );
        assert_eq!(report["change"], Json::Null);
    }
}

#[test]
fn a_plan_that_does_not_say_whether_it_is_complete_gives_null() {
    let mut case = case();
    case.plans[0].plan.complete = None;
    case.plans[0].plan.terraform_version = None;
    let report = parsed(&case, &Journal::default());
    assert_eq!(report["plans"][0]["complete"], Json::Null);
    assert_eq!(report["plans"][0]["terraform_version"], Json::Null);
}

#[test]
fn a_waiver_is_the_reviewers_where_a_reviewer_gave_it_and_none_after_a_rejection() {
    let case = case();
    let waive = Decision::Waive {
        reason: "seed job retired".to_owned(),
        expires: "2026-12-01".parse().unwrap(),
    };
    let by_reviewer = json!({
        "reason": "seed job retired", "by": "Ada <ada@example.org>", "expires": "2026-12-01",
    });
    for index in [0, 1] {
        let report = parsed(&case, &answered(&case, index, waive.clone()));
        assert_eq!(report["findings"][index]["status"], "waived");
        assert_eq!(report["findings"][index]["waiver"], by_reviewer);
    }
    let reject = Decision::Reject {
        reason: "not this week, OPS-1".to_owned(),
    };
    let report = parsed(&case, &answered(&case, 1, reject));
    assert_eq!(report["findings"][1]["status"], "rejected");
    assert_eq!(report["findings"][1]["waiver"], Json::Null);
    let mut carried = case.clone();
    let journal = answered(&case, 0, waive);
    carried.plans[0].plan.digest = Digest::of(b"a re-plan");
    let report = parsed(&carried, &journal);
    assert_eq!(report["findings"][0]["status"], "carried");
    assert_eq!(report["findings"][0]["waiver"], by_reviewer);
    carried.findings[0].content = Digest::of(b"another change");
    let report = parsed(&carried, &journal);
    assert_eq!(report["findings"][0]["status"], "stale");
    assert_eq!(report["findings"][0]["waiver"], Json::Null);
}

#[test]
fn approvals_problems_and_what_was_left_out_are_listed() {
    let mut case = case();
    case.problems = vec![PolicyProblem {
        policy: line("acme"),
        place: None,
        message: line("it does not parse."),
    }];
    let verdict = verdict(&case, &Journal::default(), now());
    let approvals = approvals();
    let context = Context {
        approvals: &approvals,
        ..context(&case, &verdict)
    };
    let report = valid(&render(Format::Json, &context));
    assert_eq!(
        report["approvals"][1],
        json!({
            "digest": Digest::of(b"bob").to_string(), "reviewer": "bob <bob@example.org>",
            "created": "2026-11-21T10:00:00Z", "expires": "2026-12-05T10:00:00Z",
            "signed": false, "valid": false, "reason": "it is about another plan", "key": null,
            "break_glass": null,
        })
    );
    assert_eq!(report["approvals"][0]["reason"], Json::Null);
    assert_eq!(
        report["problems"],
        json!([{"policy": "acme", "place": null, "message": "it does not parse."}])
    );
    assert_eq!(
        report["not_applicable"],
        json!([{"policy": "branch-policy", "reason": "there is no pull request."}])
    );
    assert_eq!(
        report["not_looked_at"],
        json!(["provider schemas: none were given."])
    );
    assert_eq!(
        report["notices"],
        json!(["The work tree differs from head in main.tf."])
    );
    assert_eq!(report["verdict"]["status"], "policy");
}

#[test]
fn a_run_that_failed_early_keeps_the_schema() {
    let failure = Failure {
        exit: Exit::Input,
        heading: "The plan cannot be reviewed.".to_owned(),
        causes: vec!["plan.json is truncated\u{1b} at line 3.".to_owned()],
        hint: Some("Run terraform show -json again.".to_owned()),
    };
    let text = render_failure(Format::Json, &failure, "0.1.0");
    assert_eq!(keys(&text, 2), keys(&rendered(Format::Json, &case()), 2));
    let report = valid(&text);
    assert_eq!(
        report,
        json!({
            "schema": "countersign.report/v1",
            "tool": {"name": "countersign", "version": "0.1.0"},
            "verdict": {
                "status": "input", "exit": 4,
                "reasons": ["The plan cannot be reviewed.", "plan.json is truncated<U+001B> at line 3."],
            },
            "plans": [],
            "change": null,
            "policies": {"digest": null, "trust": null, "packages": 0, "rules": 0, "evaluated": 0, "commit": null, "config": null, "not_applicable": 0},
            "findings": [],
            "approvals": [],
            "counts": {"open": 0, "waived": 0, "acknowledged": 0, "rejected": 0, "carried": 0, "not_evaluated": 0},
            "notices": ["Run terraform show -json again."],
            "problems": [],
            "not_applicable": [],
            "not_looked_at": [],
            "baseline": null,
            "parts": null,
            "gate": null,
        })
    );
}

#[test]
fn a_report_with_another_key_or_without_one_is_not_what_the_schema_says() {
    let report = parsed(&case(), &Journal::default());
    let refused = |edit: &dyn Fn(&mut Json)| {
        let mut report = report.clone();
        edit(&mut report);
        schema::check(&report).unwrap_err().to_string()
    };
    let text = refused(&|report| report["findings"][1]["value"] = json!("x"));
    assert_eq!(text, "findings[1].value: there is no such key");
    let text = refused(&|report| drop(report.as_object_mut().unwrap().remove("notices")));
    assert_eq!(text, "notices: it is missing");
    let text = refused(&|report| report["schema"] = json!("countersign.report/v2"));
    assert_eq!(text, "schema: it is not \"countersign.report/v1\"");
    let text = refused(&|report| report["findings"][0]["fingerprint"] = json!("../x"));
    assert_eq!(
        text,
        "findings[0].fingerprint: it does not match \"^[0-9a-f]{64}$\""
    );
    let text = refused(&|report| report["plans"][0]["counts"]["delete"] = json!(-1));
    assert_eq!(text, "plans[0].counts.delete: it is less than 0");
}
