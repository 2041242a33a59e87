//! Tests on whole plans: small ones written as Terraform writes them.

mod contradictions;
mod semantics;
mod shown;

use super::*;
use crate::digest::Digest;

fn read(text: &str) -> Plan {
    Plan::read(text.as_bytes().to_vec()).unwrap()
}

fn error(text: &str) -> PlanError {
    match Plan::read(text.as_bytes().to_vec()) {
        Ok(_) => unreachable!("accepted: {text}"),
        Err(error) => error,
    }
}

/// A plan with one update that changes `{value}` of `{name}` and marks `password`.
fn plan(timestamp: &str, value: &str, password: &str) -> String {
    format!(
        r#"{{"format_version":"1.2","terraform_version":"1.11.4",
"variables":{{"token":{{"value":"variable-secret-1"}}}},
"planned_values":{{"root_module":{{"resources":[{{"address":"a_b.c","type":"a_b","values":{{"v":"{value}","password":"{password}"}},"sensitive_values":{{"password":true}}}}]}}}},
"resource_changes":[
 {{"address":"a_b.c","mode":"managed","type":"a_b","name":"c","provider_name":"registry.terraform.io/x/a",
  "change":{{"actions":["update"],"before":{{"v":"old","password":"old-password-0","n":1}},
   "after":{{"v":"{value}","password":"{password}","n":1,"made":"{timestamp}"}},"after_unknown":{{"id":true}},
   "before_sensitive":{{"password":true}},"after_sensitive":{{"password":true}}}}}},
 {{"address":"a_b.d[\"x.y\"]","mode":"managed","type":"a_b","name":"d","index":"x.y","provider_name":"registry.terraform.io/x/a",
  "change":{{"actions":["delete","create"],"before":{{}},"after":{{}},"after_unknown":{{}},"before_sensitive":{{}},"after_sensitive":{{}},
   "replace_paths":[["ami"],["disk",0,"size"]]}},"action_reason":"replace_because_cannot_update"}}],
"output_changes":{{"o":{{"actions":["create"],"before":null,"after":"output-secret-22","after_unknown":false,"before_sensitive":true,"after_sensitive":true}}}},
"relevant_attributes":[{{"resource":"a_b.c","attribute":["v"]}},{{"resource":"a_b.d","attribute":["w"]}}],
"configuration":{{"root_module":{{"variables":{{"token":{{"sensitive":true}}}}}}}},
"timestamp":"{timestamp}","complete":true,"errored":false}}"#
    )
}

#[test]
fn changes_are_read_with_their_keys_reasons_and_flags() {
    let plan = read(&plan("2026-01-01T00:00:00Z", "new", "new-password-1"));
    let counts = plan.counts();
    assert_eq!((counts.update, counts.replace, counts.output), (1, 1, 1));
    assert_eq!(plan.complete, Some(true));
    assert_eq!(plan.applyable, None);
    let replaced = plan.changes.last().unwrap();
    assert_eq!(replaced.address, "a_b.d[\"x.y\"]");
    assert_eq!(replaced.action, Action::DeleteThenCreate);
    assert_eq!(plan.replace_paths(&replaced.body), ["ami", "disk[0].size"]);
}

