//! The lines of a diff, on a plan that Terraform 1.11.4 made and on hostile values.
#![allow(clippy::unwrap_used)]

use serde_json::{Value as Json, json};

use super::super::super::model::Look;
use super::lines;
use crate::plan::{Plan, ResourceChange};
use crate::text::display_width;

const REAL: &[u8] = include_bytes!("../../../../testdata/plans/29-diff/plan.json");
const CREATE: &[u8] = include_bytes!("../../../../testdata/plans/23-aws-iam/plan.json");

fn shown(plan: &Plan, change: &ResourceChange, width: usize, look: Look) -> String {
    let mut out = String::new();
    for line in lines(&plan.redactor, &plan.diff(&change.body), look, width) {
        assert!(line.width() <= width, "{} > {width}", line.plain());
        assert!(line.right.is_none());
        out.push_str(line.plain().trim_end());
        out.push('\n');
    }
    out
}

fn of(bytes: &[u8], address: &str, width: usize, look: Look) -> String {
    let plan = Plan::read(bytes.to_vec()).unwrap();
    let change = plan.changes.iter().find(|c| c.address == address).unwrap();
    shown(&plan, change, width, look)
}

const FOLDED: Look = Look {
    unchanged: false,
    side_by_side: false,
};
const WHOLE: Look = Look {
    unchanged: true,
    side_by_side: false,
};
const SIDES: Look = Look {
    unchanged: false,
    side_by_side: true,
};

#[test]
fn a_real_plan_at_three_widths() {
    for name in ["bucket", "group", "host", "db", "moved_here"] {
        let address = format!("terraform_data.{name}");
        insta::assert_snapshot!(format!("{name}_78"), of(REAL, &address, 78, FOLDED));
        insta::assert_snapshot!(format!("{name}_64"), of(REAL, &address, 64, WHOLE));
        insta::assert_snapshot!(format!("{name}_sides"), of(REAL, &address, 158, SIDES));
    }
}

#[test]
fn a_new_object_shows_its_values_and_names_what_is_not_known() {
    let plan = Plan::read(CREATE.to_vec()).unwrap();
    let mut all = String::new();
    for change in plan.changes.iter().take(6) {
        all.push_str(&format!(
            "# {}\n{}",
            change.address,
            shown(&plan, change, 98, FOLDED)
        ));
    }
    insta::assert_snapshot!("create_98", all);
}

