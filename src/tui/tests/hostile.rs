//! A plan in which every string is hostile, on every pane.

use serde_json::{Value as Json, json};

use super::Desk;
use super::fixture::{SENSITIVE, case_of, finding};
use crate::decision::Journal;
use crate::policy::Enforcement;
use crate::tui::model::Pane;
use crate::tui::rich::Rich;

const PLAN: &[u8] = include_bytes!("../../../testdata/plans/effect/plan.json");

/// An escape sequence, a C1 control character, a bidirectional override, a zero-width space, a soft hyphen, a tag character.
const HIDDEN: [char; 6] = [
    '\u{1b}',
    '\u{9b}',
    '\u{202e}',
    '\u{200b}',
    '\u{ad}',
    '\u{e0041}',
];

/// Words without which the plan would be another.
const SPARED: [&str; 9] = [
    "1.2",
    "managed",
    "data",
    "create",
    "update",
    "delete",
    "no-op",
    "fail",
    "AfterCreate",
];

fn plant(tree: &mut Json, count: &mut usize) {
    match tree {
        Json::String(text) if !SPARED.contains(&text.as_str()) => {
            text.extend(HIDDEN);
            text.push_str(&count.to_string());
            *count += 1;
        }
        Json::Array(items) => items.iter_mut().for_each(|item| plant(item, count)),
        Json::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                if key != "timestamp" {
                    plant(value, count);
                }
                // Values have keys of their own.
                if [
                    "before",
                    "after",
                    "output_changes",
                    "input",
                    "after_identity",
                ]
                .contains(&key.as_str())
                    && let Json::Object(inner) = value
                {
                    for (name, value) in std::mem::take(inner) {
                        let name = if name == "input" {
                            name
                        } else {
                            name.chars().chain(HIDDEN).collect()
                        };
                        inner.insert(name, value);
                    }
                }
            }
        }
        _ => {}
    }
}

fn hostile() -> Vec<u8> {
    let mut tree: Json = serde_json::from_slice(PLAN).unwrap();
    let rows = tree["resource_changes"].as_array_mut().unwrap();
    let adopted = &mut rows[0]["change"];
    adopted["generated_config"] = json!("resource \"a\" \"b\" {\n}\n");
    adopted["after_identity"] = json!({"id": "x"});
    let mut teleported = rows[1].clone();
    teleported["address"] = json!("terraform_data.teleported");
    teleported["change"]["actions"] = json!(["teleport"]);
    let row = rows[1].clone();
    rows.push(teleported);
    tree["resource_drift"] = json!([row]);
    tree["deferred_changes"] =
        json!([{"reason": "instance_count_unknown", "resource_change": row}]);
    let action = json!({"address": "action.a.b", "type": "a", "name": "b", "provider_name": "p", "config_values": {},
        "lifecycle_action_trigger": {"triggering_resource_address": "terraform_data.app",
            "action_trigger_event": "AfterCreate"}});
    tree["action_invocations"] = json!([action]);
    tree["deferred_action_invocations"] =
        json!([{"reason": "deferred_prereq", "action_invocation": action}]);
    let mut count = 0;
    plant(&mut tree, &mut count);
    assert!(count > 150, "only {count} strings were planted");
    tree.to_string().into_bytes()
}

fn must_be_clean(what: &str, text: &str) {
    assert!(
        !text.contains(HIDDEN),
        "{what} holds a raw hidden character: {text:?}"
    );
}

/// Looks at the screen and at everything that the panes hold beyond it.
fn look(desk: &Desk, seen: &mut String) {
    let screen = desk.screen();
    must_be_clean("the screen", &screen);
    seen.push_str(&screen);
    for pane in [Pane::Change, Pane::Source, Pane::Policy] {
        for line in desk.review().scroll(pane).map_or(&[][..], |s| &s.lines) {
            let text = Rich::plain(line);
            must_be_clean("a pane", &text);
            seen.push_str(&text);
            seen.push('\n');
        }
    }
}

#[test]
fn no_string_of_a_plan_reaches_the_screen_raw() {
    let bytes = hostile();
    for size in [(80, 24), (200, 60)] {
        let case = case_of(&bytes, |index, change| {
            vec![finding(
                "no-destroy",
                Enforcement::SoftMandatory,
                change,
                index,
            )]
        });
        let findings = case.findings.len();
        let mut desk = Desk::sized(case, Journal::default(), size);
        let mut seen = String::new();
        for _ in 0..=findings {
            look(&desk, &mut seen);
            desk.keys("j");
        }
        desk.keys("5");
        let rows = desk.review().tree.rows.len();
        assert!(rows > 10, "only {rows} rows");
        for _ in 0..rows {
            look(&desk, &mut seen);
            desk.keys("2x");
            look(&desk, &mut seen);
            desk.keys("x5j");
        }
        desk.keys("?");
        look(&desk, &mut seen);
        for shown in [
            "<U+202E>",
            "<U+001B>",
            "CONTRADICTS",
            "DEFERRED (instance_count_unknown<U+001B>",
            "There should be three ports.<U+001B>",
            "adopted-1<U+001B>",
            "teleport<U+001B>",
            "moved from terraform_data.old_name<U+001B>",
            "set off by AfterCreate",
            "generated configuration",
        ] {
            // Wherever the lines are broken.
            let flat = |text: &str| text.split_whitespace().collect::<String>();
            assert!(
                flat(&seen).contains(&flat(shown)),
                "{shown} is not shown: {seen}"
            );
        }
    }
}

#[test]
fn a_change_of_nothing_but_a_mark_has_words() {
    for (address, words) in [
        ("terraform_data.becomes_sensitive", "# becomes sensitive"),
        ("terraform_data.becomes_plain", "# no longer sensitive"),
    ] {
        let case = case_of(SENSITIVE, |index, change| {
            let about = change.address == address;
            let found = finding("marks", Enforcement::Advisory, change, index);
            about.then_some(found).into_iter().collect()
        });
        let desk = Desk::sized(case, Journal::default(), (120, 40));
        assert!(
            desk.sees("input = (sensitive), the same value"),
            "{}",
            desk.screen()
        );
        assert!(desk.sees(words), "{}", desk.screen());
    }
}

#[test]
fn a_row_that_is_said_not_to_change_but_does_is_not_folded_away() {
    let mut tree: Json = serde_json::from_slice(PLAN).unwrap();
    tree["resource_changes"][1]["change"]["actions"] = json!(["no-op"]);
    let case = case_of(tree.to_string().as_bytes(), |_, _| Vec::new());
    let mut desk = Desk::sized(case, Journal::default(), (120, 40));
    desk.keys("5");
    assert!(desk.sees("terraform_data.app "), "{}", desk.screen());
}