#[test]
fn secrets_are_masked_in_values_and_scrubbed_from_text() {
    let plan = read(&plan("2026-01-01T00:00:00Z", "new", "new-password-1"));
    let change = plan.changes.first().unwrap();
    let rows = plan.attribute_changes(&change.body);
    let shown: Vec<String> = rows
        .iter()
        .map(|r| {
            format!(
                "{}{}={}→{}",
                r.difference.symbol(),
                r.path,
                r.before.show(&plan.redactor),
                r.after.show(&plan.redactor)
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "+id=null→(known after apply)",
            "+made=null→\"2026-01-01T00:00:00Z\"",
            " n=1→1",
            "~password=(sensitive)→(sensitive)",
            "~v=\"old\"→\"new\"",
        ]
    );
    for secret in [
        "old-password-0",
        "new-password-1",
        "variable-secret-1",
        "output-secret-22",
    ] {
        assert!(
            plan.redactor.finds(&format!("curl -u x:{secret}")),
            "{secret}"
        );
    }
    assert_eq!(format!("{plan:?}"), format!("Plan({})", plan.digest));
}

#[test]
fn a_long_number_is_scrubbed_with_every_digit() {
    let text = plan("2026-01-01T00:00:00Z", "new", "new-password-1").replacen(
        r#""password":"new-password-1","n""#,
        r#""password":12345678901234567890123,"n""#,
        1,
    );
    let plan = read(&text);
    assert!(plan.redactor.finds("id 12345678901234567890123"));
}

#[test]
fn marks_of_another_shape_than_the_value_hide_all_of_it() {
    let text = plan("2026-01-01T00:00:00Z", "new", "new-password-1").replacen(
        r#""after_sensitive":{"password":true}"#,
        r#""after_sensitive":{"password":[true]}"#,
        1,
    );
    assert!(read(&text).redactor.finds("new-password-1"));
}

#[test]
fn a_secret_in_the_deepest_tree_that_is_read_is_scrubbed() {
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        plan("2026-01-01T00:00:00Z", "new", "new-password-1").replacen(
            r#""password":"new-password-1","n""#,
            &format!(r#""password":{open}"deep-password-2"{close},"n""#),
            1,
        )
    };
    for depth in [60, 65, 100, 120] {
        let plan = read(&deep(depth));
        assert!(plan.redactor.finds("deep-password-2"), "{depth}");
    }
    assert!(matches!(error(&deep(130)), PlanError::TooDeep { .. }));
}

#[test]
fn only_values_that_the_plans_own_time_made_are_no_effect() {
    let effect = |text: &str| read(text).effect;
    let (one, two) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let made = |time: &str| plan(time, "new", "new-password-1");
    // Words behind a time are no time: they could say anything.
    let zone = "2026-01-02T00:00:00Z[Any/Words]";
    assert!(zone.parse::<jiff::Timestamp>().is_ok());
    assert_ne!(effect(&made(one)), effect(&made(zone)));
    // What a person gave is not made by the plan.
    let given = |time: &str| made(time).replace("variable-secret-1", time);
    assert_ne!(effect(&given(one)), effect(&given(two)));
    let written = |time: &str| {
        made(time).replace(
            r#""sensitive":true}}}}"#,
            &format!(r#""sensitive":true,"default":"{time}"}}}}}}}}"#),
        )
    };
    assert_eq!(effect(&made(one)), effect(&made(two)));
    assert_ne!(effect(&written(one)), effect(&written(two)));
}

#[test]
fn no_name_inside_a_prior_state_stands_for_one_around_it() {
    let made = plan("2026-01-01T00:00:00Z", "new", "new-password-1");
    let with = |state: &str| made.replacen('{', &format!(r#"{{"prior_state":{state},"#), 1);
    read(&with(r#"{"format_version":"1.0","values":{"x":1}}"#));
    let error = error(&with(r#"{"values":{"/format_version":"1.0"}}"#));
    assert!(matches!(error, PlanError::Shape { .. }), "{error}");
}

#[test]
fn a_plan_made_again_has_the_same_effect() {
    let one = read(&plan("2026-01-01T00:00:00Z", "new", "new-password-1"));
    let again = plan("2026-02-02T11:11:11Z", "new", "new-password-1").replace(
        r#"{"resource":"a_b.c","attribute":["v"]},{"resource":"a_b.d","attribute":["w"]}"#,
        r#"{"resource":"a_b.d","attribute":["w"]},{"resource":"a_b.c","attribute":["v"]}"#,
    );
    let two = read(&again);
    assert_ne!(one.digest, two.digest);
    assert_eq!(one.effect, two.effect);
}

#[test]
fn every_kind_of_leaf_is_part_of_the_effect() {
    let base = plan("2026-01-01T00:00:00Z", "new", "new-password-1");
    let effect = read(&base).effect;
    for (from, to) in [
        ("\"v\":\"new\"", "\"v\":\"other\""),
        ("new-password-1", "new-password-2"),
        ("old-password-0", "old-password-9"),
        ("\"n\":1,\"made\"", "\"n\":2,\"made\""),
        ("{\"id\":true}", "{\"id\":false}"),
        ("[\"delete\",\"create\"]", "[\"create\",\"delete\"]"),
        ("replace_because_cannot_update", "replace_by_request"),
        ("output-secret-22", "output-secret-23"),
        ("variable-secret-1", "variable-secret-2"),
        ("\"complete\":true", "\"complete\":false"),
        ("\"attribute\":[\"w\"]", "\"attribute\":[\"z\"]"),
        ("registry.terraform.io/x/a", "registry.terraform.io/y/a"),
    ] {
        assert!(base.contains(from), "{from}");
        assert_ne!(read(&base.replacen(from, to, 1)).effect, effect, "{from}");
    }
}

#[test]
fn a_change_keeps_its_content_digest_in_another_plan_without_its_secrets() {
    let one = read(&plan("2026-01-01T00:00:00Z", "new", "new-password-1"));
    let two = read(&plan("2026-01-01T00:00:00Z", "other", "new-password-1"));
    let digest = |plan: &Plan, index: usize| plan.content_digest(plan.changes.get(index).unwrap());
    assert_eq!(digest(&one, 1), digest(&two, 1));
    assert_ne!(digest(&one, 0), digest(&two, 0));
    assert_ne!(digest(&one, 0), Digest::of(b""));
}

#[test]
fn repeated_keys_and_deep_trees_are_refused_wherever_they_stand() {
    let base = plan("2026-01-01T00:00:00Z", "new", "new-password-1");
    let deep = format!("\"v\":{}{}", "[".repeat(200), "]".repeat(200));
    for (from, to) in [
        ("\"v\":\"old\"", "\"v\":\"old\",\"v\":\"older\""),
        (
            "\"actions\":[\"update\"]",
            "\"actions\":[\"update\"],\"actions\":[\"no-op\"]",
        ),
        (
            "\"complete\":true",
            "\"complete\":true,\"resource_changes\":[]",
        ),
    ] {
        assert!(
            matches!(
                error(&base.replacen(from, to, 1)),
                PlanError::DuplicateKey { .. }
            ),
            "{from}"
        );
    }
    assert!(matches!(
        error(&base.replacen("\"v\":\"old\"", &deep, 1)),
        PlanError::TooDeep { .. }
    ));
}

#[test]
fn a_change_without_marks_hides_its_text() {
    let plan = read(
        r#"{"format_version":"0.1","resource_changes":[{"address":"a.b","type":"a","name":"b","change":{"actions":["create"],"before":null,"after":{"x":"text","n":3}}}]}"#,
    );
    let rows = plan.attribute_changes(&plan.changes.first().unwrap().body);
    let shown: Vec<String> = rows
        .iter()
        .map(|r| r.after.show(&plan.redactor).into_string())
        .collect();
    assert_eq!(shown, ["3", "(sensitive)"]);
}

#[test]
fn a_list_is_not_read_as_an_object_field_by_field() {
    let object = r#"{"address":"a.b","type":"a","name":"b","change":{"actions":["delete"]}}"#;
    let list = r#"["a.b",null,null,"managed","a","b",null,null,{"actions":["delete"]}]"#;
    let body = r#"{"address":"a.b","type":"a","name":"b","change":[["delete"]]}"#;
    let whole = |part: &str| format!(r#"{{"format_version":"1.2",{part}}}"#);
    read(&whole(&format!(r#""resource_changes":[{object}]"#)));
    for part in [
        format!(r#""resource_changes":[{list}]"#),
        format!(r#""resource_changes":[{body}]"#),
        format!(r#""resource_changes":[],"resource_drift":[{list}]"#),
        format!(r#""resource_changes":[],"deferred_changes":[["x",{object}]]"#),
        r#""resource_changes":[],"output_changes":{"o":[["create"]]}"#.to_owned(),
        r#""resource_changes":[],"action_invocations":[["a.b"]]"#.to_owned(),
        r#""planned_values":[{}]"#.to_owned(),
        r#""planned_values":{"outputs":{"o":[true,"x"]}}"#.to_owned(),
        r#""configuration":{"root_module":[{"v":[true]}]}"#.to_owned(),
    ] {
        assert!(
            matches!(error(&whole(&part)), PlanError::Shape { .. }),
            "{part}"
        );
    }
}

#[test]
fn modes_are_told_apart() {
    let destroy = r#"{"format_version":"1.2","resource_changes":[{"address":"a.b","mode":"managed","type":"a","name":"b","change":{"actions":["delete"],"before":{},"after":null}}]}"#;
    assert_eq!(read(destroy).mode, PlanMode::Destroy);
    let removed = destroy.replace(
        "\"change\"",
        "\"action_reason\":\"delete_because_no_resource_config\",\"change\"",
    );
    assert_eq!(read(&removed).mode, PlanMode::Normal);
    let refresh = r#"{"format_version":"1.2","planned_values":{},"resource_drift":[{"address":"a.b","type":"a","name":"b","change":{"actions":["update"]}}]}"#;
    assert_eq!(read(refresh).mode, PlanMode::RefreshOnly);
}

#[test]
fn rows_without_a_change_or_actions_are_unknown() {
    for change in [
        "",
        ",\"change\":{}",
        ",\"change\":{\"actions\":[]}",
        ",\"change\":{\"actions\":[\"explode\"]}",
    ] {
        let text = format!(
            r#"{{"format_version":"1.2","resource_changes":[{{"address":"a.b","type":"a","name":"b"{change}}}]}}"#
        );
        assert_eq!(
            read(&text).changes.first().unwrap().action,
            Action::Unknown,
            "{change}"
        );
    }
}