/// A plan with one update between two values.
fn update(before: &Json, after: &Json) -> Plan {
    let plan = json!({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [
        {"address": "a_b.c", "mode": "managed", "type": "a_b", "name": "c", "provider_name": "registry.terraform.io/x/a",
         "change": {"actions": ["update"], "before": before, "after": after, "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}}}]});
    Plan::read(plan.to_string().into_bytes()).unwrap()
}

fn between(before: &Json, after: &Json, width: usize, look: Look) -> String {
    let plan = update(before, after);
    shown(&plan, plan.changes.first().unwrap(), width, look)
}

#[test]
fn white_space_and_line_ends_are_made_visible() {
    insta::assert_snapshot!(
        "white_space",
        between(
            &json!({"a": "x y", "b": "1\n2\n", "c": "1\n2\n", "d": "\ta\nb", "e": "a \nb", "f": "k\r"}),
            &json!({"a": "x  y", "b": "1\n2", "c": "1\r\n2\r\n", "d": "    a\nb", "e": "a\nb", "f": "k"}),
            60,
            FOLDED
        )
    );
}

#[test]
fn hostile_values_stay_inside_the_pane_and_say_what_is_left_out() {
    let long = "日本x".repeat(100_000);
    let many: Vec<Json> = (0..10_000)
        .map(|n| json!({"n": n, "t": format!("v{n}")}))
        .collect();
    let other: Vec<Json> = (0..10_000)
        .map(|n| json!({"n": n + 7, "t": format!("w{n}")}))
        .collect();
    let text =
        |word: &str| (0..30_000).fold(String::new(), |all, n| all + &format!("{word} {n}\n"));
    for (look, width) in [(FOLDED, 70), (WHOLE, 70), (SIDES, 158)] {
        let out = between(
            &json!({"s": long}),
            &json!({"s": format!("{long}!")}),
            width,
            look,
        );
        assert!(out.contains("equal characters"), "{out}");
        assert!(out.contains('!'), "{out}");
        let out = between(&json!({"l": many}), &json!({"l": other}), width, look);
        assert!(out.contains("not shown here"));
        assert!(out.contains("compared place by place"));
        assert!(out.lines().count() < 20_000);
        let out = between(
            &json!({"t": text("a")}),
            &json!({"t": text("b")}),
            width,
            look,
        );
        assert!(out.contains("not shown here"));
    }
}

#[test]
fn nothing_hostile_reaches_a_line_and_no_secret_does() {
    let plan = json!({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [
        {"address": "a_b.c", "mode": "managed", "type": "a_b", "name": "c", "provider_name": "registry.terraform.io/x/a",
         "change": {"actions": ["update"],
          "before": {"password": "old-secret-value", "user_data": "", "note": "a\u{1b}[31m", "k\u{202e}ey": 1, "doc": "{\"p\":\"x\"}", "text": "a\nb\n", "list": ["a"]},
          "after": {"password": "new-secret-value", "user_data": "ZWNobyBuZXctc2VjcmV0LXZhbHVlCg==", "note": "b\u{200b}", "k\u{202e}ey": 2,
            "doc": "{\"p\":\"new-secret-value\"}", "text": "a\nnew-secret-value\u{7}\n", "list": ["a", "new-secret-value"]},
          "after_unknown": {}, "before_sensitive": {"password": true}, "after_sensitive": {"password": true}}}]});
    let plan = Plan::read(plan.to_string().into_bytes()).unwrap();
    let change = plan.changes.first().unwrap();
    for look in [FOLDED, WHOLE, SIDES] {
        for width in [20, 60, 158] {
            let out = shown(&plan, change, width, look);
            assert!(!out.contains("secret-value"), "{out}");
            assert!(!out.contains("ZWNobyBuZXct"), "{out}");
            let hidden =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(!out.contains(hidden), "{out}");
        }
    }
}

#[test]
fn wide_characters_wrap_by_columns() {
    let out = between(
        &json!({"s": "日本語".repeat(30)}),
        &json!({"s": "日本語".repeat(31)}),
        41,
        FOLDED,
    );
    assert!(out.lines().all(|line| display_width(line) <= 41), "{out}");
}

#[test]
fn a_string_cannot_pose_as_two_values() {
    let out = between(
        &json!({"acl": "small"}),
        &json!({"acl": "large\" -> \"small"}),
        80,
        FOLDED,
    );
    assert!(out.contains(r#""small" -> "large\" -> \"small""#), "{out}");
}

#[test]
fn a_long_string_cannot_pose_as_another_attribute() {
    let pad = format!("{0}.{0}.{0}", " ".repeat(36));
    let out = between(
        &json!({"a": "x", "open": true}),
        &json!({"a": format!("ok\"{pad}  + open = false"), "open": true}),
        64,
        FOLDED,
    );
    let posing = |line: &str| line.trim_start().starts_with(['+', '-', '~']);
    let rows = out
        .lines()
        .filter(|line| posing(line) && line.contains("open"));
    assert_eq!(rows.count(), 0, "{out}");
    assert!(out.contains("\u{250a} "), "{out}");
}

#[test]
fn the_digest_of_a_script_is_not_taken_for_base64() {
    let out = between(
        &json!({"user_data": "356a192b7913b04c54574d18c28d46e6395428ab"}),
        &json!({"user_data": "da4b9237bacccdf19c0760cab7aec4a8359010b0"}),
        120,
        FOLDED,
    );
    assert!(out.contains("356a192b") && !out.contains("base64"), "{out}");
}
