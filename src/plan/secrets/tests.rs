//! What counts as a secret, place by place.
#![allow(clippy::unwrap_used)]

use serde_json::{Value as Json, json};

use crate::plan::{Difference, Plan};

fn read(rest: &Json) -> Plan {
    let mut tree =
        json!({ "format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [] });
    let fields = tree.as_object_mut().unwrap();
    for (name, value) in rest.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
    }
    Plan::read(tree.to_string().into_bytes()).unwrap()
}

fn row(kind: &str, name: &str, change: &Json) -> Json {
    json!({ "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "change": change })
}

fn masks(plan: &Plan, text: &str) -> bool {
    !plan.redactor.redact(&format!("a {text} z")).contains(text)
}

#[test]
fn a_changed_secret_is_shown_as_changed_and_nothing_else_of_it() {
    for (before, after) in [
        (
            json!("one-secret-value"),
            json!("two-secret-value-that-is-longer"),
        ),
        (json!("short"), json!("s")),
        (json!(7), json!([1, 2, 3])),
        (Json::Null, json!({ "key": "value" })),
    ] {
        let change = json!({ "actions": ["update"], "before": { "p": before }, "after": { "p": after },
            "before_sensitive": { "p": true }, "after_sensitive": { "p": true } });
        let plan = read(&json!({ "resource_changes": [row("a_b", "c", &change)] }));
        let rows = plan.attribute_changes(&plan.changes.first().unwrap().body);
        let [row] = rows.as_slice() else {
            unreachable!("{rows:?}")
        };
        assert_eq!(row.difference, Difference::Changed);
        assert_eq!(row.before.show(&plan.redactor).as_str(), "(sensitive)");
        assert_eq!(row.after.show(&plan.redactor).as_str(), "(sensitive)");
    }
}

#[test]
fn words_of_the_plan_and_short_values_stay_readable_in_text() {
    let change = json!({ "actions": ["create"], "before": null,
        "after": { "a": "password_hash", "b": "database", "c": "out_name", "d": "in_name_x", "e": "mod_name", "f": "admin",
            "g": true, "h": 1_234_567, "i": "aws_db_instance", "j": "not_a_word_of_it", "password_hash": "x" },
        "before_sensitive": false, "after_sensitive": { "a": true, "b": true, "c": true, "d": true, "e": true, "f": true,
            "g": true, "h": true, "i": true, "j": true } });
    let plan = read(&json!({
        "resource_changes": [row("aws_db_instance", "database", &change)],
        "output_changes": { "out_name": { "actions": ["no-op"] } },
        "variables": { "in_name_x": { "value": 1 } },
        "configuration": { "root_module": { "module_calls": { "mod_name": {} } } },
    }));
    for word in [
        "password_hash",
        "database",
        "out_name",
        "in_name_x",
        "mod_name",
        "admin",
        "true",
        "1234567",
        "aws_db_instance",
    ] {
        assert!(!masks(&plan, word), "{word}");
    }
    assert!(masks(&plan, "not_a_word_of_it"));
    // Where they are marked they are masked.
    let rows = plan.attribute_changes(&plan.changes.first().unwrap().body);
    let open: Vec<&str> = rows
        .iter()
        .filter(|row| row.after.show(&plan.redactor).as_str() != "(sensitive)")
        .map(|row| row.path.as_str())
        .collect();
    assert_eq!(open, ["password_hash"]);
}

#[test]
fn a_name_spares_no_secret_that_is_more_than_a_word() {
    let change = json!({ "actions": ["create"], "before": null, "after": { "p": "Tr0ub4dor-and-3" },
        "before_sensitive": false, "after_sensitive": { "p": true } });
    // Someone names an output and an attribute after it, and a resource after a part of it.
    let plan = read(&json!({
        "resource_changes": [
            row("a_b", "Tr0ub4dor", &change),
            row("a_b", "d", &json!({ "actions": ["create"], "before": null, "after": { "Tr0ub4dor-and-3": 1 },
                "before_sensitive": false, "after_sensitive": {} })),
        ],
        "output_changes": { "Tr0ub4dor-and-3": { "actions": ["no-op"] } },
    }));
    assert!(masks(&plan, "Tr0ub4dor-and-3"));
}

#[test]
fn what_is_passed_to_a_sensitive_variable_is_secret_through_any_number_of_modules() {
    let inner = json!({ "module": { "variables": { "deep": { "sensitive": true } } },
        "expressions": { "deep": { "references": ["var.key.part", "var.key"] } } });
    let mut call = inner;
    for _ in 0..40 {
        call = json!({
            "module": { "variables": { "key": {}, "deep": {} }, "module_calls": { "next": call } },
            "expressions": { "key": { "references": ["var.key.part", "var.key"] } },
        });
    }
    let plan = read(&json!({
        "variables": { "key": { "value": { "part": "passed-down-42" } }, "other": { "value": "stays-open-77" } },
        "configuration": { "root_module": { "variables": { "key": {}, "other": {} }, "module_calls": { "first": call } } },
    }));
    assert!(masks(&plan, "passed-down-42"));
    assert!(!masks(&plan, "stays-open-77"));
}

#[test]
fn outputs_of_remote_states_are_secret_wherever_they_are_read() {
    let change = json!({ "actions": ["read"], "before": null, "after": { "backend": "remote-backend", "outputs": { "x": "remote-output-1" } },
        "before_sensitive": false, "after_sensitive": {} });
    let plan = read(&json!({ "resource_changes": [row("terraform_remote_state", "r", &change)] }));
    assert!(masks(&plan, "remote-output-1"));
    assert!(!masks(&plan, "remote-backend"));
}

#[test]
fn names_tell_where_nothing_is_marked() {
    let old = json!({ "actions": ["create"], "before": null,
        "after": { "admin_password": "unmarked-pass-1", "nested": [{ "api_key": "unmarked-key-22" }], "token_ttl": "thirty-days-1" } });
    let plan = read(&json!({
        "resource_changes": [row("a_b", "c", &old)],
        "variables": {
            "session_token": { "value": "ephemeral-tok-1" }, "db_secret": { "value": "arn:aws:secretsmanager:eu:1:secret:db" },
            "region": { "value": "eu-central-1" },
        },
        "configuration": { "provider_config": { "module.m:x": { "expressions": {
            "headers": { "constant_value": { "Authorization": "Bearer provider-tok-9", "Accept": "application/json" } } } } } },
    }));
    for secret in [
        "unmarked-pass-1",
        "unmarked-key-22",
        "ephemeral-tok-1",
        "provider-tok-9",
    ] {
        assert!(masks(&plan, secret), "{secret}");
    }
    for open in [
        "thirty-days-1",
        "arn:aws:secretsmanager:eu:1:secret:db",
        "eu-central-1",
        "application/json",
    ] {
        assert!(!masks(&plan, open), "{open}");
    }
}

#[test]
fn keys_of_a_sensitive_map_that_are_data_are_secret() {
    let change = json!({ "actions": ["create"], "before": null,
        "after": { "m": { "ada@example.org": "x", "ipv6_address_count": 1, "app.kubernetes.io/name": "y" } },
        "before_sensitive": false, "after_sensitive": { "m": true } });
    let plan = read(&json!({ "resource_changes": [row("a_b", "c", &change)] }));
    assert!(masks(&plan, "ada@example.org"));
    assert!(!masks(&plan, "ipv6_address_count") && !masks(&plan, "app.kubernetes.io/name"));
}

#[test]
fn well_known_shapes_of_the_plan_are_masked_in_each_form() {
    let token = format!("ghp_{}", "aB3dE5".repeat(6));
    let plan = read(&json!({
        "configuration": { "root_module": { "module_calls": { "m": { "source": "git::https://oauth2:s3cr3t-t0k3n@host/x.git" } } } },
        "variables": { "v": { "value": format!("use {token}") } },
    }));
    assert!(masks(&plan, "s3cr3t-t0k3n"));
    assert!(masks(&plan, &token));
    let hex = token
        .bytes()
        .fold(String::new(), |all, byte| format!("{all}{byte:02x}"));
    assert!(masks(&plan, &hex));
}
